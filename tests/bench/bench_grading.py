"""Grading, side by side with stock nbgrader on the same class in the same run: time per submission as a ratio.

`python tests/bench/bench_grading.py [STUDENTS] [STOCK] [PARTS]`: a class of STUDENTS (100) made from the sample
roster on the exercise `attention`, once its first PARTS (4) parts and once, with a fifth of the class, all of it
(whose tests compute for most of a second); stock nbgrader grades STOCK (4) of them, one by one, as it does.
Also: start-up, time per submission over the class, peak memory of the whole tree of processes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import psutil

from autograder.course import Course, read_notebook
from autograder.grade import Grading
from autograder.gradebook import gradebook
from autograder.patches import right_solutions, wrong_solutions
from autograder.roster import CLASS, submission
from autograder.weave import grade_id

REPOSITORY = Path(__file__).parents[2]
NAME = "attention"


def make_class(root, count, parts):
    """A course folder with `count` submissions, no two of them alike, of an exercise cut after `parts` parts."""
    for part in (f"solutions/{NAME}", f"exercises/{NAME}"):
        shutil.copytree(REPOSITORY / part, root / part)
    module = Course.at(REPOSITORY).module(NAME).relative_to(REPOSITORY)
    (root / module).parent.mkdir(parents=True)
    shutil.copy(REPOSITORY / module, root / module)
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    for kind in ("solutions", "exercises"):
        cut(root / kind / NAME / f"{NAME}.ipynb", parts)
    course, tests = Course.at(root), REPOSITORY / "tests" / "exercises" / NAME
    answers = wrong_solutions(tests), right_solutions(tests)
    for i in range(count):
        notebook = submission(CLASS[i % len(CLASS)], read_notebook(course.released(NAME)), *answers)
        notebook.cells.append(nbformat.v4.new_code_cell(f"mine = {i}", id=f"mine-{i}"))
        path = root / "submitted" / f"s{i:04}" / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    return course


def cut(path, parts):
    """Leave the first parts of a notebook (all of them for None)."""
    notebook = read_notebook(path)
    ends = [i for i, cell in enumerate(notebook.cells) if (grade_id(cell) or "").endswith("-hidden")]
    notebook.cells = notebook.cells[: ends[parts - 1] + 1] if parts else notebook.cells
    nbformat.write(notebook, path)


def isolated(course):
    """Seconds to the first mark, per submission in the first fifth, the last fifth and overall; peak bytes."""
    peak, done = Peak(), []
    started = time.perf_counter()
    with peak:
        for _ in Grading(course, NAME, workers=2).run():
            done.append(time.perf_counter() - started)
    fifth = max(1, len(done) // 5)
    steady = (done[-1] - done[0]) / max(1, len(done) - 1)
    return done[0], (done[fifth] - done[0]) / fifth, (done[-1] - done[-1 - fifth]) / fifth, steady, peak.most


def stock(course, students):
    """Seconds per submission of `nbgrader autograde` on some students, one command for all of them."""
    copy = Path(tempfile.mkdtemp()) / "course"
    shutil.copytree(
        course.root,
        copy,
        ignore=shutil.ignore_patterns("submitted", "autograded", "feedback", ".autograder", "gradebook.db"),
    )
    for student in students:
        shutil.copytree(course.root / "submitted" / student, copy / "submitted" / student)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "AUTOGRADER_STOCK": "1"}
    run = [sys.executable, "-m", "nbgrader"]
    subprocess.run(
        [*run, "generate_assignment", NAME, "--force"],
        cwd=copy,
        env=environment,
        check=True,
        capture_output=True,
    )
    started = time.perf_counter()
    subprocess.run([*run, "autograde", NAME], cwd=copy, env=environment, check=True, capture_output=True)
    seconds = (time.perf_counter() - started) / len(students)
    marks = scores(Course.at(copy), students)
    shutil.rmtree(copy.parent)
    return seconds, marks


def scores(course, students):
    """{student: {cell: points}} in a gradebook."""
    with gradebook(course) as book:
        return {
            s: {g.name: g.auto_score for g in book.find_submission_notebook(NAME, NAME, s).grades}
            for s in students
        }


class Peak(threading.Thread):
    """The most memory (proportional set size) of this process and all below it, looked at every half second."""

    def __init__(self):
        super().__init__(daemon=True)
        self.most, self.ended = 0, threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()

    def run(self):
        while not self.ended.wait(0.5):
            self.most = max(
                self.most, sum(map(held, [psutil.Process(), *psutil.Process().children(recursive=True)]))
            )


def held(process):
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0


def main():
    given = [int(text) for text in sys.argv[1:]]
    count, few, parts = given + [100, 4, 4][len(given) :]
    compare(f"{NAME}, its first {parts} parts", count, few, parts)
    compare(f"{NAME}, all of it", max(10, count // 5), few, None)


def compare(title, count, few, parts):
    """Grade a class with both and print how they compare."""
    with tempfile.TemporaryDirectory() as folder:
        course = make_class(Path(folder), count, parts)
        students = [f"s{i:04}" for i in range(0, count, max(1, count // few))][:few]
        theirs, marks = stock(course, students)
        first, early, late, steady, most = isolated(course)
        same = scores(course, students) == marks
        again, _ = stock(course, students)
    ratio = (theirs + again) / 2 / steady
    print(f"{title}: {count} submissions, two at a time, isolated; {few} by stock nbgrader before and after")
    print(f"  start-up to the first mark   {first:6.1f} s")
    print(
        f"  a submission                 {steady:6.3f} s; stock {theirs:.2f} s, {again:.2f} s: {ratio:.1f} times"
    )
    print(f"  first fifth, last fifth      {early:6.3f} s  {late:.3f} s")
    print(f"  peak memory of all processes {most / 2**30:6.2f} GB")
    print(f"  the same marks in every cell {same}")


if __name__ == "__main__":
    main()
