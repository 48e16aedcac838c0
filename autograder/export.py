"""autograder export: everybody's marks as CSV, as JSON, or as the files that Canvas and Moodle import.

The figures are nbgrader's own, from its gradebook; the policy adds late days, attempts, dropped marks and totals.
Where the two disagree (the policy was changed after grading), a line says so and nothing is made up.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.api import Assignment, BaseCell, Grade, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import func
from sqlalchemy.exc import SQLAlchemyError

from autograder import lms
from autograder.course import CourseError, write_text
from autograder.gradebook import gradebook
from autograder.policy import Mark
from autograder.policy_file import read_policy
from autograder.settings import known
from autograder.sheets import table

COLUMNS = [
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),  # up to here as `nbgrader export` has it
    *("extra", "attempt", "days_late", "free_days", "excused", "dropped", "needs_manual_grade", "note"),
    "course_share",
]
CENT = 0.005


@dataclass(frozen=True)
class Person:
    """A student with all marks."""

    id: str
    first: str
    last: str
    email: str
    lms: str
    marks: dict[str, Mark]
    total: float | None  # share of the course
    waiting: frozenset[str] = frozenset()  # assignments with an answer that somebody has to mark
    arrived: dict[str, datetime] = field(default_factory=dict)  # in UTC


def export(course, form, path, like=None, names=(), db=None):
    """Write the marks of `names` (default: all exercises) to `path` in the format `form`.

    like: a file downloaded from Canvas or Moodle; its rows and headers are kept, only marks are filled in.
    db: URL of the gradebook's data base, by default the course's own file.
    Returns one line for each thing that needs a person. Raises CourseError, and then writes nothing.
    """
    forms = {"csv": as_csv, "json": as_json, "canvas": lms.canvas, "moodle": lms.moodle}
    known(form, forms, "there is no export format")
    path, suffix = Path(path), ".json" if form == "json" else ".csv"
    if path.suffix != suffix:
        raise CourseError(f"{path}: the format {form} is written to a file that ends in {suffix}.")
    if like is not None and form not in ("canvas", "moodle"):
        raise CourseError(f"--like goes with canvas and moodle, not with {form}.")
    policy, names = read_policy(course), course.chosen(names)
    people, lines = collect(course, policy, names, db)
    text, more = forms[form](policy, people, names, like and Path(like))
    save(path, text)
    return lines + more


def save(path, text):
    """Write the file at once; raises CourseError when something else than text is in its place."""
    try:
        write_text(path, text)
    except UnicodeError:
        raise CourseError(f"{path} exists and is not UTF-8 text; name another file.") from None


def collect(course, policy, names, db=None):
    """Every student of the gradebook, by id, with lines for what disagrees or waits in `names`."""
    if db is None and not (course.root / "gradebook.db").exists():
        raise CourseError("there is no gradebook.db yet; run `autograder grade` first.")
    try:
        with gradebook(course, db) as book:
            stored = {name: submissions(book, name) for name in policy.rules}
            people = [person(course, policy, student, stored) for student in book.students]
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        raise CourseError(f"the gradebook cannot be read: {reason}.") from None
    lines = [line for _, said in people for name, line in said if name in names]
    ids = [student.id for student, _ in people]
    lines += [
        f"policy.toml: students.{who} is nobody in the gradebook."
        for who in policy.students
        if who not in ids
    ]
    for name in names:
        if count := sum(name in student.waiting for student, _ in people):
            lines.append(
                f"{name}: {count} with answers not marked by hand yet; these are points so far (Formgrader)."
            )
    return sorted((student for student, _ in people), key=lambda student: student.id), lines


# What is read of a submission, in the order of `_columns`.
STORED = ("arrived", "score", "penalty", "waiting")


def _columns():
    held = SubmittedAssignment
    return held.student_id, held.timestamp, held.score, held.late_submission_penalty, held.needs_manual_grade


def submissions(book, name):
    """{student: what nbgrader holds about the submission}, in three queries for the whole class."""
    here = book.db.query(SubmittedAssignment).join(Assignment).filter(Assignment.name == name)
    cells = here.join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id).join(
        Grade, Grade.notebook_id == SubmittedNotebook.id
    )
    found = {who: dict(zip(STORED, row, strict=True)) for who, *row in here.with_entities(*_columns())}
    for row in found.values():
        row["arrived"] = row["arrived"] and row["arrived"].replace(tzinfo=UTC)
    extras = cells.with_entities(SubmittedAssignment.student_id, func.sum(Grade.extra_credit))
    for who, extra in extras.group_by(SubmittedAssignment.student_id):
        found[who]["extra"] = extra or 0.0
    by_hand = cells.join(BaseCell, BaseCell.id == Grade.cell_id).filter(Grade.manual_score.is_not(None))
    marks = by_hand.with_entities(SubmittedAssignment.student_id, BaseCell.name, Grade.manual_score)
    for who, cell, points in marks:
        found[who].setdefault("manual", {})[cell] = points
    return found


def person(course, policy, student, stored):
    """One student with marks, and [(assignment, line)] for marks that grading again would change."""
    mine = {name: found[student.id] for name, found in stored.items() if student.id in found}
    attempts, manual = {}, {}
    for name, one in mine.items():
        attempts[name] = records(course, student.id, name) or [stand_in(one)]
        one["attempt"] = graded_attempt(course, student.id, name)
        for record in attempts[name]:  # nbgrader keeps marks by hand for a student, not for an attempt
            manual[name, record["attempt"]] = one.get("manual", {})
    owed = policy.mark(student.id, attempts, manual)
    marks = policy.with_drops({name: as_stored(mark, mine.get(name)) for name, mark in owed.items()})
    lines = [(name, line) for name, one in mine.items() if (line := disagreement(owed[name], one))]
    return entry(student, marks, policy.total(marks), mine), lines


def entry(student, marks, total, mine):
    """nbgrader's Student as a Person."""
    return Person(
        id=student.id,
        first=student.first_name or "",
        last=student.last_name or "",
        email=student.email or "",
        lms=student.lms_user_id or "",
        marks=marks,
        total=total,
        waiting=frozenset(name for name, one in mine.items() if one["waiting"]),
        arrived={name: one["arrived"] for name, one in mine.items() if one["arrived"]},
    )


