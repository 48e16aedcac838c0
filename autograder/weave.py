"""autograder weave: copy the package's pieces into the solution cells of the instructor's notebooks.

The package is the truth: the solution cell that defines `softmax` in solutions/attention/attention.ipynb gets
the source of `softmax` from eras/**/attention.py, read from the file and never imported.
"""

import ast
import contextlib
import io

import nbformat
from nbgrader.nbgraderformat import MetadataValidator

from autograder.course import POINTS, CourseError, read_notebook, write_text
from autograder.marks import HIDDEN_BEGIN, HIDDEN_END, check_hole, definitions, regions

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
KEPT = ("nbgrader", "tags")  # what survives of a cell's metadata


def weave(course, names=()):
    """Weave exercises (all by default); yields (name, changed). Raises CourseError at the first fault."""
    for name in course.chosen(names):
        yield name, write_text(course.source(name), woven(course, name))


def woven(course, name):
    """The text of the instructor's notebook as it should be: holes from the package, checked, no outputs."""
    notebook = read_notebook(course.source(name))
    pieces = definitions(course.module(name).read_text(encoding="utf-8"), course.module(name).name)
    for cell in notebook.cells:
        if is_hole(cell):
            cell.source = with_piece(cell.source, pieces, grade_id(cell), course.module(name).name)
    tidied = tidy(notebook)
    check(tidied, name)
    return nbformat.writes(tidied) + "\n"


def with_piece(source, pieces, part, module):
    """The cell's source with its one def or class replaced by the package's; imports around it stay."""
    where = f"solution cell {part!r}"
    found = definitions(source, where)
    others = [node for node in ast.parse(source).body if not isinstance(node, ast.Import | ast.ImportFrom)]
    if len(found) != 1 or len(others) != 1:
        raise CourseError(
            f"{where}: expected one def or class (and imports), found {len(others)} statements."
        )
    (hole,) = found.values()
    if hole.name not in pieces:
        raise CourseError(f"{where}: {module} defines no {hole.name!r}.")
    check_hole(pieces[hole.name], module)
    lines = source.splitlines()
    return "\n".join([*lines[: hole.first], pieces[hole.name].source, *lines[hole.last :]]).strip("\n")


def tidy(notebook):
    """The same notebook without outputs, counts and stray metadata; cell ids unique and steady."""
    seen = set()
    for i, cell in enumerate(notebook.cells):
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in KEPT if key in cell.metadata})
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if not cell.get("id") or cell["id"] in seen:
            cell["id"] = f"cell-{i}"
        seen.add(cell["id"])
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def check(notebook, name):
    """Raise CourseError unless ids are unique, metadata valid, hidden tests marked and points make 100."""
    ids = [grade_id(cell) for cell in notebook.cells if "nbgrader" in cell.metadata]
    if double := {i for i in ids if ids.count(i) > 1}:
        raise CourseError(f"{name}: the grade id {min(double)!r} is used more than once.")
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            MetadataValidator().validate_nb(notebook)
    except Exception as error:
        raise CourseError(f"{name}: nbgrader's metadata: {str(error).splitlines()[0]}.") from None
    for cell in notebook.cells:
        check_cell(cell, ids, name)
    points = sum(cell.metadata.nbgrader.points for cell in notebook.cells if is_graded(cell))
    if points != POINTS:
        raise CourseError(f"{name}: the points add up to {points:g}, not {POINTS}.")


def check_cell(cell, ids, name):
    """Raise CourseError for a test cell without a part, or hidden tests that are not wholly inside marks."""
    if "nbgrader" not in cell.metadata:
        return
    part, _, kind = grade_id(cell).rpartition("-")
    if kind in ("visible", "hidden") and part not in ids:
        raise CourseError(f"{name}: test cell {grade_id(cell)!r} has no solution cell {part!r}.")
    marked = regions(cell.source, f"{name}: cell {grade_id(cell)!r}", HIDDEN_BEGIN, HIDDEN_END)
    if kind == "hidden" and marked != [(0, len(cell.source.strip().splitlines()) - 1)]:
        raise CourseError(
            f"{name}: {grade_id(cell)!r} must be wholly inside `{HIDDEN_BEGIN}` … `{HIDDEN_END}`."
        )
    if kind != "hidden" and marked:
        raise CourseError(
            f"{name}: cell {grade_id(cell)!r} has hidden tests but its id does not end in -hidden."
        )


def grade_id(cell):
    """nbgrader's name of a cell, or None."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def is_graded(cell):
    """True for cells that carry points: tests, and written answers."""
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def is_solution(cell):
    """True for cells that a student fills in."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_hole(cell):
    """True for solution cells with code."""
    return cell.cell_type == "code" and is_solution(cell) and not is_graded(cell)
