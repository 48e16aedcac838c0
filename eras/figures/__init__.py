"""Plots and figures that more than one page uses."""

from eras.figures.show import show
from eras.figures.style import ERA_COLOURS, era_of, scientific, table, use_style

__all__ = ["ERA_COLOURS", "era_of", "scientific", "show", "table", "use_style"]
