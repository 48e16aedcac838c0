"""Beam search as a tree that grows round by round, from recorded searches."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt

from eras.figures.decoding import spell
from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table


def beam_tree(
    prompt: str, searches: Mapping[int, Sequence[Sequence]], vocabulary: Mapping[int, bytes]
) -> Figure:
    """What beam search tried after a prompt, for several beam widths, to step through.

    `searches` maps a width to the rounds of `eras.llm.beam_trace.trace_beams`; 1, greedy, must be among them.
    The length penalty ranks and stops as `beam_search` does. Raises ValueError without width 1, for widths that
    leave gaps, and for a search without rounds.
    """
    widths = sorted(searches)
    if not widths or widths != list(range(1, len(widths) + 1)):
        raise ValueError(f"give searches for every width from 1 (greedy) on, not {widths}")
    if not all(searches.values()):
        raise ValueError("a search has no round: nothing to show")
    nodes, numbers = [], {(): 0}
    stored = {
        width: [_round(each, nodes, numbers, vocabulary) for each in searches[width]] for width in widths
    }
    state = {"prompt": prompt, "nodes": nodes, "searches": stored, "beams": min(3, widths[-1])}
    return Figure(
        module="beam_tree",
        title="Beam search, recorded: widen the beam, step through its rounds, let length count more or less.",
        state={**state, "step": 1, "alpha": 1.0, "chosen": -1},
        picture=_picture(searches[widths[-1]]),
        description=f"The total log-probability of the candidates in each round with {widths[-1]} beams: "
        "kept ones as dots, cut ones as crosses, finished ones as squares.",
        data=table(
            _rows(searches, vocabulary), header=("beams", "finished text", "tokens", "log-probability")
        ),
        height=48,
    )


def _round(
    candidates: Sequence, nodes: list, numbers: dict, vocabulary: Mapping[int, bytes]
) -> list[tuple[int, str]]:
    """A round as (node, fate); new nodes (parent, text, log-probability) are appended to the tree's."""
    for candidate in candidates:
        if candidate.ids not in numbers:
            text, parent = spell(vocabulary[candidate.ids[-1]]), numbers[candidate.ids[:-1]]
            nodes.append((parent, text, round(candidate.log_probability, 5)))
            numbers[candidate.ids] = len(nodes)
    return [(numbers[candidate.ids], candidate.fate) for candidate in candidates]


def _rows(searches: Mapping[int, Sequence[Sequence]], vocabulary: Mapping[int, bytes]) -> list[tuple]:
    """Every text that a search finished, the most probable first."""
    rows = []
    for width, rounds in searches.items():
        ended = [candidate for each in rounds for candidate in each if candidate.fate == "finished"]
        for candidate in sorted(ended, key=lambda found: -found.total):
            text = spell(b"".join(vocabulary[token] for token in candidate.ids))
            rows.append((width, text, len(candidate.ids), f"{candidate.total:.2f}"))
    return rows


def _picture(rounds: Sequence[Sequence]):
    """Totals by round and fate, for readers without JavaScript."""
    figure, axes = plt.subplots(figsize=(6.4, 2.8))
    looks = {
        "kept": ("o", ERA_COLOURS["llm"]),
        "cut": ("x", "#666666"),
        "finished": ("s", ERA_COLOURS["deep_learning"]),
    }
    for fate, (marker, colour) in looks.items():
        found = [(r, c.total) for r, each in enumerate(rounds, start=1) for c in each if c.fate == fate]
        axes.plot([r for r, _ in found], [total for _, total in found], marker, color=colour, label=fate)
    axes.set(xlabel="round", ylabel="total log-probability")
    axes.legend()
    plt.close(figure)
    return figure
