"""Stock nbgrader runs the whole way on our format, from release over submit and autograde to the export."""

import csv
import os
import re
import shutil
import subprocess
import sys

import pytest
from exercise import REPOSITORY, Exercise, scores
from nbgrader.api import Gradebook
from runner import Runner

from autograder.course import Course, read_notebook
from autograder.patches import right_solutions, wrong_solutions
from autograder.release import release
from autograder.roster import CLASS, Student, submission
from autograder.sample import sample
from autograder.weave import weave

pytestmark = pytest.mark.slow

OUTSIDE = re.compile(
    r"""(?:src|href|action)\s*=\s*["']?\s*(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import|fetch\("""
)
MAKER = Student("maker", "Mistake Maker", mistakes=1, written=True)


@pytest.fixture
def nbgrader(course, tmp_path):
    """Runs one of nbgrader's commands in a folder, with the course's settings and a cache of its own."""
    list(weave(course))
    list(release(course))
    settings = {
        "NBGRADER_EXCHANGE": str(course.root / "exchange"),
        "JUPYTER_DATA_DIR": str(tmp_path / "jupyter"),
        "AUTOGRADER_STOCK": "1",
    }
    environment = {**os.environ, **settings, "OMP_NUM_THREADS": "1"}

    def run(folder, *arguments):
        command = [sys.executable, "-m", "nbgrader", *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def cell_scores(course, name, student):
    """{grade id: autograded points} from nbgrader's gradebook."""
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}", "from-rules-to-llms") as book:
        notebook = book.find_submission_notebook(name, name, student)
        return {grade.name: grade.auto_score for grade in notebook.grades if grade.auto_score is not None}


def test_the_whole_way_through_the_exchange(course, nbgrader, tmp_path):
    before = course.released("tiny").read_bytes()
    nbgrader(course.root, "generate_assignment", "tiny", "--force")
    assert course.released("tiny").read_bytes() == before, "autograder release and nbgrader differ"
    nbgrader(course.root, "release_assignment", "tiny")

    student = tmp_path / "student"
    student.mkdir()
    shutil.copy(course.root / "nbgrader_config.py", student)
    assert "tiny" in nbgrader(student, "list")
    nbgrader(student, "fetch_assignment", "tiny")
    mine = student / "from-rules-to-llms" / "tiny" / "tiny.ipynb"
    text = mine.read_text()
    assert "### BEGIN" not in text
    mine.write_text(
        text.replace('# YOUR CODE HERE\\n",\n    "    raise NotImplementedError()', "return x + x", 1)
    )
    nbgrader(student, "submit", "tiny")

    nbgrader(course.root, "collect", "tiny")
    nbgrader(course.root, "autograde", "tiny")
    nbgrader(course.root, "generate_feedback", "tiny")
    nbgrader(course.root, "export", "--to", "marks.csv")
    with open(course.root / "marks.csv", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["assignment"], float(row["score"]), float(row["max_score"])) == ("tiny", 40, 100)
    nbgrader(course.root, "release_feedback", "tiny")
    nbgrader(student, "fetch_feedback", "tiny")
    assert list((student / "from-rules-to-llms" / "tiny" / "feedback").rglob("*.html"))


def test_feedback_asks_no_other_host_and_hides_hidden_tests(course, nbgrader):
    sample(course, students=(CLASS[3],))
    page = (course.root / "feedback" / "dana" / "tiny" / "tiny.html").read_text(encoding="utf-8")
    assert OUTSIDE.findall(page) == []
    assert "hidden check" in page.lower()
    assert "expected 2" in page
    for secret in ("Counter(5)", "counting.next", "BEGIN HIDDEN"):
        assert secret not in page


def test_sample_class_gives_the_contracts_marks_and_is_quick_the_second_time(course, nbgrader, capsys):
    students = (CLASS[0], CLASS[3], CLASS[13])
    sample(course, students=students)
    exercise = Exercise("tiny", course.root, course.root / "tests" / "exercises")
    runner = Runner()
    for student in students:
        expected = runner.run(submitted(course, exercise, student.id))
        graded = cell_scores(course, "tiny", student.id)
        tests = {name: result["earned"] for name, result in expected.items() if name in graded}
        assert tests == {name: graded[name] for name in tests}
        assert len(tests) == 4
    runner.close()
    assert re.search(r"^ada +90\*", capsys.readouterr().out, re.MULTILINE)
    stamp = (course.root / "autograded" / "ada" / "tiny" / "tiny.ipynb").stat().st_mtime_ns
    sample(course, students=students)
    assert "3 of 3 submissions had not changed" in capsys.readouterr().out
    assert (course.root / "autograded" / "ada" / "tiny" / "tiny.ipynb").stat().st_mtime_ns == stamp


def submitted(course, exercise, student):
    """The instructor's cells with a submission's answers in the holes."""
    notebook = read_notebook(course.root / "submitted" / student / exercise.name / f"{exercise.name}.ipynb")
    sources = {c.metadata.get("nbgrader", {}).get("grade_id"): c.source for c in notebook.cells}
    return exercise.cells(sources={part: sources[part] for part in exercise.holes()})


def test_a_real_exercise_earns_the_same_as_in_the_contract(tmp_path):
    names = Course.at(REPOSITORY).exercises()
    if not names:
        pytest.skip("there is no exercise yet")
    name = next(name for name in names if (REPOSITORY / "tests" / "exercises" / name).is_dir())
    for part in (f"solutions/{name}", f"exercises/{name}", f"tests/exercises/{name}"):
        shutil.copytree(REPOSITORY / part, tmp_path / part)
    module = Course.at(REPOSITORY).module(name).relative_to(REPOSITORY)
    (tmp_path / module).parent.mkdir(parents=True)
    shutil.copy(REPOSITORY / module, tmp_path / module)
    shutil.copy(REPOSITORY / "nbgrader_config.py", tmp_path)
    course = Course.at(tmp_path)
    sample(course, [name], students=(MAKER,))
    exercise = Exercise(name)
    runner = Runner()
    results = runner.run(submitted(course, exercise, "maker"), files=exercise.files())
    runner.close()
    graded = cell_scores(course, name, "maker")
    assert {k: r["earned"] for k, r in results.items() if k in graded} == {
        k: graded[k] for k in results if k in graded
    }
    full = exercise.points()
    lost = {part for part, earned in scores(results).items() if part in full and earned < full[part]}
    assert lost == set(wrong_solutions(exercise.tests / name)[0].parts) & set(full)
    page = (tmp_path / "feedback" / "maker" / name / f"{name}.html").read_text(encoding="utf-8")
    assert OUTSIDE.findall(page) == []


def test_roster_has_every_kind_of_student(course, nbgrader):
    released = read_notebook(course.released("tiny"))
    folder = course.root / "tests" / "exercises" / "tiny"
    wrong, right = wrong_solutions(folder), right_solutions(folder)
    handed = {s.id: submission(s, released, wrong, right) for s in CLASS}
    assert len(handed) >= 14
    assert handed["noor"] == released
    assert "raise NotImplementedError()" in str(handed["mira"])
    assert "raise NotImplementedError()" not in str(handed["ada"])
    assert sum("YOUR ANSWER HERE" not in str(notebook) for notebook in handed.values()) >= 5
