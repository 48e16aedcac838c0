"""BPE learning its merges one at a time, and a word encoded with what has been learnt so far."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

import matplotlib.pyplot as plt

from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table
from eras.pretraining.tokenizer import learn_merges, merge_piece

MOST_WORDS = 1000  # the page counts every pair anew at every merge


def tokenizer_stepper(
    words: Mapping[bytes, int], merges: int = 100, shown: Sequence[bytes] = (), word: str = "", step: int = 0
) -> Figure:
    """The merges of `words` with their counts, to step through; `shown` are the words seen in pieces.

    `word` is encoded with the merges up to `step`. Raises ValueError for no words, too many, or none of a name.
    """
    if not 0 < len(words) <= MOST_WORDS:
        raise ValueError(f"give 1 to {MOST_WORDS} different words, not {len(words)}")
    if strangers := [w for w in shown if w not in words]:
        raise ValueError(f"{strangers[0]!r} is none of the words")
    learned = learn_merges(words, merges)
    if not 0 <= step <= len(learned):
        raise ValueError(f"step must lie in 0…{len(learned)}, not {step}")
    left = tokens_left(words, learned)
    return Figure(
        module="tokenizer_stepper",
        title=f"Byte-pair encoding on {len(words)} different words, one merge at a time.",
        state={
            "words": [[each.decode(), count] for each, count in words.items()],
            "shown": [each.decode() for each in shown],
            **{"merges": len(learned), "step": step, "word": word, "replayed": 0},
        },
        picture=_picture(left),
        description=f"The number of tokens in the text falls from {left[0]:,} single bytes to {left[-1]:,} "
        f"after {len(learned)} merges, fast at first and then more and more slowly.",
        data=table(
            [(i + 1, *map(spell, pair), f"{left[i + 1]:,}") for i, pair in enumerate(learned)],
            header=("merge", "left", "right", "tokens in the text"),
        ),
        height=46,
    )


def tokens_left(words: Mapping[bytes, int], merges: Sequence[tuple[bytes, bytes]]) -> list[int]:
    """How many tokens the text has after 0, 1, … all merges.

    Every merge of a word's encoding makes it one token shorter, from that merge on.
    """
    ranks, saved = {pair: rank for rank, pair in enumerate(merges)}, [0] * len(merges)
    for word, count in words.items():
        for token in merge_piece(word, ranks):
            for rank in _merges_within(token, ranks):
                saved[rank] += count
    return list(accumulate([-n for n in saved], initial=sum(len(w) * n for w, n in words.items())))


def spell(token: bytes) -> str:
    """A token for a table: blanks and line ends made visible, bytes that are no whole character in hex."""
    try:
        return token.decode().replace(" ", "␣").replace("\n", "⏎")
    except UnicodeDecodeError:
        return token.hex(" ").upper()


def _merges_within(token: bytes, ranks: Mapping[tuple[bytes, bytes], int]) -> list[int]:
    """The ranks of the merges that made a token."""
    if len(token) < 2:
        return []
    pair = next(p for i in range(1, len(token)) if (p := (token[:i], token[i:])) in ranks)
    return [ranks[pair], *(rank for part in pair for rank in _merges_within(part, ranks))]


def _picture(left: Sequence[int]):
    figure, axes = plt.subplots(figsize=(6.4, 2.4))
    axes.plot(left, color=ERA_COLOURS["pretraining"])
    axes.set(xlabel="merges", ylabel="tokens in the text", ylim=(0, None))
    plt.close(figure)
    return figure
