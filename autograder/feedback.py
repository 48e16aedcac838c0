"""The student's feedback page: what each part earned, what each failing check says, and where in the own code.

It is made from the record and the student's own cells alone, so it cannot show a hidden test: nothing of one is
there but its message.
"""

import copy
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import nbgrader
from nbconvert.exporters import Exporter, HTMLExporter
from nbgrader.api import Gradebook
from traitlets import default

from autograder.course import Course, write_text
from autograder.exercise_text import Hint, exercise_text
from autograder.pages import OTHER, clean, numbered, render
from autograder.policy import Mark
from autograder.weave import is_solution

OURS = Path(__file__).parent / "templates"
THEIRS = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"
HIDDEN = "# Hidden tests. What they found, if anything, stands below."
OUTCOMES = {
    "failed": "✗ Not passed",
    "error": "✗ Stopped with an error",
    "timeout": "✗ Took too long and was stopped",
    "died": "✗ Your program ended before this was done",
    "unanswered": "✗ Nothing is filled in yet",
}
AROUND = 2  # lines shown above and below the one a traceback names
SMALL = 10_000  # bytes of nbgrader's own files beside a submission


@dataclass
class Frame:
    """A place in the student's own code, with the lines around it."""

    line: int
    name: str
    rows: list


@dataclass
class Shown:
    """A cell that did not pass, as the page tells it."""

    name: str
    points: float | None
    earned: float | None
    outcome: str
    message: str | None
    frames: list[Frame]


@dataclass
class Part:
    """A part of the exercise, as the page tells it."""

    anchor: str
    title: str
    points: float = 0
    earned: float = 0
    waiting: float = 0
    tests: int = 0
    passed: int = 0
    cells: list[Shown] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    answer: str = ""
    prose: bool = False

    @property
    def share(self):
        return max(0.0, min(1.0, self.earned / self.points)) if self.points else 0.0

    @property
    def rows(self):
        return numbered(self.answer)


def write_feedback(course, record, mark=None, notebook=None, comments=None):
    """Write feedback/STUDENT/NAME/NAME.html, and beside it what nbgrader's release_feedback reads.

    Raises OSError when the folder cannot be written.
    """
    student, name = record["student"], record["assignment"]
    path = course.root / "feedback" / student / name / f"{name}.html"
    write_text(path, feedback_page(course, record, mark, notebook, comments))
    submitted = course.root / "submitted" / student / name
    write_text(path.with_name("timestamp.txt"), small_text(submitted / "timestamp.txt"))
    secret = path.with_name("submission_secret.txt")
    own = small_text(submitted / "submission_secret.txt") or small_text(secret)
    # Nobody can fetch a page under a made-up secret, but without any the release of the whole class would stop.
    write_text(secret, own or secrets.token_hex(64))
    return path


