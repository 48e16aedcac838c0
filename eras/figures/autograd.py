"""The graph of a computation, to step through: values forward, gradients backward, inputs to move."""

from collections.abc import Mapping

import matplotlib.pyplot as plt

from eras.deep_learning.graph import trace
from eras.deep_learning.tensor import Tensor
from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table

KNOWN = ("", "+", "×", "tanh", "relu", "exp", "log")  # and "power …": what the page can compute, too


def graph_figure(graphs: Mapping[str, tuple[Tensor, Mapping[str, Tensor]]]) -> Figure:
    """Graphs of single numbers: title -> (the end, {name: tensor}), as in `eras.deep_learning.graph.trace`.

    Leaves without a name get their number for one. Raises ValueError for no graph, for arrays, and for operations
    the page does not know.
    """
    if not graphs:
        raise ValueError("give at least one graph")
    stored = [{"title": title, "nodes": _nodes(trace(*graph))} for title, graph in graphs.items()]
    first = stored[0]["nodes"]
    return Figure(
        module="autograd",
        title="Forward the values, backward the gradients: step by step, with inputs that you can move.",
        state={"graphs": stored, "graph": 0, "step": 0, "leaf": 0, "values": [None] * len(stored)},
        picture=_picture(first),
        description=f"The graph of {stored[0]['title']}: a box for each input and operation, with value and "
        "gradient, from the inputs on the left to the result on the right.",
        data=table(
            [
                (g["title"], _called(node), f"{node['value']:.3f}", f"{node['gradient']:.3f}")
                for g in stored
                for node in g["nodes"]
            ],
            ("graph", "node", "value", "gradient"),
        ),
        height=37,
    )


def _nodes(nodes: list[dict]) -> list[dict]:
    """The trace as plain numbers, with a place for each node: column and row."""
    for node in nodes:
        if node["value"].size != 1:
            raise ValueError("the figure shows single numbers, not arrays")
        if node["operation"] not in KNOWN and not node["operation"].startswith("power "):
            raise ValueError(f"the page cannot compute {node['operation']!r}")
    columns = _columns(nodes)
    rows, ways = _rows(nodes, columns)
    return [
        {
            "name": node["name"] or ("" if node["operation"] else f"{float(node['value']):g}"),
            "operation": node["operation"],
            "value": float(node["value"]),
            "gradient": float(node["gradient"]),
            "parents": node["parents"],
            "constant": node["constant"],
            "place": [columns[i], rows[i]],
            "ways": ways[i],
        }
        for i, node in enumerate(nodes)
    ]


def _columns(nodes: list[dict]) -> list[int]:
    """Operations right of what they need; a leaf just left of its first use."""
    columns: list[int] = []
    for node in nodes:
        columns.append(1 + max((columns[p] for p in node["parents"]), default=-1))
    for i, node in enumerate(nodes):
        if not node["parents"]:
            columns[i] = min((columns[j] for j, o in enumerate(nodes) if i in o["parents"]), default=1) - 1
    return columns


def _rows(nodes: list[dict], columns: list[int]) -> tuple[list[float], list[list[list[float]]]]:
    """The row of each node, and for each edge to a parent the rows where it crosses the columns between.

    A column is centred; what stands or passes there is ordered by where it comes from, leaves by their numbers.
    """
    edges = [(i, p) for i, node in enumerate(nodes) for p in dict.fromkeys(node["parents"])]
    passing = [(i, p, c) for i, p in edges for c in range(columns[p] + 1, columns[i])]
    rows: dict = {}

    def height(one):
        if isinstance(one, tuple):
            i, p, column = one
            return rows.get((i, p, column - 1), rows[p])
        parents = nodes[one]["parents"]
        return sum(rows[p] for p in parents) / len(parents) if parents else 10 - one

    for column in range(max(columns) + 1):
        here = [i for i, c in enumerate(columns) if c == column] + [w for w in passing if w[2] == column]
        for n, one in enumerate(sorted(here, key=height)):
            rows[one] = n - (len(here) - 1) / 2
    ways = [
        [[rows[i, p, c] for c in range(columns[p] + 1, columns[i])] for p in node["parents"]]
        for i, node in enumerate(nodes)
    ]
    return [rows[i] for i in range(len(nodes))], ways


def _called(node: dict) -> str:
    return " ".join(part for part in (node["name"], node["operation"]) if part)


def _picture(nodes: list[dict]):
    """The first graph with all values and gradients, for readers without JavaScript."""
    figure, axis = plt.subplots(figsize=(6.4, 2.8))
    for node in nodes:
        x, y = node["place"]
        for parent, way in zip(node["parents"], node["ways"], strict=True):
            px, py = nodes[parent]["place"]
            axis.plot(range(px, x + 1), [-row for row in (py, *way, y)], color="0.6", lw=1, zorder=1)
        words = f"{_called(node)}\nvalue {node['value']:.2f}\ngradient {node['gradient']:.2f}"
        colour = ERA_COLOURS["deep_learning"] if node["parents"] else "0.4"
        box = {"boxstyle": "round", "facecolor": "white", "edgecolor": colour}
        axis.text(x, -y, words, ha="center", va="center", fontsize=8, bbox=box, zorder=2)
    across, down = zip(*(node["place"] for node in nodes), strict=True)
    axis.set(xlim=(-0.6, max(across) + 0.6), ylim=(-max(down) - 0.6, 0.6 - min(down)))
    axis.axis("off")
    plt.close(figure)
    return figure
