"""Bags of features: texts as rows of a sparse matrix, without anybody's sparse-matrix library.

Letters: N texts, V features, C classes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np


class Bags:
    """A sparse matrix (N, V) as three arrays: entry `values[i]` stands at `rows[i]`, `columns[i]`.

    Of algebra it knows `bags @ dense` for dense (V,) or (V, C), and the transposed matrix `bags.T`.
    """

    def __init__(self, rows: np.ndarray, columns: np.ndarray, values: np.ndarray, shape: tuple[int, int]):
        self.rows, self.columns, self.values, self.shape = rows, columns, values, shape

    def __len__(self) -> int:
        return self.shape[0]

    def __matmul__(self, dense: np.ndarray) -> np.ndarray:
        """(N, V) @ (V,) -> (N,) or (N, V) @ (V, C) -> (N, C); raises ValueError if the sizes do not fit."""
        if dense.shape[0] != self.shape[1]:
            raise ValueError(f"bags of shape {self.shape} do not fit an array of shape {dense.shape}")
        if dense.ndim == 1:
            return np.bincount(self.rows, self.values * dense[self.columns], self.shape[0])
        return np.stack([self @ column for column in dense.T], axis=1)

    @property
    def T(self) -> "Bags":
        """The transposed matrix (V, N); nothing is copied."""
        return Bags(self.columns, self.rows, self.values, self.shape[::-1])

    def each(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each row, in order, its columns and values. The rows must be in order."""
        cuts = np.searchsorted(self.rows, np.arange(1, len(self)))
        return list(zip(np.split(self.columns, cuts), np.split(self.values, cuts), strict=True))

    def take(self, chosen: np.ndarray) -> "Bags":
        """The chosen rows (n,) of indices, in the order given."""
        rows = self.each()
        return Bags.stack([rows[i] for i in chosen], self.shape[1])

    def with_constant(self) -> "Bags":
        """One column more, of ones: (N, V + 1). Its weight is a bias that is held small like the others."""
        rows = [(np.append(i, self.shape[1]), np.append(v, 1.0)) for i, v in self.each()]
        return Bags.stack(rows, self.shape[1] + 1)

    @staticmethod
    def stack(rows: Sequence[tuple[np.ndarray, np.ndarray]], width: int) -> "Bags":
        """The matrix (N, width) with these rows, each (columns, values)."""
        sizes = [len(columns) for columns, _ in rows]
        parts = [np.concatenate([np.empty(0), *part]) for part in zip(*rows, strict=True)] or [
            np.empty(0)
        ] * 2
        numbers = np.repeat(np.arange(len(rows)), sizes)
        return Bags(numbers, parts[0].astype(int), parts[1].astype(float), (len(rows), width))

    def dense(self) -> np.ndarray:
        """The matrix as an array (N, V), for small ones."""
        full = np.zeros(self.shape)
        full[self.rows, self.columns] = self.values
        return full


class Vocabulary:
    """The features worth a column: those in at least `least` training texts, the most frequent first.

    Raises ValueError if none is left.
    """

    def __init__(self, texts: Iterable[Mapping[str, int]], least: int = 1):
        seen = Counter(feature for text in texts for feature in text)
        self.names = sorted((f for f in seen if seen[f] >= least), key=lambda f: (-seen[f], f))
        if not self.names:
            raise ValueError(f"no feature occurs in {least} texts or more")
        self.column = {name: i for i, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.names)

    def counts(self, texts: Iterable[Mapping[str, int]]) -> Bags:
        """How often each feature occurs in each text, (N, V); features without a column are left out."""
        rows = []
        for text in texts:
            known = sorted((self.column[f], n) for f, n in text.items() if f in self.column)
            rows.append((np.array([i for i, _ in known], int), np.array([n for _, n in known], float)))
        return Bags.stack(rows, len(self))

    def presence(self, texts: Iterable[Mapping[str, int]]) -> Bags:
        """1 for each feature that occurs in a text, (N, V), however often."""
        return binary(self.counts(texts))


def binary(bags: Bags) -> Bags:
    """1 in place of every entry that is not 0."""
    return Bags(bags.rows, bags.columns, (bags.values != 0).astype(float), bags.shape)


def rarity(bags: Bags) -> np.ndarray:
    """Inverse document frequency of each feature, (N, V) -> (V,): 1 + ln((1 + N) / (1 + texts that have it)).

    Source: Spärck Jones 1972, in scikit-learn's smoothed form.
    """
    return 1 + np.log((1 + len(bags)) / (1 + np.bincount(bags.columns, minlength=bags.shape[1])))


def tf_idf(bags: Bags, rarities: np.ndarray) -> Bags:
    """Counts times rarity (V,), each row scaled to length 1 (an empty row stays empty)."""
    values = bags.values * rarities[bags.columns]
    length = np.sqrt(np.bincount(bags.rows, values**2, len(bags)))
    return Bags(bags.rows, bags.columns, values / length[bags.rows], bags.shape)
