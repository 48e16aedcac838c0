"""policy.toml: what is due when, and what late days, penalties, attempts and extra credit make of the points."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import marked

from autograder.course import Course, CourseError
from autograder.policy import DAY, Exceptions, Limits, Policy, Rules, earned, extra_credit
from autograder.policy_file import localised, read_policy

REPOSITORY = Path(__file__).parents[2]
BERLIN = ZoneInfo("Europe/Berlin")
DUE = datetime(2026, 11, 20, 22, 59, tzinfo=UTC)


def record(points=80, arrived=DUE, attempt=1, **extra):
    """A Record with one test cell, and a stretch part that passed or not."""
    test = {"id": "double-visible", "part": "double", "kind": "test", "points": 100.0, "earned": points}
    stretch = {"id": "stretch-visible", "part": "stretch", "kind": "test", "points": 0.0, "earned": 0.0}
    cells = [
        test | {"status": extra.get("double", "passed")},
        stretch | {"status": extra.get("stretch", "failed")},
    ]
    return {"attempt": attempt, "arrived": arrived and arrived.isoformat(), "cells": cells}


def policy(*, late_days=0, drop_lowest=0, students=None, names=("tiny",), **rules):
    """A policy whose assignments are due a week apart."""
    return Policy(
        rules={n: Rules(**{"due": DUE + 7 * DAY * i, **rules}) for i, n in enumerate(names)},
        timezone=BERLIN,
        late_days=late_days,
        drop_lowest=drop_lowest,
        students=students or {},
    )


def only(policy, *records):
    """The mark for the assignment `tiny`."""
    return policy.mark("ada", {"tiny": list(records)})["tiny"]


def write(course, text):
    """The course's policy.toml, read."""
    (course.root / "policy.toml").write_text(text, encoding="utf-8")
    return read_policy(course)


# Reading


def test_without_a_file_everything_counts_fully(course):
    read = read_policy(course)
    assert read == Policy({"tiny": Rules(title="tiny", maximum=100)})
    mark = only(read, record(83, arrived=None))
    assert (mark.final, mark.penalty, mark.note) == (83, 0, "")


def test_all_keys_are_read(course):
    with_stretch(course)
    read = write(
        course,
        """
        timezone = "Europe/Berlin"
        late_days = 3
        drop_lowest = 1
        grace_minutes = 15
        late_penalty = 0.1
        keep = "best"
        [assignments.tiny]
        due = 2026-11-20T23:59:00
        late_penalty = 0.2
        latest = 7
        attempts = 3
        weight = 2
        title = "Tiny (4711)"
        extra = {stretch = 5}
        [students.ada]
        late_days = 5
        extension = {tiny = 2}
        excused = ["tiny"]
        [limits]
        memory_mb = 2048
        """,
    )
    due = datetime(2026, 11, 20, 23, 59, tzinfo=BERLIN)
    assert read.rules["tiny"] == Rules(due, 15, 0.2, 7, 3, "best", 2, "Tiny (4711)", {"stretch": 5}, 100)
    assert (read.late_days, read.drop_lowest, read.timezone) == (3, 1, BERLIN)
    assert read.students == {"ada": Exceptions(5, {"tiny": 2}, ("tiny",))}
    assert read.limits == Limits(memory_mb=2048)
    assert read.deadline("boris", "tiny") == datetime(2026, 11, 20, 23, 14, tzinfo=UTC)
    assert read.deadline("ada", "tiny") == datetime(2026, 11, 22, 23, 14, tzinfo=UTC)


def with_stretch(course):
    """Adds a part to `tiny` whose test carries no points."""
    path = course.source("tiny")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells += [marked("def stretch(): ...", "stretch", solution=True)]
    notebook.cells += [marked("stretch()", "stretch-visible", 0)]
    nbformat.write(notebook, path)


