"""A smoothed n-gram model as two dictionaries, for a decoder that asks for one word at a time.

`eras.statistical.ngram_model` prices whole texts at once; a decoder meets its words in no order. Here every
counted n-gram keeps the logarithm of its probability, every context that of what it leaves to the shorter one.
"""

import math
from collections.abc import Sequence

import numpy as np

from eras.statistical.ngram_model import modified_kneser_ney
from eras.statistical.ngram_table import NgramTable

State = tuple[int, ...]


class WordModel:
    """Modified Kneser-Ney over words; a word it has not read is `unknown`. Raises ValueError for no sentences.

    A state is the words before, as far as they matter: as long as they began a counted n-gram.
    """

    def __init__(self, sentences: Sequence[Sequence[str]], order: int = 4):
        known = dict.fromkeys(word for sentence in sentences for word in sentence)
        self.number = {word: i for i, word in enumerate(known)}
        self.unknown, self.end, self.size = len(known), len(known) + 1, len(known) + 2
        coded = [[*map(self.number.get, sentence), self.end] for sentence in sentences]
        self.order = order
        model = modified_kneser_ney(NgramTable(coded, self.size, order))
        self.floor = -math.log(self.size)
        self.log_p, self.log_left, grams = {}, {}, np.zeros((1, 0), int)
        for level, seen, left in zip(model.table.levels, model.seen, model.left, strict=True):
            self.log_left |= zip(
                map(tuple, grams.tolist()), np.log(np.maximum(left, 1e-300)).tolist(), strict=True
            )
            grams = np.concatenate([grams[level.context], (level.codes % level.base)[:, None]], 1)
            counted = level.counts > 0
            logs = np.log(np.maximum(seen[counted], 1e-300)).tolist()
            self.log_p |= zip(map(tuple, grams[counted].tolist()), logs, strict=True)
        self.start = self._trimmed((self.size,) * (order - 1))

    def __len__(self) -> int:
        """How many n-grams are stored."""
        return len(self.log_p)

    def encode(self, words: Sequence[str]) -> State:
        """The words' numbers."""
        return tuple(self.number.get(word, self.unknown) for word in words)

    def step(self, state: State, word: int) -> tuple[float, State]:
        """The natural logarithm of a word's probability after a state, and the state after the word."""
        total, context = 0.0, state
        while (*context, word) not in self.log_p:
            total += self.log_left.get(context, 0.0)
            if not context:
                return total + self.floor, ()
            context = context[1:]
        return total + self.log_p[*context, word], self._trimmed((*state, word)[-self.order + 1 :])

    def score(self, state: State, words: Sequence[int]) -> tuple[float, State]:
        """The same for several words in a row."""
        total = 0.0
        for word in words:
            p, state = self.step(state, word)
            total += p
        return total, state

    def _trimmed(self, state: State) -> State:
        """The longest end of a state that is a context of a counted n-gram."""
        while state and state not in self.log_left:
            state = state[1:]
        return state
