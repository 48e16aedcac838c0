"""Wrong solutions that people really write, as edits of the reference; each must cost the part it names."""


# %% unbroadcast | averages over the copies
# - return gradient.sum(axis=stretched, keepdims=True)
# + return gradient.mean(axis=stretched, keepdims=True) if stretched else gradient


# %% unbroadcast | forgets the stretched dimensions
# - return gradient.sum(axis=stretched, keepdims=True)
# + return gradient.reshape(shape) if gradient.size == math.prod(shape) else gradient


# %% unbroadcast | loses stretched dimensions
# - return gradient.sum(axis=stretched, keepdims=True)
# + return gradient.sum(axis=stretched)


# %% unbroadcast | takes one of the copies that were put in front
# - gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
# + gradient = gradient[(0,) * (gradient.ndim - len(shape))]


# %% unbroadcast | sums over one dimension in front
# - gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
# + gradient = gradient.sum(axis=0) if gradient.ndim > len(shape) else gradient


# %% unbroadcast | compares shapes from the left
# - gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
# - stretched = tuple(i for i, size in enumerate(shape) if size == 1)
# - return gradient.sum(axis=stretched, keepdims=True)
# + padded = (*shape, *[1] * (gradient.ndim - len(shape)))
# + stretched = tuple(i for i, size in enumerate(padded) if size == 1)
# + return gradient.sum(axis=stretched, keepdims=True).reshape(shape)


# %% multiply_backward | the wrong way round
# - return gradient * b, gradient * a
# + return gradient * a, gradient * b


# %% multiply_backward | forgets what comes from behind
# - return gradient * b, gradient * a
# + return b + 0 * gradient, a + 0 * gradient


# %% multiply_backward | changes the gradient in place
# - return gradient * b, gradient * a
# + by_b = gradient * a
# + gradient *= b
# + return gradient, by_b


# %% matmul_backward | transposes the whole batch
# - return gradient @ np.swapaxes(b, -1, -2), np.swapaxes(a, -1, -2) @ gradient
# + return gradient @ b.T, a.T @ gradient


# %% matmul_backward | forgets to transpose b
# - return gradient @ np.swapaxes(b, -1, -2), np.swapaxes(a, -1, -2) @ gradient
# + return gradient @ b, np.swapaxes(a, -1, -2) @ gradient


# %% matmul_backward | sums over the batch at once
# - return gradient @ np.swapaxes(b, -1, -2), np.swapaxes(a, -1, -2) @ gradient
# + by_b = np.swapaxes(a, -1, -2) @ gradient
# + by_b = by_b.sum(axis=tuple(range(by_b.ndim - b.ndim)))
# + return gradient @ np.swapaxes(b, -1, -2), by_b


# %% matmul_backward | swaps axes 0 and 1
# - return gradient @ np.swapaxes(b, -1, -2), np.swapaxes(a, -1, -2) @ gradient
# + return gradient @ np.swapaxes(b, 0, 1), np.swapaxes(a, 0, 1) @ gradient


# %% matmul_backward | knows one batch dimension
# - return gradient @ np.swapaxes(b, -1, -2), np.swapaxes(a, -1, -2) @ gradient
# + turned = [x.transpose(0, 2, 1) if x.ndim == 3 else x.T for x in (a, b)]
# + return gradient @ turned[1], turned[0] @ gradient


# %% sum_backward | divides as a mean does
# - return np.broadcast_to(gradient, shape).copy()
# + return np.broadcast_to(gradient, shape) * (gradient.size / math.prod(shape))


# %% sum_backward | trusts NumPy to find the place
# - if axis is not None and not keepdims:
# + if False:


# %% sum_backward | negative axes are not found
# - gone = {one % len(shape) for one in axes}
# + gone = set(axes)


# %% sum_backward | one axis only
# - axes = (axis,) if isinstance(axis, int) else axis
# + axes = (axis if isinstance(axis, int) else axis[0],)


