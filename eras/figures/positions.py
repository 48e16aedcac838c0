"""Positions to turn by hand: RoPE's clock hands, ALiBi's slopes, and what a distance leaves of a score."""

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch

from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table
from eras.pretraining.positions import alibi_slopes, rotary_angles, t5_bucket

VIEWS = ("rope", "alibi", "decay")
WIDTHS, HEADS = (16, 32, 64, 128, 256), (4, 6, 8, 12, 16)
DISTANCES = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)


def positions_figure(
    query: Sequence[float],
    key: Sequence[float],
    view: str = "rope",
    theta: float = 10_000.0,
    width: int = 128,
) -> Figure:
    """Three views: a query and a key (D,) rotated, ALiBi's heads, all over the distance for heads of `width`.

    Raises ValueError for lengths that differ, are odd or above 32, an unknown view or width, or theta <= 1.
    """
    query, key = [round(float(x), 4) for x in query], [round(float(x), 4) for x in key]
    if len(query) != len(key) or len(query) % 2 or not 2 <= len(query) <= 32:
        raise ValueError(f"query and key need the same even length up to 32, got {len(query)} and {len(key)}")
    if view not in VIEWS or width not in WIDTHS or theta <= 1:
        raise ValueError(f"no such view, width or theta: {view!r}, {width}, {theta}")
    return Figure(
        module="positions",
        title="Three ways to tell distances: rotate, subtract, look up.",
        state={
            **{"view": view, "query": query, "key": key, "base": round(math.log10(theta), 1), "width": width},
            **{"m": 7, "n": 5, "shift": 0, "heads": 8, "head": 1, "distance": 16, "far": 2.0, "sight": 2},
        },
        picture=_picture(theta, width),
        description="Over the distance, on a logarithmic axis: the mean of RoPE's cosines falls in waves towards "
        "zero; ALiBi's factor falls to nothing, later in far-sighted heads.",
        data=table(_rows(theta, width), ("distance", "RoPE: mean of the cosines", *_HEADERS, "T5: bucket")),
        height=44,
    )


_SHOWN = (1, 4, 8)  # heads of eight in the picture and the table
_HEADERS = [f"ALiBi: factor of head {head} of 8" for head in _SHOWN]


def mean_cosine(distances: torch.Tensor, width: int, theta: float) -> torch.Tensor:
    """What rotations leave on average of the score of a query that equals its key.  (N,) -> (N,)"""
    return rotary_angles(distances, width, theta, torch.float64).cos().mean(-1)


def _rows(theta: float, width: int) -> list[tuple]:
    far = torch.tensor(DISTANCES)
    factors = torch.exp(-alibi_slopes(8).double()[[head - 1 for head in _SHOWN]][:, None] * far)
    columns = (mean_cosine(far, width, theta), *factors)
    numbers = zip(*[[f"{value:.3f}" for value in column.tolist()] for column in columns], strict=True)
    buckets = t5_bucket(-far, bidirectional=False).tolist()
    return [(f"{d:,}", *row, b) for d, row, b in zip(DISTANCES, numbers, buckets, strict=True)]


def _picture(theta: float, width: int):
    figure, axes = plt.subplots(figsize=(6.4, 2.8))
    far = torch.logspace(0, 4, 300)
    axes.plot(
        far,
        mean_cosine(far, width, theta),
        color=ERA_COLOURS["pretraining"],
        label="RoPE: mean of the cosines",
    )
    for head, style in zip(_SHOWN, ("--", "-.", ":"), strict=True):
        factor = torch.exp(-alibi_slopes(8)[head - 1] * far)
        axes.plot(far, factor, style, color="#444444", label=f"ALiBi: factor, head {head} of 8")
    axes.set(xscale="log", xlabel="distance")
    axes.legend(fontsize=8)
    plt.close(figure)
    return figure
