"""Neurons in layers on our own tensor, an optimiser for them, and a classifier of sparse texts.

Letters: N examples, M inputs, C classes; a layer has `sizes[l]` inputs and `sizes[l + 1]` neurons.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from eras.deep_learning import autograd
from eras.deep_learning.tensor import Tensor, record
from eras.statistical.bags import Bags


class MLP:
    """A multilayer perceptron: linear layers, and a bend after each but the last.

    `sizes` are the widths from the inputs to the outputs, `bend` a function of a Tensor, `deviation(inputs,
    outputs)` the standard deviation of a layer's first weights; biases begin at 0. Raises ValueError for fewer
    than two sizes.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        generator: np.random.Generator,
        bend: Callable[[Tensor], Tensor] = Tensor.relu,
        deviation: Callable[[int, int], float] = lambda m, n: autograd.initial_deviation("he", m, n),
        dtype=np.float64,
    ):
        if len(sizes) < 2:
            raise ValueError("a network has inputs and outputs: two sizes or more")
        shapes = list(pairwise(sizes))
        first = [generator.normal(0, deviation(m, n), (m, n)).astype(dtype) for m, n in shapes]
        self.weights = [Tensor(w, requires_grad=True) for w in first]
        self.biases = [Tensor(np.zeros(n, dtype), requires_grad=True) for n in sizes[1:]]
        self.bend = bend

    @property
    def parameters(self) -> list[Tensor]:
        return [*self.weights, *self.biases]

    @property
    def size(self) -> int:
        """How many numbers it stores."""
        return sum(p.data.size for p in self.parameters)

    def layers(self, x) -> list[Tensor]:
        """What each layer gives, the last one without a bend.  x (N, M): Tensor, array or Bags"""
        outputs = []
        for weights, bias in zip(self.weights, self.biases, strict=True):
            x = linear(x, weights, bias)
            outputs.append(x if weights is self.weights[-1] else self.bend(x))
            x = outputs[-1]
        return outputs

    def __call__(self, x) -> Tensor:
        """Scores (N, C)."""
        return self.layers(x)[-1]

    def predict(self, x) -> np.ndarray:
        """The class with the highest score, (N,)."""
        return self(x).data.argmax(axis=-1)


def linear(x, weights: Tensor, bias: Tensor) -> Tensor:
    """x (N, M) @ weights (M, n) + bias (n,), for a Tensor, an array, or sparse Bags."""
    return (sparse_matmul(x, weights) if isinstance(x, Bags) else x @ weights) + bias


def sparse_matmul(bags: Bags, weights: Tensor) -> Tensor:
    """(N, V) @ (V, n) -> (N, n): only the entries that are not 0 cost anything. The bags are constants."""
    kind = weights.data.dtype
    product = (bags @ weights.data).astype(kind)
    return record("sparse @", product, (weights,), lambda g: [(bags.T @ g).astype(kind)])


class SGD:
    """Gradient descent for some parameters, with momentum and weight decay (for arrays of two dimensions)."""

    def __init__(self, parameters: Sequence[Tensor], rate: float, momentum: float = 0.0, decay: float = 0.0):
        self.parameters, self.rate, self.momentum, self.decay = parameters, rate, momentum, decay
        self.velocities = [np.zeros_like(p.data) for p in parameters]

    def step(self) -> None:
        """Move every parameter against its gradient, and forget the gradients."""
        for i, p in enumerate(self.parameters):
            decay = self.decay if p.data.ndim > 1 else 0.0
            p.data, self.velocities[i] = autograd.momentum_step(
                p.data, p.grad, self.velocities[i], self.rate, self.momentum, decay
            )
            p.grad = None


@dataclass(frozen=True)
class Settings:
    """How a classifier of texts is trained; chosen on the valid split. `hidden` 0: no hidden layer."""

    hidden: int = 8
    epochs: int = 6
    batch: int = 256
    rate: float = 0.2
    momentum: float = 0.9
    decay: float = 1e-3
    dropout: float = 0.3


def dropped(rows: list, share: float, generator: np.random.Generator) -> list:
    """Rows of Bags with each entry left out with probability `share`, the others made larger to make up."""
    kept = [(c, v, generator.random(len(c)) >= share) for c, v in rows]
    return [(c[keep], v[keep] / (1 - share)) for c, v, keep in kept]


def train_classifier(
    X: Bags,
    y: np.ndarray,
    classes: int,
    seed: int,
    settings: Settings = Settings(),
    look: Callable[[MLP, int, float], None] = lambda model, epoch, loss: None,
) -> MLP:
    """An MLP with one hidden layer at most, trained on texts X (N, V) with labels y (N,), in shuffled batches.

    The learning rate falls from `rate` to nearly 0 in a straight line, so that the end is no accident.
    `look(model, epoch, loss)` is called after each epoch with the mean training loss.
    """
    generator, rows = np.random.default_rng(seed), X.each()
    hidden = [settings.hidden] if settings.hidden else []
    model = MLP([X.shape[1], *hidden, classes], generator, dtype=np.float32)
    optimiser = SGD(model.parameters, settings.rate, settings.momentum, settings.decay)
    batches = max(1, len(y) // settings.batch)
    for epoch in range(1, settings.epochs + 1):
        losses = []
        for n, chosen in enumerate(np.array_split(generator.permutation(len(y)), batches)):
            optimiser.rate = settings.rate * (1 - (epoch - 1 + n / batches) / settings.epochs)
            batch = Bags.stack(dropped([rows[i] for i in chosen], settings.dropout, generator), X.shape[1])
            loss = model(batch).cross_entropy(y[chosen])
            loss.backward()
            optimiser.step()
            losses.append(float(loss.data))
        look(model, epoch, float(np.mean(losses)))
    return model
