"""Smoothed n-gram models over sorted arrays: add-k, Katz, Witten-Bell, Kneser-Ney and modified Kneser-Ney.

Every one of them comes to the same two columns: what each counted n-gram is worth, and what each context leaves
to the shorter one for symbols it was never followed by.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from eras.statistical.ngram import good_turing, modified_discounts
from eras.statistical.ngram_table import Level, NgramTable, Sequences


@dataclass(frozen=True)
class NgramModel:
    """Probabilities of a symbol after the `order` - 1 symbols before it, for every context there can be.

    `seen[n - 1]` (K,) is the probability of each n-gram's last symbol after the others; `left[n - 1]` (contexts,)
    the factor of the shorter context's probability where the n-gram was not counted.
    """

    table: NgramTable
    seen: list[np.ndarray]
    left: list[np.ndarray]

    def probabilities(self, sequences: Sequences) -> np.ndarray:
        """The probability of every symbol of the sequences, one after the other.  -> (T,)"""
        p = 1 / self.table.size
        for (contexts, ngrams), seen, left in zip(
            self.table.places(sequences), self.seen, self.left, strict=True
        ):
            backed = np.where(contexts >= 0, left[contexts], 1.0) * p
            p = np.where(ngrams >= 0, seen[ngrams], backed)
        return p

    def bits(self, sequences: Sequences) -> float:
        """What the sequences cost in bits; infinitely many where something has probability 0."""
        with np.errstate(divide="ignore"):
            return float(-np.log2(self.probabilities(sequences)).sum())

    def distribution(self, context: Sequence[int] = ()) -> np.ndarray:
        """Probabilities of all symbols after a context; a short one stands at a sequence's start.  -> (V,)"""
        size, p = self.table.size, np.full(self.table.size, 1 / self.table.size)
        padded = [size] * (self.table.order - 1) + list(context)
        for n, level in enumerate(self.table.levels):
            at = self.table.place(padded[len(padded) - n :])
            if at < 0:
                break  # a longer context was not counted either
            here = level.followers(at)
            p = p * self.left[n][at]
            p[level.codes[here] % level.base] = self.seen[n][here]
        return p

    def sample(
        self, length: int, seed: int, context: Sequence[int] = (), stop: int | None = None
    ) -> list[int]:
        """Draw up to `length` symbols after a context; ends before the symbol `stop`, if it is drawn."""
        random, drawn = np.random.default_rng(seed), list(context)
        for _ in range(length):
            reached = self.distribution(drawn).cumsum()
            symbol = int(np.searchsorted(reached, random.random() * reached[-1], side="right"))
            if symbol == stop:
                break
            drawn.append(symbol)
        return drawn[len(context) :]


def add_k(table: NgramTable, k: float = 1.0) -> NgramModel:
    """k more for every count of the longest n-grams, shorter ones unused; k = 0 is maximum likelihood.

    A context never seen gives the uniform distribution. Raises ValueError for k below 0.
    """
    if k < 0:
        raise ValueError(f"k must not be negative, not {k}")
    uniform = 1 / table.size
    seen = [np.full(len(level.codes), uniform) for level in table.levels]
    left = [np.ones(level.contexts) for level in table.levels]
    top = table.levels[-1]
    totals = top.sums(top.counts) + k * table.size
    followed = top.sums(top.counts) > 0
    left[-1] = np.divide(k * table.size, totals, out=np.ones(top.contexts), where=followed)
    seen[-1] = (top.counts + k) / np.maximum(totals, 1e-300)[top.context]
    return NgramModel(table, seen, left)


def witten_bell(table: NgramTable) -> NgramModel:
    """Interpolated Witten-Bell, of all orders down to uniform. Source: Witten and Bell 1991, method C."""

    def parts(level: Level) -> tuple[np.ndarray, np.ndarray]:
        totals, kinds = level.sums(level.counts), level.sums(level.counts > 0)
        whole = np.maximum(totals + kinds, 1)
        return level.counts / whole[level.context], np.where(totals > 0, kinds / whole, 1.0)

    return _interpolated(table, parts)


