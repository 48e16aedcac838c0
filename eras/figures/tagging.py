"""The lattice of a tagged sequence, walked through step by step: best scores, where they came from, marginals."""

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table
from eras.statistical.tagging import backward, forward, marginals, steps, viterbi

LONGEST = 24  # positions; the lattice has to fit
Lattice = tuple[np.ndarray, np.ndarray]
Tagged = tuple[Sequence[str], Sequence[str], Mapping[str, Lattice]]  # names of labels, gold labels, lattices


def lattice_figure(sequences: Mapping[str, Tagged]) -> Figure:
    """Lattices to step through: {text: (names of the labels, gold label of each character, {model: lattice})}.

    The first text and its first model are shown. Raises ValueError for no text, one that is empty or too long for
    the drawing, one without a model, and a lattice or gold labels that do not fit it.
    """
    if not sequences:
        raise ValueError("give at least one text: {text: (labels, gold, {model: (unary, pairwise)})}")
    stored, rows = [], []
    for text, (labels, gold, lattices) in sequences.items():
        if not 1 <= len(text) <= LONGEST:
            raise ValueError(f"{text!r} has {len(text)} characters; 1 to {LONGEST} fit the drawing")
        if not lattices or len(gold) != len(text):
            raise ValueError(f"{text!r} needs a label for each character and at least one model")
        models = []
        for name, (unary, pairwise) in lattices.items():
            if unary.shape != (len(text), len(labels)):
                raise ValueError(
                    f"{name}: unary {unary.shape} does not fit {text!r} and {len(labels)} labels"
                )
            path = viterbi(unary, pairwise)[0]
            rows.append((text, name, " ".join(labels[y] for y in path), " ".join(gold)))
            models.append(
                {"name": name, "unary": numbers(unary), "pairwise": numbers(steps(unary, pairwise))}
            )
        stored.append({"text": list(text), "labels": list(labels), "gold": list(gold), "models": models})
    first, (labels, _, lattices) = next(iter(sequences.items()))
    return Figure(
        module="tagging",
        title="A lattice: labels from top to bottom, positions from left to right.",
        state={"sequences": stored, "sequence": 0, "model": 0, "position": len(first) - 1, "view": "best"},
        picture=_picture(first, labels, *next(iter(lattices.values()))),
        description=f"Marginals of each label at each character of “{first}” and the best path: {rows[0][2]}.",
        data=table(rows, header=("text", "model", "best path", "gold")),
        height=44,
    )


def numbers(scores: np.ndarray) -> list:
    """Scores as JSON can hold them: four decimals, None for -inf."""
    if scores.ndim > 1:
        return [numbers(row) for row in scores]
    return [None if math.isinf(x) else round(float(x), 4) for x in scores]


def _picture(text: str, labels: Sequence[str], unary: np.ndarray, pairwise: np.ndarray):
    """Marginals as discs and the best path as a line, for readers without JavaScript."""
    nodes, _ = marginals(unary, pairwise, forward(unary, pairwise), backward(unary, pairwise))
    path = viterbi(unary, pairwise)[0]
    figure, axis = plt.subplots(figsize=(min(7, 1 + 0.5 * len(text)), 0.4 * len(labels) + 0.8))
    axis.plot(range(len(text)), path, color=ERA_COLOURS["statistical"])
    t, y = np.nonzero(nodes > 0.001)
    axis.scatter(t, y, s=160 * nodes[t, y], color=ERA_COLOURS["statistical"], zorder=3)
    axis.set(yticks=range(len(labels)), yticklabels=labels, ylim=(len(labels) - 0.5, -0.5))
    axis.set(xticks=range(len(text)), xlabel="position")
    axis.grid(False)
    plt.close(figure)
    return figure
