"""Einsum, masks and reshaping."""


# %% unbroadcast
def unbroadcast(gradient, shape):
    padded = (1,) * (gradient.ndim - len(shape)) + tuple(shape)
    axes = tuple(i for i, (big, small) in enumerate(zip(gradient.shape, padded)) if small == 1 < big)
    return np.add.reduce(gradient, axis=axes).reshape(shape)


# %% multiply_backward
def multiply_backward(gradient, a, b):
    return tuple(np.multiply(other, gradient) for other in (b, a))


# %% matmul_backward
def matmul_backward(gradient, a, b):
    by_a = np.einsum("...ik,...jk->...ij", gradient, b)
    by_b = np.einsum("...ij,...ik->...jk", a, gradient)
    return by_a, by_b


# %% sum_backward
def sum_backward(gradient, shape, axis, keepdims):
    kept = np.empty(shape).sum(axis=axis, keepdims=True).shape
    return gradient.reshape(kept) * np.ones(shape)


# %% cross_entropy
def cross_entropy(scores, y):
    top = scores.max(axis=-1, keepdims=True)
    logs = scores - (top + np.log(np.exp(scores - top).sum(axis=-1, keepdims=True)))
    label = np.eye(scores.shape[-1])[y]
    return -(logs[label == 1]).sum() / np.size(y), (np.exp(logs) - label) / np.size(y)


# %% topological_order
def topological_order(end, parents):
    """A stack of iterators over parents."""
    order, seen, stack = [], {end}, [(end, iter(parents(end)))]
    while stack:
        node, rest = stack[-1]
        for parent in rest:
            if parent not in seen:
                seen.add(parent)
                stack.append((parent, iter(parents(parent))))
                break
        else:
            order.append(node)
            stack.pop()
    return order


# %% backpropagate
def backpropagate(order, gradient, parents, pull):
    gradients = dict.fromkeys(order, 0.0) | {order[-1]: gradient}
    for node in order[::-1]:
        above = parents(node)
        for parent, part in zip(above, pull(node, gradients[node]) if above else ()):
            gradients[parent] = np.add(gradients[parent], part)
    return gradients


# %% mlp_backward
def mlp_backward(gradient, inputs, weights):
    slopes = [gradient]
    for x, w in list(zip(inputs, weights))[:0:-1]:
        slopes.append(np.einsum("nj,ij->ni", slopes[-1], w) * np.sign(x))
    slopes = slopes[::-1]
    return [np.einsum("ni,nj->ij", x, g) for x, g in zip(inputs, slopes)], [
        np.einsum("nj->j", g) for g in slopes
    ]


# %% numerical_gradient
def numerical_gradient(function, x, step=1e-5):
    steps = (step * np.eye(x.size)).reshape(-1, *x.shape)
    return np.array([(function(x + s) - function(x - s)) / (2 * step) for s in steps]).reshape(x.shape)


# %% initial_deviation
def initial_deviation(scheme, inputs, outputs):
    variances = {"xavier": 2 / (inputs + outputs), "he": 2 / inputs}
    if scheme in variances:
        return np.sqrt(variances[scheme])
    raise ValueError(scheme)


# %% momentum_step
def momentum_step(value, gradient, velocity, rate, momentum=0.0, decay=0.0):
    weights, parts = np.array([momentum, 1.0, decay]), np.stack([velocity, gradient, value])
    new = np.einsum("k,k...->...", weights, parts)
    return value - rate * new, new
