"""One look for every figure: a colour per era, vector output, letters that a phone can show."""

from collections.abc import Iterable, Sequence
from html import escape

import matplotlib as mpl
import numpy as np

# Dark enough on white, light enough on black (contrast at least 4.5 against #fff); also told apart by name.
ERA_COLOURS = {
    "rules": "#8a5a00",
    "statistical": "#00695c",
    "deep_learning": "#1f5fae",
    "pretraining": "#6a3fa0",
    "llm": "#b3261e",
}


def era_of(piece: object) -> str:
    """The era a package piece belongs to, from its module's name: `eras.llm.decoding` -> `llm`."""
    return getattr(piece, "__module__", "eras.").split(".")[1]


def use_style() -> None:
    """Set matplotlib up for the book: SVG, white card, thin frames, era colours in order.

    NumPy's numbers print as plain numbers, so that a page can glue them into its sentences.
    """
    np.set_printoptions(legacy="1.25")
    mpl.rcParams.update(
        {
            "figure.figsize": (6.4, 3.2),
            "figure.dpi": 100,
            "figure.facecolor": "white",
            "savefig.bbox": "tight",
            "font.size": 10,
            "axes.titlesize": 11,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "legend.frameon": False,
            "svg.fonttype": "path",
            "svg.hashsalt": "eras",
            "axes.prop_cycle": mpl.cycler(color=list(ERA_COLOURS.values())),
        }
    )
    _vector_output()


def _vector_output() -> None:
    """SVG in notebooks; nothing to do outside IPython."""
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    set_matplotlib_formats("svg", metadata={"Date": None})


class table:
    """A small HTML table for text that figures cannot show (Chinese, code points). Cells are escaped."""

    def __init__(self, rows: Iterable[Sequence], header: Sequence[str] = (), caption: str = ""):
        self.rows = [[str(cell) for cell in row] for row in rows]
        self.header = [str(cell) for cell in header]
        self.caption = caption

    def __repr__(self) -> str:
        return "\n".join("\t".join(row) for row in [self.header, *self.rows] if row)

    def _repr_html_(self) -> str:
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in self.header)
        body = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in self.rows)
        return (
            f'<div class="pst-scrollable-table-container" tabindex="0"><table class="table">{caption}'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )


def scientific(value: float) -> str:
    """A small or large number for a sentence: 0.0000061 -> "6.1 · 10⁻⁶"; zero stays 0."""
    if value == 0:
        return "0"
    digits, exponent = f"{value:.1e}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{digits} · 10{raised}"