def as_stored(mark, one):
    """The policy's mark with nbgrader's figures in it."""
    if one is None:
        return mark
    extra, penalty = one.get("extra", 0.0), one["penalty"] or 0.0
    final = round(max(0.0, one["score"] - penalty), 4)
    return replace(mark, points=round(one["score"] - extra, 4), extra=extra, penalty=penalty, final=final)


def disagreement(mark, one):
    """A line when the gradebook holds another attempt or penalty than the policy says, else None."""
    stored = one["penalty"] or 0.0
    if one["attempt"] != mark.attempt:
        said = f"attempt {mark.attempt} counts, the gradebook holds {one['attempt']}"
    elif abs(mark.penalty - stored) > CENT:
        said = f"the policy takes {mark.penalty:g} points off, the gradebook {stored:g}"
    else:
        return None
    return f"{mark.student}: {mark.assignment}: {said}; run `autograder grade {mark.assignment}` again."


def records(course, student, name):
    """Records of all graded attempts, first to last: `result.json`, and `attempts/*.json` beside it."""
    folder = course.root / "autograded" / student / name
    paths = [*folder.glob("attempts/*.json"), *folder.glob("result.json")]  # the last word on its attempt
    found = {record["attempt"]: record for record in map(read_record, paths)}
    return [found[attempt] for attempt in sorted(found)]


def graded_attempt(course, student, name):
    """The attempt that is in nbgrader's gradebook; 1 when nbgrader graded by itself."""
    path = course.root / "autograded" / student / name / "result.json"
    return read_record(path)["attempt"] if path.exists() else 1


def read_record(path):
    """One Record; raises CourseError when the file is none."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(record["attempt"], int) and isinstance(record["cells"], list):
            return record
    except (ValueError, KeyError, TypeError):
        pass
    raise CourseError(f"{path}: not a result of grading; grade this submission again.")


def stand_in(one):
    """A Record for what stock nbgrader has graded: the points come from the gradebook anyway."""
    return {"attempt": 1, "arrived": one["arrived"] and one["arrived"].isoformat(), "cells": []}


def as_csv(policy, people, names, like):
    """One row for each student and assignment."""
    rows = [csv_row(policy, person, person.marks[name]) for name in names for person in people]
    return table([COLUMNS, *rows]), []


def csv_row(policy, person, mark):
    """The cells of COLUMNS."""
    due, arrived = policy.deadline(mark.student, mark.assignment), person.arrived.get(mark.assignment)
    return [
        mark.assignment,
        due and due.isoformat(),
        arrived and arrived.isoformat(),
        person.id,
        person.last,
        person.first,
        person.email,
        round(mark.points + mark.extra, 4),
        mark.penalty,
        mark.final,
        mark.maximum,
        mark.extra,
        mark.attempt,
        mark.days_late,
        mark.free_days,
        mark.excused,
        mark.dropped,
        mark.assignment in person.waiting,
        mark.note,
        person.total,
    ]


def as_json(policy, people, names, like):
    """Everything, in a steady order."""
    students = [
        {
            "id": person.id,
            "first_name": person.first,
            "last_name": person.last,
            "email": person.email,
            "lms_user_id": person.lms,
            "total": person.total,
            "marks": [json_mark(policy, person, person.marks[name]) for name in names],
        }
        for person in people
    ]
    return json.dumps({"students": students}, indent=1, ensure_ascii=False, allow_nan=False) + "\n", []


def json_mark(policy, person, mark):
    """One mark with its dates."""
    due, arrived = policy.deadline(mark.student, mark.assignment), person.arrived.get(mark.assignment)
    dates = {"due": due and due.isoformat(), "arrived": arrived and arrived.isoformat()}
    return {**asdict(mark), **dates, "needs_manual": mark.assignment in person.waiting}
