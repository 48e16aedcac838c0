"""What the released notebook says of each part: its title and its hints, from the cell `<part>-text`."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape

from markupsafe import Markup

from autograder.course import read_notebook
from autograder.weave import grade_id

HEADING = re.compile(r"^#+\s*(?P<title>.+?)\s*$", re.MULTILINE)
POINTS = re.compile(r"\s*·\s*(?:[\d.,]+|no) points?\b[^·]*$")
HINT = re.compile(r"<details>\s*<summary>(?P<name>.*?)</summary>(?P<text>.*?)</details>", re.DOTALL)


@dataclass(frozen=True)
class Hint:
    """One of the hints under a part, as HTML."""

    name: str
    html: Markup


@dataclass
class ExerciseText:
    """The exercise's title, and title and hints of each part; empty where the notebook says nothing."""

    title: str = ""
    titles: dict[str, Markup] = field(default_factory=dict)
    hints: dict[str, list[Hint]] = field(default_factory=dict)

    def title_of(self, part):
        """The title of a part, or None; the text of the question `written-1` may be called `written-text`."""
        return self.titles.get(part) or self.titles.get(re.sub(r"-\d+$", "", part))


def exercise_text(path):
    """The text of a released notebook; empty when there is none."""
    return read_text(path, path.stat().st_mtime_ns) if path.exists() else ExerciseText()


@lru_cache(maxsize=32)
def read_text(path, changed):
    """The text of the notebook as it is since `changed`: read once for a whole class."""
    text = ExerciseText()
    for cell in read_notebook(path).cells:
        heading = HEADING.search(cell.source) if cell.cell_type == "markdown" else None
        if heading is None:
            continue
        text.title = text.title or heading["title"]
        part = (grade_id(cell) or cell.get("id", "")).removesuffix("-text")
        text.titles[part] = title(heading["title"])
        text.hints[part] = [Hint(m["name"].strip(), rendered(m["text"])) for m in HINT.finditer(cell.source)]
    return text


def title(heading):
    """A part's heading without its points, `code` as code."""
    pieces = escape(POINTS.sub("", heading)).split("`")
    return Markup("".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(pieces)))


def rendered(markdown):
    """Markdown of the instructor as HTML."""
    from nbconvert.filters import markdown2html  # here, because it takes a moment to import

    return Markup(markdown2html(markdown.strip()))
