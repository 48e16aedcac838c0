"""Counts of n-grams in sorted arrays: any order, any vocabulary, millions of symbols in seconds.

An n-gram is known by its *place* among all n-grams of its length. Its code is the place of its first n - 1
symbols times V + 1, plus its last symbol: one machine word however long the n-gram is. The numbers below V are
symbols; V itself stands for the start of a sequence, as often as a context needs it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

Sequences = Iterable[Sequence[int] | np.ndarray]


@dataclass(frozen=True)
class Level:
    """All n-grams of one length, by rising code; those that end with a start have count 0.

    codes, counts, suffix: (K,) integers. `suffix` is the place, one level down, of the n-gram without its first
    symbol; `context` that without its last.
    """

    codes: np.ndarray
    counts: np.ndarray
    suffix: np.ndarray
    base: int
    contexts: int  # how many n-grams the level below holds

    @cached_property
    def context(self) -> np.ndarray:
        return self.codes // self.base

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Values (K,) added up by context.  -> (contexts,)"""
        return np.bincount(self.context, values, minlength=self.contexts)

    def find(self, codes: np.ndarray) -> np.ndarray:
        """The places of n-grams by their codes, -1 where there is none; negative codes are of none."""
        at = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        return np.where(self.codes[at] == codes, at, -1)

    def followers(self, context: int) -> slice:
        """The places of all n-grams that begin with the context at this place of the level below."""
        first, last = np.searchsorted(self.codes, [context * self.base, context * self.base + self.base - 1])
        return slice(int(first), int(last))


class NgramTable:
    """All n-grams of some sequences, from single symbols up to `order`.

    `sequences` hold whole numbers below `size`. `levels[n - 1]` holds the n-grams. Raises ValueError for an order
    below 1, for no symbols at all and for numbers that are not in the vocabulary.
    """

    def __init__(self, sequences: Sequences, size: int, order: int):
        if order < 1:
            raise ValueError(f"order must be 1 or more, not {order}")
        self.size, self.order, self.levels = size, order, []
        stream = self.stream(sequences)
        if not (stream < size).any():
            raise ValueError("no symbols to count n-grams of")
        places, start, contexts = np.zeros(len(stream), np.int64), 0, 1
        for _ in range(order):
            codes = self._codes(stream, places, start)
            keys, longer = _ranked(codes)
            suffix = np.empty(len(keys), np.int64)
            suffix[longer] = places
            counts = np.bincount(longer[stream < size], minlength=len(keys))
            self.levels.append(Level(keys, counts, suffix, size + 1, contexts))
            places, contexts = longer, len(keys)
            start = self._start(start)

    def __len__(self) -> int:
        """How many different n-grams were counted, of all lengths together."""
        return sum(int((level.counts > 0).sum()) for level in self.levels)

    def stream(self, sequences: Sequences) -> np.ndarray:
        """All sequences in one array, a start before each; raises ValueError for foreign numbers."""
        parts = []
        for sequence in sequences:
            parts += [np.array([self.size]), np.asarray(sequence, np.int64)]
        stream = np.concatenate(parts) if parts else np.array([self.size])
        if (
            stream.min() < 0
            or stream.max() > self.size
            or (stream == self.size).sum() != max(1, len(parts) // 2)
        ):
            raise ValueError(f"symbols must be whole numbers from 0 to {self.size - 1}")
        return stream

    def places(self, sequences: Sequences) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """For n = 1, 2, …: the places of each symbol's context of n - 1 symbols and of its n-gram.

        Two (T,) arrays over all symbols of the sequences, -1 for what was never counted.
        """
        stream = self.stream(sequences)
        symbols, here, start = stream < self.size, np.zeros(len(stream), np.int64), 0
        for level in self.levels:
            codes = self._codes(stream, here, start)
            contexts, here = codes // level.base, level.find(codes)
            yield np.maximum(contexts, -1)[symbols], here[symbols]
            start = int(level.find(np.array([start * level.base + self.size]))[0])

    def place(self, ngram: Sequence[int]) -> int:
        """The place of one n-gram, which may begin with starts (the number V); -1 if it was never counted."""
        at = 0
        for level, symbol in zip(self.levels, ngram, strict=False):
            if at < 0 or not 0 <= symbol <= self.size:
                return -1
            at = int(level.find(np.array([at * level.base + symbol]))[0])
        return at

    def upto(self, order: int) -> "NgramTable":
        """The n-grams up to a smaller order, not counted again; raises ValueError for one that is not here."""
        if not 1 <= order <= self.order:
            raise ValueError(f"order must be 1…{self.order}, not {order}")
        return self._with(self.levels[:order])

    def with_continuations(self) -> "NgramTable":
        """The same n-grams; those below the longest count the different symbols that stand before them."""
        levels = [*self.levels]
        for n, above in enumerate(self.levels[1:]):
            before = np.bincount(above.suffix[above.counts > 0], minlength=len(levels[n].codes))
            levels[n] = replace(levels[n], counts=before)
        return self._with(levels)

    def _with(self, levels: list[Level]) -> "NgramTable":
        """A table with other levels."""
        changed = object.__new__(NgramTable)
        changed.size, changed.order, changed.levels = self.size, len(levels), levels
        return changed

    def _codes(self, stream: np.ndarray, shorter: np.ndarray, start: int) -> np.ndarray:
        """Codes of the n-grams that end at each position, from the places (T,) of those one symbol shorter."""
        before = np.empty_like(shorter)
        before[0], before[1:] = start, shorter[:-1]
        before[stream == self.size] = start  # before a start there are only starts
        return np.where(before < 0, -1, before * (self.size + 1) + stream)

    def _start(self, shorter: int) -> int:
        """The place of the n-gram of starts alone, on the last level."""
        return int(self.levels[-1].find(np.array([shorter * (self.size + 1) + self.size]))[0])


def _ranked(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different codes, rising, and the place of each code among them; np.unique, several times as fast.

    Sorting plain integers is fast, sorting positions by them is not: so the position rides in the low bits.
    """
    bits = len(codes).bit_length()
    if int(codes.max()).bit_length() + bits > 63:
        return np.unique(codes, return_inverse=True)
    ordered = np.sort(codes << bits | np.arange(len(codes)))
    positions, ordered = ordered & ((1 << bits) - 1), ordered >> bits
    new = np.append(True, ordered[1:] != ordered[:-1])
    places = np.empty(len(codes), np.int64)
    places[positions] = np.cumsum(new) - 1
    return ordered[new], places
