"""An exercise as the tests see it: its notebooks' cells, its parts, its wrong and right solutions."""

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder.patches import right_solutions, wrong_solutions

REPOSITORY = Path(__file__).parents[2]
HERE = Path(__file__).parent


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
        return wrong_solutions(self.tests / self.name)

    def right(self):
        """{style: patches} of every right_<style>.py."""
        return right_solutions(self.tests / self.name)

    def files(self):
        """{name: path} of what lies beside the notebook."""
        folder = self.root / "solutions" / self.name
        found = (
            p for p in folder.rglob("*") if p.is_file() and p.suffix != ".ipynb" and ".ipynb_" not in str(p)
        )
        return {str(p.relative_to(folder)): str(p) for p in found}


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
