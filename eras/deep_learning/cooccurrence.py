"""Counting who stands near whom in a million words, and what one matrix of counts already knows.

`embeddings.ppmi` and `svd_vectors` say what is computed, on matrices one can print. Here the matrix of all
words is sparse: `Counts` stores the pairs that met. Sources: Levy, Goldberg and Dagan 2015; the randomised
factorisation: Halko, Martinsson and Tropp 2011.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Counts:
    """A sparse matrix (size, size): `values` at (`rows`, `columns`), each place once, row by row."""

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    size: int

    def dense(self) -> np.ndarray:
        """The matrix with its zeros.  -> (size, size)"""
        full = np.zeros((self.size, self.size))
        full[self.rows, self.columns] = self.values
        return full

    def sums(self, axis: int) -> np.ndarray:
        """Sums over rows (axis 0) or columns (axis 1).  -> (size,)"""
        return np.bincount((self.columns, self.rows)[axis], self.values, minlength=self.size)


def cooccurrences(documents: Sequence[np.ndarray], size: int, window: int, weight: str = "linear") -> Counts:
    """How often each word stands within `window` places of each other one, over encoded documents.

    A pair d places apart counts (window - d + 1) / window ("linear", as word2vec's shrinking window does), 1 / d
    ("harmonic", as GloVe does) or 1 ("flat"). Symmetric. Raises ValueError for another weight.
    """
    if weight not in ("linear", "harmonic", "flat"):
        raise ValueError(f"the weight is linear, harmonic or flat, not {weight!r}")
    gap = np.full(window, -1)
    text = np.concatenate([part for document in documents for part in (document, gap)])
    codes, worth = [], []
    for d in range(1, window + 1):
        left, right = text[:-d], text[d:]
        both = (left >= 0) & (right >= 0)
        code, times = np.unique(left[both] * size + right[both], return_counts=True)
        codes.append(code)
        worth.append(times * {"linear": (window - d + 1) / window, "harmonic": 1 / d, "flat": 1.0}[weight])
    code, worth = np.concatenate(codes), np.concatenate(worth)
    code, worth = np.concatenate([code, code % size * size + code // size]), np.tile(worth, 2)
    places, inverse = np.unique(code, return_inverse=True)
    return Counts(places // size, places % size, np.bincount(inverse, worth), size)


def sparse_ppmi(counts: Counts, shift: float = 1.0, power: float = 1.0) -> Counts:
    """`embeddings.ppmi` of a sparse matrix, without the zeros. Raises ValueError for a shift below 1."""
    if not shift >= 1:
        raise ValueError(f"the shift must be 1 or more, not {shift}")
    rows, columns = counts.sums(1), counts.sums(0) ** power
    expected = rows[counts.rows] * columns[counts.columns] / columns.sum()
    information = np.log(counts.values / expected) - np.log(shift)
    kept = information > 0
    return Counts(counts.rows[kept], counts.columns[kept], information[kept], counts.size)


def randomised_svd(
    matrix: Counts, dimensions: int, power: float = 0.5, rounds: int = 4, seed: int = 0
) -> np.ndarray:
    """`embeddings.svd_vectors` of a sparse matrix, nearly: the subspace that random vectors are drawn to.

    -> (size, dimensions). More `rounds` are more exact. Source: Halko, Martinsson and Tropp 2011, algorithm 4.4.
    """
    places = torch.from_numpy(np.stack([matrix.rows, matrix.columns]))
    shape = (matrix.size, matrix.size)
    sparse = torch.sparse_coo_tensor(
        places, torch.from_numpy(matrix.values).float(), shape, check_invariants=True
    )
    sparse = sparse.coalesce()
    turned = sparse.t().coalesce()
    generator = torch.Generator().manual_seed(seed)
    width = min(matrix.size, dimensions + 16)
    basis = torch.linalg.qr(sparse @ torch.randn(matrix.size, width, generator=generator)).Q
    for _ in range(rounds):
        basis = torch.linalg.qr(sparse @ torch.linalg.qr(turned @ basis).Q).Q
    left, values, _ = torch.linalg.svd((turned @ basis).T, full_matrices=False)
    return ((basis @ left)[:, :dimensions] * values[:dimensions] ** power).numpy()
