"""Marks leave the course: CSV, JSON, and the files that Canvas and Moodle import."""

import csv
import io
import json
import os
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook
from nbgrader.plugins.export import CsvExportPlugin

from autograder.course import CourseError
from autograder.export import COLUMNS, export
from autograder.lms import read_canvas, read_moodle
from autograder.sheets import harmless, original, table

# id, first name, last name, email, number in Canvas, points of the two test cells, by hand, extra, penalty
CLASS = [
    ("ada", "Ada", 'Lane, "Countess"', "ada@example.org", "71", (10, 30), 8.5, 5, 0),
    ("boris", "Boris", "Марков", "boris@example.org", "", (10, 0), None, 0, 20),
    ("chen", "悦", "陈", "chen@example.org", "73", (0, 0), 0, 0, 20),
    ("evil", '=HYPERLINK("http://x")', "+Mallory\nSecond line", "@evil", "", (10, 30), 0, 0, 0),
    ("none", "Nobody", "Here", "none@example.org", "", None, None, 0, 0),
]
FINALS = {"ada": 53.5, "boris": 0.0, "chen": 0.0, "evil": 40.0, "none": None}
CANVAS_HEADER = "Student,ID,SIS User ID,SIS Login ID,Section,tiny"
MOODLE_HEADER = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments"
)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A gradebook: one late, one waiting, one absent, one who attacks."""
    path = tmp_path_factory.mktemp("book") / "gradebook.db"
    with pytest.MonkeyPatch.context() as patch:  # nbgrader calls alembic by name
        patch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
        book = Gradebook(f"sqlite:///{path}", "from-rules-to-llms")
    with book:
        book.add_assignment("tiny")
        book.add_notebook("tiny", "tiny")
        for cell, points in (("double-visible", 10), ("double-hidden", 80)):
            book.add_grade_cell(cell, "tiny", "tiny", max_score=points, cell_type="code")
        book.add_grade_cell("written-1", "tiny", "tiny", max_score=10, cell_type="markdown")
        for who in CLASS:
            enter(book, *who)
    return path


@pytest.fixture
def graded(course, book):
    """The small course with a policy and that gradebook."""
    text = "late_penalty = 0.2\n[assignments.tiny]\ndue = 2026-11-20T18:00:00\n"
    (course.root / "policy.toml").write_text(text)
    shutil.copy(book, course.root / "gradebook.db")
    return course


def opened(course):
    """Its gradebook."""
    return Gradebook(f"sqlite:///{course.root / 'gradebook.db'}", "from-rules-to-llms")


def enter(book, who, first, last, email, number, points, by_hand, extra, penalty):
    """One student's submission, as the grader and Formgrader leave it."""
    book.add_student(who, first_name=first, last_name=last, email=email, lms_user_id=number or None)
    if points is None:
        return
    time = "2026-11-20 18:00:00 UTC" if not penalty else "2026-11-21 17:00:00 UTC"
    book.add_submission("tiny", who, timestamp=time)
    for cell, score in zip(("double-visible", "double-hidden"), points, strict=True):
        grade = book.find_grade(cell, "tiny", "tiny", who)
        grade.auto_score, grade.needs_manual_grade = score, False
        grade.extra_credit = extra if cell == "double-hidden" else None
    written = book.find_grade("written-1", "tiny", "tiny", who)
    written.manual_score, written.needs_manual_grade = by_hand, by_hand is None
    notebook = book.find_submission_notebook("tiny", "tiny", who)
    notebook.late_submission_penalty = penalty or None
    book.db.commit()


