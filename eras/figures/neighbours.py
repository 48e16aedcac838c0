"""A map of word vectors to walk around in: search a word, see its nearest words and where they lie."""

from base64 import b64encode
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

from eras.deep_learning.embeddings import unit
from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table

NEAREST = 10


def neighbours_figure(
    words: Sequence[str], vectors: np.ndarray, chosen: str, skip: int = 40, shown: int = 1200
) -> Figure:
    """The words of rank skip … skip + shown with their vectors (V, D), one chosen.

    The page gets the vectors of length 1 as bytes, and searches and projects for itself. Raises ValueError when
    the chosen word is not among those shown.
    """
    words, vectors = list(words[skip : skip + shown]), unit(np.asarray(vectors)[skip : skip + shown])
    if chosen not in words:
        raise ValueError(f"{chosen!r} is not among the {len(words)} words shown")
    coded, step = quantised(vectors)
    near = nearest(coded * step, words.index(chosen))
    listed = [(words[i], f"{cosine:.2f}") for i, cosine in near]
    return Figure(
        module="neighbours",
        title="Words and their nearest words, on a map that this page computes.",
        state={
            "words": " ".join(words),
            "vectors": b64encode(coded.astype(np.int8).tobytes()).decode(),
            "query": chosen,
            "chosen": chosen,
            "count": 8,
        },
        picture=_picture(words, vectors, words.index(chosen), [i for i, _ in near[:8]]),
        description=f"A cloud of words in two dimensions; {chosen} and its nearest words are marked: "
        + ", ".join(words[i] for i, _ in near[:8])
        + ".",
        data=table(listed, header=(f"nearest to {chosen}", "cosine")),
        height=52,
    )


def quantised(vectors: np.ndarray) -> tuple[np.ndarray, float]:
    """Whole numbers from -127 to 127 and the step between them.  (V, D) -> (V, D), number"""
    step = float(np.abs(vectors).max()) / 127
    return np.rint(vectors / step).astype(int), step


def nearest(vectors: np.ndarray, row: int, k: int = NEAREST) -> list[tuple[int, float]]:
    """The k rows of largest cosine with one of them, itself left out."""
    cosines = unit(vectors) @ unit(vectors[row])
    order = [int(i) for i in np.argsort(-cosines, kind="stable") if i != row]
    return [(i, float(cosines[i])) for i in order[:k]]


def projected(vectors: np.ndarray) -> np.ndarray:
    """Places on the two directions of largest spread, whose largest entries are positive.  (V, D) -> (V, 2)"""
    centred = vectors - vectors.mean(axis=0)
    directions = np.linalg.svd(centred, full_matrices=False)[2][:2]
    largest = directions[np.arange(2), np.abs(directions).argmax(axis=1)]
    return centred @ (directions * np.sign(largest)[:, None]).T


def _picture(words: Sequence[str], vectors: np.ndarray, chosen: int, near: Sequence[int]):
    """The same map for readers without JavaScript."""
    places = projected(vectors)
    figure, axis = plt.subplots(figsize=(6.4, 4.2))
    axis.scatter(*places.T, s=2, color="#999999", rasterized=True)
    axis.scatter(*places[[chosen, *near]].T, s=14, color=ERA_COLOURS["deep_learning"])
    for i in (chosen, *near):
        axis.annotate(words[i], places[i], fontsize=8, weight="bold" if i == chosen else "normal")
    axis.set(xticks=[], yticks=[])
    plt.close(figure)
    return figure
