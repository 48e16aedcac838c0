"""Reverse-mode automatic differentiation in pieces: what operations do to a gradient, and in which order.

The gradient of an array x has the same shape: by how much the loss grows for each unit added to each entry of
x. Backwards, every operation turns the gradient of its output into those of its inputs (a
vector-Jacobian product). `eras.deep_learning.tensor` strings the pieces together. Sources: Linnainmaa 1976;
Rumelhart, Hinton and Williams 1986; Baydin et al. 2018.

Letters: N examples, C classes.
"""

import math
from collections.abc import Callable, Hashable, Sequence

import numpy as np

# What each operation does to a gradient.


def unbroadcast(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The gradient of an array of `shape` that was broadcast to the gradient's shape: the sum over its copies.

    Dimensions that broadcasting put in front disappear, those that it stretched from 1 are 1 again.
    """
    ### BEGIN SOLUTION
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    stretched = tuple(i for i, size in enumerate(shape) if size == 1)
    return gradient.sum(axis=stretched, keepdims=True)
    ### END SOLUTION


def multiply_backward(gradient: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From the gradient of a * b, entry by entry, those of a and b: in its shape, for `unbroadcast` to sum."""
    ### BEGIN SOLUTION
    return gradient * b, gradient * a
    ### END SOLUTION


def matmul_backward(gradient: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From the gradient (…, n, k) of a @ b, those of a (…, n, m) and b (…, m, k).

    a and b may have fewer batch dimensions than the gradient, or 1 in place of its size. What is returned has all
    of the gradient's, (…, n, m) and (…, m, k), for `unbroadcast` to sum.
    """
    ### BEGIN SOLUTION
    return gradient @ np.swapaxes(b, -1, -2), np.swapaxes(a, -1, -2) @ gradient
    ### END SOLUTION


def sum_backward(
    gradient: np.ndarray, shape: tuple[int, ...], axis: int | tuple[int, ...] | None, keepdims: bool
) -> np.ndarray:
    """From the gradient of x.sum(axis=axis, keepdims=keepdims), that of x, of `shape`.

    `axis`: one axis, several, or None for all; negative ones count from the end.
    """
    ### BEGIN SOLUTION
    if axis is not None and not keepdims:
        axes = (axis,) if isinstance(axis, int) else axis
        gone = {one % len(shape) for one in axes}
        gradient = gradient.reshape([1 if i in gone else size for i, size in enumerate(shape)])
    return np.broadcast_to(gradient, shape).copy()
    ### END SOLUTION


def gather_backward(gradient: np.ndarray, shape: tuple[int, ...], index) -> np.ndarray:
    """From the gradient of x[index], that of x, of `shape`; what was taken several times gets the sum.

    `index` is anything that NumPy takes: numbers, slices, arrays of numbers.
    """
    ### BEGIN SOLUTION
    whole = np.zeros(shape, gradient.dtype)
    np.add.at(whole, index, gradient)
    return whole
    ### END SOLUTION


def cross_entropy(scores: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean surprisal (in nats) of the labels under the softmax of the scores, and its gradient for the scores.

    scores (…, C), y (…) of 0 … C - 1 -> loss, (…, C). Scores of any size give no overflow and no log of 0.
    """
    ### BEGIN SOLUTION
    shifted = scores - scores.max(axis=-1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    label = np.arange(scores.shape[-1]) == y[..., None]
    loss = -log_probabilities[label].mean()
    return float(loss), (np.exp(log_probabilities) - label) / y.size
    ### END SOLUTION


# In which order.


def topological_order(end: Hashable, parents: Callable[[Hashable], Sequence]) -> list:
    """`end` and everything it was computed from, each node once, behind all its parents; `end` comes last.

    `parents(node)` gives the nodes that a node was computed from, () for a leaf. No recursion: a graph may be
    deeper than Python's stack.
    """
    ### BEGIN SOLUTION
    order, seen, stack = [], set(), [(end, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent in parents(node))
    return order
    ### END SOLUTION


def backpropagate(
    order: Sequence[Hashable],
    gradient: np.ndarray,
    parents: Callable[[Hashable], Sequence],
    pull: Callable[[Hashable, np.ndarray], Sequence[np.ndarray]],
) -> dict:
    """The gradient of every node of a topological order, from that of its last.  -> {node: gradient}

    `pull(node, gradient)` gives one gradient for each of `parents(node)`. What reaches a node on several ways is
    added; each node that has parents is pulled once, when everything has arrived.
    """
    ### BEGIN SOLUTION
    gradients = {order[-1]: gradient}
    for node in reversed(order):
        if parents(node):
            for parent, part in zip(parents(node), pull(node, gradients[node]), strict=True):
                gradients[parent] = gradients[parent] + part if parent in gradients else part
    return gradients
    ### END SOLUTION


def mlp_backward(
    gradient: np.ndarray, inputs: Sequence[np.ndarray], weights: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Backpropagation written out for linear layers with ReLU between them: gradients of weights and biases.

    inputs[l] (N, m_l) is what layer l was given, for l > 0 the ReLU of the layer below; weights[l] (m_l, m_l+1);
    `gradient` is that of the last layer's output, which has no ReLU. -> [(m_l, m_l+1), …], [(m_l+1,), …]
    """
    ### BEGIN SOLUTION
    by_weights, by_biases = [], []
    for x, w in zip(reversed(inputs), reversed(weights), strict=True):
        by_weights.insert(0, x.T @ gradient)
        by_biases.insert(0, gradient.sum(axis=0))
        gradient = (gradient @ w.T) * (x > 0)
    return by_weights, by_biases
    ### END SOLUTION


# Is it right, where to begin, and how to go down.


def numerical_gradient(
    function: Callable[[np.ndarray], float], x: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """The gradient of `function` at x by central differences, one entry at a time: two calls for each entry."""
    ### BEGIN SOLUTION
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += step
        down[i] -= step
        gradient[i] = (function(up) - function(down)) / (2 * step)
    return gradient
    ### END SOLUTION


def initial_deviation(scheme: str, inputs: int, outputs: int) -> float:
    """The standard deviation of a layer's first weights, so that signals keep their size through many layers.

    "xavier" for tanh and the like (Glorot and Bengio 2010, equation 12), "he" for ReLU (He et al. 2015,
    equation 10). Raises ValueError for any other scheme.
    """
    ### BEGIN SOLUTION
    if scheme == "xavier":
        return math.sqrt(2 / (inputs + outputs))
    if scheme == "he":
        return math.sqrt(2 / inputs)
    raise ValueError(f"the scheme is xavier or he, not {scheme!r}")
    ### END SOLUTION


def momentum_step(
    value: np.ndarray,
    gradient: np.ndarray,
    velocity: np.ndarray,
    rate: float,
    momentum: float = 0.0,
    decay: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """One step of gradient descent with momentum and weight decay: the new value and the new velocity.

    The velocity is `momentum` of the old one plus the gradient of loss + decay / 2 · |value|², and the value
    moves against it. Source: Rumelhart, Hinton and Williams 1986, equation 9, with the rate outside as in torch.
    """
    ### BEGIN SOLUTION
    velocity = momentum * velocity + gradient + decay * value
    return value - rate * velocity, velocity
    ### END SOLUTION
