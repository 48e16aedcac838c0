"""N-gram models of texts: over bytes, or over characters or words with every unknown one spelled out in bytes.

Each gives a real distribution over byte strings (or less: what it keeps for other ways of cutting the same text
is lost to it), so that their costs in bits may be compared.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import regex

from eras.statistical.ngram_model import NgramModel, modified_kneser_ney, witten_bell
from eras.statistical.ngram_table import NgramTable

_WORD = regex.compile(r"\p{Han}| ?(?:(?!\p{Han})\p{L})+| ?\p{N}+| ?[^\s\p{L}\p{N}]|\s")
_END = 256  # of a spelled piece: the symbol after the 256 bytes
Smoothing = Callable[[NgramTable], NgramModel]


def words(text: str) -> list[str]:
    """Runs of letters or digits with at most one space in front, Chinese characters, signs; joined, the text."""
    return _WORD.findall(text)


class ByteNgram:
    """Byte n-grams of some texts, Witten-Bell unless told otherwise. Raises ValueError as `NgramTable` does."""

    def __init__(self, texts: Sequence[str], order: int = 5, smoothing: Smoothing = witten_bell):
        self.model = smoothing(NgramTable([_raw(text) for text in texts], 256, order))

    def __len__(self) -> int:
        """How many n-grams are stored."""
        return len(self.model.table)

    def cost(self, text: str) -> float:
        """Bits of a text."""
        return self.model.bits([_raw(text)])


class SpelledNgram:
    """N-grams of pieces; one that occurs fewer than `least` times is `unknown`, and its bytes are paid for.

    `pieces(text)` cuts a text, `list` into characters, `words` into words. The bytes of unknown pieces, and where
    they end, come from a byte model of order 6 that has read the training texts' rare pieces, each once.
    """

    def __init__(
        self,
        texts: Sequence[str],
        order: int,
        pieces: Callable[[str], list[str]],
        smoothing: Smoothing = modified_kneser_ney,
        least: int = 2,
    ):
        self.pieces = pieces
        counts = Counter(piece for text in texts for piece in pieces(text))
        known = [piece for piece, count in counts.items() if count >= least]
        self.known = {piece: number for number, piece in enumerate(known)}
        self.model = smoothing(NgramTable(map(self.encode, texts), len(known) + 1, order))
        rare = [piece for piece, count in counts.items() if count < least]
        self.spelling = smoothing(NgramTable([*map(_spelled, rare), [_END]], 257, 6))

    def __len__(self) -> int:
        """How many n-grams are stored, those of the spelling included."""
        return len(self.model.table) + len(self.spelling.table)

    def encode(self, text: str) -> list[int]:
        """The numbers of a text's pieces; the last number of all stands for an unknown one."""
        return [self.known.get(piece, len(self.known)) for piece in self.pieces(text)]

    def cost(self, text: str) -> float:
        """Bits of a text, the spelling of unknown pieces included."""
        unknown = [_spelled(piece) for piece in self.pieces(text) if piece not in self.known]
        return self.model.bits([self.encode(text)]) + (self.spelling.bits(unknown) if unknown else 0.0)


def _raw(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)


def _spelled(piece: str) -> list[int]:
    return [*piece.encode(), _END]
