"""A text in the tokens of two vocabularies: sentences in Chinese and English, and the reader's own."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from eras.figures.bpe import vocabulary_file
from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table
from eras.pretraining.tokenizer import Tokenizer

LANGUAGES = ("English", "Chinese")


def live_tokenizer(pairs: Sequence[tuple[str, str]], tokenizers: Mapping[str, Tokenizer]) -> Figure:
    """Sentence pairs (Chinese, English) cut by each tokenizer; their vocabularies load when the reader asks.

    `tokenizers`: title -> tokenizer. Raises ValueError for no pair, an empty sentence or no tokenizer.
    """
    if not pairs or not tokenizers or not all(zh and en for zh, en in pairs):
        raise ValueError("give at least one pair of sentences (Chinese, English) and one tokenizer")
    named = {f"v{len(tokenizer)}": (title, tokenizer) for title, tokenizer in tokenizers.items()}
    if len(named) < len(tokenizers):
        raise ValueError("two vocabularies have the same size")
    presets = [
        {"pair": i, "language": language, "text": text, "tokens": _tokens(text, named)}
        for i, (chinese, english) in enumerate(pairs)
        for language, text in zip(LANGUAGES, (english, chinese), strict=True)
    ]
    files = {f"{name}.bpe": vocabulary_file(tokenizer) for name, (_title, tokenizer) in named.items()}
    return Figure(
        module="live_tokenizer",
        title="The same text in two vocabularies; where the shade changes, one token ends and the next begins.",
        state={
            "presets": presets,
            "tokenizers": [
                {"name": name, "title": title, "entries": len(tokenizer), "file": f"{name}.bpe"}
                for name, (title, tokenizer) in named.items()
            ],
            **{"kilobytes": round(sum(map(len, files.values())) / 1000), "preset": 0, "wanted": False},
            **{"text": presets[0]["text"], **{f"chosen_{name}": 0 for name in named}},
        },
        picture=_picture(presets, named),
        description="For each sentence, how many tokens it takes in English and in Chinese, in each vocabulary.",
        data=table(_rows(presets, named), ("language", "sentence", "characters", "bytes", *tokenizers)),
        height=37,
        files=files,
    )


def _tokens(text: str, named: Mapping[str, tuple[str, Tokenizer]]) -> dict[str, list[tuple[int, str]]]:
    """Each tokenizer's (id, bytes as characters of the same number) for a text."""
    return {
        name: [(i, tokenizer.vocab[i].decode("latin-1")) for i in tokenizer.encode(text)]
        for name, (_title, tokenizer) in named.items()
    }


def _rows(presets: Sequence[dict], names: Sequence[str]) -> list[tuple]:
    return [
        (
            p["language"],
            p["text"],
            len(p["text"]),
            len(p["text"].encode()),
            *(len(p["tokens"][n]) for n in names),
        )
        for p in presets
    ]


def _picture(presets: Sequence[dict], named: Mapping[str, tuple[str, Tokenizer]]):
    figure, axes = plt.subplots(figsize=(6.4, 2.8))
    pairs, width = np.arange(len(presets) // 2), 0.8 / 2 / len(named)
    for i, (name, (title, _tokenizer)) in enumerate(named.items()):
        for j, language in enumerate(LANGUAGES):
            counts = [len(p["tokens"][name]) for p in presets if p["language"] == language]
            colour = ERA_COLOURS["llm" if language == "Chinese" else "deep_learning"]
            at, hatch = pairs + (2 * i + j) * width, "//" if i else None
            axes.bar(
                at, counts, width, color=colour, hatch=hatch, edgecolor="white", label=f"{language}, {title}"
            )
    axes.set(ylabel="tokens", xticks=pairs + 1.5 * width, xticklabels=[f"sentence {p + 1}" for p in pairs])
    axes.legend(fontsize=8, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.12))
    plt.close(figure)
    return figure