def rows(path):
    """The file as a list of rows."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def first_line(path):
    return path.read_text(encoding="utf-8").split("\n")[0]


def write_like(path, *lines, bom="", newline="\r\n"):
    """A file from Canvas or Moodle."""
    path.write_bytes((bom + "".join(line + newline for line in lines)).encode())
    return path


# CSV and JSON


def test_csv_has_a_row_for_each_student_and_agrees_with_nbgrader_s_own_export(graded, tmp_path):
    lines = export(graded, "csv", tmp_path / "marks.csv")
    assert lines == ["tiny: 1 with answers not marked by hand yet; these are points so far (Formgrader)."]
    ours = {row["student_id"]: row for row in csv.DictReader((tmp_path / "marks.csv").open())}
    assert list(ours) == [who[0] for who in CLASS]
    assert {who: float(row["score"]) for who, row in ours.items()} == {k: v or 0 for k, v in FINALS.items()}
    assert [ours["ada"][c] for c in ("raw_score", "extra", "attempt", "days_late")] == [
        "53.5",
        "5.0",
        "1",
        "0",
    ]
    assert (ours["boris"]["needs_manual_grade"], ours["ada"]["needs_manual_grade"]) == ("True", "False")
    assert (ours["boris"]["late_submission_penalty"], ours["boris"]["days_late"]) == ("20.0", "1")
    assert ours["boris"]["note"] == "1 day late: 20 points off."
    assert ours["ada"]["course_share"] == "0.535"
    assert (ours["none"]["attempt"], ours["none"]["note"]) == ("", "Nothing was handed in.")
    assert nbgraders_scores(graded, tmp_path) == [FINALS[who[0]] or 0 for who in CLASS if who[0] != "evil"]


def nbgraders_scores(course, tmp_path):
    """What nbgrader's own CSV says, without the student whose name breaks it, and without the commas that do."""
    with opened(course) as book:
        book.remove_student("evil")
        book.update_or_create_student("ada", last_name="Lane")
        plugin = CsvExportPlugin()
        plugin.to = str(tmp_path / "theirs.csv")
        plugin.export(book)
    theirs = list(csv.DictReader((tmp_path / "theirs.csv").open()))
    assert COLUMNS[: len(theirs[0])] == list(theirs[0])
    return [float(row["score"]) for row in sorted(theirs, key=lambda row: row["student_id"])]


def test_json_says_everything_in_a_steady_order(graded, tmp_path):
    export(graded, "json", tmp_path / "a.json")
    export(graded, "json", tmp_path / "b.json", names=["tiny"])
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    students = {s["id"]: s for s in json.loads((tmp_path / "a.json").read_text())["students"]}
    assert students["chen"]["last_name"] == "陈"
    assert students["evil"]["first_name"] == '=HYPERLINK("http://x")'
    (mark,) = students["ada"]["marks"]
    assert (mark["points"], mark["extra"], mark["final"], mark["maximum"]) == (48.5, 5, 53.5, 100)
    assert (mark["due"], mark["arrived"]) == ("2026-11-20T18:00:00+00:00", "2026-11-20T18:00:00+00:00")
    assert students["ada"]["total"] == 0.535
    assert students["boris"]["marks"][0]["needs_manual"] is True


# What the policy says and what the gradebook holds


def test_a_policy_changed_after_grading_is_a_line_and_the_gradebook_s_marks_stay(graded, tmp_path):
    text = (graded.root / "policy.toml").read_text()
    (graded.root / "policy.toml").write_text(text.replace("0.2", "0.3") + "[students.adda]\nlate_days = 2\n")
    lines = export(graded, "csv", tmp_path / "marks.csv")
    assert lines[:3] == [
        "boris: tiny: the policy takes 30 points off, the gradebook 20; run `autograder grade tiny` again.",
        "chen: tiny: the policy takes 30 points off, the gradebook 20; run `autograder grade tiny` again.",
        "policy.toml: students.adda is nobody in the gradebook.",
    ]
    assert rows(tmp_path / "marks.csv")[1][9] == "53.5"


