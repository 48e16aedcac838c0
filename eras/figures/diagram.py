"""Boxes and arrows for the diagrams of networks."""

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch


def box(axis: Axes, x: float, y: float, text: str, colour: str = "0.25", width: float = 0.9) -> None:
    """A rounded box with a text in it, around (x, y)."""
    corner, look = (x - width / 2, y - 0.25), {"fc": "white", "ec": colour, "lw": 1.6, "zorder": 2}
    axis.add_patch(FancyBboxPatch(corner, width, 0.5, boxstyle="round,pad=0.06", **look))
    axis.text(x, y, text, ha="center", va="center", zorder=3)


def arrow(
    axis: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = "0.25", **more
) -> None:
    """An arrow from one place to another; `more` are matplotlib's `arrowprops`."""
    axis.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.5, **more})
