"""An array that remembers how it was computed, so that it can say what its inputs have to do with it."""

from collections.abc import Callable, Sequence

import numpy as np

from eras.deep_learning import autograd

Pull = Callable[[np.ndarray], Sequence[np.ndarray]]


class Tensor:
    """A NumPy array `data` of floats with a gradient `grad` of the same shape, None until `backward` was called.

    What is computed from a tensor with `requires_grad` remembers its `parents` and how to `pull` its gradient
    back to them; what is computed from constants alone remembers nothing, and costs nothing. Left out: operations
    in place, gradients of gradients, and skipping the gradients of constants inside an operation.
    """

    __array_ufunc__ = None  # array + Tensor is the Tensor's business

    def __init__(self, data, requires_grad: bool = False):
        array = np.asarray(data)
        self.data = array if array.dtype in (np.float32, np.float64) else array.astype(float)
        self.requires_grad, self.grad = requires_grad, None
        self.parents: tuple[Tensor, ...] = ()
        self.pull: Pull | None = None
        self.operation = ""

    def __repr__(self) -> str:
        return f"Tensor({self.data}, from {self.operation or 'nothing'})"

    def __len__(self) -> int:
        return len(self.data)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    def detach(self) -> "Tensor":
        """The same numbers as a constant, without the past."""
        return Tensor(self.data)

    def backward(self, gradient: np.ndarray | None = None) -> None:
        """Put gradients into everything this tensor was computed from; `gradient` is its own, 1 for one number.

        Leaves *add* what they get to what they have, as in torch; all other tensors hold that of the last pass.
        Raises ValueError for a constant, for several numbers without a gradient, for a gradient of another shape.
        """
        if not self.requires_grad:
            raise ValueError("this tensor was computed from constants: there is nothing to differentiate")
        if gradient is None and self.data.size != 1:
            raise ValueError(
                f"shape {self.shape} is not one number: say which gradient it has, or sum it first"
            )
        seed = np.ones_like(self.data) if gradient is None else np.asarray(gradient, self.data.dtype)
        if seed.shape != self.shape:
            raise ValueError(f"a gradient of shape {seed.shape} for a tensor of shape {self.shape}")
        order = autograd.topological_order(self, lambda node: node.parents)
        arrived = autograd.backpropagate(order, seed, lambda node: node.parents, lambda node, g: node.pull(g))
        for node, part in arrived.items():
            if node.requires_grad:
                node.grad = part if node.parents or node.grad is None else node.grad + part

    # Arithmetic, entry by entry, with broadcasting.

    def __add__(self, other) -> "Tensor":
        other = tensor(other, self)
        return record("+", self.data + other.data, (self, other), lambda g: [g, g])

    def __mul__(self, other) -> "Tensor":
        a, b = self, tensor(other, self)
        return record("×", a.data * b.data, (a, b), lambda g: autograd.multiply_backward(g, a.data, b.data))

    def __pow__(self, exponent: float) -> "Tensor":
        """Raises TypeError for an exponent that is no number."""
        if not isinstance(exponent, int | float):
            raise TypeError("the exponent must be a number")
        x = self.data
        return record(
            f"power {exponent}", x**exponent, (self,), lambda g: [g * exponent * x ** (exponent - 1)]
        )

    def __truediv__(self, other) -> "Tensor":
        return self * tensor(other, self) ** -1.0

    def __neg__(self) -> "Tensor":
        return self * -1.0

    def __sub__(self, other) -> "Tensor":
        return self + -tensor(other, self)

    def __rsub__(self, other) -> "Tensor":
        return tensor(other, self) + -self

    def __rtruediv__(self, other) -> "Tensor":
        return tensor(other, self) / self

    __radd__, __rmul__ = __add__, __mul__

    def __matmul__(self, other) -> "Tensor":
        """(…, n, m) @ (…, m, k) -> (…, n, k); raises ValueError for vectors: give them a second dimension."""
        a, b = self, tensor(other, self)
        if min(a.data.ndim, b.data.ndim) < 2:
            raise ValueError(f"matrices have two dimensions or more, not shapes {a.shape} and {b.shape}")
        return record("@", a.data @ b.data, (a, b), lambda g: autograd.matmul_backward(g, a.data, b.data))

    def __rmatmul__(self, other) -> "Tensor":
        return tensor(other, self) @ self

    # One number after the other.

    def exp(self) -> "Tensor":
        y = np.exp(self.data)
        return record("exp", y, (self,), lambda g: [g * y])

    def log(self) -> "Tensor":
        return record("log", np.log(self.data), (self,), lambda g: [g / self.data])

    def tanh(self) -> "Tensor":
        y = np.tanh(self.data)
        return record("tanh", y, (self,), lambda g: [g * (1 - y**2)])

    def relu(self) -> "Tensor":
        """max(x, 0), with the slope 0 at 0."""
        return record("relu", np.maximum(self.data, 0), (self,), lambda g: [g * (self.data > 0)])

    # Fewer numbers, or the same in another order.

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> "Tensor":
        total = self.data.sum(axis=axis, keepdims=keepdims)
        return record("sum", total, (self,), lambda g: [autograd.sum_backward(g, self.shape, axis, keepdims)])

    def mean(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> "Tensor":
        total = self.sum(axis, keepdims)
        return total * (total.data.size / self.data.size)

    def reshape(self, *shape: int) -> "Tensor":
        return record("reshape", self.data.reshape(shape), (self,), lambda g: [g.reshape(self.shape)])

    def transpose(self, *axes: int) -> "Tensor":
        """The axes in another order, in the opposite order if none are given."""
        order = axes or tuple(reversed(range(self.data.ndim)))
        back = np.argsort([axis % self.data.ndim for axis in order])
        return record("transpose", self.data.transpose(order), (self,), lambda g: [g.transpose(back)])

    @property
    def T(self) -> "Tensor":
        return self.transpose()

    def __getitem__(self, index) -> "Tensor":
        """As NumPy's arrays; an entry that is taken several times gets the sum of its gradients."""
        return record(
            "[…]",
            self.data[index],
            (self,),
            lambda g: [autograd.gather_backward(np.asarray(g), self.shape, index)],
        )

    # Scores and classes.

    def log_softmax(self, axis: int = -1) -> "Tensor":
        """Logarithms of probabilities; large scores do no harm, because the largest is taken off first."""
        shifted = self - self.data.max(axis=axis, keepdims=True)  # a constant: it changes no probability
        return shifted - shifted.exp().sum(axis=axis, keepdims=True).log()

    def cross_entropy(self, y: np.ndarray) -> "Tensor":
        """Mean surprisal (in nats) of labels y (…) under the softmax of scores (…, C): one number."""
        loss, by_scores = autograd.cross_entropy(self.data, np.asarray(y))
        return record("cross-entropy", np.asarray(loss, self.data.dtype), (self,), lambda g: [g * by_scores])


def tensor(value, like: Tensor) -> Tensor:
    """A tensor as it is; anything else as a constant, a Python number with the dtype of `like`."""
    if isinstance(value, Tensor):
        return value
    return Tensor(np.asarray(value, like.data.dtype) if isinstance(value, int | float) else value)


def record(operation: str, data: np.ndarray, parents: tuple[Tensor, ...], pull: Pull) -> Tensor:
    """The result of an operation, with its past if one of the parents requires a gradient.

    `pull` need not think of broadcasting: what it gives for a parent is summed to that parent's shape.
    """
    made = Tensor(data)
    if any(parent.requires_grad for parent in parents):
        made.requires_grad = True
        made.operation, made.parents = operation, parents
        made.pull = lambda g: [
            autograd.unbroadcast(part, parent.shape) for part, parent in zip(pull(g), parents, strict=True)
        ]
    return made
