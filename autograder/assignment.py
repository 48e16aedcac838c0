"""An exercise as the grader runs it: which cell runs where, what students must not see, the Record."""

import ast
import copy
import hashlib
import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

import nbformat
from nbgrader.utils import determine_grade

from autograder.course import CourseError, read_notebook
from autograder.jail import installed
from autograder.kit import stubbed
from autograder.marks import HIDDEN_BEGIN
from autograder.policy import Limits
from autograder.weave import grade_id, is_graded, is_solution

BOTH, STUDENT = "both-sides", "student-side"  # tags of test cells that look into the process the code runs in
NOT_RUN = "This was not reached: an earlier cell used up the time, or the grader stopped."


@dataclass
class Assignment:
    """One exercise, loaded once for a whole class."""

    course: object
    name: str
    limits: Limits
    secret: str | None = field(default_factory=lambda: os.environ.get("ERAS_SECRET"))

    @cached_property
    def notebook(self):
        return read_notebook(self.course.source(self.name))

    @cached_property
    def exports(self):
        """The names that the exercise asks for: what the solution cells of the reference bind."""
        names = [n for cell in self.notebook.cells if _kind(cell) == "answer" for n in bound(cell.source)]
        return list(dict.fromkeys(names))

    @cached_property
    def files(self):
        """{name: bytes} of what lies beside the instructor's notebook."""
        folder = self.course.source(self.name).parent
        found = (p for p in folder.rglob("*") if p.is_file() and p.suffix != ".ipynb")
        return {
            str(p.relative_to(folder)): p.read_bytes()
            for p in found
            if "." not in (q[0] for q in p.parts if q)
        }

    @cached_property
    def overlays(self):
        """{path in the course: text} of modules that a student's process sees emptied: this piece, later ones."""
        shown = {}
        for name in self.course.not_before(self.name):
            path = self.course.module(name)
            shown[path.relative_to(self.course.root)] = stubbed(
                path.read_text(encoding="utf-8"), path.name, name
            )
        return shown

    @cached_property
    def random(self):
        """The random states that are carried across: torch's, and others that the instructor's cells speak of."""
        text = "\n".join(cell.source for cell in self.notebook.cells)
        more = {"numpy": "np.random" in text or "numpy.random" in text, "python": "import random" in text}
        return ["torch", *(name for name, used in more.items() if used)]

    @cached_property
    def loose(self):
        """{grade id before it, or None: the instructor's code cells without nbgrader's metadata that follow}."""
        found, last = {}, None
        for i, cell in enumerate(self.notebook.cells):
            last = grade_id(cell) or last
            if _kind(cell) == "free":
                found.setdefault(last, []).append(_cell(f"loose-{i}", "ours", cell.source, "tester"))
        return found

    def cells(self, notebook):
        """The cells to run: id, kind, source, whether hidden, and on which side.

        kind: given (both sides), answer and free (the student's side), ours (the tester's side: a student may
        have changed a cell that is not locked, so each side runs its own), test.
        """
        run = list(self.loose.get(None, []))
        for cell in notebook.cells:
            if kind := _kind(cell):
                run.append(_cell(name_of(cell), kind, cell.source, _side(cell, self.name)))
            run += self.loose.get(grade_id(cell), []) if grade_id(cell) else []
        return run

    def job(self, notebook, student, files=None):
        """What the engine needs to run a notebook."""
        digest = hashlib.sha256(f"{self.name}\0{student}".encode()).digest()
        return {
            "cells": self.cells(notebook),
            "exports": self.exports,
            "files": {**(files or {}), **self.files},
            "given": sorted(self.files),
            "seed": int.from_bytes(digest[:4], "little"),
            "rng": self.random,
            "secret": self.secret,
            "limits": vars(self.limits),
        }

    @cached_property
    def surroundings(self):
        """A hash of all that may change a result besides the notebook itself: code, versions, limits, pieces."""
        texts = [installed(), *self.overlays.values()]
        return hashlib.sha256("\0".join(texts).encode()).hexdigest()

    def key(self, job):
        """The name under which the results of a job are kept."""
        plain = {**job, "files": {n: hashlib.sha256(b).hexdigest() for n, b in job["files"].items()}}
        text = json.dumps([self.surroundings, plain], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _cell(name, kind, source, side):
    return {"id": name, "kind": kind, "source": source, "hidden": HIDDEN_BEGIN in source, "side": side}


def bound(source):
    """Names that a cell binds at its top level, imports aside."""
    names = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names += [n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)]
    return names


