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
