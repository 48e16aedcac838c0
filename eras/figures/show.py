"""Present a finished piece of the package on a page: its source, collapsed, without the exercise's marks."""

import inspect
import re
from html import escape

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

_MARKS = re.compile(r"^\s*### (?:BEGIN|END) SOLUTION\n", re.M)


class show:
    """Display a function's or class's source, folded. Raises TypeError for anything without source."""

    def __init__(self, piece: object):
        self.name = f"{piece.__module__}.{piece.__qualname__}"
        self.source = _MARKS.sub("", inspect.getsource(piece))

    def __repr__(self) -> str:
        return self.source

    def _repr_html_(self) -> str:
        code = highlight(self.source, PythonLexer(), HtmlFormatter(nowrap=True))
        summary = f"<code>{escape(self.name)}</code> as it stands in the package (try it first)"
        era = self.name.split(".")[1].replace("_", "-")
        return (
            f'<details class="piece" style="--era: var(--era-{era}, currentColor)"><summary>{summary}</summary>'
            f'<div class="highlight"><pre tabindex="0">{code}</pre></div></details>'
        )