def test_attempts_come_from_the_records_beside_the_graded_notebook(graded, tmp_path):
    folder = graded.root / "autograded" / "ada" / "tiny"
    (folder / "attempts").mkdir(parents=True)
    first = {"attempt": 1, "arrived": "2026-11-19T18:00:00Z", "cells": []}
    second = {"attempt": 2, "arrived": "2026-11-20T17:00:00Z", "cells": []}
    (folder / "attempts" / "1.json").write_text(json.dumps(first))
    (folder / "result.json").write_text(json.dumps(second))
    export(graded, "csv", tmp_path / "marks.csv")
    ada = rows(tmp_path / "marks.csv")[1]
    assert (ada[12], ada[18]) == ("2", "Attempt 2 of 2 counts (last).")
    (folder / "result.json").write_text(json.dumps(first))
    (folder / "attempts" / "2.json").write_text(json.dumps(second))
    lines = export(graded, "csv", tmp_path / "marks.csv")
    assert lines[0].startswith("ada: tiny: attempt 2 counts, the gradebook holds 1; run")


def test_marks_by_hand_hold_for_every_attempt_as_they_do_in_grading(graded, tmp_path):
    """Tests had given chen 10 for what is worth 0 by hand, so the second attempt counts, which has 5 more."""
    folder = graded.root / "autograded" / "chen" / "tiny"
    (folder / "attempts").mkdir(parents=True)
    cells = [{"id": "written-1", "earned": 10.0}, {"id": "double-visible", "earned": 0.0}]
    first = {"attempt": 1, "arrived": "2026-11-21T17:00:00Z", "cells": cells}
    second = first | {"attempt": 2, "cells": [cells[0], cells[1] | {"earned": 5.0}]}
    (folder / "attempts" / "0001.json").write_text(json.dumps(first))
    (folder / "result.json").write_text(json.dumps(second))
    (graded.root / "policy.toml").write_text('keep = "best"\n')
    export(graded, "csv", tmp_path / "marks.csv")
    assert rows(tmp_path / "marks.csv")[3][12] == "2"


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"attempt": "1", "cells": []}', "\xff", "null"])
def test_a_broken_record_is_one_line(graded, tmp_path, text):
    path = graded.root / "autograded" / "ada" / "tiny" / "result.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(
        CourseError, match=r"result.json: not a result of grading; grade this submission again"
    ):
        export(graded, "csv", tmp_path / "marks.csv")


# Canvas


def test_canvas_has_the_documented_header_and_reads_back(graded, tmp_path):
    path = tmp_path / "canvas.csv"
    export(graded, "canvas", path)
    assert first_line(path) == CANVAS_HEADER
    assert rows(path)[1] == ["    Points Possible", "", "", "", "", "100.00"]
    assert rows(path)[2][:5] == ['Lane, "Countess", Ada', "71", "", "ada", ""]
    assert read_canvas(path) == {who: {"tiny": mark} for who, mark in FINALS.items()}


def test_canvas_excused_and_a_title_with_canvas_s_number(graded, tmp_path):
    with open(graded.root / "policy.toml", "a") as file:
        file.write('title = "Tiny, really (4711)"\n[students.ada]\nexcused = ["tiny"]\n')
    export(graded, "canvas", tmp_path / "canvas.csv")
    assert rows(tmp_path / "canvas.csv")[0][5] == "Tiny, really (4711)"
    assert read_canvas(tmp_path / "canvas.csv")["ada"] == {"Tiny, really": "EX"}


LIKE_CANVAS = [
    "Student,ID,SIS User ID,SIS Login ID,Section,Notes,Other (1),Tiny (4711),Current Score",
    ",,,,,,Manual Posting,,",
    "    Points Possible,,,,,,10.00,100.0,(read only)",
    '"Chen, Y.",73,S3,unknown,"A, B",,9.00,1.00,11',
    "Somebody Else,99,S9,else,A,keep,8.00,2.00,12",
    '"Lane, Ada",71,S1,someone,A,,,,13',
    "Boris Марков,72,S2,BORIS,A,,,,14",
    '"Student, Test",70,,7f3,A,,,,0',
]


