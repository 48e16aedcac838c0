"""nbgrader's gradebook: one writer, one transaction a submission, nbgrader's own rules."""

import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path
from types import SimpleNamespace

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import SaveAutoGrades
from sqlalchemy.exc import SAWarning, SQLAlchemyError

from autograder.assignment import judged
from autograder.course import COURSE, CourseError
from autograder.release import generate
from autograder.weave import grade_id, is_graded, is_solution


def address(course, db=None):
    """The data base's URL: the one given, or the course's own file."""
    return db or f"sqlite:///{course.root / 'gradebook.db'}"


def gradebook(course, db=None):
    """nbgrader's Gradebook; raises CourseError when it cannot be opened."""
    here = str(Path(sys.executable).parent)  # nbgrader calls alembic by name when it makes a data base
    if here not in (paths := os.environ.get("PATH", os.defpath)).split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([here, paths])
    try:
        return Gradebook(address(course, db), COURSE)
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CourseError(f"the gradebook {address(course, db)} cannot be opened: {reason}") from None


def enrol(course, name, notebook, db=None):
    """Make the assignment known to the gradebook as it is now.

    Raises CourseError when marks are there for another version of its cells.
    """
    with gradebook(course, db) as book:
        stored = known_cells(book, name)
        wanted = {grade_id(c): float(c.metadata.nbgrader.points) for c in notebook.cells if is_graded(c)}
        if stored == wanted:
            return
        if stored is not None and book.assignment_submissions(name):
            raise CourseError(
                f"{name} has changed (cells or points), and the gradebook holds marks for it as it was. "
                "Keep the old exercise, or move gradebook.db away and grade again."
            )
        if stored is not None:
            book.remove_assignment(name)
    with tempfile.TemporaryDirectory() as scratch:  # nbgrader writes the cells down when it makes the release
        generate(course.root, name, Path(scratch, "exercises"), address(course, db))


def known_cells(book, name):
    """{grade id: points} of the assignment in the gradebook, None when it is not there."""
    try:
        (notebook,) = book.find_assignment(name).notebooks
    except (MissingEntry, ValueError):
        return None
    return {cell.name: float(cell.max_score) for cell in notebook.grade_cells}


class Writer:
    """Writes submissions into a gradebook.  Use as a context manager; one at a time."""

    def __init__(self, course, name, db=None):
        self.book, self.name = gradebook(course, db), name

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.book.close()

    def write(self, student, notebook, arrived, penalty, extra, same):
        """Store one submission's marks at once, or nothing of it.

        notebook: executed, None when it could not be graded: all counts 0; extra: {cell: extra credit}; same: the
        answers are those that were graded before, so what a person marked need not be looked at again.
        Marks and comments given by hand stay. Raises CourseError when the data base fails.
        """
        db = self.book.db
        commit, db.commit = db.commit, db.flush  # nbgrader commits after every cell; we commit once
        try:
            with warnings.catch_warnings(
                action="ignore", category=SAWarning
            ):  # nbgrader's, about its flushes
                self._write(student, notebook, arrived, penalty, extra, same)
                commit()
        except SQLAlchemyError as error:
            reason = str(error).splitlines()[0]
            raise CourseError(f"{student}: the gradebook refused the marks: {reason}") from None
        finally:
            db.commit = commit
            db.rollback()  # nothing, after a commit
            db.expunge_all()

    def _write(self, student, notebook, arrived, penalty, extra, same):
        self.book.update_or_create_student(student)
        stamp = {"timestamp": arrived.replace(tzinfo=None)} if arrived else {}
        submission = self.book.update_or_create_submission(self.name, student, **stamp)
        (stored,) = submission.notebooks
        stored.late_submission_penalty = penalty
        rows = Rows(stored)
        by_hand = [g for g in rows.grades.values() if g.manual_score is not None]
        looked_at = {grade.name for grade in by_hand if same and not grade.needs_manual_grade}
        if notebook is None:
            for grade in rows.grades.values():
                grade.auto_score, grade.needs_manual_grade = 0, grade.manual_score is not None
        else:
            save_grades(rows, notebook)
        for grade in rows.grades.values():
            grade.needs_manual_grade = grade.needs_manual_grade and grade.name not in looked_at
            if grade.name in extra or (grade.extra_credit and is_stretch(grade)):
                grade.extra_credit = extra.get(grade.name, 0)

    def manual(self, student):
        """({cell: points given by hand}, {cell: comment}) of a student."""
        try:
            stored = self.book.find_submission_notebook(self.name, self.name, student)
        except MissingEntry:
            return {}, {}
        points = {g.name: g.manual_score for g in stored.grades if g.manual_score is not None}
        return points, {c.name: c.comment for c in stored.comments if c.comment}


def is_stretch(grade):
    """True for cells without points of their own, whose extra credit is ours to set."""
    return not grade.max_score


class Rows:
    """A submission's grades and comments, read once; stands in for the Gradebook in nbgrader's SaveAutoGrades."""

    def __init__(self, stored):
        self.grades = {grade.name: grade for grade in stored.grades}
        self.comments = {comment.name: comment for comment in stored.comments}
        self.db = SimpleNamespace(commit=lambda: None)

    def find_grade(self, name, *_):
        return self.grades[name]

    def find_comment(self, name, *_):
        return self.comments[name]


class SaveMarks(SaveAutoGrades):
    """nbgrader's own, but a warning on stderr costs no marks."""

    def preprocess_cell(self, cell, resources, cell_index):
        super().preprocess_cell(judged(cell), resources, cell_index)
        return cell, resources


def save_grades(rows, notebook):
    """nbgrader's own rule for every cell: automatic marks, and what a person has to look at."""
    saver = SaveMarks()
    saver.log = logging.getLogger("autograder.gradebook")
    saver.gradebook, saver.notebook_id, saver.assignment_id, saver.student_id = rows, "", "", ""
    for i, cell in enumerate(notebook.cells):
        if is_graded(cell) or is_solution(cell):
            saver.preprocess_cell(cell, {}, i)
