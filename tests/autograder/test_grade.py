"""autograder grade as an instructor uses it: kept results, marks by hand, attempts, one line for each error."""

import json
import shutil

import nbformat
import pytest
from nbgrader.api import Gradebook
from tiny import marked
from tiny_class import COUNTER, DOUBLE, WRONG, class_of, hand_in

from autograder.__main__ import main
from autograder.assignment import points
from autograder.export import export

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("isolated")]
RIGHT = {"double": DOUBLE, "Counter": COUNTER, "written-1": "Because I tried it."}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    answers = {"ann": RIGHT, "bob": {"double": WRONG, "Counter": COUNTER}, "noor": {}}
    made = class_of(tmp_path_factory.mktemp("grade") / "course", answers)
    assert main(["--course", str(made.root), "grade", "tiny"]) == 0
    return made


def graded(course, capsys, *options):
    """The exit code and what is printed."""
    code = main(["--course", str(course.root), "grade", "tiny", *options])
    said = capsys.readouterr()
    return code, said.out + said.err


def book(course):
    return Gradebook(f"sqlite:///{course.root / 'gradebook.db'}", "from-rules-to-llms")


def test_what_has_not_changed_is_kept_and_force_runs_it_again(course, capsys):
    code, said = graded(course, capsys)
    assert (code, "3 students, 3 with kept results" in said) == (0, True)
    code, said = graded(course, capsys, "--force", "--student", "bob")
    assert (code, "1 students, 0 with kept results" in said) == (0, True)


def test_explain_says_what_failed_and_where(course, capsys):
    code, said = graded(course, capsys, "--explain", "bob")
    assert code == 0
    assert "double-visible" in said
    assert "Squared, not doubled." in said
    assert "50 of 100" in said
    code, said = graded(course, capsys, "--explain", "nobody")
    assert (code, said.count("\n")) == (1, 1)
    assert "'nobody' has no result for 'tiny' yet" in said


def test_marks_given_by_hand_survive_and_are_not_asked_for_again(course, capsys):
    with book(course) as opened:
        grade = opened.find_grade("written-1", "tiny", "tiny", "ann")
        grade.manual_score, grade.needs_manual_grade = 7, False
        opened.find_comment("written-1", "tiny", "tiny", "ann").manual_comment = "Well said."
        opened.db.commit()
    assert "ann          97       97  100" in graded(course, capsys, "--force")[1]
    with book(course) as opened:
        grade = opened.find_grade("written-1", "tiny", "tiny", "ann")
        assert (grade.manual_score, grade.score, grade.needs_manual_grade) == (7, 7, False)
    page = (course.root / "feedback" / "ann" / "tiny" / "tiny.html").read_text()
    assert "Well said." in page
    assert export(course, "csv", course.root / "marks.csv") == []


def test_another_answer_is_asked_for_again(course, capsys, tmp_path):
    copy = type(course).at(shutil.copytree(course.root, tmp_path / "copy"))
    with book(copy) as opened:
        grade = opened.find_grade("written-1", "tiny", "tiny", "ann")
        grade.manual_score, grade.needs_manual_grade = 7, False
        opened.db.commit()
    hand_in(copy, "ann", {**RIGHT, "written-1": "I have thought again."})
    graded(copy, capsys)
    with book(copy) as opened:
        grade = opened.find_grade("written-1", "tiny", "tiny", "ann")
        assert (grade.manual_score, grade.needs_manual_grade) == (7, True)


def test_the_best_of_two_attempts_counts(course, capsys, tmp_path):
    copy = type(course).at(shutil.copytree(course.root, tmp_path / "copy"))
    worse = tmp_path / "worse.ipynb"
    hand_in(copy, "bob", {})
    shutil.move(copy.root / "submitted" / "bob" / "tiny" / "tiny.ipynb", worse)
    hand_in(copy, "bob", {"double": WRONG, "Counter": COUNTER})
    folder = tmp_path / "second" / "bob"
    folder.mkdir(parents=True)
    shutil.move(worse, folder / "tiny.ipynb")
    assert main(["--course", str(copy.root), "collect", "tiny", str(folder.parent)]) == 0
    (copy.root / "policy.toml").write_text('keep = "best"\n')
    code, said = graded(copy, capsys, "--student", "bob")
    assert code == 0
    assert "bob          50       50  100" in said
    assert "Attempt 1 of 2 counts (best)." in said
    (copy.root / "policy.toml").write_text('keep = "last"\n')
    assert "bob           0        0  100" in graded(copy, capsys, "--student", "bob")[1]


def test_an_exercise_that_changed_under_given_marks_is_one_clear_line(course, capsys, tmp_path):
    copy = type(course).at(shutil.copytree(course.root, tmp_path / "copy"))
    path = copy.source("tiny")
    path.write_text(path.read_text().replace('"points": 30', '"points": 31'))
    code, said = graded(copy, capsys)
    assert code == 1
    assert said.strip().splitlines()[-1].startswith("autograder grade: tiny has changed (cells or points)")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "no exercise is called 'nothing'"),
        (["tiny", "--student", "stranger"], "'stranger' has handed in nothing"),
        (["tiny", "--db", "sqlite:////no/such/folder/x.db"], "cannot be opened"),
        (["tiny", "--db", "nonsense"], "cannot be opened"),
    ],
)
def test_bad_input_is_one_clear_line(course, capsys, arguments, words):
    assert main(["--course", str(course.root), "grade", *arguments]) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert words in said[-1]
    assert not any("Traceback" in line for line in said)


@pytest.mark.parametrize("jobs", ["0", "-1", "many", "1000"])
def test_a_senseless_number_of_jobs_is_refused(course, capsys, jobs):
    with pytest.raises(SystemExit) as stop:
        main(["--course", str(course.root), "grade", "tiny", "-j", jobs])
    assert stop.value.code == 2
    assert "is no number from 1 to 256" in capsys.readouterr().err


def test_the_record_says_all_there_is_to_say(course):
    record = json.loads((course.root / "autograded" / "bob" / "tiny" / "result.json").read_text())
    cells = {cell["id"]: cell for cell in record["cells"]}
    assert record["isolation"] == "bubblewrap"
    assert cells["double-visible"]["status"] == "failed"
    assert cells["double-visible"]["message"].startswith("Squared, not doubled.")
    assert cells["double-hidden"]["hidden"]
    assert "expected" not in cells["double-hidden"]["message"]
    assert {c["side"] for c in record["cells"] if c["kind"] == "test"} == {"tester"}


def test_partial_credit_follows_nbgrader_and_never_stops_the_run():
    def worth(shown):
        test = marked("t", "t", 4)
        test.outputs = [nbformat.v4.new_output("execute_result", data={"text/plain": shown})]
        return points(test)

    assert [worth(text) for text in ("2.5", "'a word'", "-1", "4", "5")] == [2.5, 4, 4, 4, 0]
