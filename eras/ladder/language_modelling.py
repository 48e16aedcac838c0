"""The ladder's first task: bits per byte on text that no system was trained on.

Every system gets the train splits of the same corpora and pays, document by document, for the same held-out
bytes: the test splits of the four reading corpora. Lower is better.
"""

import gzip
import lzma
from collections.abc import Callable

import numpy as np

from eras import data

HELD_OUT = ("shakespeare", "moby_dick", "sotu", "tang")
TRAINING = (*HELD_OUT, "bible", "help_en", "help_zh")


def training_documents() -> list[str]:
    """The texts every system may learn from."""
    return [document.text for name in TRAINING for document in data.load(name, "train")]


def held_out_documents(split: str = "test") -> dict[str, list[str]]:
    """The texts every system pays for, by corpus. Raises SplitError for the train split."""
    corpora = {name: data.load(name, split).require("valid", "test") for name in HELD_OUT}
    return {name: [document.text for document in corpus] for name, corpus in corpora.items()}


def bits_per_byte(cost: Callable[[str], float], documents: dict[str, list[str]]) -> dict[str, float]:
    """Total cost in bits over total UTF-8 bytes, per corpus and under "all" for everything together.

    `cost(text)` returns what one document costs in bits.
    """
    bits = {name: sum(map(cost, texts)) for name, texts in documents.items()}
    size = {name: sum(len(text.encode()) for text in texts) for name, texts in documents.items()}
    return {"all": sum(bits.values()) / sum(size.values())} | {name: bits[name] / size[name] for name in bits}


class ByteUnigram:
    """Every byte costs its share in the training text, whatever stands before it (add one, 256 outcomes)."""

    def __init__(self, texts: list[str]):
        counts = np.bincount(np.frombuffer("".join(texts).encode(), np.uint8), minlength=256) + 1.0
        self.bits = -np.log2(counts / counts.sum())

    def cost(self, text: str) -> float:
        """Bits of a text."""
        return float(self.bits[np.frombuffer(text.encode(), np.uint8)].sum())


class Compressor:
    """What a general-purpose compressor adds to its output when the text follows the training text.

    It may see a corpus's held-out documents in one piece, which favours it a little.
    """

    def __init__(self, texts: list[str], compress: Callable[[bytes], bytes]):
        self.prefix = "".join(texts).encode()
        self.compress = compress
        self.before = len(compress(self.prefix))

    def cost(self, text: str) -> float:
        """Bits that the text adds to the compressed training text."""
        return 8.0 * (len(self.compress(self.prefix + text.encode())) - self.before)


class ByteNgram:
    """Byte n-gram model with Witten-Bell interpolation of all orders down to uniform.

    Source: Witten and Bell 1991, method C; interpolated form of Chen and Goodman 1999, section 2.4.
    """

    def __init__(self, texts: list[str], order: int = 5):
        if not 1 <= order <= 7:
            raise ValueError(f"order must be 1…7 (eight bytes fill one machine word), not {order}")
        self.order = order
        codes = [_ngram_codes(text, order) for text in texts]
        self.tables = [self._count(codes, n) for n in range(1, order + 1)]

    def cost(self, text: str) -> float:
        """Bits of a text; the bytes before its start count as zeros."""
        grams = _ngram_codes(text, self.order)
        probability = np.full(len(grams), 1 / 256)
        for n, (ngrams, counts, contexts, totals, types) in enumerate(self.tables, start=1):
            gram = grams & _mask(n)
            found = _look_up(ngrams, counts, gram)
            seen, kinds = (_look_up(contexts, column, gram >> 8) for column in (totals, types))
            mixed = (found + kinds * probability) / np.maximum(seen + kinds, 1)
            probability = np.where(seen > 0, mixed, probability)
        return float(-np.log2(probability).sum())

    @staticmethod
    def _count(codes: list[np.ndarray], n: int) -> tuple[np.ndarray, ...]:
        """Sorted n-grams with counts; sorted contexts with their totals and numbers of distinct followers."""
        ngrams, counts = np.unique(np.concatenate(codes) & _mask(n), return_counts=True)
        contexts, first, types = np.unique(ngrams >> 8, return_index=True, return_counts=True)
        return ngrams, counts, contexts, np.add.reduceat(counts, first), types


def _ngram_codes(text: str, order: int) -> np.ndarray:
    """For each byte, the `order` bytes that end with it, packed into one integer.  text of N bytes -> (N,)"""
    padded = np.frombuffer(b"\0" * (order - 1) + text.encode(), np.uint8).astype(np.int64)
    size = len(padded) - order + 1
    return sum(padded[i : i + size] << 8 * (order - 1 - i) for i in range(order))


def _mask(n: int) -> int:
    return (1 << 8 * n) - 1


def _look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The value at each wanted key, 0 where the key is missing."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)


def gzip_model(texts: list[str]) -> Compressor:
    """gzip at its best setting (it sees the last 32 kB only)."""
    return Compressor(texts, lambda raw: gzip.compress(raw, 9, mtime=0))


def xz_model(texts: list[str]) -> Compressor:
    """xz at its best setting (its dictionary holds the whole training text)."""
    return Compressor(texts, lambda raw: lzma.compress(raw, preset=9 | lzma.PRESET_EXTREME))


def gpt_cost(model, tokenizer) -> Callable[[str], float]:
    """Cost function of a GPT: each document starts after an end-of-text token, and every token is paid for."""
    from eras.pretraining.gpt import END_OF_TEXT, surprisal

    start = tokenizer.special_tokens[END_OF_TEXT]
    return lambda text: float(surprisal(model, [start, *tokenizer.encode(text)]).sum())
