"""A tokenizer as a small file for `static/bpe.js`, which encodes and decodes in the page."""

import gzip
import json

from eras.pretraining.tokenizer import Tokenizer


def vocabulary_file(tokenizer: Tokenizer) -> bytes:
    """Gzipped text: a line of JSON {bytes, special}, then one token a line in the order of ids.

    `bytes` are the 256 single ones in the order of their ids. The merges need no room: a token's merge is what
    the earlier ones leave of it. Raises ValueError for ids in another order (bytes, merges, special tokens).
    """
    size, merged = len(tokenizer), [left + right for left, right in tokenizer.merges]
    tokens = [tokenizer.vocab.get(i, b"") for i in range(size)]
    special = sorted(tokenizer.special_tokens.values())
    if {*tokens[:256]} != {bytes([b]) for b in range(256)} or tokens[256 : 256 + len(merged)] != merged:
        raise ValueError("the ids must be the 256 bytes, the merges in order, the special tokens")
    if special != list(range(256 + len(merged), size)):
        raise ValueError("the special tokens must have the last ids")
    head = {"bytes": _visible(b"".join(tokens[:256])), "special": tokenizer.special_tokens}
    lines = [json.dumps(head, ensure_ascii=False), *map(_visible, merged)]
    return gzip.compress("\n".join(lines).encode(), mtime=0)


def _visible(token: bytes) -> str:
    """Each byte as the character of its number; blanks and control characters 256 higher, as in GPT-2's file."""
    return "".join(chr(b if 33 <= b <= 126 or 161 <= b <= 255 else b + 256) for b in token)
