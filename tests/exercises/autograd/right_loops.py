"""Plain loops over entries and nodes."""


# %% unbroadcast
def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    for axis in range(len(shape)):
        if shape[axis] == 1 and gradient.shape[axis] != 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return gradient


# %% multiply_backward
def multiply_backward(gradient, a, b):
    full_a, full_b = np.broadcast_arrays(a, b)
    by_a, by_b = np.empty(gradient.shape), np.empty(gradient.shape)
    for where in np.ndindex(gradient.shape):
        by_a[where] = gradient[where] * full_b[where]
        by_b[where] = gradient[where] * full_a[where]
    return by_a, by_b


# %% matmul_backward
def matmul_backward(gradient, a, b):
    batch = gradient.shape[:-2]
    A, B = np.broadcast_to(a, batch + a.shape[-2:]), np.broadcast_to(b, batch + b.shape[-2:])
    by_a, by_b = np.zeros(A.shape), np.zeros(B.shape)
    for where in np.ndindex(batch):
        by_a[where] = gradient[where] @ B[where].T
        by_b[where] = A[where].T @ gradient[where]
    return by_a, by_b


# %% sum_backward
def sum_backward(gradient, shape, axis, keepdims):
    if axis is None:
        axis = tuple(range(len(shape)))
    if isinstance(axis, int):
        axis = (axis,)
    axis = sorted(a + len(shape) if a < 0 else a for a in axis)
    if not keepdims:
        for a in axis:
            gradient = np.expand_dims(gradient, a)
    for a in axis:
        gradient = np.repeat(gradient, shape[a], axis=a)
    return gradient


# %% cross_entropy
def cross_entropy(scores, y):
    C = scores.shape[-1]
    flat, labels = scores.reshape(-1, C), np.asarray(y).reshape(-1)
    loss, gradient = 0.0, np.zeros(flat.shape)
    for i, label in enumerate(labels):
        row = flat[i] - flat[i].max()
        total = np.exp(row).sum()
        loss += math.log(total) - row[label]
        gradient[i] = np.exp(row) / total
        gradient[i, label] -= 1
    return loss / len(labels), gradient.reshape(scores.shape) / len(labels)


# %% topological_order
def topological_order(end, parents):
    """Counts how many children wait for each node (Kahn), then turns the order round."""
    above, waiting, todo = {}, {end: 0}, [end]
    while todo:
        node = todo.pop()
        above[node] = list(parents(node))
        for parent in above[node]:
            if parent not in waiting:
                waiting[parent] = 0
                todo.append(parent)
            waiting[parent] += 1
    order, ready = [], [end]
    while ready:
        node = ready.pop()
        order.append(node)
        for parent in above[node]:
            waiting[parent] -= 1
            if waiting[parent] == 0:
                ready.append(parent)
    order.reverse()
    return order


# %% backpropagate
def backpropagate(order, gradient, parents, pull):
    arrived = {node: [] for node in order}
    arrived[order[-1]].append(gradient)
    done = {}
    for i in range(len(order) - 1, -1, -1):
        node = order[i]
        total = np.zeros(np.shape(arrived[node][0]))
        for part in arrived[node]:
            total = total + part
        done[node] = total
        above = parents(node)
        if len(above) > 0:
            sent = pull(node, total)
            for j in range(len(above)):
                arrived[above[j]].append(sent[j])
    return done


# %% mlp_backward
def mlp_backward(gradient, inputs, weights):
    L = len(weights)
    by_weights, by_biases = [None] * L, [None] * L
    for l in range(L - 1, -1, -1):
        by_weights[l] = sum(np.outer(x, g) for x, g in zip(inputs[l], gradient))
        by_biases[l] = sum(g for g in gradient)
        if l > 0:
            gradient = np.where(inputs[l] > 0, gradient @ weights[l].T, 0.0)
    return by_weights, by_biases


# %% numerical_gradient
def numerical_gradient(function, x, step=1e-5):
    gradient = np.zeros(x.size)
    for i in range(x.size):
        up = x.flatten()
        down = x.flatten()
        up[i], down[i] = up[i] + step, down[i] - step
        gradient[i] = (function(up.reshape(x.shape)) - function(down.reshape(x.shape))) / 2 / step
    return gradient.reshape(x.shape)


# %% initial_deviation
def initial_deviation(scheme, inputs, outputs):
    if scheme not in ("xavier", "he"):
        raise ValueError("unknown scheme")
    return (2 / (inputs + (outputs if scheme == "xavier" else 0))) ** 0.5


# %% momentum_step
def momentum_step(value, gradient, velocity, rate, momentum=0.0, decay=0.0):
    new_value, new_velocity = np.empty_like(value), np.empty_like(velocity)
    for where in np.ndindex(value.shape):
        new_velocity[where] = momentum * velocity[where] + gradient[where] + decay * value[where]
        new_value[where] = value[where] - rate * new_velocity[where]
    return new_value, new_velocity
