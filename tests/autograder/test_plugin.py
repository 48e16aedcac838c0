"""One line in nbgrader_config.py: `nbgrader autograde` and Formgrader's button run student code in isolation."""

import json
import os
import subprocess
import sys

import pytest
from nbgrader.api import Gradebook
from tiny_class import COUNTER, DOUBLE, LEAVER, PATCHER, WRONG, class_of

pytestmark = pytest.mark.slow

GOOD = {"double": DOUBLE, "Counter": COUNTER}
WARNED = "import sys\n\ndef double(x):\n    print('careful', file=sys.stderr)\n    return 2 * x"
CLASS = {
    "honest": GOOD,
    "wrong": GOOD | {"double": WRONG},
    "warned": GOOD | {"double": WARNED},
    "patcher": GOOD | {"double": PATCHER},
    "leaver": GOOD | {"double": LEAVER},
}
POINTS = {"honest": 90, "wrong": 50, "warned": 90, "patcher": 50, "leaver": 0}
CANARY = "counting = Counter(5)"  # a line of a hidden test
FORMGRADER = """
import json, os, sys
from nbgrader.apps import NbGrader
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

app = NbGrader()
app.load_config_file()
api = NbGraderAPI(CourseDirectory(config=app.config), config=app.config)
found = [api.autograde("tiny", student) for student in sys.argv[1:]]
print(json.dumps(found))
"""


def run(course, *command, **settings):
    environment = {**os.environ, "JUPYTER_DATA_DIR": str(course.root / "jupyter"), "OMP_NUM_THREADS": "1"}
    line = [sys.executable, *command]
    return subprocess.run(line, cwd=course.root, env=environment | settings, capture_output=True, text=True)


def marks(course):
    """{student: {cell: automatic points}} in nbgrader's gradebook."""
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}", "from-rules-to-llms") as book:
        return {
            s.student_id: {g.name: g.auto_score for g in s.notebooks[0].grades}
            for s in book.assignment_submissions("tiny")
        }


def totals(course):
    return {who: sum(points or 0 for points in cells.values()) for who, cells in marks(course).items()}


def test_nbgrader_autograde_gives_the_marks_of_autograder_grade(tmp_path):
    course = class_of(tmp_path / "course", CLASS)
    made = run(course, "-m", "nbgrader", "generate_assignment", "tiny", "--force")
    assert made.returncode == 0, made.stderr
    done = run(course, "-m", "nbgrader", "autograde", "tiny")
    assert done.returncode == 0, done.stderr
    assert totals(course) == POINTS
    pages = {who: (course.root / "autograded" / who / "tiny" / "tiny.ipynb").read_text() for who in CLASS}
    shown = [o for c in json.loads(pages["patcher"])["cells"] for o in c.get("outputs", [])]
    assert CANARY not in json.dumps(shown)
    assert "Squared, not doubled." in pages["wrong"]
    by_nbgrader = marks(course)
    assert run(course, "-m", "autograder", "grade", "tiny", "--force").returncode == 0
    assert marks(course) == by_nbgrader


def test_formgraders_button_and_one_bad_submission(tmp_path):
    course = class_of(tmp_path / "course", {"honest": GOOD, "other": {}})
    (course.root / "submitted" / "other" / "tiny" / "tiny.ipynb").write_text('{"cells": [')
    made = run(course, "-m", "nbgrader", "generate_assignment", "tiny", "--force")
    assert made.returncode == 0, made.stderr
    done = run(course, "-c", FORMGRADER, "other", "honest", "honest")
    assert done.returncode == 0, done.stderr
    bad, good, again = json.loads(done.stdout.splitlines()[-1])
    assert not bad["success"]
    assert good["success"], good
    assert again["success"], again
    assert totals(course)["honest"] == 90