BAD = {
    "late_days = ": "this is not TOML: Invalid value (at end of document)",
    "late_day = 3": "policy.toml: unknown key 'late_day'; did you mean 'late_days'? There are: timezone,",
    "late_days = -1": "policy.toml: late_days = -1 must be a whole number from 0",
    "late_days = true": "late_days = True must be a whole number",
    "late_days = 1.5": "late_days = 1.5 must be a whole number",
    "late_penalty = nan": "late_penalty = nan must be a number from 0 to 1",
    "late_penalty = 10": "late_penalty = 10 must be a number from 0 to 1",
    "grace_minutes = inf": "grace_minutes = inf must be a number",
    'keep = "first"': 'keep = \'first\' must be "last" or "best"',
    "keep = ['best']": 'must be "last" or "best"',
    "attempts = 0": "attempts = 0 must be a whole number from 1",
    'timezone = "Europe/Berln"': "'Europe/Berln' is no IANA timezone; did you mean 'Europe/Berlin'?",
    'timezone = "America"': "'America' is no IANA timezone",
    'timezone = "../../etc/passwd"': "is no IANA timezone",
    "assignments = 3": "assignments = 3 must be a table",
    "assignments.tiny = 3": "policy.toml: assignments.tiny must be a table with the keys: grace_minutes,",
    "[assignments.tinny]": "policy.toml: assignments: unknown exercise 'tinny'; did you mean 'tiny'?",
    "[assignments.tiny]\ndue = 2026-11-20": "assignments.tiny: due = datetime.date(2026, 11, 20) must be a",
    "[assignments.tiny]\ndue = 0001-01-01T00:00:00": "must be a date and time (since 1970)",
    '[assignments.tiny]\ndue = "tomorrow"': "due = 'tomorrow' must be a date and time",
    "[assignments.tiny]\nlate_days = 3": "policy.toml: assignments.tiny: unknown key 'late_days'",
    "[assignments.tiny]\nweight = -2": "weight = -2 must be",
    "[assignments.tiny.extra]\nstrech = 2": "tiny.extra: unknown key 'strech'; did you mean 'stretch'?",
    "[assignments.tiny.extra]\ndouble = 2": "unknown key 'double'",
    "[assignments.tiny.extra]\nstretch = -2": "assignments.tiny.extra: stretch = -2 must be a number from 0",
    "[students.ada]\nlate = 2": "policy.toml: students.ada: unknown key 'late'",
    "[students.ada]\nexcused = 'tiny'": "excused = 'tiny' must be names such as",
    "[students.ada]\nexcused = ['big']": "students.ada.excused: unknown exercise 'big'; There are: tiny.",
    "[students.ada.extension]\nbig = 2": "students.ada.extension: unknown key 'big'",
    "[students.ada.extension]\ntiny = 0.5": "tiny = 0.5 must be a whole number",
    "[limits]\nmemory = 2": "policy.toml: limits: unknown key 'memory'; did you mean 'memory_mb'?",
    "[limits]\nmemory_mb = 0": "limits: memory_mb = 0 must be a whole number from 1",
    "x = " + "[" * 5000: "this is not TOML",
    "timezone = 1\n\n\x00": "this is not TOML",
}


@pytest.mark.parametrize("text", BAD)
def test_a_mistake_is_one_line_that_names_file_key_and_what_is_allowed(course, text):
    with_stretch(course)
    with pytest.raises(CourseError, match=re.escape(BAD[text])) as caught:
        write(course, text)
    said = str(caught.value)
    assert said.startswith("policy.toml: ")
    assert "\n" not in said
    assert len(said) < 400