def test_canvas_like_keeps_the_file_and_fills_in_marks(graded, tmp_path):
    like = write_like(tmp_path / "export.csv", *LIKE_CANVAS, bom="\ufeff")
    lines = export(graded, "canvas", tmp_path / "canvas.csv", like=like)
    assert lines[-2:] == [
        "evil: no row of their own in export.csv; their marks were not filled in.",
        "none: no row of their own in export.csv; their marks were not filled in.",
    ]
    expected = [line.split("\n")[0] for line in LIKE_CANVAS]
    expected[3] = expected[3].replace(",1.00,", ",0.00,")
    expected[5] = expected[5].replace(",,,,13", ",,,53.50,13")
    expected[6] = expected[6].replace(",,,,14", ",,,0.00,14")
    written = (tmp_path / "canvas.csv").read_bytes().decode()
    assert written == "\ufeff" + "".join(line + "\r\n" for line in expected)
    assert read_canvas(tmp_path / "canvas.csv")["someone"]["Tiny"] == 53.5


def test_canvas_like_with_semicolons_stays_so(graded, tmp_path):
    text = ["Student;ID;SIS Login ID;Section;tiny", '"Lane, Ada";;ada;A;12,50']
    like = write_like(tmp_path / "export.csv", *text, newline="\n")
    export(graded, "canvas", tmp_path / "canvas.csv", like=like)
    assert (tmp_path / "canvas.csv").read_text() == "\n".join(
        [text[0], '"Lane, Ada";;ada;A;53.50'.replace('"', "")]
    ) + "\n"


def test_a_number_of_canvas_is_not_a_login(graded, tmp_path):
    """Canvas's own 71 is ada's; a student whose login is 71 is another."""
    with opened(graded) as book:
        enter(book, "71", "Number", "Seventy-one", "", "", (10, 0), 1, 0, 0)
    text = ["Student,ID,SIS Login ID,Section,tiny", "Ada,71,x,A,", "Other,5,71,A,"]
    like = write_like(tmp_path / "export.csv", *text)
    export(graded, "canvas", tmp_path / "canvas.csv", like=like)
    assert [row[4] for row in rows(tmp_path / "canvas.csv")[1:]] == ["53.50", "11.00"]


def test_namesakes_and_claims_on_one_row_are_left_to_a_person(graded, tmp_path):
    with opened(graded) as book:
        enter(book, "boris2", "Boris", "Марков", "", "", (10, 30), 1, 0, 0)
        enter(book, "nob", "Nobody", "Here", "", "", (10, 30), 1, 0, 0)
    text = ["Student,ID,SIS Login ID,Section,tiny", "Boris Марков,5,boris,A,", '"Here, Nobody",6,x,A,']
    like = write_like(tmp_path / "export.csv", *text)
    lines = export(graded, "canvas", tmp_path / "canvas.csv", like=like)
    assert [row[4] for row in rows(tmp_path / "canvas.csv")[1:]] == ["0.00", ""]
    assert [line.split(":")[0] for line in lines[1:]] == ["ada", "boris2", "chen", "evil", "nob", "none"]


@pytest.mark.parametrize(
    ("header", "points", "said"),
    [
        ("Big (1)", "100", "tiny: 0 columns of export.csv are called 'tiny'; set assignments.tiny.title"),
        ("tiny (1),tiny (2)", "100", "tiny: 2 columns of export.csv are called 'tiny'"),
        ("tiny (1)", "10.0", "tiny: Canvas counts 10.0 points, the exercise 100; make them the same"),
    ],
)
def test_a_canvas_column_that_does_not_fit_is_one_line(graded, tmp_path, header, points, said):
    text = [f"Student,ID,SIS Login ID,Section,{header}", f"    Points Possible,,,,{points}", "Ada,71,ada,A,"]
    like = write_like(tmp_path / "export.csv", *text)
    with pytest.raises(CourseError, match=said):
        export(graded, "canvas", tmp_path / "canvas.csv", like=like)
    assert not (tmp_path / "canvas.csv").exists()


def test_who_is_not_assigned_in_canvas_is_a_line(graded, tmp_path):
    like = write_like(tmp_path / "x.csv", "Student,ID,SIS Login ID,Section,tiny", "Ada,71,ada,A,N/A")
    lines = export(graded, "canvas", tmp_path / "canvas.csv", like=like)
    assert lines[-1] == "ada: tiny is not assigned to them in Canvas; the mark 53.50 was left out."
    assert rows(tmp_path / "canvas.csv")[1][4] == "N/A"