def name_of(cell):
    return grade_id(cell) or cell.get("id", "")


def _kind(cell):
    """given, answer, free or test; None for a cell that does not run."""
    if cell.cell_type != "code":
        return None
    if grade_id(cell) is None:
        return "free"
    if is_solution(cell):
        return "answer"
    return "test" if is_graded(cell) else "given"


def _side(cell, name):
    tags = cell.metadata.get("tags", [])
    side = "both" if BOTH in tags else "student" if STUDENT in tags else "tester"
    if side != "tester" and HIDDEN_BEGIN in cell.source:
        raise CourseError(
            f"{name}: {name_of(cell)!r} is hidden, so it cannot be tagged to run in the student's process."
        )
    return side


def executed(notebook, results):
    """A copy of the notebook with the outputs that the run gave."""
    done = copy.deepcopy(notebook)
    for cell in done.cells:
        if cell.cell_type == "code":
            result = results.get(name_of(cell))
            cell.outputs = [] if result is None else [nbformat.from_dict(o) for o in result["outputs"]]
            if (result or {"status": "lost"})["status"] != "passed" and _kind(cell) is not None:
                cell.outputs.append(_error(result or {"status": "not run", "message": NOT_RUN}))
            cell.execution_count = None
    return done


def _error(result):
    text = result["message"] or result["status"]
    return nbformat.v4.new_output("error", ename=result["status"], evalue=text, traceback=[text])


def record(submission, notebook, results, key, isolation):
    """The Record of a submission: what result.json holds, and feedback, report and exports read."""
    return {
        "student": submission.student,
        "assignment": submission.assignment,
        "attempt": submission.attempt,
        "key": key,
        "graded": datetime.now(UTC).isoformat(timespec="seconds"),
        "arrived": submission.arrived.isoformat() if submission.arrived else None,
        "isolation": isolation,
        "seconds": round(sum(r["seconds"] for r in results.values()), 3),
        "problems": submission.problems,
        "cells": [
            _cell_record(cell, results.get(name_of(cell))) for cell in notebook.cells if _matters(cell)
        ],
    }


def _matters(cell):
    return is_graded(cell) or is_solution(cell) or _kind(cell) in ("free", "given")


def _cell_record(cell, result):
    kind = "written" if is_graded(cell) and is_solution(cell) else _kind(cell)
    part, _, suffix = name_of(cell).rpartition("-")
    entry = {
        "id": name_of(cell),
        "part": part if suffix in ("visible", "hidden") else name_of(cell),
        "kind": kind,
        "hidden": HIDDEN_BEGIN in cell.source,
        "points": float(cell.metadata.nbgrader.points) if is_graded(cell) else None,
        "earned": points(cell) if is_graded(cell) else None,
    }
    empty = {"message": None, "trace": [], "side": "tester", "seconds": 0.0, "calls": 0}
    if kind == "written":
        return {**entry, **empty, "status": "waiting" if entry["earned"] is None else "unanswered"}
    result = result or {**empty, "status": "not run", "message": NOT_RUN}
    return entry | {key: result[key] for key in ("status", *empty)}


def judged(cell):
    """The cell as nbgrader's rule is to see it: what was printed to stderr is no failure.

    Where nbgrader stops (partial credit above the points of the cell), the cell has failed.
    """
    seen = copy.copy(cell)
    if cell.cell_type == "code":
        seen.outputs = [o for o in cell.outputs if not (o.output_type == "stream" and o.name == "stderr")]
    try:
        if is_graded(cell):
            determine_grade(seen)
    except (ValueError, KeyError) as error:
        seen.outputs = [_error({"status": "error", "message": str(error)})]
    return seen


def points(cell):
    """What a graded cell earns, by nbgrader's own rule."""
    return determine_grade(judged(cell))[0]
