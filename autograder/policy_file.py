"""Reads `policy.toml`: the vocabulary, and what must fit the course's exercises."""

import difflib
import zoneinfo
from datetime import UTC

from autograder.course import CourseError, read_notebook
from autograder.policy import Exceptions, Limits, Policy, Rules
from autograder.settings import (
    DATE_TIME,
    NAMES,
    TABLE,
    TEXT,
    checked,
    choice,
    known,
    number,
    read_toml,
    shown,
    whole,
)
from autograder.weave import grade_id, is_graded, is_solution

FILE = "policy.toml"
BOTH = {  # at the top: for all assignments; below [assignments.NAME]: for one
    "grace_minutes": number(0, 10_000),
    "late_penalty": number(0, 1),
    "latest": whole(0),
    "attempts": whole(1),
    "keep": choice("last", "best"),
}
ASSIGNMENT = {**BOTH, "due": DATE_TIME, "weight": number(0, 1000), "title": TEXT, "extra": TABLE}
STUDENT = {"late_days": whole(0), "extension": TABLE, "excused": NAMES}
LIMITS = {name: whole(1) for name in Limits.__dataclass_fields__}
COURSE = {
    "timezone": TEXT,
    "late_days": whole(0),
    "drop_lowest": whole(0),
    **BOTH,
    "assignments": TABLE,
    "students": TABLE,
    "limits": TABLE,
}
POINTS = number(0, 1000)
DAYS = whole(0, 1000)


def read_policy(course):
    """The course's policy; raises CourseError, one line that names file and key."""
    path = course.root / FILE
    table = checked(read_toml(path) if path.exists() else {}, COURSE, FILE)
    names = course.exercises()
    sections = table.get("assignments", {})
    for name in sections:
        known(name, names, f"{FILE}: assignments: unknown exercise")
    zone = timezone(table.get("timezone", "UTC"))
    defaults = {key: table[key] for key in BOTH if key in table}
    return Policy(
        rules={name: rules(course, name, zone, defaults, sections.get(name, {})) for name in names},
        timezone=zone,
        late_days=table.get("late_days", 0),
        drop_lowest=table.get("drop_lowest", 0),
        students={who: exceptions(who, section, names) for who, section in table.get("students", {}).items()},
        limits=Limits(**checked(table.get("limits", {}), LIMITS, f"{FILE}: limits")),
    )


def rules(course, name, zone, defaults, section):
    """The rules of one assignment: its section, the defaults, and its points."""
    where = f"{FILE}: assignments.{name}"
    checked(section, ASSIGNMENT, where)
    cells = [cell for cell in read_notebook(course.source(name)).cells if is_graded(cell)]
    free = parts_without_points(cells)
    checked(section.get("extra", {}), dict.fromkeys(free, POINTS), f"{where}.extra")
    maximum = sum(cell.metadata.nbgrader.points for cell in cells)
    due = localised(section["due"], zone) if "due" in section else None
    return Rules(**{"title": name, **defaults, **section, "due": due, "maximum": float(maximum)})


def parts_without_points(cells):
    """Names of the parts all of whose tests carry 0 points: the ones that can earn extra credit."""
    points = {}
    for cell in cells:
        if not is_solution(cell):
            part = grade_id(cell).rpartition("-")[0]
            points[part] = points.get(part, 0) + cell.metadata.nbgrader.points
    return [part for part, sum_ in points.items() if not sum_]


def exceptions(who, section, names):
    """What holds for one student."""
    where = f"{FILE}: students.{who}"
    checked(section, STUDENT, where)
    checked(section.get("extension", {}), dict.fromkeys(names, DAYS), f"{where}.extension")
    for name in section.get("excused", ()):
        known(name, names, f"{where}.excused: unknown exercise")
    return Exceptions(
        section.get("late_days"), section.get("extension", {}), tuple(section.get("excused", ()))
    )


def timezone(name):
    """The IANA timezone of that name; raises CourseError when there is none."""
    if name == "UTC":
        return UTC  # needs no data base of timezones
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(name, sorted(zoneinfo.available_timezones()), n=1)
        hint = f"did you mean {near[0]!r}?" if near else 'write one such as "Europe/Berlin".'
        raise CourseError(f"{FILE}: timezone = {shown(name)} is no IANA timezone; {hint}") from None


def localised(due, zone):
    """A due date with its timezone. Of an hour that the clock shows twice, the later one is meant."""
    if due.tzinfo:
        return due
    both = [due.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    return max(both, key=lambda time: time.astimezone(UTC))
