"""IBM Models 1 and 2 over arrays: a corpus of ten thousand sentence pairs in seconds.

Every target word may come from any source word of its sentence, or from NULL. All these possible links of a
corpus stand in one long array, sentence by sentence and target word by target word; a step of EM looks up the
links' probabilities, divides them within each target word, and adds them up again by what they were made of.
Sources: Brown et al. 1993, Models 1 and 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from eras.statistical.alignment import NULL, Links, Pair, Table


class Bitext:
    """Sentence pairs as numbers, and all links there could be. L links, T target words, K pairs of words.

    `entry` (L,) is the place of each link's pair of words in the lexicon; `first` (T,) the place of each target
    word's first link, which is the one to NULL, and `width` (T,) how many it has. `sentence` (T,) says which pair
    a target word is in. `entry_source`, `entry_target` (K,) are the words of the lexicon's entries. Raises
    ValueError where nothing is to be aligned.
    """

    def __init__(self, pairs: Sequence[Pair]):
        self.source_words, self.target_words = {NULL: 0}, {}
        sources = [[0, *_numbers(source, self.source_words)] for source, _ in pairs]
        targets = [_numbers(target, self.target_words) for _, target in pairs]
        if not any(targets):
            raise ValueError("no target words to align")
        self.source_lengths = np.array([len(source) - 1 for source in sources])
        self.target_lengths = np.array([len(target) for target in targets])
        self.width = np.repeat(self.source_lengths + 1, self.target_lengths)
        self.first = np.cumsum(self.width) - self.width
        self.sentence = np.repeat(np.arange(len(pairs)), self.target_lengths)
        size = len(self.target_words)
        codes = np.concatenate(
            [
                (np.array(s)[None, :] * size + np.array(t, int)[:, None]).ravel()
                for s, t in zip(sources, targets, strict=True)
            ]
        )
        entries, self.entry = np.unique(codes, return_inverse=True)
        self.entry_source, self.entry_target = np.divmod(entries, size)

    def shares(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Link weights (L,) divided by their sum within each target word (L,), and those sums (T,)."""
        totals = np.add.reduceat(weights, self.first)
        return weights / np.repeat(totals, self.width), totals

    def lexicon(self, shares: np.ndarray) -> np.ndarray:
        """New t(target word | source word) of every entry, from the links' shares.  (L,) -> (K,)"""
        return _normalised(np.bincount(self.entry, shares, len(self.entry_source)), self.entry_source)

    def positions(self) -> tuple[np.ndarray, np.ndarray]:
        """Of every link, the source position, 0 for NULL (L,), and of every target word, its own from 0 (T,)."""
        source = np.arange(len(self.entry)) - np.repeat(self.first, self.width)
        start = np.cumsum(self.target_lengths) - self.target_lengths
        return source, np.arange(len(self.first)) - start[self.sentence]

    def links(self, chosen: np.ndarray) -> list[Links]:
        """An alignment of each pair from the source position that each target word chose, 0 for NULL.  (T,)"""
        _, target = self.positions()
        aligned: list[Links] = [set() for _ in self.source_lengths]
        for sentence, i, j in zip(self.sentence.tolist(), chosen.tolist(), target.tolist(), strict=True):
            if i:
                aligned[sentence].add((i - 1, j))
        return aligned

    def table(self, t: np.ndarray) -> Table:
        """A lexicon (K,) as a dictionary, as `alignment.model1_step` has it."""
        source, target = list(self.source_words), list(self.target_words)
        made: Table = {}
        for i, j, p in zip(self.entry_source.tolist(), self.entry_target.tolist(), t.tolist(), strict=True):
            made.setdefault(source[i], {})[target[j]] = p
        return made


@dataclass
class Trained:
    """A model after EM: its lexicon `t` (K,), the links' posteriors `shares` (L,) under it, and what it cost.

    `bits` holds, for every step, the bits per target word *before* it. Models above the first have more tables.
    """

    t: np.ndarray
    shares: np.ndarray
    bits: list[float]
    extra: dict[str, np.ndarray] = field(default_factory=dict)


def train_model1(bitext: Bitext, steps: int = 5, t: np.ndarray | None = None) -> Trained:
    """IBM Model 1: where a word stands is no matter. Starts from a uniform lexicon unless one is given."""
    t = np.full(len(bitext.entry_source), 1 / len(bitext.target_words)) if t is None else t
    bits = []
    for step in range(steps + 1):
        shares, totals = bitext.shares(t[bitext.entry])
        bits.append(float(-np.log2(totals / bitext.width).mean()))
        if step < steps:
            t = bitext.lexicon(shares)
    return Trained(t, shares, bits)


def train_model2(bitext: Bitext, t: np.ndarray, steps: int = 5) -> Trained:
    """IBM Model 2: target position j of m likes some source positions i of l, a(i | j, l, m), whatever the words.

    Starts from a lexicon, Model 1's, and uniform positions; `extra` has "place" (L,), which a each link uses, and
    "a" itself.
    """
    i, j = bitext.positions()
    l, m = bitext.source_lengths[bitext.sentence], bitext.target_lengths[bitext.sentence]
    most = int(max(l.max(), m.max())) + 1
    slot = (j * most + l) * most + m  # (T,)
    _, place = np.unique(np.repeat(slot, bitext.width) * most + i, return_inverse=True)
    where = np.empty(int(place.max()) + 1, np.int64)
    where[place] = np.unique(np.repeat(slot, bitext.width), return_inverse=True)[1]
    a = np.empty(len(where))
    a[place] = np.repeat(1 / bitext.width, bitext.width)
    bits = []
    for step in range(steps + 1):
        shares, totals = bitext.shares(t[bitext.entry] * a[place])
        bits.append(float(-np.log2(totals).mean()))
        if step < steps:
            t, a = bitext.lexicon(shares), _normalised(np.bincount(place, shares, len(a)), where)
    return Trained(t, shares, bits, {"a": a, "place": place})


def best_positions(bitext: Bitext, shares: np.ndarray) -> np.ndarray:
    """The source position, 0 for NULL, with the largest share of each target word; NULL loses a tie.  -> (T,)"""
    position, _ = bitext.positions()
    nulls, shares = bitext.first[bitext.width > 1], shares.copy()
    shares[nulls] = np.nextafter(shares[nulls], 0)  # a hair less: any equal word comes before NULL
    top = np.maximum.reduceat(shares, bitext.first)
    winners = np.flatnonzero(shares == np.repeat(top, bitext.width))
    owners = np.repeat(np.arange(len(bitext.first)), bitext.width)[winners]
    _, earliest = np.unique(owners, return_index=True)
    return position[winners[earliest]]


def _numbers(words: Sequence[str], known: dict[str, int]) -> list[int]:
    """The words' numbers; new ones are added to the known."""
    return [known.setdefault(word, len(known)) for word in words]


def _normalised(counts: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Counts divided by the sum of their group; groups without any count stay 0."""
    sums = np.bincount(group, counts)[group]
    return np.divide(counts, sums, out=np.zeros_like(counts), where=sums > 0)
