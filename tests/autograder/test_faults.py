"""Kill anything at any moment: after starting again every mark is there once, and the same."""

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import psutil
import pytest
from nbgrader.api import Gradebook
from tiny_class import COUNTER, DOUBLE, class_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("isolated")]
STUDENTS = 12


@pytest.fixture
def class_of_twelve(tmp_path):
    """The tiny course with submissions that take a while, so that there is something to break off."""
    slow = "import time\ntime.sleep(0.3)\n\n"
    answers = {f"s{i:02}": {"double": f"{slow}{DOUBLE}  # {i}", "Counter": COUNTER} for i in range(STUDENTS)}
    answers["s03"]["double"] = answers["s07"]["Counter"] = "wrong = 1"
    return class_of(tmp_path / "course", answers)


def start(course):
    command = [sys.executable, "-m", "autograder", "--course", str(course.root), "grade", "tiny", "-j2"]
    # A shell's background job has Ctrl-C switched off, and so would have what these tests start from one.
    hear = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=hear
    )


def marks(course):
    """[(student, cell, automatic points)] of everything in the gradebook, doubles included."""
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}", "from-rules-to-llms") as book:
        return sorted(
            (submission.student_id, grade.name, grade.auto_score)
            for submission in book.assignment_submissions("tiny")
            for notebook in submission.notebooks
            for grade in notebook.grades
        )


def undisturbed(course):
    process = start(course)
    said = process.communicate(timeout=300)[0]
    assert process.returncode == 0, said
    return marks(course)


def descendants(process):
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        return []


def kill(process, what, dice):
    """Kill the grader itself, or one of the processes below it."""
    below = descendants(process)
    if what == "grader" or not below:
        process.send_signal(signal.SIGKILL)
    else:
        try:
            dice.choice(below).kill()
        except psutil.Error:
            pass


@pytest.mark.parametrize("what", ["grader", "worker"])
def test_a_kill_at_any_moment_loses_and_doubles_nothing(class_of_twelve, what):
    course, dice = class_of_twelve, random.Random(what)
    before = []
    for _ in range(4):
        process = start(course)
        before += descendants(process)
        time.sleep(dice.uniform(0.5, 9))
        kill(process, what, dice)
        process.communicate(timeout=300)
    assert len(undisturbed(course)) == STUDENTS * 5
    disturbed = marks(course)
    for path in ("gradebook.db", ".autograder", "autograded", "feedback"):
        remove(course.root / path)
    assert disturbed == undisturbed(course)


def remove(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_a_break_is_one_line_and_leaves_no_process(class_of_twelve):
    process = start(class_of_twelve)
    while len(below := descendants(process)) < 2 and process.poll() is None:  # the servers are getting warm
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "interrupted" in said.splitlines()[-1]
    assert "Traceback" not in said
    psutil.wait_procs(below, timeout=10)
    assert [p for p in below if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []


def test_a_data_base_that_fails_in_the_middle_loses_nothing(class_of_twelve):
    """The writer finds the data base locked for good: one line, and a later run has every mark."""
    course = class_of_twelve
    undisturbed(course)
    other = sqlite3.connect(course.root / "gradebook.db")
    other.execute("BEGIN EXCLUSIVE")
    process = start(course)
    said = process.communicate(timeout=300)[0]
    other.rollback()
    other.close()
    assert process.returncode == 1
    assert "Traceback" not in said
    assert "locked" in said
    assert len(undisturbed(course)) == STUDENTS * 5