# %% sum_backward | puts the axes back that keepdims had kept
# - if axis is not None and not keepdims:
# + if axis is not None:
# - gradient = gradient.reshape([1 if i in gone else size for i, size in enumerate(shape)])
# + gradient = np.expand_dims(gradient, tuple(gone))


# %% cross_entropy | overflows
# - shifted = scores - scores.max(axis=-1, keepdims=True)
# + shifted = scores


# %% cross_entropy | takes the logarithm of a probability
# - log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
# + p = np.exp(shifted) / np.exp(shifted).sum(axis=-1, keepdims=True)
# + log_probabilities = np.log(p + 1e-12)


# %% cross_entropy | takes off the largest of all scores
# - shifted = scores - scores.max(axis=-1, keepdims=True)
# + shifted = scores - scores.max()


# %% cross_entropy | the gradient of the sum
# - return float(loss), (np.exp(log_probabilities) - label) / y.size
# + return float(loss), np.exp(log_probabilities) - label


# %% cross_entropy | the mean over the first dimension only
# - return float(loss), (np.exp(log_probabilities) - label) / y.size
# + share = y.size / (len(y) if y.ndim else 1)
# + return float(loss * share), (np.exp(log_probabilities) - label) / y.size * share


# %% cross_entropy | the logarithm of a probability of 0
# - log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
# + p = np.exp(shifted) / np.exp(shifted).sum(axis=-1, keepdims=True)
# + log_probabilities = np.log(p)


# %% cross_entropy | takes off the largest of all scores, then the logarithm of a probability
# - shifted = scores - scores.max(axis=-1, keepdims=True)
# + shifted = scores - scores.max()
# - log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
# + p = np.exp(shifted) / np.exp(shifted).sum(axis=-1, keepdims=True)
# + log_probabilities = np.log(p)


# %% cross_entropy | changes the scores in place
# - shifted = scores - scores.max(axis=-1, keepdims=True)
# + shifted = scores
# + shifted -= scores.max(axis=-1, keepdims=True)


# %% topological_order | the end first
# - return order
# + return order[::-1]


# %% topological_order | walks every way
# - elif node not in seen:
# + else:


# %% topological_order | recursion
# - order, seen, stack = [], set(), [(end, False)]
# - while stack:
# -     node, done = stack.pop()
# -     if done:
# -         order.append(node)
# -     elif node not in seen:
# -         seen.add(node)
# -         stack.append((node, True))
# -         stack.extend((parent, False) for parent in parents(node))
# - return order
# + order, seen = [], set()
# +
# + def visit(node):
# +     if node not in seen:
# +         seen.add(node)
# +         for parent in parents(node):
# +             visit(parent)
# +         order.append(node)
# +
# + visit(end)
# + return order


# %% topological_order | breadth first
# - order, seen, stack = [], set(), [(end, False)]
# - while stack:
# -     node, done = stack.pop()
# -     if done:
# -         order.append(node)
# -     elif node not in seen:
# -         seen.add(node)
# -         stack.append((node, True))
# -         stack.extend((parent, False) for parent in parents(node))
# - return order
# + order, seen = [end], {end}
# + for node in order:
# +     for parent in parents(node):
# +         if parent not in seen:
# +             seen.add(parent)
# +             order.append(parent)
# + return order[::-1]


# %% topological_order | as first seen, turned round
# - order, seen, stack = [], set(), [(end, False)]
# - while stack:
# -     node, done = stack.pop()
# -     if done:
# -         order.append(node)
# -     elif node not in seen:
# -         seen.add(node)
# -         stack.append((node, True))
# -         stack.extend((parent, False) for parent in parents(node))
# - return order
# + order, stack = [], [end]
# + while stack:
# +     node = stack.pop()
# +     if node not in order:
# +         order.append(node)
# +         stack.extend(parents(node))
# + return order[::-1]


