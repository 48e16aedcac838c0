"""Every cell earns what it earns under stock nbgrader, on all exercises: solutions right, wrong and missing."""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from exercise import REPOSITORY
from nbgrader.api import Gradebook

from autograder.course import Course, read_notebook
from autograder.grade import Grading
from autograder.patches import right_solutions, wrong_solutions
from autograder.roster import CLASS, submission

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("isolated")]
STUDENTS = [CLASS[i] for i in (0, 9, 13)]  # everything right, four mistakes, nothing at all


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The course with a few of the sample class's submissions, ungraded."""
    root = tmp_path_factory.mktemp("same") / "course"
    for part in ("solutions", "exercises", "eras"):
        shutil.copytree(REPOSITORY / part, root / part, ignore=shutil.ignore_patterns("data", "__pycache__"))
    for name in ("nbgrader_config.py", "_toc.yml"):
        shutil.copy(REPOSITORY / name, root)
    course = Course.at(root)
    for name in course.exercises():
        tests = REPOSITORY / "tests" / "exercises" / name
        for student in STUDENTS:
            released = read_notebook(course.released(name))
            notebook = submission(student, released, wrong_solutions(tests), right_solutions(tests))
            path = root / "submitted" / student.id / name / f"{name}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(notebook, path)
    return course


def marks(course, name):
    """{(student, cell): (automatic points, waiting for a person)}, and nbgrader's automatic comments."""
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}", "from-rules-to-llms") as book:
        notebooks = {s.student_id: s.notebooks[0] for s in book.assignment_submissions(name)}
        grades = {
            (s, g.name): (g.auto_score, g.needs_manual_grade) for s, n in notebooks.items() for g in n.grades
        }
        return grades, {(s, c.name): c.auto_comment for s, n in notebooks.items() for c in n.comments}


def stock(course, name):
    """What `nbgrader autograde` gives, as nbgrader comes."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "AUTOGRADER_STOCK": "1"}
    for arguments in (("generate_assignment", name, "--force"), ("autograde", name)):
        command = [sys.executable, "-m", "nbgrader", *arguments]
        done = subprocess.run(command, cwd=course.root, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
    return marks(course, name)


@pytest.mark.parametrize("name", Course.at(REPOSITORY).exercises())
def test_every_cell_earns_the_same(copy, name, tmp_path):
    theirs = Course.at(shutil.copytree(copy.root, tmp_path / "stock"))
    expected = stock(theirs, name)
    rows = list(Grading(copy, name, workers=2).run())
    assert [row.problems for row in rows] == [()] * len(STUDENTS)
    assert len(expected[0]) > 3 * 15
    assert marks(copy, name) == expected
