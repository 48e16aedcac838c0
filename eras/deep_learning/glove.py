"""GloVe: word vectors whose products are logarithms of counts. Source: Pennington et al. 2014."""

import numpy as np
import torch

from eras.deep_learning.cooccurrence import Counts


def weights(counts: torch.Tensor, most: float = 100.0, power: float = 0.75) -> torch.Tensor:
    """How much each count matters: (count / most) ** power, at most 1.  Equation 9."""
    return (counts / most).clamp(max=1) ** power


def batch_loss(
    words: torch.Tensor, contexts: torch.Tensor, counts: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Loss and gradients of n pairs that met.  (n, D), (n, D), (n,) -> (n,), (n, D), (n, D)

    Of each vector the last two entries are its bias and a 1, in this order for words and the other way round for
    contexts: the product adds both biases. A 1 has gradient 0. Equation 8.
    """
    missing = (words * contexts).sum(1) - counts.log()
    slope = (2 * weights(counts) * missing)[:, None]
    to_words, to_contexts = slope * contexts, slope * words
    to_words[:, -1] = 0
    to_contexts[:, -2] = 0
    return weights(counts) * missing**2, to_words, to_contexts


def fit(
    counts: Counts,
    dimensions: int,
    epochs: int = 10,
    rate: float = 0.05,
    batch: int = 4096,
    seed: int = 0,
    report=None,
) -> np.ndarray:
    """Vectors by AdaGrad on all pairs that met, words' and contexts' added.  -> (size, dimensions)

    `report(epoch, mean loss)` is called after each epoch. A word that is several times in a batch moves by the
    sum.
    """
    generator = torch.Generator().manual_seed(seed)
    rows, columns = torch.from_numpy(counts.rows), torch.from_numpy(counts.columns)
    values = torch.from_numpy(counts.values).float()
    sides = []
    for one in (-1, -2):
        table = (torch.rand(counts.size, dimensions + 2, generator=generator) - 0.5) / dimensions
        table[:, one] = 1
        sides.append((table, torch.ones_like(table)))  # vectors, and the sums of their squared gradients
    for epoch in range(epochs):
        total = 0.0
        for chosen in torch.randperm(len(values), generator=generator).split(batch):
            places = rows[chosen], columns[chosen]
            loss, *slopes = batch_loss(sides[0][0][places[0]], sides[1][0][places[1]], values[chosen])
            for (table, squares), place, slope in zip(sides, places, slopes, strict=True):
                table.index_add_(0, place, slope / squares[place].sqrt(), alpha=-rate)
                squares.index_add_(0, place, slope**2)
            total += float(loss.sum())
        if report:
            report(epoch, total / len(values))
    return sum(table[:, :dimensions] for table, _ in sides).numpy()