# %% topological_order | as first put on the stack, turned round
# - order, seen, stack = [], set(), [(end, False)]
# - while stack:
# -     node, done = stack.pop()
# -     if done:
# -         order.append(node)
# -     elif node not in seen:
# -         seen.add(node)
# -         stack.append((node, True))
# -         stack.extend((parent, False) for parent in parents(node))
# - return order
# + order, seen, stack = [], {end}, [end]
# + while stack:
# +     node = stack.pop()
# +     order.append(node)
# +     for parent in parents(node):
# +         if parent not in seen:
# +             seen.add(parent)
# +             stack.append(parent)
# + return order[::-1]


# %% backpropagate | the last way wins
# - gradients[parent] = gradients[parent] + part if parent in gradients else part
# + gradients[parent] = part


# %% backpropagate | from the front
# - for node in reversed(order):
# + for node in [order[-1], *order[:-1]]:
# -     if parents(node):
# +     if parents(node) and node in gradients:


# %% backpropagate | forgets the leaves
# - return gradients
# + return {node: gradient for node, gradient in gradients.items() if parents(node)}


# %% backpropagate | counts the parent that is there twice once
# - for parent, part in zip(parents(node), pull(node, gradients[node]), strict=True):
# + for parent, part in dict(zip(parents(node), pull(node, gradients[node]), strict=True)).items():


# %% backpropagate | along every way
# - gradients = {order[-1]: gradient}
# - for node in reversed(order):
# -     if parents(node):
# -         for parent, part in zip(parents(node), pull(node, gradients[node]), strict=True):
# -             gradients[parent] = gradients[parent] + part if parent in gradients else part
# - return gradients
# + gradients = {order[-1]: gradient}
# +
# + def send(node, part):
# +     for parent, more in zip(parents(node), pull(node, part) if parents(node) else ()):
# +         gradients[parent] = gradients[parent] + more if parent in gradients else more
# +         send(parent, more)
# +
# + send(order[-1], gradient)
# + return gradients


# %% backpropagate | one pull for each parent
# - gradients = {order[-1]: gradient}
# - for node in reversed(order):
# -     if parents(node):
# -         for parent, part in zip(parents(node), pull(node, gradients[node]), strict=True):
# -             gradients[parent] = gradients[parent] + part if parent in gradients else part
# - return gradients
# + gradients = {order[-1]: gradient}
# + for node in reversed(order):
# +     for i, parent in enumerate(parents(node)):
# +         part = pull(node, gradients[node])[i]
# +         gradients[parent] = gradients[parent] + part if parent in gradients else part
# + return gradients


# %% backpropagate | forwards, from zeros
# - gradients = {order[-1]: gradient}
# - for node in reversed(order):
# -     if parents(node):
# -         for parent, part in zip(parents(node), pull(node, gradients[node]), strict=True):
# -             gradients[parent] = gradients[parent] + part if parent in gradients else part
# - return gradients
# + gradients = {node: 0.0 for node in order}
# + gradients[order[-1]] = gradient
# + for node in order:
# +     if parents(node):
# +         for parent, part in zip(parents(node), pull(node, gradients[node])):
# +             gradients[parent] = gradients[parent] + part
# + return gradients


# %% backpropagate | pulls the leaves
# - gradients = {order[-1]: gradient}
# - for node in reversed(order):
# -     if parents(node):
# -         for parent, part in zip(parents(node), pull(node, gradients[node]), strict=True):
# -             gradients[parent] = gradients[parent] + part if parent in gradients else part
# - return gradients
# + gradients = {order[-1]: gradient}
# + for node in reversed(order):
# +     for parent, part in zip(parents(node), pull(node, gradients[node])):
# +         gradients[parent] = gradients[parent] + part if parent in gradients else part
# + return gradients


