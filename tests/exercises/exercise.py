"""An exercise as the tests see it: its notebooks' cells, its parts, its wrong and right solutions."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

REPOSITORY = Path(__file__).parents[2]
HERE = Path(__file__).parent
TITLE = re.compile(r"^# %%\s*(?P<title>.*?)\s*$")


@dataclass(frozen=True)
class Patch:
    """A source for one part's solution cell: a named mistake, or a piece of a right solution."""

    parts: tuple[str, ...]  # the part it replaces first, then others it necessarily costs
    name: str
    source: str

    def __str__(self):
        return f"{self.parts[0]}: {self.name}"


@dataclass(frozen=True)
class Exercise:
    """The exercise called `name`, in the course at `root`, with its solutions in `tests`."""

    name: str
    root: Path = REPOSITORY
    tests: Path = HERE

    def cells(self, kind="solutions", sources=None):
        """Code cells of the instructor's notebook for the runner; `sources` {part: text} replace holes.

        kind="exercises" takes the released notebook instead, which has no hidden tests.
        """
        notebook = nbformat.read(self.root / kind / self.name / f"{self.name}.ipynb", as_version=4)
        return [
            {"id": key(cell), "source": (sources or {}).get(key(cell), cell.source), "points": points(cell)}
            for cell in notebook.cells
            if cell.cell_type == "code"
        ]

    def blank(self):
        """The instructor's notebook with the released notebook's stubs in its holes."""
        holes = set(self.holes())
        stubs = {cell["id"]: cell["source"] for cell in self.cells("exercises") if cell["id"] in holes}
        return self.cells(sources=stubs)

    def notebook(self):
        return nbformat.read(self.root / "solutions" / self.name / f"{self.name}.ipynb", as_version=4)

    def holes(self):
        """Names of the parts that have a hole."""
        return [key(c) for c in self.notebook().cells if c.cell_type == "code" and data(c).get("solution")]

    def points(self):
        """{part: points} of the autograded parts."""
        total = {}
        for cell in self.cells():
            if cell["points"]:
                total[part(cell["id"])] = total.get(part(cell["id"]), 0) + cell["points"]
        return total

    def written(self):
        """{id: points} of the questions marked by hand."""
        graded = [c for c in self.notebook().cells if data(c).get("grade") and data(c).get("solution")]
        return {key(cell): data(cell)["points"] for cell in graded}

    def wrong(self):
        """The named mistakes of wrong.py."""
        path = self.tests / self.name / "wrong.py"
        return read_patches(path) if path.exists() else []

    def right(self):
        """{style: patches} of every right_<style>.py."""
        files = sorted((self.tests / self.name).glob("right_*.py"))
        return {path.stem.removeprefix("right_"): read_patches(path) for path in files}

    def files(self):
        """{name: path} of what lies beside the notebook."""
        folder = self.root / "solutions" / self.name
        found = (
            p for p in folder.rglob("*") if p.is_file() and p.suffix != ".ipynb" and ".ipynb_" not in str(p)
        )
        return {str(p.relative_to(folder)): str(p) for p in found}


def read_patches(path):
    """The cells of a percent file: a title line `# %% part, other part | name`, then the source."""
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
    parts, _, name = title.removeprefix("[python]").partition("|")
    ast.parse(source, filename=str(path))
    return Patch(tuple(p.strip() for p in parts.split(",")), name.strip(), source)


def scores(results):
    """{part: points earned} from the runner's results."""
    total = {}
    for name, result in results.items():
        total[part(name)] = total.get(part(name), 0.0) + result["earned"]
    return total


def data(cell):
    return cell.metadata.get("nbgrader", {})


def key(cell):
    """A cell's name: nbgrader's, or else the notebook's."""
    return data(cell).get("grade_id", cell.id)


def points(cell):
    return data(cell).get("points") if data(cell).get("grade") and not data(cell).get("solution") else None


def part(grade_id):
    """The part that a test cell belongs to."""
    return re.sub(r"-(visible|hidden)(-\d+)?$", "", grade_id)
