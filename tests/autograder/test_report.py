"""The class report: right numbers, for one submission or a thousand, and no harm from names or texts."""

import json
import re
import time

import pytest
from records import cell, make_class, notebook, record
from test_feedback import Reader, text_of
from tiny import REPOSITORY

from autograder.course import Course, CourseError
from autograder.items import items, without_numbers
from autograder.policy import Mark
from autograder.report import class_report, histogram, write_report

COURSE = Course.at(REPOSITORY)


def report(records, answers=None, marks=None):
    return class_report(COURSE, "attention", records, answers or {}, marks)


def passing(*earned, student="ada"):
    """A record with a one-point test for each entry of `earned`."""
    cells = [
        cell(
            f"t{i}",
            "softmax",
            "test",
            "passed" if e else "failed",
            1,
            e,
            message=None if e else f"Off by {i}.5",
        )
        for i, e in enumerate(earned)
    ]
    return record(cells, student)


def test_difficulty_and_discrimination():
    found = items([passing(1, 1, 0), passing(1, 0, 0), passing(1, 0, 1), passing(1, 1, 0)])
    assert [item.difficulty for item in found] == [1, 0.5, 0.25]
    assert found[0].discrimination is None, "everybody passed it"
    # t1 against the rest (t0 + t2): [1, 0, 0, 1] and [1, 1, 2, 1], worked out by hand: -1 / sqrt(3)
    assert found[1].discrimination == pytest.approx(-(3**-0.5))
    assert [item.failing for item in found] == [0, 2, 3]


def test_messages_that_differ_in_numbers_are_one():
    assert without_numbers("Worst at [1, 20]: got -1.5e-3, x2 is 7.") == "Worst at [#, #]: got #, x2 is #."
    records = [passing(0), passing(0), passing(1)]
    records[1]["cells"][0]["message"] = "Off by 17.25"
    (item,) = items(records)
    assert [(m.count, m.example) for m in item.messages] == [(2, "Off by 0.5")]


def test_histogram_keeps_everybody():
    assert [n for _, _, n in histogram([0, 5, 9.99, 10, 95, 100, 130], 100)] == [3, 1, 0, 0, 0, 0, 0, 0, 0, 3]


def test_a_class_with_troubles():
    records, answers = make_class(25, seed=3)
    said = text_of(report(records, answers))
    assert "25 submissions" in said
    assert "Could not be graded: student-0001." in said
    assert "Graded without isolation (code of students ran as you): student-0002." in said
    assert "student-0003 (time)" in said
    assert "ran in the student's own process" in said
    assert "The cell softmax-visible was deleted." in said
    assert "student-0002 (42.00 s)" in said
    assert "bubblewrap (24), none (1)" in said
    assert "1 similar pair" in said
    assert "student-0004 and student-0005, side by side" in said
    assert "Row 0 sees nothing" in said


def test_marks_of_the_policy_count_in_totals():
    records = [passing(1, 1, student="ada"), passing(1, 0, student="bob")]
    said = text_of(report(records, marks={"ada": Mark("ada", "attention", final=0.5)}))
    assert "0.75 mean of 2" in said


@pytest.mark.parametrize(
    "records",
    [
        [passing(1, 1)],
        [passing(0, 0)],
        [record([])],
        [record([]), record([], "bob", seconds=0.0)],
        [record([cell("written-1", "written-1", "written", "waiting", 10)], seconds=0.0)],
        [record([cell("t", "softmax", "test", "failed", 0, 0)])],
        [passing(1, 1, student=f"s{i}") for i in range(8)],
    ],
)
def test_no_number_is_missing_when_nothing_varies(records):
    said = text_of(report(records)).split("class report", 2)[-1]
    assert not re.search(r"\b(nan|inf|None|undefined)\b", said, re.IGNORECASE)
    assert f"{len(records)} submission" in said


HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m{{ 7 * 7 }}" + "x" * 500


def test_hostile_names_and_texts_stay_text():
    records, answers = make_class(8)
    answers = {f"{HOSTILE}{s}": parts | {HOSTILE: HOSTILE} for s, parts in answers.items()}
    for one in records:
        one |= {"student": HOSTILE + one["student"], "problems": [HOSTILE], "isolation": "none"}
        for each in one["cells"]:
            each |= {"message": HOSTILE, "part": HOSTILE if each["part"] == "KVCache" else each["part"]}
    reader = Reader(report(records, answers))
    plain = Reader(report(*make_class(8)))
    assert set(reader.tags) <= set(plain.tags)
    assert "script" not in reader.tags
    assert reader.outside == []
    assert not {"\x1b", "\u202e"} & set("".join(reader.text))


def test_it_is_the_same_each_time():
    assert report(*make_class(12)) == report(*make_class(12))


@pytest.mark.slow
def test_a_thousand_submissions():
    records, answers = make_class(1000)
    for i in range(100, 160):  # a gang, and thirty who copied from one another
        answers[f"student-{i:04}"] = answers[f"student-{i - i % 2:04}"]
        records[i]["problems"] = ["A cell was there twice: the first one counts."] * 5
    start = time.process_time()
    page = report(records, answers)
    assert time.process_time() - start < 30, "three times what it should take"
    assert len(page.encode()) < 1_500_000
    assert "1000 submissions" in text_of(page)
    assert "and 1" in text_of(page) or "And 1" in text_of(page)


def test_write_report_reads_what_was_graded(course):
    records, answers = make_class(7)
    for one in records:
        one["assignment"] = "tiny"
        folder = course.root / "autograded" / one["student"] / "tiny"
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(json.dumps(one))
        (folder / "tiny.ipynb").write_text(json.dumps(notebook(answers[one["student"]])))
    path = write_report(course, "tiny")
    assert path == course.root / "reports" / "tiny.html"
    assert "student-0004 and student-0005" in path.read_text(encoding="utf-8")
    (folder / "result.json").write_text('{"student": 1')
    with pytest.raises(CourseError, match="delete it and grade again"):
        write_report(course, "tiny")


def test_write_report_without_records(course):
    with pytest.raises(CourseError, match="nothing is graded yet; run `autograder grade tiny` first"):
        write_report(course, "tiny")