# Moodle


def test_moodle_has_the_documented_header_and_reads_back(graded, tmp_path):
    path = tmp_path / "moodle.csv"
    lines = export(graded, "moodle", path)
    assert lines[-1].startswith("Moodle alone knows its participant numbers")
    assert first_line(path) == MOODLE_HEADER
    ada, boris, *_ = rows(path)[1:]
    assert ada[:7] == [
        "",
        'Ada Lane, "Countess"',
        "ada@example.org",
        "Submitted for grading",
        "53.50",
        "100.00",
        "Yes",
    ]
    assert (ada[7], boris[9]) == ("Friday, 20 November 2026, 06:00 PM", "1 day late: 20 points off.")
    emails = {who[0]: who[3] for who in CLASS}
    assert read_moodle(path) == {emails[who]: mark for who, mark in FINALS.items()}


LIKE_MOODLE = [
    MOODLE_HEADER,
    "Participant 901,陈悦,CHEN@example.org,Submitted,1.00,100.00,Yes,-,-,<p>well</p>",
    'Participant 902,"Ada Lane, ""Countess""",,Submitted,,100.00,Yes,-,-,',
    "Participant 903,Boris Марков,boris@example.org,Submitted,,100.00,No,-,-,",
    "Participant 904,Who Else,else@example.org,Submitted,7.00,100.00,Yes,-,-,",
]


def test_moodle_like_keeps_the_file_and_fills_in_marks(graded, tmp_path):
    like = write_like(tmp_path / "worksheet.csv", *LIKE_MOODLE, newline="\n")
    lines = export(graded, "moodle", like, like=like)  # in its place
    assert lines[1:] == [
        "evil: no row of their own in worksheet.csv; their marks were not filled in.",
        "none: no row of their own in worksheet.csv; their marks were not filled in.",
        "boris: the grade is locked in Moodle; the mark 0.00 was left out.",
    ]
    expected = [*LIKE_MOODLE]
    expected[1] = expected[1].replace(",1.00,", ",0.00,")
    expected[2] = expected[2].replace("Submitted,,", "Submitted,53.50,")
    assert like.read_text(encoding="utf-8") == "\n".join(expected) + "\n"
    marks = read_moodle(like)
    assert marks == dict(
        zip([f"Participant {n}" for n in (901, 902, 903, 904)], [0, 53.5, None, 7], strict=True)
    )


def test_moodle_passes_over_marks_above_the_maximum_and_a_line_says_so(graded, tmp_path):
    with opened(graded) as book:
        book.find_grade("double-hidden", "tiny", "tiny", "ada").extra_credit = 60
        book.db.commit()
    lines = export(graded, "moodle", tmp_path / "moodle.csv")
    assert "ada: 108.5 is more than the maximum; Moodle passes it over: enter it by hand." in lines


def test_moodle_counting_other_points_is_refused(graded, tmp_path):
    like = write_like(tmp_path / "w.csv", *(line.replace("100.00", "10.00") for line in LIKE_MOODLE))
    with pytest.raises(CourseError, match=r"Moodle counts 10\.00 points, the exercise tiny 100"):
        export(graded, "moodle", tmp_path / "moodle.csv", like=like)


# Bad input


@pytest.mark.parametrize(
    ("form", "path", "like", "names", "said"),
    [
        ("canvsa", "a.csv", None, [], "no export format 'canvsa'; did you mean 'canvas'\\?"),
        ("csv", "gradebook.db", None, [], "the format csv is written to a file that ends in .csv"),
        ("json", "a.csv", None, [], "ends in .json"),
        ("csv", "a.csv", "b.csv", [], "--like goes with canvas and moodle, not with csv"),
        ("canvas", "a.csv", "absent.csv", [], "absent.csv: there is no such file"),
        ("canvas", "a.csv", None, ["tinny"], "no exercise is called 'tinny'"),
    ],
)
def test_a_wrong_argument_is_one_line(graded, tmp_path, form, path, like, names, said):
    with pytest.raises(CourseError, match=said):
        export(graded, form, tmp_path / path, like=like and tmp_path / like, names=names)
    assert not (tmp_path / path).exists()


