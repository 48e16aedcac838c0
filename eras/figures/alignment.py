"""Word alignment of some sentences: what each model believes, how directions are joined, which phrases follow."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table
from eras.statistical.alignment import Links, Pair, symmetrise
from eras.statistical.ibm import Bitext

JOINED = "grow-diag-final-and"


def alignment_figure(
    pairs: Sequence[Pair],
    chosen: Sequence[int],
    bitexts: tuple[Bitext, Bitext],
    stages: Mapping[str, tuple[np.ndarray, np.ndarray]],
) -> Figure:
    """The `chosen` sentences of `pairs` with the beliefs of every stage of training, in hundredths.

    `bitexts` are those of the pairs and of the pairs turned round; `stages` names posteriors of all links (L,) in
    the first and in the second: {"Model 1, round 1": (forward, backward)}. Raises ValueError for no sentence, no
    stage, or posteriors of another size.
    """
    if not chosen or not stages:
        raise ValueError("give at least one sentence and one stage")
    for name, shares in stages.items():
        for bitext, share in zip(bitexts, shares, strict=True):
            if len(share) != len(bitext.entry):
                raise ValueError(f"{name}: {len(share)} posteriors for {len(bitext.entry)} possible links")
    sentences = [_sentence(pairs[k], k, bitexts, stages) for k in chosen]
    last = [joined(one, len(stages) - 1) for one in sentences]
    return Figure(
        module="alignment",
        title="Who goes with whom: beliefs as shade, links as dots. Choose a Chinese word to see its phrases.",
        state={
            "sentences": sentences,
            "stages": list(stages),
            **{"sentence": 0, "stage": len(stages) - 1, "join": JOINED, "word": 0},
        },
        picture=_picture(sentences[0], last[0]),
        description=f"A matrix of the Chinese words against the English words of one sentence, with "
        f"{len(last[0])} links marked.",
        data=table(
            [
                (" ".join(one["source"]), " ".join(one["target"]), _words(one, links))
                for one, links in zip(sentences, last, strict=True)
            ],
            ("Chinese", "English", f"links ({list(stages)[-1]}, {JOINED})"),
        ),
        height=50,
    )


def strongest(weights: Sequence[int], rows: int, columns: int, by_column: bool) -> Links:
    """The links of one direction: of each column or row the largest weight, unless NULL, the rest, has more."""
    grid = np.array(weights).reshape(rows, columns)
    lines = grid.T if by_column else grid
    found = [(int(line.argmax()), n) for n, line in enumerate(lines) if 0 < line.max() >= 100 - line.sum()]
    return set(found) if by_column else {(n, m) for m, n in found}


def joined(sentence: dict, stage: int) -> Links:
    """The links of a sentence of the state, both directions joined."""
    size = len(sentence["source"]), len(sentence["target"])
    forward, backward = sentence["weights"][stage]
    return symmetrise(strongest(forward, *size, True), strongest(backward, *size, False))


def _sentence(pair: Pair, k: int, bitexts: tuple[Bitext, Bitext], stages: Mapping) -> dict:
    """Words and beliefs of one pair; each belief list goes by source word, then by target word."""
    rows, columns = len(pair[0]), len(pair[1])
    weights = []
    for forward, backward in stages.values():
        front = _block(bitexts[0], k, forward).reshape(columns, rows + 1)[:, 1:].T
        back = _block(bitexts[1], k, backward).reshape(rows, columns + 1)[:, 1:]
        weights.append([np.round(100 * part).astype(int).ravel().tolist() for part in (front, back)])
    return {"source": list(pair[0]), "target": list(pair[1]), "weights": weights}


def _block(bitext: Bitext, k: int, shares: np.ndarray) -> np.ndarray:
    """The posteriors of all links of one pair."""
    words = np.flatnonzero(bitext.sentence == k)
    return shares[bitext.first[words[0]] : bitext.first[words[-1]] + bitext.width[words[-1]]]


def _words(sentence: dict, links: Links) -> str:
    return ", ".join(f"{sentence['source'][i]}–{sentence['target'][j]}" for i, j in sorted(links))


def _picture(sentence: dict, links: Links):
    """The last stage's beliefs of one sentence, for readers without JavaScript; the table below has the words."""
    rows, columns = len(sentence["source"]), len(sentence["target"])
    beliefs = np.mean(sentence["weights"][-1], 0).reshape(rows, columns)
    figure, axis = plt.subplots(figsize=(0.4 * columns + 1, 0.4 * rows + 1))
    axis.imshow(beliefs, cmap="Greens", vmin=0, vmax=130)
    axis.plot([j for _, j in links], [i for i, _ in links], "o", color=ERA_COLOURS["statistical"])
    axis.set(yticks=range(rows), yticklabels=range(1, rows + 1), xticks=range(columns), ylabel="Chinese word")
    axis.set_xticklabels([_plain(word) for word in sentence["target"]], rotation=90)
    axis.grid(False)
    plt.close(figure)
    return figure


def _plain(word: str) -> str:
    """A word that matplotlib's font has, with no dollar to begin a formula."""
    return "".join(c if ord(c) < 0x250 and c != "$" else "·" for c in word)
