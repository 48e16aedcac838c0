"""What the feedback page and the class report have in common: templates, and text that can do no harm."""

import re
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates" / "pages"
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
# Control characters, surrogates, and marks that change the direction in which code is read.
HARMFUL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
OTHER = "Other cells"  # the heading of what belongs to no part
WIDTH, LINES = 400, 60
LONGEST = 400  # lines of a cell that are shown


def clean(text, width=WIDTH, lines=LINES):
    """Text to show: no terminal codes, harmful characters made visible, long lines and long texts cut."""
    text = ESCAPES.sub("", str(text)[: 4 * width * lines]).replace("\r\n", "\n")
    rows = HARMFUL.sub("\ufffd", text).split("\n")
    rows = [row if len(row) <= width else row[: width - 1] + "…" for row in rows]
    return "\n".join(rows if len(rows) <= lines else [*rows[:lines], "…"])


def numbered(source, first=1, last=LONGEST):
    """(number, text) of the lines of a source, from `first` to `last`."""
    rows = enumerate(source.replace("\r\n", "\n").split("\n"), 1)
    return [(number, clean(row, 200, 1)) for number, row in rows if first <= number <= last]


def points(number):
    """Points as people write them: at most two decimals, and none that are zero."""
    return f"{round(number or 0, 2):g}"


@lru_cache(maxsize=1)
def environment():
    """The templates, with every value escaped."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"clean": clean, "points": points}
    return made


def render(template, **values):
    """A page from one of the templates."""
    return environment().get_template(template).render(**values)