BROKEN = {
    b"": "no column 'Identifier', so this is not Moodle's file",
    b"\xff\xfeI\x00d\x00": "not CSV in UTF-8",
    b"Identifier,Grade\x00\n": "not CSV in UTF-8|no column",
    b'Identifier,"Grade\n': "not CSV in UTF-8",
    b"Identifier,Grade,Grade,Last modified (grade)\n": "two columns are called 'Grade'; keep one",
    b"Identifier,Grade,Last modified (grade)\nParticipant 1,2,3,4\n": "row 2 has 4 cells, the header 3",
    "Kennung,Bewertung,Zuletzt geändert (Bewertung)\n".encode(): "set to English",
}


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_file_to_fill_in_is_one_line(graded, tmp_path, content):
    (tmp_path / "like.csv").write_bytes(content)
    with pytest.raises(CourseError, match=BROKEN[content]) as caught:
        export(graded, "moodle", tmp_path / "out.csv", like=tmp_path / "like.csv")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out.csv").exists()


def test_without_a_gradebook_or_with_a_broken_one(course, tmp_path):
    with pytest.raises(CourseError, match=r"there is no gradebook.db yet"):
        export(course, "csv", tmp_path / "a.csv")
    (course.root / "gradebook.db").write_bytes(b"not a data base at all, and long enough" * 99)
    with pytest.raises(CourseError, match=r"gradebook\.db cannot be opened") as caught:
        export(course, "csv", tmp_path / "a.csv")
    assert "\n" not in str(caught.value)


def test_a_data_base_of_something_else_is_one_line(graded, tmp_path):
    with sqlite3.connect(graded.root / "gradebook.db") as other:
        other.execute("ALTER TABLE student RENAME COLUMN email TO post")
    with pytest.raises(CourseError, match=r"the gradebook cannot be read: .*no such column") as caught:
        export(graded, "csv", tmp_path / "a.csv")
    assert "\n" not in str(caught.value)


def test_a_gradebook_at_another_address(course, book, tmp_path):
    export(course, "canvas", tmp_path / "canvas.csv", db=f"sqlite:///{book}")
    assert read_canvas(tmp_path / "canvas.csv")["ada"] == {"tiny": 53.5}


def test_something_else_in_the_target_s_place_survives(graded, tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CourseError, match="is not UTF-8 text; name another file"):
        export(graded, "csv", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == b"\xff\xfe\x00"


def test_moodle_takes_one_assignment_at_a_time(graded, tmp_path, monkeypatch):
    monkeypatch.setattr(type(graded), "chosen", lambda self, names: ["one", "two"])
    with pytest.raises(CourseError, match="one assignment; name one of: one, two"):
        export(graded, "moodle", tmp_path / "a.csv")


# Spreadsheets


def test_no_cell_that_we_write_is_a_formula(graded, tmp_path):
    for form in ("csv", "canvas", "moodle"):
        export(graded, form, tmp_path / f"{form}.csv")
        for row in rows(tmp_path / f"{form}.csv"):
            assert not [cell for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))]
    assert rows(tmp_path / "moodle.csv")[4][1].startswith("'=HYPERLINK")
    assert rows(tmp_path / "moodle.csv")[4][2] == "'@evil"


@given(st.text())
def test_harmless_loses_nothing_and_begins_with_no_sign_of_a_formula(text):
    assert not harmless(text).lstrip().startswith(tuple("=+-@＝＋－＠"))
    if not text.startswith("'"):
        assert original(harmless(text)) == text


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.lists(st.lists(CELLS.filter(lambda cell: not cell.startswith("'")), min_size=1)))
def test_what_is_written_reads_back(cells):
    read = csv.reader(io.StringIO(table(cells), newline=""))
    assert [[original(cell) for cell in row] for row in read] == cells