def kneser_ney(table: NgramTable, discount: float | None = None) -> NgramModel:
    """Interpolated Kneser-Ney with one discount for each order, n1 / (n1 + 2 n2) unless it is given.

    Raises ValueError for a discount outside 0 to 1. Source: Chen and Goodman 1999, section 3.
    """
    if discount is not None and not 0 <= discount <= 1:
        raise ValueError(f"the discount must lie between 0 and 1, not {discount}")

    def estimate(frequencies: dict[int, int]) -> float:
        n1, n2 = frequencies.get(1, 0), frequencies.get(2, 0)
        return n1 / (n1 + 2 * n2) if n1 and n2 else 0.5

    return _discounted(table, lambda f: [estimate(f) if discount is None else discount] * 3)


def modified_kneser_ney(table: NgramTable) -> NgramModel:
    """Interpolated Kneser-Ney with three discounts for each order. Source: Chen and Goodman 1999, section 3."""
    return _discounted(table, modified_discounts)


def katz(table: NgramTable, most: int = 5) -> NgramModel:
    """Katz's back-off: counts up to `most` are discounted by Good and Turing, larger ones are trusted.

    A context that frees nothing has its total raised by one, so that nothing is impossible; where all symbols
    have followed a context nothing is freed. Source: Katz 1987.
    """
    seen, left, lower = [], [], np.array([1 / table.size])
    for level in table.levels:
        counts = _kept(level.counts, most) * level.counts
        totals = level.sums(level.counts)
        freed = totals - level.sums(counts)
        full = level.sums(level.counts > 0) == table.size
        whole = np.maximum(np.where(full, level.sums(counts), totals + (freed < 1e-9 * totals)), 1e-300)
        p = counts / whole[level.context]
        others = 1 - level.sums(np.where(level.counts > 0, lower[level.suffix], 0))
        rest = 1 - level.sums(p)
        share = np.divide(rest, others, out=np.zeros(level.contexts), where=~full & (others > 0))
        seen.append(p)
        left.append(np.where(totals > 0, share, 1.0))
        lower = p
    return NgramModel(table, seen, left)


def _kept(counts: np.ndarray, most: int) -> np.ndarray:
    """What share of itself each count keeps (Katz 1987), up to the largest where it makes sense.

    Ragged counts of counts make less of it usable; where none is, a count of one keeps one half.
    """
    frequencies = _frequencies(counts)
    stars, _ = good_turing(frequencies)
    ones = frequencies.get(1, 0)
    for top in range(most, 0, -1):
        beyond = (top + 1) * frequencies.get(top + 1, 0) / ones if ones else 1.0
        kept = [(stars.get(r, 0) / r - beyond) / (1 - beyond) if beyond < 1 else 0 for r in range(1, top + 1)]
        if all(0 < share < 1 for share in kept):
            break
    else:
        kept = [0.5]
    return np.array([0.0, *kept, 1.0])[np.minimum(counts, len(kept) + 1)]


def _discounted(table: NgramTable, discounts: Callable[[dict[int, int]], Sequence[float]]) -> NgramModel:
    """Absolute discounting by counts of counts, interpolated, over continuation counts."""

    def parts(level: Level) -> tuple[np.ndarray, np.ndarray]:
        taken = np.array([0.0, *discounts(_frequencies(level.counts))])[np.minimum(level.counts, 3)]
        totals = level.sums(level.counts)
        whole = np.maximum(totals, 1)
        left = np.where(totals > 0, level.sums(taken) / whole, 1.0)
        return (level.counts - taken) / whole[level.context], left

    return _interpolated(table.with_continuations(), parts)


def _interpolated(table: NgramTable, parts: Callable[[Level], tuple[np.ndarray, np.ndarray]]) -> NgramModel:
    """A model from what each level gives its n-grams directly (K,) and leaves to the one below (contexts,)."""
    seen, left, lower = [], [], np.array([1 / table.size])
    for direct, weight in map(parts, table.levels):
        level = table.levels[len(seen)]
        lower = direct + weight[level.context] * lower[level.suffix]
        seen.append(lower)
        left.append(weight)
    return NgramModel(table, seen, left)


def _frequencies(counts: np.ndarray) -> dict[int, int]:
    """{r: how many of the counts are r}, for the small ones that discounts need."""
    return {r: int(n) for r, n in enumerate(np.bincount(np.minimum(counts, 100))) if 0 < r < 100 and n}


SMOOTHINGS: dict[str, Callable[[NgramTable], NgramModel]] = {
    "add one": add_k,
    "Katz": katz,
    "Witten-Bell": witten_bell,
    "Kneser-Ney": kneser_ney,
    "modified Kneser-Ney": modified_kneser_ney,
}
