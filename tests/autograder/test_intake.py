"""Intake: whatever is handed in, there is a notebook to grade or a line that says why not, and never an error."""

import errno
import json
import os
import shutil
import time
from datetime import UTC, datetime, timedelta

import nbformat
import pytest
from handed_in import TABLE, answer, cell, hand_in, save
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbgrader.utils import determine_grade
from tiny import make_course

from autograder.arrivals import arrival, arrivals, record_arrival, utc
from autograder.course import CourseError
from autograder.intake import note_arrivals, read_submission, skipped, submissions
from autograder.release import release
from autograder.untrusted import Refused, read, walk
from autograder.weave import grade_id, is_solution, weave


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The small course, woven and released."""
    course = make_course(tmp_path_factory.mktemp("intake") / "course")
    list(weave(course))
    list(release(course))
    return course


@pytest.fixture
def course(made):
    """The same, with nothing handed in, nothing remembered."""
    yield made
    for name in ("submitted", ".autograder", "solutions/other", "exercises/other"):
        shutil.rmtree(made.root / name, ignore_errors=True)


def source(notebook, name):
    """The text of the cell of that grade_id."""
    return next(c.source for c in notebook.cells if grade_id(c) == name)


def locked(notebook):
    """What must not change: the locked cells, in order, all but their outputs."""
    cells = [c for c in notebook.cells if grade_id(c) and not is_solution(c)]
    return [(c.cell_type, grade_id(c), c.metadata.nbgrader.get("points"), c.source) for c in cells]


def instructors(course):
    return nbformat.read(course.source("tiny"), as_version=4)


@pytest.mark.parametrize("name", TABLE)
def test_each_malformed_submission_has_its_line(course, name):
    make, says, graded = TABLE[name]
    hand_in(course, make)
    found = read_submission(course, "tiny", "eve")
    assert any(says in line for line in found.problems), found.problems
    assert (found.notebook is not None) == graded
    assert all(
        line.isprintable() and len(line) < 300 and line.endswith((".", "…")) for line in found.problems
    )
    if graded:
        nbformat.validate(found.notebook)
        assert locked(found.notebook) == locked(instructors(course))


def test_the_table_has_forty_rows_and_each_its_own_words():
    assert len(TABLE) >= 40
    says = [line for _, line, _ in TABLE.values()]
    assert len(set(says)) == len(says)


@pytest.mark.parametrize(
    "name",
    ["utf16", "utf8_bom", "lost_metadata", "all_metadata_lost", "renamed", "copied", "converted_answer",
     "reordered", "deleted_tests", "another_name", "several_notebooks", "changed_test", "windows"],
)  # fmt: skip
def test_the_answer_gets_through(course, name):
    hand_in(course, TABLE[name][0])
    found = read_submission(course, "tiny", "eve").notebook
    assert source(found, "double") == "def double(x):\n    return 2 * x"


def test_the_blank_notebook_is_fine(course):
    hand_in(course)
    found = read_submission(course, "tiny", "eve")
    assert found.problems == []
    blank = nbformat.read(course.released("tiny"), as_version=4)
    assert source(found.notebook, "Counter") == source(blank, "Counter")
    written = next(c for c in found.notebook.cells if grade_id(c) == "written-1")
    assert determine_grade(written) == (0, 10)  # nbgrader sees that it is unanswered
    written.source = "an answer"
    assert determine_grade(written) == (None, 10)


def test_a_deleted_answer_is_the_stub_and_never_the_solution(course):
    hand_in(course, TABLE["deleted_answer"][0])
    text = source(read_submission(course, "tiny", "eve").notebook, "Counter")
    assert "NotImplementedError" in text
    assert "golden" not in text


def test_free_cells_stay_where_they_stood(course):
    def make(folder, notebook):
        for i, name in enumerate(["double", "Counter-visible"]):
            place = notebook["cells"].index(cell(notebook, name)) + 1
            notebook["cells"].insert(place, {"cell_type": "code", "metadata": {}, "source": f"mine = {i}"})
        save(folder, notebook)

    hand_in(course, make)
    cells = read_submission(course, "tiny", "eve").notebook.cells
    before = {c.source: cells[i - 1] for i, c in enumerate(cells)}
    assert grade_id(before["mine = 0"]) == "double"
    assert grade_id(before["mine = 1"]) == "Counter-visible"
    assert [c.source for c in cells[:2]] == ["# Tiny\nTwo parts.", "import math\n\nfrom eras import checks"]


def test_a_cell_split_in_two_runs_as_in_a_kernel(course):
    def make(folder, notebook):
        place = notebook["cells"].index(cell(answer(notebook), "double"))
        notebook["cells"].insert(place, json.loads(json.dumps(notebook["cells"][place])))
        notebook["cells"][place]["source"] = "TWO = 2"
        save(folder, notebook)

    hand_in(course, make)
    texts = [c.source for c in read_submission(course, "tiny", "eve").notebook.cells]
    assert texts.index("TWO = 2") + 1 == texts.index("def double(x):\n    return 2 * x")


def test_of_two_answers_the_last_counts(course):
    def make(folder, notebook):
        place = notebook["cells"].index(cell(answer(notebook, "def double(x): return 1"), "double"))
        notebook["cells"].insert(place + 1, json.loads(json.dumps(notebook["cells"][place])))
        notebook["cells"][place + 1]["source"] = "def double(x): return 2"
        save(folder, notebook)

    hand_in(course, make)
    assert source(read_submission(course, "tiny", "eve").notebook, "double") == "def double(x): return 2"


@pytest.mark.parametrize(("name", "text"), [("surrogate", "x = '\ufffd'"), ("nul", "x = 1")])
def test_characters_that_break_python_or_a_page_are_gone(course, name, text):
    hand_in(course, TABLE[name][0])
    assert source(read_submission(course, "tiny", "eve").notebook, "double") == text


def test_an_untouched_copy_below_the_answer_does_not_undo_it(course):
    def make(folder, notebook):
        stub = json.loads(json.dumps(cell(notebook, "double")))
        notebook["cells"].insert(notebook["cells"].index(cell(answer(notebook), "double")) + 1, stub)
        save(folder, notebook)

    hand_in(course, make)
    found = read_submission(course, "tiny", "eve").notebook
    assert source(found, "double") == "def double(x):\n    return 2 * x"
    assert sum("def double" in c.source for c in found.cells) == 1


def test_an_answer_in_a_new_cell_is_found_by_what_it_defines(course):
    def make(folder, notebook):
        notebook["cells"].remove(cell(notebook, "double"))
        notebook["cells"].append(
            {"cell_type": "code", "metadata": {}, "source": "def double(x): return x + x"}
        )
        save(folder, notebook)

    hand_in(course, make)
    assert source(read_submission(course, "tiny", "eve").notebook, "double") == "def double(x): return x + x"


def test_pictures_in_a_written_answer_are_kept(course):
    def make(folder, notebook):
        cell(notebook, "written-1")["attachments"] = {"a.png": {"image/png": "iVBORw0KGgo="}}
        save(folder, notebook)

    hand_in(course, make)
    written = read_submission(course, "tiny", "eve").notebook.cells[-1]
    assert written.attachments == {"a.png": {"image/png": "iVBORw0KGgo="}}


def test_nothing_of_the_students_metadata_and_outputs_is_taken(course):
    def make(folder, notebook):
        for each in notebook["cells"]:
            each["metadata"]["__proto__"] = {"x": "EVIL"}
            each["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "EVIL"}]
        save(folder, notebook | {"metadata": {"EVIL": {"kernelspec": "EVIL"}}})

    hand_in(course, make)
    found = read_submission(course, "tiny", "eve")
    assert "EVIL" not in nbformat.writes(found.notebook)
    assert found.notebook.metadata == instructors(course).metadata


def test_other_files_come_along(course):
    folder = hand_in(course)
    (folder / "data").mkdir()
    (folder / "data" / "größe.csv").write_bytes(b"1,2")
    (folder / "timestamp.txt").write_text(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
    (folder / ".hidden").write_text("x")
    found = read_submission(course, "tiny", "eve")
    assert found.files == {"data/größe.csv": b"1,2"}
    assert found.problems == []


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_the_bytes_are_nothing_is_raised(course, data):
    original = course.released("tiny").read_bytes()
    if data.draw(st.booleans()):
        content = data.draw(st.binary(max_size=300))
    else:  # the released notebook with a piece replaced
        start = data.draw(st.integers(0, len(original)))
        end = data.draw(st.integers(start, min(len(original), start + 400)))
        content = original[:start] + data.draw(st.binary(max_size=20)) + original[end:]
    shutil.rmtree(course.root / "submitted", ignore_errors=True)
    (hand_in(course) / "tiny.ipynb").write_bytes(content)
    found = read_submission(course, "tiny", "eve")
    assert found.notebook is not None or found.problems
    if found.notebook is not None:
        assert locked(found.notebook) == locked(instructors(course))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


PLACES = st.sampled_from(
    [("cell", "id"), ("cell", "source"), ("cell", "cell_type"), ("cell", "metadata"), ("cell", "attachments"),
     ("cell", "metadata", "nbgrader"), ("cell", "metadata", "nbgrader", "grade_id"), ("nb", "metadata"),
     ("cell", "metadata", "nbgrader", "points"), ("nb", "nbformat"), ("nb", "cells"), ("nb", "worksheets")]
)  # fmt: skip


def spoil(place, path, value):
    """Put the value at the path, as far as there is still a way to it."""
    for key in path[:-1]:
        place = place.get(key) if isinstance(place, dict) else None
    if isinstance(place, dict):
        place[path[-1]] = value


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_the_values_are_no_student_text_gets_into_a_locked_cell(course, data):
    notebook = json.loads(course.released("tiny").read_text())
    cells = notebook["cells"] = data.draw(st.permutations(notebook["cells"]))
    for i in data.draw(st.sets(st.integers(0, len(cells) - 1))):
        cells[i]["source"] = "EVIL = 1"
    for i, path, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(cells) - 1), PLACES, VALUES), max_size=5)
    ):
        spoil(cells[i] if path[0] == "cell" else notebook, path[1:], value)
    shutil.rmtree(course.root / "submitted", ignore_errors=True)
    save(hand_in(course), notebook)
    found = read_submission(course, "tiny", "eve")
    assert not [line for line in found.problems if "cannot be read" in line]
    if found.notebook is not None:
        assert locked(found.notebook) == locked(instructors(course))
        nbformat.validate(found.notebook)


def test_a_fault_of_ours_is_one_row_only(course, monkeypatch):
    hand_in(course)
    monkeypatch.setattr("autograder.intake.rebuild", lambda *_: 1 / 0)
    found = read_submission(course, "tiny", "eve")
    assert found.problems == ["The submission cannot be read (ZeroDivisionError)."]
    assert found.notebook is None


def test_only_students_are_listed(course):
    for student in ("ada", "zoë", "o.brien-2@x"):
        hand_in(course, student=student)
    for odd in (".graded", "a b", "-rf", "x\ny", "zoe\u0308"):
        hand_in(course, student=odd)
    (course.root / "submitted" / "eve").symlink_to(course.root / "submitted" / "ada")
    (course.root / "submitted" / "notes.txt").write_text("x")
    (course.root / "submitted" / "idle").mkdir()
    assert submissions(course, "tiny") == [("ada", 1), ("eve", 1), ("o.brien-2@x", 1), ("zoë", 1)]
    lines = skipped(course, "tiny")
    assert len(lines) == 4
    assert any("NFC" in line for line in lines)
    assert read_submission(course, "tiny", "eve").problems == ["eve is a link, not a folder: not followed."]
    assert submissions(course, "tiny", ["ada"]) == [("ada", 1)]
    with pytest.raises(CourseError, match="'idle' has handed in nothing"):
        submissions(course, "tiny", ["idle"])


def test_attempts(course):
    folder = hand_in(course)
    for number in ("0001", "0002"):
        (folder / "attempts" / number).mkdir(parents=True)
        save(
            folder / "attempts" / number,
            answer(json.loads(course.released("tiny").read_text()), f"# {number}"),
        )
    assert submissions(course, "tiny") == [("eve", 3)]
    assert source(read_submission(course, "tiny", "eve", 2).notebook, "double") == "# 0002"
    latest = read_submission(course, "tiny", "eve")
    assert (latest.attempt, latest.files, latest.problems) == (3, {}, [])
    with pytest.raises(CourseError, match="has 3 attempts"):
        read_submission(course, "tiny", "eve", 4)


def test_the_instructors_mistakes_are_course_errors(course):
    hand_in(course)
    with pytest.raises(CourseError, match="no exercise is called 'nothing'"):
        read_submission(course, "nothing", "eve")
    with pytest.raises(CourseError, match="no student can be called"):
        read_submission(course, "tiny", "../eve")


def test_it_came_when_it_came_here_and_not_when_it_says(course):
    folder = hand_in(course)
    os.utime(folder / "tiny.ipynb", (0, 0))
    found = read_submission(course, "tiny", "eve")
    assert abs(found.arrived - datetime.now(UTC)) < timedelta(minutes=5)


def test_the_first_time_counts_and_only_for_the_same_bytes(course):
    path = hand_in(course) / "tiny.ipynb"
    first = datetime(2026, 11, 20, 18, tzinfo=UTC)
    assert record_arrival(course, "eve", "tiny", first, path) == first
    assert record_arrival(course, "eve", "tiny", first - timedelta(days=9), path) == first
    assert read_submission(course, "tiny", "eve").arrived == first
    path.write_bytes(path.read_bytes() + b"\n")
    assert read_submission(course, "tiny", "eve").arrived > first + timedelta(days=1)
    later = first + timedelta(days=2)
    assert record_arrival(course, "eve", "tiny", later.replace(tzinfo=None), path) == later
    assert [entry["arrived"] for entry in arrivals(course)["eve/tiny"]] == [
        "2026-11-20T18:00:00+00:00",
        "2026-11-22T18:00:00+00:00",
    ]


def test_a_time_without_a_zone_is_utc_wherever_the_machine_stands(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert utc(datetime(2026, 11, 20, 18)) == datetime(2026, 11, 20, 18, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_arrivals_are_noted_once_and_survive_a_copy(course):
    folder = hand_in(course)
    note_arrivals(course, "tiny")
    first = read_submission(course, "tiny", "eve").arrived
    time.sleep(0.02)
    shutil.copytree(folder, folder.parent / "copy")
    shutil.rmtree(folder)
    os.rename(folder.parent / "copy", folder)
    note_arrivals(course, "tiny")
    assert read_submission(course, "tiny", "eve").arrived == first
    assert len(arrivals(course)["eve/tiny"]) == 1
    assert arrival(course, "eve", "tiny", "0" * 64) is None


def test_a_damaged_record_is_said(course):
    hand_in(course)
    (course.root / ".autograder").mkdir()
    (course.root / ".autograder" / "arrivals.json").write_text('{"eve/tiny": [{}]}')
    with pytest.raises(CourseError, match=r"arrivals\.json is damaged"):
        read_submission(course, "tiny", "eve")


def test_a_changed_exercise_is_loaded_again(course):
    hand_in(course)
    read_submission(course, "tiny", "eve")
    before = course.source("tiny").read_bytes()
    course.source("tiny").write_bytes(before.replace(b"double(-1), -2", b"double(-1), -3"))
    try:
        assert "-3" in source(read_submission(course, "tiny", "eve").notebook, "double-hidden")
    finally:
        course.source("tiny").write_bytes(before)


def test_a_device_is_not_even_opened(tmp_path):
    with pytest.raises(Refused, match="is a device"):
        read("/dev", ("null",), 10)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(b"12345")
    assert read(tmp_path, ("a", "x"), 5)[0] == b"12345"
    with pytest.raises(Refused, match="too large"):
        read(tmp_path, ("a", "x"), 4)


@pytest.mark.parametrize(("name", "says"), [("link", "cannot be opened"), ("pipe", "no ordinary file")])
def test_a_file_exchanged_at_the_last_moment_is_not_read(course, monkeypatch, name, says):
    hand_in(course, TABLE[name][0])
    monkeypatch.setattr("autograder.untrusted.kind_or_refuse", lambda *_: None)
    found = read_submission(course, "tiny", "eve")
    assert found.notebook is None
    assert says in found.problems[0]


def test_a_folder_with_too_many_files_is_cut(tmp_path):
    for i in range(3):
        (tmp_path / f"{i}").mkdir()
        (tmp_path / f"{i}" / "a").write_text("x")
        (tmp_path / f"{i}" / "b").write_text("x")
    files, problems = walk(tmp_path, most=3)
    assert files == [("0", "a"), ("0", "b"), ("1", "a")]
    assert problems == ["More than 3 files: the rest is left out."]


def test_an_unreadable_file_is_said(course, monkeypatch):
    hand_in(course)
    open_ = os.open

    def forbidden(name, *arguments, **more):  # root, as whom tests may run, reads everything
        if name == "tiny.ipynb":
            raise PermissionError(errno.EACCES, "no")
        return open_(name, *arguments, **more)

    monkeypatch.setattr("autograder.untrusted.os.open", forbidden)
    found = read_submission(course, "tiny", "eve")
    assert found.problems == ["tiny.ipynb cannot be opened (permission denied)."]


def test_one_submission_takes_milliseconds(course):
    folder = hand_in(course)
    read_submission(course, "tiny", "eve")
    before = time.process_time()
    for _ in range(20):
        read_submission(course, "tiny", "eve")
    assert folder.exists()
    assert (time.process_time() - before) / 20 < 0.015
