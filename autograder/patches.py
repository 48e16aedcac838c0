"""Solutions written as percent files: cells titled `# %% part | name`, each a source for that part's hole.

A cell of `# - old` and `# + new` lines alone is an edit: the reference, with the new lines for the old ones.
"""

import ast
import re
from dataclasses import dataclass, replace
from itertools import groupby
from textwrap import dedent, indent

from autograder.course import Course, CourseError, read_notebook
from autograder.marks import BEGIN, END
from autograder.weave import grade_id, is_hole

TITLE = re.compile(r"^# %%\s*(?P<title>.*?)\s*$")


@dataclass(frozen=True)
class Patch:
    """A source for one part's solution cell: a named mistake, or a piece of a right solution."""

    parts: tuple[str, ...]  # the part it replaces first, then others it necessarily costs
    name: str
    source: str

    def __str__(self):
        return f"{self.parts[0]}: {self.name}"


def read_patches(path):
    """The titled cells of a percent file; raises CourseError when one is no Python."""
    patches, title, lines = [], None, []
    for line in [*path.read_text(encoding="utf-8").splitlines(), "# %%"]:
        match = TITLE.match(line)
        if match is None:
            lines.append(line)
            continue
        if title:
            patches.append(patch(title, "\n".join(lines).strip("\n"), path))
        title, lines = match["title"], []
    return patches


def patch(title, source, path):
    """One cell; its title is `part, other part | name`."""
    parts, _, name = title.partition("|")
    try:
        ast.parse(source)
    except SyntaxError as error:
        raise CourseError(f"{path.name}: cell {title!r} is not valid Python ({error.msg}).") from None
    return Patch(tuple(p.strip() for p in parts.split(",")), name.strip(), source)


def wrong_solutions(folder):
    """The named mistakes of an exercise, from wrong.py in its folder of tests."""
    path = folder / "wrong.py"
    patches = read_patches(path) if path.exists() else []
    if not any(map(is_edit, patches)):
        return patches
    source = Course.at(folder.parents[2]).source(folder.name)
    holes = {grade_id(cell): unmarked(cell.source) for cell in read_notebook(source).cells if is_hole(cell)}
    return [edited(each, holes) if is_edit(each) else each for each in patches]


def unmarked(source):
    """A hole's source without the lines that mark its solution."""
    return "\n".join(line for line in source.splitlines() if line.strip() not in (BEGIN, END))


def is_edit(each):
    """True for a patch of `# -` and `# +` lines alone."""
    lines = [line for line in each.source.splitlines() if line.strip()]
    return bool(lines) and all(line.startswith(("# -", "# +")) for line in lines)


def edited(each, holes):
    """The patch as a whole source; raises CourseError unless the reference holds its old lines exactly once."""
    source = holes[each.parts[0]]
    marked = [(line[2], line[4:]) for line in each.source.splitlines() if line.strip()]
    hunks = [(sign, "\n".join(text for _, text in lines)) for sign, lines in groupby(marked, lambda m: m[0])]
    for (_, old), (_, new) in zip(hunks[::2], hunks[1::2], strict=True):
        places = [
            (margin, found)
            for margin in ("", *(" " * n for n in range(4, 25, 4)))
            if f"\n{(found := indent(dedent(old), margin))}\n" in f"\n{source}\n"
        ]
        if len(places) != 1 or source.count(places[0][1]) != 1:
            raise CourseError(
                f"wrong.py: the old lines of {str(each)!r} are not in the reference exactly once."
            )
        margin, found = places[0]
        source = source.replace(found, indent(dedent(new), margin))
    return replace(each, source=source)


def right_solutions(folder):
    """{style: patches} of every right_<style>.py in an exercise's folder of tests."""
    return {
        path.stem.removeprefix("right_"): read_patches(path) for path in sorted(folder.glob("right_*.py"))
    }
