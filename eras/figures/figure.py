"""A figure that answers back: one front-end module with two hosts, JupyterLab and the published page."""

import json
import os
import re
from base64 import b64encode
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from io import StringIO
from pathlib import Path
from urllib.parse import quote

from eras.figures.style import table

STATIC = Path(__file__).parent / "static"
# Set while the book is built: figures become markup, and the files they load on demand go to the folder it names.
BOOK = "ERAS_BOOK"
# What a page may not hold as it is: the beginning of a tag in a script, controls, what is no character.
_UNPRINTABLE = re.compile("[<\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_IMPORT = re.compile(r'^import [^;]*? from "\./([\w.-]+)";\n', re.M)


@dataclass
class Figure:
    """A front-end module with its state, and what stands there without JavaScript: a picture and its data.

    `module` names `static/<module>.js`, which exports `render({model, el})` as anywidget's modules do. `state` is
    plain data, the controls' values among it; `files` are bytes that the module loads when it needs them.
    `picture` is a matplotlib figure or an SVG text, `description` says in words what it shows, `data` is the
    same as a table. `height`, in em, is kept free for the live figure. Raises FileNotFoundError for an unknown
    module.
    """

    module: str
    title: str
    state: dict
    picture: object
    description: str
    data: table
    height: float = 30
    files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self):
        if not (STATIC / f"{self.module}.js").exists():
            raise FileNotFoundError(f"no figure module named {self.module}.js in {STATIC.name}/")

    def __repr__(self) -> str:
        return f"<Figure {self.module}: {self.title}>"

    def _repr_mimebundle_(self, include=None, exclude=None):
        if BOOK in os.environ:
            return {"text/html": self.html(), "text/plain": repr(self)}
        return self.widget._repr_mimebundle_(include=include, exclude=exclude)

    @cached_property
    def widget(self):
        """The live figure in JupyterLab; its traits are the figure's state, to read, set and observe."""
        import anywidget
        import traitlets

        traits = {
            name: traitlets.Any(value).tag(sync=True) for name, value in {**self.state, **self.files}.items()
        }
        code = {"_esm": inlined(f"{self.module}.js"), "_css": (STATIC / "figures.css").read_text("utf-8")}
        made = type("LiveFigure", (anywidget.AnyWidget,), {**code, **traits})()
        made.add_class("live")
        return made

    def html(self) -> str:
        """Markup for the page: the picture, the state for `host.js`, and the data in a folded table."""
        for name, content in self.files.items():
            Path(os.environ[BOOK], name).write_bytes(content)
        state = json.dumps({**self.state, **{name: name for name in self.files}}, ensure_ascii=False)
        state = _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", state)
        return (
            f'<figure class="live" data-module="{self.module}" style="--height:{self.height}em">'
            f'<div class="stage"><img src="{_as_address(self.picture)}" alt="{escape(self.description)}"></div>'
            f'<script type="application/json">{state}</script>'
            f"<figcaption>{escape(self.title)}</figcaption>"
            f"<details><summary>The data as a table</summary>{self.data._repr_html_()}</details></figure>"
        )


def inlined(name: str) -> str:
    """A module's source with what it imports from its neighbours in front, once each: it can stand alone."""
    parts: dict[str, str] = {}

    def add(file: str) -> None:
        if file in parts:
            return
        source = (STATIC / file).read_text("utf-8")
        for neighbour in _IMPORT.findall(source):
            add(neighbour)
        source = _IMPORT.sub("", source)
        parts[file] = source if file == name else re.sub(r"^export (?!default)", "", source, flags=re.M)

    add(name)
    return "\n".join(parts.values())


def _as_address(picture: object) -> str:
    """A picture as a data address that an <img> takes and gzip shrinks."""
    if isinstance(picture, bytes):
        return "data:image/png;base64," + b64encode(picture).decode()
    if not isinstance(picture, str):
        text = StringIO()
        picture.savefig(text, format="svg", metadata={"Date": None})
        picture = re.sub(r"^.*?(?=<svg)", "", text.getvalue(), flags=re.S)
    return "data:image/svg+xml," + quote(picture, safe=" =:/,;'()[]{}!*@$+~.?-_\n\t")