def small_text(path):
    """The text of a small regular file; "" when it is none (a link might lead to somebody else's)."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > SMALL:
        return ""
    return path.read_text(encoding="utf-8", errors="replace")


def feedback_page(course, record, mark=None, notebook=None, comments=None):
    """The page as HTML.

    record: as in result.json; a written cell that was marked by hand has its points in `earned`.
    mark: the policy's Mark, whose final points and note are shown; notebook: the rebuilt one, for the
    student's own lines; comments: {grade_id: what the person who marked it wrote}.
    """
    text = exercise_text(course.released(record["assignment"]))
    own = own_cells(notebook)
    parts = list(grouped(record["cells"], own, comments or {}, text).values())
    return render(
        "feedback.html",
        record=record,
        heading=text.title or record["assignment"],
        mark=mark,
        parts=parts,
        total=mark.final if mark else sum(part.earned for part in parts),
        maximum=mark.maximum if mark and mark.maximum else sum(part.points for part in parts),
        waiting=sum(part.waiting for part in parts),
        arrived=(record.get("arrived") or "")[:16].replace("T", " ") + " UTC"
        if record.get("arrived")
        else "",
    )


def own_cells(notebook):
    """{id: source} of the cells a student writes: solution cells by grade id, free cells by cell id."""
    cells = {}
    for cell in notebook.cells if notebook else ():
        data = cell.metadata.get("nbgrader")
        if not data or is_solution(cell):
            cells[data["grade_id"] if data else cell.get("id")] = cell.source
    return cells


def grouped(cells, own, comments, text):
    """{part: Part} in the order of the exercise."""
    parts = {}
    for cell in cells:
        name = cell["part"] or OTHER
        if name not in parts:
            parts[name] = Part(f"part-{len(parts) + 1}", text.title_of(name) or clean(name, 100, 1))
            parts[name].hints = text.hints.get(name, [])
        add(parts[name], cell, own)
        if comments.get(cell["id"]):
            parts[name].comments.append(comments[cell["id"]])
    return {name: part for name, part in parts.items() if part.points or part.tests or part.cells}


def add(part, cell, own):
    """Count a cell of the record in its part; what did not pass is shown."""
    waits = cell["status"] == "waiting" and cell["earned"] is None
    part.points += cell["points"] or 0
    part.earned += cell["earned"] or 0
    part.waiting += (cell["points"] or 0) if waits else 0
    part.tests += cell["kind"] == "test"
    part.passed += cell["kind"] == "test" and cell["status"] == "passed"
    if cell["kind"] in ("answer", "written") and not cell["hidden"]:
        part.answer = own.get(cell["id"], "")
        part.prose = cell["kind"] == "written"
    if cell["status"] in OUTCOMES and not (cell["kind"] == "written" and cell["earned"]):
        part.cells.append(shown(cell, own))


def shown(cell, own):
    """What the page says of a cell that did not pass."""
    names = {"test": "Check", "answer": "Your answer", "free": "A cell of your own", "written": "Your answer"}
    name = "Hidden check" if cell["hidden"] else names.get(cell["kind"], "A cell that was given")
    if cell["kind"] == "test" and not cell["hidden"]:
        name = f"Check {clean(cell['id'], 100, 1)}"
    frames = [frame(step, own) for step in (cell["trace"] or [])[-3:]]
    return Shown(name, cell["points"], cell["earned"], OUTCOMES[cell["status"]], cell["message"], frames)


def frame(step, own):
    """The student's lines around one step of a trace; the record's own line when the cell is not at hand."""
    line, source = step["line"], own.get(step["cell"], "")
    rows = numbered(source, line - AROUND, line + AROUND)
    if line not in dict(rows):
        rows = [(line, clean(step["text"], 200, 1))]
    name = "" if step["name"] in (None, "<module>") else step["name"]
    return Frame(line, name, rows)


class FeedbackExporter(HTMLExporter):
    """For `nbgrader generate_feedback`: our page where `autograder grade` left a record, else nbgrader's.

    Neither shows hidden tests.
    """

    @default("template_name")
    def _template_name_default(self):
        return "course_feedback"

    def __init__(self, **kwargs):
        config = kwargs["config"] = copy.deepcopy(kwargs.get("config") or kwargs["parent"].config)
        config.FeedbackExporter.template_name = "course_feedback"
        config.FeedbackExporter.extra_template_basedirs = [str(OURS), str(THEIRS)]
        super().__init__(**kwargs)

    def from_notebook_node(self, nb, resources=None, **kwargs):
        """The page of one notebook."""
        record = Path((resources or {}).get("metadata", {}).get("path", ""), "result.json")
        if record.is_file():
            prepared, resources = Exporter.from_notebook_node(self, nb, resources, **kwargs)
            record = json.loads(record.read_text(encoding="utf-8"))
            book = Gradebook(resources["nbgrader"]["db_url"])
            with book:
                return marked_page(Course.at(os.getcwd()), record, book, prepared), resources
        nb = copy.deepcopy(nb)
        for cell in nb.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id", "").endswith("-hidden"):
                hide(cell)
        return super().from_notebook_node(nb, resources=resources, **kwargs)


def marked_page(course, record, book, notebook):
    """The page with what Formgrader added: points given by hand, comments, the late penalty."""
    name = record["assignment"]
    graded = book.find_submission_notebook(name, name, record["student"])
    points = {g.name: None if g.needs_manual_grade else g.score for g in graded.grades}
    cells = [cell | {"earned": points.get(cell["id"], cell["earned"])} for cell in record["cells"]]
    comments = {c.name: c.comment for c in graded.comments if c.comment}
    late = graded.late_submission_penalty or 0
    note = f"Late: {late:g} points off." if late else ""
    mark = Mark(record["student"], name, maximum=graded.max_score, final=graded.score - late, note=note)
    return feedback_page(course, record | {"cells": cells}, mark, notebook, comments)


def hide(cell):
    """Replace the source of a test cell, and tracebacks (which quote it) by the error's own text."""
    cell.source = HIDDEN
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            output.traceback = [f"{output.ename}: {output.evalue}"]