# %% backpropagate | adds in place
# - gradients = {order[-1]: gradient}
# - for node in reversed(order):
# -     if parents(node):
# -         for parent, part in zip(parents(node), pull(node, gradients[node]), strict=True):
# -             gradients[parent] = gradients[parent] + part if parent in gradients else part
# - return gradients
# + gradients = {order[-1]: gradient}
# + for node in reversed(order):
# +     if parents(node):
# +         for parent, part in zip(parents(node), pull(node, gradients[node])):
# +             if parent in gradients:
# +                 gradients[parent] += part
# +             else:
# +                 gradients[parent] = part
# + return gradients


# %% mlp_backward | no bend
# - gradient = (gradient @ w.T) * (x > 0)
# + gradient = gradient @ w.T


# %% mlp_backward | the last layer first
# - by_weights.insert(0, x.T @ gradient)
# + by_weights.append(x.T @ gradient)


# %% mlp_backward | means over the examples
# - by_weights.insert(0, x.T @ gradient)
# - by_biases.insert(0, gradient.sum(axis=0))
# + by_weights.insert(0, x.T @ gradient / len(x))
# + by_biases.insert(0, gradient.mean(axis=0))


# %% mlp_backward | the bend's slope at 0 is 1
# - gradient = (gradient @ w.T) * (x > 0)
# + gradient = (gradient @ w.T) * (x >= 0)


# %% mlp_backward | the bend of the layer below
# - gradient = (gradient @ w.T) * (x > 0)
# + place = [y is x for y in inputs].index(True)
# + gradient = (gradient @ w.T) * (inputs[place - 1] > 0) if place else None


# %% mlp_backward | takes the weights away
# - for x, w in zip(reversed(inputs), reversed(weights), strict=True):
# + for x in reversed(inputs):
# +     w = weights.pop()


# %% numerical_gradient | forward differences
# - down[i] -= step
# - gradient[i] = (function(up) - function(down)) / (2 * step)
# + gradient[i] = (function(up) - function(down)) / step


# %% numerical_gradient | divides by the step once
# - gradient[i] = (function(up) - function(down)) / (2 * step)
# + gradient[i] = (function(up) - function(down)) / step


# %% numerical_gradient | leaves the point moved
# - up, down = x.copy(), x.copy()
# + up, down = x, x.copy()


# %% numerical_gradient | moves a whole row
# - for i in np.ndindex(x.shape):
# + for i in range(len(x)):


# %% numerical_gradient | a flat answer
# - return gradient
# + return gradient.reshape(-1)


# %% initial_deviation | the bound of a uniform distribution
# - return math.sqrt(2 / (inputs + outputs))
# + return math.sqrt(6 / (inputs + outputs))


# %% initial_deviation | any other scheme is He's
# - if scheme == "he":
# -     return math.sqrt(2 / inputs)
# - raise ValueError(f"the scheme is xavier or he, not {scheme!r}")
# + return math.sqrt(2 / inputs)


# %% momentum_step | the old velocity moves the value
# - velocity = momentum * velocity + gradient + decay * value
# - return value - rate * velocity, velocity
# + new = momentum * velocity + gradient + decay * value
# + return value - rate * velocity, new


# %% momentum_step | a mean of gradients
# - velocity = momentum * velocity + gradient + decay * value
# + velocity = momentum * velocity + (1 - momentum) * (gradient + decay * value)


# %% momentum_step | no decay
# - velocity = momentum * velocity + gradient + decay * value
# + velocity = momentum * velocity + gradient


# %% momentum_step | in place
# - velocity = momentum * velocity + gradient + decay * value
# + velocity *= momentum
# + velocity += gradient + decay * value


# %% momentum_step | weighs only the gradient with 1 - momentum
# - velocity = momentum * velocity + gradient + decay * value
# + velocity = momentum * velocity + (1 - momentum) * gradient + decay * value


# %% momentum_step | decay past the velocity
# - velocity = momentum * velocity + gradient + decay * value
# - return value - rate * velocity, velocity
# + velocity = momentum * velocity + gradient
# + return value - rate * velocity - rate * decay * value, velocity