def test_a_file_that_is_not_utf_8_is_one_line(course):
    (course.root / "policy.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CourseError, match=r"^policy.toml: this is not TOML"):
        read_policy(course)


def test_the_course_s_own_file_says_nothing_and_its_examples_are_valid(tmp_path):
    course = Course.at(REPOSITORY)
    text = (REPOSITORY / "policy.toml").read_text(encoding="utf-8")
    read = read_policy(course)
    assert read == Policy({name: Rules(title=name) for name in course.exercises()})
    (tmp_path / "solutions").symlink_to(REPOSITORY / "solutions")
    example = write(Course.at(tmp_path), re.sub(r"^#(?=[\w\[])", "", text, flags=re.MULTILINE))
    assert example.rules["attention"].extra == {"stretch": 5}
    assert example.limits == Limits()
    assert example.students["ada"].excused == ("decoding",)


# Time


def test_exactly_at_the_deadline_is_on_time_and_a_moment_later_is_a_day(course):
    rules = policy(grace_minutes=15, late_penalty=0.1)
    deadline = DUE + timedelta(minutes=15)
    moment = timedelta(microseconds=1)
    arrived = [DUE, deadline, deadline + moment, deadline + DAY, deadline + DAY + moment]
    assert [rules.days_late("ada", "tiny", time) for time in arrived] == [0, 0, 1, 1, 2]
    assert rules.lateness("ada", "tiny", deadline + moment) == moment
    assert rules.lateness("ada", "tiny", deadline.astimezone(ZoneInfo("Asia/Tokyo"))) == timedelta(0)


def test_without_due_date_or_arrival_nobody_is_late():
    late = DUE + 30 * DAY
    assert only(policy(due=None, late_penalty=1), record(arrived=late)).final == 80
    mark = only(policy(late_penalty=1, latest=0), record(arrived=None))
    assert mark.final == 80
    assert "not known when it arrived" in mark.note


@pytest.mark.parametrize(("due", "hours"), [((2026, 10, 24, 23, 59), 25), ((2026, 3, 28, 23, 59), 23)])
def test_a_day_is_a_day_of_the_calendar_when_the_clocks_change(due, hours):
    local = datetime(*due, tzinfo=BERLIN)
    rules = policy(due=local)
    next_night = local.astimezone(UTC) + timedelta(hours=hours)
    assert next_night.astimezone(BERLIN).strftime("%H:%M") == "23:59"
    assert rules.days_late("ada", "tiny", next_night) == 1
    assert rules.days_late("ada", "tiny", next_night + timedelta(seconds=1)) == 2
    extended = policy(due=local, students={"ada": Exceptions(extension={"tiny": 1})})
    assert extended.deadline("ada", "tiny") == next_night


def test_a_due_date_with_an_offset_is_meant_so():
    assert localised(DUE, BERLIN) == DUE


def test_hours_that_the_clock_shows_twice_or_never():
    twice = localised(datetime(2026, 10, 25, 2, 30), BERLIN)
    assert policy(due=twice).deadline("ada", "tiny") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    never = localised(datetime(2026, 3, 29, 2, 30), BERLIN)
    assert policy(due=never).deadline("ada", "tiny") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


# Marks


def test_days_that_are_not_free_cost_a_share_of_the_points():
    rules = policy(late_days=1, late_penalty=0.1)
    mark = only(rules, record(80, DUE + 2.5 * DAY))
    assert (mark.days_late, mark.free_days, mark.penalty, mark.final) == (3, 1, 20, 60)
    assert mark.note == "3 days late: 20 points off. 1 free late day spent."
    assert only(rules, record(10, DUE + 2.5 * DAY)).final == 0


def test_the_penalty_does_not_depend_on_the_score():
    """So that nbgrader's score stays right when somebody marks an answer by hand afterwards."""
    rules = policy(late_penalty=0.3)
    assert {only(rules, record(points, DUE + DAY)).penalty for points in (0, 10, 100)} == {30}


def test_free_days_go_in_the_order_of_the_student_s_own_due_dates():
    rules = policy(late_days=2, late_penalty=0.1, names=("a", "b"))
    attempts = {"a": [record(80, DUE + 2 * DAY)], "b": [record(80, DUE + 9 * DAY)]}
    marks = rules.mark("ada", attempts)
    assert [(m.free_days, m.penalty) for m in marks.values()] == [(2, 0), (0, 20)]
    extended = replace(rules, students={"ada": Exceptions(extension={"a": 30})})
    marks = extended.mark("ada", attempts | {"a": [record(80, DUE + 32 * DAY)]})
    assert [(m.free_days, m.penalty) for m in marks.values()] == [(0, 20), (2, 0)]
    assert list(marks) == ["a", "b"]
    more = replace(rules, students={"ada": Exceptions(late_days=4)}).mark("ada", attempts)
    assert [m.penalty for m in more.values()] == [0, 0]


def test_too_late_is_not_accepted_but_an_earlier_attempt_counts():
    rules = policy(latest=2, late_penalty=0.1, late_days=9)
    late = only(rules, record(80, DUE + 2.1 * DAY))
    assert (late.final, late.free_days, late.penalty) == (0, 0, 100)
    assert late.note == "3 days late; nothing is accepted after 2."
    mark = only(rules, record(60, DUE), record(80, DUE + 2.1 * DAY, attempt=2))
    assert (mark.attempt, mark.final, mark.free_days) == (1, 60, 0)


def test_attempts_and_which_one_counts():
    records = [record(70), record(90, DUE + DAY, attempt=2), record(40, attempt=3)]
    last, best = policy(late_penalty=0.1), policy(late_penalty=0.1, keep="best")
    assert only(last, *reversed(records)).attempt == 3
    assert only(best, *records).attempt == 2
    assert only(best, *records).final == 80
    assert only(replace(best, late_days=0), *records[:1], record(75, DUE + DAY, attempt=2)).attempt == 1
    two = only(policy(attempts=2), *records)
    assert (two.attempt, two.note) == (
        2,
        "Attempt 2 of 3 counts (last). Only the first 2 attempts can count. 1 day late: no points off.",
    )


def test_a_late_attempt_spends_free_days_even_when_an_earlier_one_counts():
    mark = only(policy(late_days=3, keep="best"), record(90), record(40, DUE + 2 * DAY, attempt=2))
    assert (mark.attempt, mark.days_late, mark.free_days, mark.final) == (1, 0, 2, 90)


def test_extra_credit_for_a_part_whose_tests_all_passed():
    rules = policy(extra={"stretch": 5})
    assert only(rules, record(100, stretch="passed")).final == 105
    assert only(rules, record(100, stretch="failed")).final == 100
    done = record(50, stretch="passed", double="failed")
    assert extra_credit(done, {"stretch": 5}) == {"stretch-visible": 5}
    done["cells"].append(done["cells"][1] | {"id": "stretch-hidden", "status": "error"})
    assert extra_credit(done, {"stretch": 5}) == {}
    assert extra_credit(done, {"absent": 5}) == {}


def test_marks_given_by_hand_replace_those_of_tests_for_their_attempt_only():
    written = {"id": "written-1", "part": "written-1", "kind": "written", "points": 10.0, "earned": None}
    one = record(80)
    one["cells"].append(written)
    assert earned(one) == 80
    assert earned(one, {"written-1": 7.5, "double-visible": 82}) == 89.5
    two = record(85, attempt=2)
    two["cells"].append(written)
    marks = policy(keep="best").mark("ada", {"tiny": [one, two]}, {("tiny", 1): {"written-1": 8}})
    assert (marks["tiny"].attempt, marks["tiny"].points) == (1, 88)


def test_dropped_excused_and_missing_marks_in_the_total():
    rules = policy(names=("a", "b", "c", "d"), drop_lowest=1, students={"ada": Exceptions(excused=("d",))})
    marks = rules.mark("ada", {"a": [record(90)], "b": [record(50)], "d": [record(10, DUE + 60 * DAY)]})
    assert [name for name, mark in marks.items() if mark.dropped] == ["c"]
    assert marks["c"].note == "Nothing was handed in."
    assert marks["d"].note == "Excused: this does not count."
    assert marks["d"].free_days == 0
    assert rules.total(marks) == pytest.approx(0.7)
    heavy = replace(rules, drop_lowest=0, rules=rules.rules | {"a": replace(rules.rules["a"], weight=3)})
    assert heavy.total(heavy.mark("ada", {"a": [record(90)], "b": [record(50)]})) == pytest.approx(3.2 / 5)


def test_one_mark_always_stays_and_nothing_is_no_total():
    rules = policy(drop_lowest=5, names=("a", "b"))
    assert rules.total(rules.mark("ada", {"a": [record(90)]})) == pytest.approx(0.9)
    weightless = policy(weight=0)
    assert weightless.total(weightless.mark("ada", {})) is None


def test_an_exercise_that_does_not_exist_is_one_line():
    with pytest.raises(CourseError, match="no exercise is called 'big'; there are: tiny"):
        policy().mark("ada", {"big": []})


# Promises

NAMES = ("a", "b", "c")
HOURS = st.integers(-50, 24 * 15).map(lambda hours: timedelta(hours=hours))
POINTS = st.one_of(st.integers(0, 100), st.floats(0, 100).map(lambda p: round(p, 2)))
RULES = st.fixed_dictionaries(
    {
        "late_penalty": st.sampled_from([0, 0.1, 0.25, 1 / 3, 1]),
        "latest": st.sampled_from([None, 0, 3, 10]),
        "attempts": st.sampled_from([None, 1, 2]),
        "keep": st.sampled_from(["last", "best"]),
        "weight": st.sampled_from([0.5, 1, 2]),
        "grace_minutes": st.sampled_from([0, 30]),
        "extra": st.sampled_from([{}, {"stretch": 5}]),
    }
)


@st.composite
def classes(draw):
    """(policy, attempts): three assignments with up to three attempts each, in the order of arrival."""
    rules = policy(late_days=draw(st.integers(0, 6)), drop_lowest=draw(st.integers(0, 3)), names=NAMES)
    one = {name: replace(rules.rules[name], **draw(RULES)) for name in NAMES}
    attempts = {}
    for i, name in enumerate(NAMES):
        times = sorted(DUE + 7 * DAY * i + late for late in draw(st.lists(HOURS, max_size=3)))
        attempts[name] = [
            record(draw(POINTS), time, n, stretch=draw(st.sampled_from(["passed", "failed"])))
            for n, time in enumerate(times, 1)
        ]
    return replace(rules, rules=one), attempts


@settings(deadline=None, max_examples=150)
@given(classes(), st.integers(1, 5))
def test_more_free_late_days_never_earn_less(made, more):
    rules, attempts = made
    richer = replace(rules, late_days=rules.late_days + more)
    before, after = rules.mark("ada", attempts), richer.mark("ada", attempts)
    assert all(after[name].final >= before[name].final for name in NAMES)
    assert richer.total(after) >= rules.total(before)


@settings(deadline=None, max_examples=150)
@given(classes())
def test_best_is_never_less_than_last(made):
    rules, attempts = made
    kept = {
        keep: replace(rules, rules={n: replace(r, keep=keep) for n, r in rules.rules.items()}).mark(
            "ada", attempts
        )
        for keep in ("best", "last")
    }
    assert all(kept["best"][name].final >= kept["last"][name].final for name in NAMES)
    assert all(kept["best"][name].free_days == kept["last"][name].free_days for name in NAMES)


@settings(deadline=None, max_examples=150)
@given(classes(), HOURS, HOURS, POINTS)
def test_a_later_arrival_never_earns_more(made, one, other, points):
    rules, attempts = made
    finals = []
    for late in sorted((one, other)):
        alone = attempts | {"b": [record(points, DUE + 7 * DAY + late)]}
        finals.append(rules.mark("ada", alone)["b"].final)
    assert finals[0] >= finals[1]


@settings(deadline=None, max_examples=150)
@given(classes(), st.integers(1, 3))
def test_dropping_never_lowers_the_total(made, more):
    rules, attempts = made
    marks = rules.mark("ada", attempts)
    further = replace(rules, drop_lowest=rules.drop_lowest + more)
    assert further.total(further.with_drops(marks)) >= rules.total(marks)


@settings(deadline=None, max_examples=150)
@given(classes(), st.randoms())
def test_marks_stay_in_range_and_do_not_depend_on_any_order(made, random):
    rules, attempts = made
    marks = rules.mark("ada", attempts)
    for name, mark in marks.items():
        everything = mark.maximum + sum(rules.rules[name].extra.values())
        assert 0 <= mark.final <= everything
        assert 0 <= mark.penalty <= everything
        assert mark.final == max(0, round(mark.points + mark.extra - mark.penalty, 4))
    assert sum(mark.free_days for mark in marks.values()) <= rules.late_days
    shuffled = [(name, random.sample(records, len(records))) for name, records in attempts.items()]
    random.shuffle(shuffled)
    assert rules.mark("ada", dict(shuffled)) == marks
