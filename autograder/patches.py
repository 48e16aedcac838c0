"""Solutions written as percent files: cells titled `# %% part | name`, each a source for that part's hole."""

import ast
import re
from dataclasses import dataclass

from autograder.course import CourseError

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
    return read_patches(path) if path.exists() else []


def right_solutions(folder):
    """{style: patches} of every right_<style>.py in an exercise's folder of tests."""
    return {
        path.stem.removeprefix("right_"): read_patches(path) for path in sorted(folder.glob("right_*.py"))
    }
