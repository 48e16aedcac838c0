"""autograder sample: a sample class hands in; stock nbgrader grades it, writes feedback, exports marks.

What has not changed since the last time is not done again.
"""

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from tqdm import tqdm

from autograder.course import CourseError, read_notebook, write_text
from autograder.patches import right_solutions, wrong_solutions
from autograder.roster import CLASS, submission

PLACES = (
    "marks.csv       one row for each submission",
    "gradebook.db    nbgrader's data base",
    "feedback/       <student>/<exercise>/<exercise>.html",
    "submitted/      what was handed in",
    "autograded/     the same, with the outputs of all tests",
)
STEPS = 3  # nbgrader converts a notebook to clean it, to run it and to show it
HANDED_IN = "2026-11-20 18:00:00 UTC\n"


def sample(course, names=(), students=CLASS):
    """Hand in, grade, write feedback, export to marks.csv, and print the table of marks."""
    names = course.chosen(names)
    os.environ["PATH"] = os.pathsep.join(
        [os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)]
    )
    if not names:
        raise CourseError("there are no exercises yet.")
    print(f"{len(students)} students hand in {', '.join(names)}.", flush=True)
    enrol(course, names, students)
    due = [(name, student.id) for name in names for student in students if hand_in(course, name, student)]
    grade(course, names, due)
    export(course)
    print_marks(course, names, students)


def enrol(course, names, students):
    """Register students and assignments in nbgrader's gradebook, made on first use."""
    with gradebook(course) as book:
        for student in students:
            first, _, last = student.name.partition(" ")
            book.update_or_create_student(student.id, first_name=first, last_name=last)
    for name in names:
        with gradebook(course) as book:
            if (stamp(course, name) == remembered(course).get(name)) and has_assignment(book, name):
                continue
            forget(book, course, name, {student.id for student in students})
        nbgrader(course, "generate_assignment", name, "--force")
        remember(course, name, stamp(course, name))


def has_assignment(book, name):
    try:
        return bool(book.find_assignment(name).notebooks)
    except MissingEntry:
        return False


def forget(book, course, name, ours):
    """Remove a changed exercise from the gradebook; refuses when real students have marks for it."""
    if not has_assignment(book, name):
        return
    others = {s.student_id for s in book.assignment_submissions(name)} - ours
    if others:
        raise CourseError(
            f"{name} has changed, and {len(others)} real students have marks for it in gradebook.db."
        )
    book.remove_assignment(name)


def hand_in(course, name, student):
    """Write the student's submission; True when it must be graded (again)."""
    tests = course.root / "tests" / "exercises" / name
    notebook = submission(
        student, read_notebook(course.released(name)), wrong_solutions(tests), right_solutions(tests)
    )
    text = nbformat.writes(notebook)
    folder = course.root / "submitted" / student.id / name
    write_text(folder / f"{name}.ipynb", text)
    write_text(folder / "timestamp.txt", HANDED_IN)
    mark = hashlib.sha256((stamp(course, name) + text).encode()).hexdigest()
    key = f"{student.id}/{name}"
    pages = [
        course.root / "autograded" / key / f"{name}.ipynb",
        course.root / "feedback" / key / f"{name}.html",
    ]
    if remembered(course).get(key) == mark and all(page.exists() for page in pages):
        return False
    for page in pages:
        shutil.rmtree(page.parent, ignore_errors=True)
    remember(course, key, mark)
    return True


def grade(course, names, due):
    """nbgrader's autograde and generate_feedback, two exercises at a time, with a bar."""
    if not due:
        print("All submissions are graded already.")
        return
    with tqdm(total=STEPS * len(due), unit="step", file=sys.stdout, desc="grading") as bar:

        def one(name):
            nbgrader(course, "autograde", name, each=bar.update)
            nbgrader(course, "generate_feedback", name, each=bar.update)

        with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
            list(pool.map(one, [name for name in names if any(name == n for n, _ in due)]))


def export(course):
    """Write marks.csv with nbgrader's export, unless it is newer than the gradebook."""
    marks, book = course.root / "marks.csv", course.root / "gradebook.db"
    if not marks.exists() or marks.stat().st_mtime < book.stat().st_mtime:
        nbgrader(course, "export", "--to", str(marks))


def nbgrader(course, *arguments, each=None, tries=2):
    """Run one of nbgrader's own commands in the course; `each` is called for every notebook it converts.

    Two commands may meet in the data base; the second try then does what the first left undone.
    """
    command = [sys.executable, "-m", "nbgrader", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command, cwd=course.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said = []
    for line in process.stdout:
        said.append(line)
        if each and "Converting notebook" in line:
            each()
    if process.wait() == 0:
        return "".join(said)
    if tries > 1:
        return nbgrader(course, *arguments, each=None, tries=tries - 1)
    problem = next((line.strip() for line in reversed(said) if "ERROR" in line), "".join(said[-1:]).strip())
    raise CourseError(f"nbgrader {' '.join(arguments)} failed: {problem}")


def print_marks(course, names, students):
    """The table of marks by student and exercise; * where a written answer still has to be marked by hand."""
    marks = {}
    with open(course.root / "marks.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            marks[row["student_id"], row["assignment"]] = float(row["score"] or 0)
    waiting = unmarked(course, names)
    print(f"\n{'':14}" + "".join(f"{name:>12}" for name in names) + f"{'total':>10}")
    for student in students:
        row = [marks.get((student.id, name), 0.0) for name in names]
        stars = ["*" if (student.id, name) in waiting else " " for name in names]
        cells = "".join(f"{mark:>11g}{star}" for mark, star in zip(row, stars, strict=True))
        print(f"{student.id:14}{cells}{sum(row):>10g}")
    print("* the written answer is not marked yet: open Formgrader (`make lab`)\n")
    for place in PLACES:
        print(f"  {place}")


def unmarked(course, names):
    """(student, exercise) of submissions whose written answer waits for somebody to mark it."""
    with gradebook(course) as book:
        return {
            (s.student_id, name)
            for name in names
            for s in book.assignment_submissions(name)
            if s.needs_manual_grade
        }


def gradebook(course):
    return Gradebook(f"sqlite:///{course.root / 'gradebook.db'}", "from-rules-to-llms")


def stamp(course, name):
    """Changes whenever an exercise or the package's piece behind it does."""
    parts = (course.source(name), course.released(name), course.module(name))
    if missing := [part for part in parts if not part.exists()]:
        raise CourseError(
            f"{missing[0].relative_to(course.root)} is missing; run `autograder release {name}`."
        )
    return hashlib.sha256(b"\0".join(part.read_bytes() for part in parts)).hexdigest()


def remembered(course):
    """{exercise or student/exercise: hash of what was graded}."""
    path = course.root / "submitted" / ".graded.json"
    return json.loads(path.read_text()) if path.exists() else {}


def remember(course, key, value):
    path = course.root / "submitted" / ".graded.json"
    write_text(path, json.dumps({**remembered(course), key: value}, indent=1, sort_keys=True))
