"""autograder sample: a sample class hands in and is graded: gradebook, feedback, class reports, marks.csv.

What has not changed since the last time is not run again.
"""

import sys
from datetime import UTC, datetime

import nbformat
from tqdm import tqdm

from autograder.arrivals import record_arrival
from autograder.course import CourseError, read_notebook, write_text
from autograder.export import export
from autograder.grade import Grading
from autograder.gradebook import gradebook
from autograder.patches import right_solutions, wrong_solutions
from autograder.report import write_report
from autograder.roster import CLASS, submission

PLACES = (
    "marks.csv       one row for each submission",
    "gradebook.db    nbgrader's data base",
    "feedback/       <student>/<exercise>/<exercise>.html",
    "reports/        <exercise>.html, what the class found hard",
    "submitted/      what was handed in",
    "autograded/     the same, with the outputs of all tests",
)
HANDED_IN = datetime(2026, 11, 20, 18, tzinfo=UTC)


def sample(course, names=(), students=CLASS):
    """Hand in, grade, write feedback and reports, export to marks.csv, and print the table of marks."""
    names = course.chosen(names)
    if not names:
        raise CourseError("there are no exercises yet.")
    print(f"{len(students)} students hand in {', '.join(names)}.", flush=True)
    enrol(course, students)
    rows = {name: grade(course, name, students) for name in names}
    for line in export(course, "csv", course.root / "marks.csv", names=names):
        print(line)
    print_marks(rows, students)


def enrol(course, students):
    """Register the students with their names in nbgrader's gradebook, made on first use."""
    with gradebook(course) as book:
        for student in students:
            first, _, last = student.name.partition(" ")
            book.update_or_create_student(student.id, first_name=first, last_name=last)


def grade(course, name, students):
    """{student: Row} of one exercise, handed in and graded."""
    for student in students:
        hand_in(course, name, student)
    grading = Grading(course, name, [student.id for student in students])
    with tqdm(total=len(students), unit="notebook", desc=name, file=sys.stdout, disable=None) as bar:
        rows = {row.student: row for row in grading.run(bar)}
    write_report(course, name)
    return rows


def hand_in(course, name, student):
    """Write the student's submission, as if it had been collected at the date of the sample class."""
    tests = course.root / "tests" / "exercises" / name
    answers = wrong_solutions(tests), right_solutions(tests)
    notebook = submission(student, read_notebook(course.released(name)), *answers)
    path = course.root / "submitted" / student.id / name / f"{name}.ipynb"
    write_text(path, nbformat.writes(notebook))
    write_text(path.with_name("timestamp.txt"), f"{HANDED_IN:%Y-%m-%d %H:%M:%S} UTC\n")
    record_arrival(course, student.id, name, HANDED_IN, path)


def print_marks(rows, students):
    """The table of marks by student and exercise; * where a written answer still has to be marked by hand."""
    print(f"\n{'':14}" + "".join(f"{name:>12}" for name in rows) + f"{'total':>10}")
    for student in students:
        mine = [graded[student.id] for graded in rows.values()]
        cells = "".join(f"{row.final:>11g}{'*' if row.waiting else ' '}" for row in mine)
        print(f"{student.id:14}{cells}{sum(row.final for row in mine):>10g}")
    again = sum(row.cached for graded in rows.values() for row in graded.values())
    print(f"{again} of {sum(map(len, rows.values()))} submissions had not changed: their results were kept.")
    print("* the written answer is not marked yet: open Formgrader (`make lab`)\n")
    for place in PLACES:
        print(f"  {place}")
