"""An n-gram model that trains in the page: type a context, choose order and smoothing, see what may come next."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np

from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table
from eras.statistical.ngram_model import add_k, kneser_ney, modified_kneser_ney, witten_bell
from eras.statistical.ngram_table import NgramTable

MOST = 6  # the largest order the page counts
SMOOTHINGS = {
    "none": lambda counted: add_k(counted, 0),
    "add one": add_k,
    "Witten-Bell": witten_bell,
    "Kneser-Ney": kneser_ney,
    "modified Kneser-Ney": modified_kneser_ney,
}


def ngram_figure(texts: Mapping[str, tuple[str, str]], order: int = 4) -> Figure:
    """The next symbol under a character n-gram model of each text: {title: (text, context to begin with)}.

    The page holds the texts and counts for itself. Raises ValueError for no texts, an empty one, an order outside
    1 to 6.
    """
    if not texts:
        raise ValueError("give at least one text: {title: (text, context)}")
    if not 1 <= order <= MOST:
        raise ValueError(f"order must be 1…{MOST}, not {order}")
    for title, (text, _) in texts.items():
        if not text:
            raise ValueError(f"the text {title!r} is empty")
    stored = [{"name": title, "text": text, "context": context} for title, (text, context) in texts.items()]
    chosen = {"text": 0, "order": order, "smoothing": "modified Kneser-Ney", "context": stored[0]["context"]}
    best = {title: following(text, context, order)[:10] for title, (text, context) in texts.items()}
    return Figure(
        module="ngram",
        title="What may come next: an n-gram model of characters, counted in this page.",
        state={"texts": stored, **chosen, "seed": 1, "length": 0},
        picture=_picture(best),
        description="The ten most probable next characters after a context in each text: a few of them share "
        "most of the probability.",
        data=table(
            [(title, show_symbol(s), f"{p:.3f}") for title, rows in best.items() for s, p in rows],
            header=("text", "next character", "probability"),
        ),
        height=66,
    )


def following(
    text: str, context: str, order: int, smoothing: str = "modified Kneser-Ney"
) -> list[tuple[str, float]]:
    """All symbols of a text with their probabilities after a context, the most probable first."""
    symbols = sorted(set(text))
    number = {symbol: i for i, symbol in enumerate(symbols)}
    model = SMOOTHINGS[smoothing](NgramTable([[number[s] for s in text]], len(symbols), order))
    p = model.distribution(
        [number.get(s, -1) for s in context]
    )  # what the text does not have matches nothing
    return [(symbols[i], float(p[i])) for i in np.argsort(-p, kind="stable")]


def show_symbol(symbol: str) -> str:
    """A character as one can see it."""
    return {" ": "␣", "\n": "⏎"}.get(symbol, symbol)


def _picture(best: Mapping[str, list[tuple[str, float]]]):
    """The most probable characters of each text, for readers without JavaScript."""
    figure, axes = plt.subplots(1, len(best), figsize=(3 * len(best), 2), sharey=True, squeeze=False)
    for axis, rows in zip(axes[0], best.values(), strict=True):
        axis.bar(range(1, len(rows) + 1), [p for _, p in rows], color=ERA_COLOURS["statistical"])
        axis.set(xlabel="rank of the next character")
    axes[0, 0].set_ylabel("probability")
    plt.close(figure)
    return figure
