"""The course's policy, from `policy.toml`: what is due when, and what late days and attempts mean for marks.

Everything is a function of arrival times and points: no clock, no chance, and the same marks in any order.
Late days depend on arrivals alone, so marking an answer by hand, or grading again, never moves them.
"""

import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction

from autograder.course import POINTS, CourseError

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rules:
    """What holds for one assignment; the defaults are what holds without a policy."""

    due: datetime | None = None  # with its timezone
    grace_minutes: float = 0
    late_penalty: float = 0  # share of the assignment's points for each started day
    latest: int | None = None  # days late after which a submission is not accepted
    attempts: int | None = None
    keep: str = "last"
    weight: float = 1
    title: str = ""  # the assignment's name in Canvas
    extra: dict[str, float] = field(default_factory=dict)  # points for parts whose tests carry none
    maximum: float = POINTS


@dataclass(frozen=True)
class Exceptions:
    """What holds for one student instead."""

    late_days: int | None = None
    extension: dict[str, int] = field(default_factory=dict)  # days by which an assignment is due later
    excused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """What one submission may use while it is graded."""

    memory_mb: int = 1024
    cell_seconds: int = 60
    seconds: int = 600  # the whole submission
    processes: int = 64
    files_mb: int = 64
    output_kb: int = 64


@dataclass(frozen=True)
class Mark:
    """What one student gets for one assignment, and why."""

    student: str
    assignment: str
    attempt: int | None = None  # the one that counts; None: nothing was handed in
    maximum: float = 0
    points: float = 0
    extra: float = 0
    days_late: int = 0  # of the attempt that counts
    free_days: int = 0  # late days spent on this assignment
    penalty: float = 0  # in points, what nbgrader stores as late_submission_penalty
    final: float = 0
    excused: bool = False
    dropped: bool = False
    note: str = ""

    @property
    def share(self):
        """The mark as a share of the points; 0 for an assignment without points."""
        return self.final / self.maximum if self.maximum else 0.0


@dataclass(frozen=True)
class Policy:
    """The whole policy; `policy_file.read_policy` makes one, of defaults without a policy.toml."""

    rules: dict[str, Rules]
    timezone: tzinfo = UTC
    late_days: int = 0
    drop_lowest: int = 0
    students: dict[str, Exceptions] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)

    def of(self, student):
        """The student's exceptions."""
        return self.students.get(student, Exceptions())

    def deadline(self, student, assignment, days=0):
        """When it is due for the student, in UTC, `days` later on the calendar; None when it never is.

        Days are days of the local calendar: 23:59 stays 23:59 when the clocks change.
        """
        rules = self.rules[assignment]
        if rules.due is None:
            return None
        local = rules.due.astimezone(self.timezone)
        moved = local + timedelta(days=self.of(student).extension.get(assignment, 0) + days)
        instant = moved.replace(fold=local.fold).astimezone(UTC)
        return instant + timedelta(minutes=rules.grace_minutes)

    def lateness(self, student, assignment, arrived):
        """How long after the deadline (grace included) it arrived; nothing when either time is unknown."""
        deadline = self.deadline(student, assignment)
        if deadline is None or arrived is None:
            return timedelta(0)
        return max(timedelta(0), arrived.astimezone(UTC) - deadline)

    def days_late(self, student, assignment, arrived):
        """Started days after the deadline: 0 at the deadline itself, 1 right after it."""
        late = self.lateness(student, assignment, arrived)
        if not late:
            return 0
        days = max(1, late // DAY - 1)  # a little too few, whatever the clocks do
        while self.deadline(student, assignment, days) < arrived.astimezone(UTC):
            days += 1
        return days

    def mark(self, student, attempts, manual=None):
        """{assignment: Mark} for every assignment of the policy.

        attempts: {assignment: [Record, …]}; manual: {(assignment, attempt): {cell: points given by hand}}.
        Raises CourseError for an assignment that the policy does not know.
        """
        if unknown := sorted(set(attempts) - set(self.rules)):
            raise CourseError(f"no exercise is called {unknown[0]!r}; there are: {', '.join(self.rules)}.")
        exceptions, marks = self.of(student), {}
        left = self.late_days if exceptions.late_days is None else exceptions.late_days
        for name in sorted(self.rules, key=lambda name: self.order(student, name)):
            marks[name] = self.one(student, name, attempts.get(name, []), manual or {}, left)
            left -= marks[name].free_days
        return self.with_drops({name: marks[name] for name in self.rules})

    def order(self, student, name):
        """Assignments by the student's due dates, those that are never due last."""
        deadline = self.deadline(student, name)
        return (deadline is None, deadline or datetime.max.replace(tzinfo=UTC), name)

    def one(self, student, name, records, manual, left):
        """The mark for one assignment with `left` free late days.

        The attempt that came latest decides how many are spent, whichever attempt then counts.
        """
        rules, records = self.rules[name], sorted(records, key=lambda record: record["attempt"])
        empty = Mark(student, name, maximum=rules.maximum, excused=name in self.of(student).excused)
        if not records:
            return replace(empty, note="Excused." if empty.excused else "Nothing was handed in.")
        days = {r["attempt"]: self.days_late(student, name, arrival(r)) for r in records}
        if empty.excused:
            days = dict.fromkeys(days, 0)
        limit = math.inf if rules.latest is None else rules.latest
        accepted = [r for r in records[: rules.attempts] if days[r["attempt"]] <= limit]
        spent = min(left, max((days[r["attempt"]] for r in accepted), default=0))
        if not accepted:
            return refused(empty, rules, records[: rules.attempts][-1], manual, days)
        marks = [scored(empty, rules, record, manual, days, spent) for record in accepted]
        best = max(marks, key=lambda mark: mark.final) if rules.keep == "best" else marks[-1]
        return replace(best, note=note(best, rules, records, days))

    def with_drops(self, marks):
        """The same marks, the lowest shares (among those that count) dropped; one always stays."""
        counting = [name for name, mark in marks.items() if not mark.excused and self.rules[name].weight]
        counting.sort(key=lambda name: (marks[name].share, name))
        lowest = counting[: max(0, min(self.drop_lowest, len(counting) - 1))]
        return {name: replace(mark, dropped=name in lowest) for name, mark in marks.items()}

    def total(self, marks):
        """The weighted share of all points that count, or None when nothing counts."""
        counting = [mark for mark in marks.values() if not (mark.dropped or mark.excused)]
        weights = [Fraction(self.rules[mark.assignment].weight) for mark in counting]
        if not sum(weights):
            return None
        shares = [Fraction(mark.share) for mark in counting]  # exact, so that dropping never costs a rounding
        return float(sum(w * s for w, s in zip(weights, shares, strict=True)) / sum(weights))


def scored(empty, rules, record, manual, days, free):
    """The mark of one accepted attempt, of whose days `free` at most are free."""
    late, attempt = days[record["attempt"]], record["attempt"]
    points = earned(record, manual.get((empty.assignment, attempt)))
    extra = round(sum(extra_credit(record, rules.extra).values()), 4)
    penalty = penalty_points(rules, late - min(free, late))
    final = round(max(0.0, points + extra - penalty), 4)
    return replace(
        empty,
        attempt=attempt,
        points=points,
        extra=extra,
        days_late=late,
        free_days=free,
        penalty=penalty,
        final=final,
    )


def refused(empty, rules, record, manual, days):
    """The mark of an attempt that came too late: its penalty is all there is to earn."""
    mark = scored(empty, rules, record, manual, days, 0)
    penalty = rules.maximum + sum(rules.extra.values())
    text = f"{plural(mark.days_late, 'day')} late; nothing is accepted after {rules.latest}."
    return replace(mark, penalty=penalty, final=0.0, note=text)


def penalty_points(rules, days):
    """Points off for that many days that are not free; at most all there is to earn.

    It does not depend on the score, so it stays right when an answer is marked by hand later.
    """
    everything = rules.maximum + sum(rules.extra.values())
    return round(min(everything, rules.late_penalty * days * rules.maximum), 4)


def earned(record, manual=None):
    """Points of one attempt without extra credit; what was given by hand replaces what tests found."""
    manual = manual or {}
    points = (manual.get(cell["id"], cell["earned"]) for cell in record["cells"])
    return round(sum(p for p in points if p is not None), 4)


def extra_credit(record, extra):
    """{cell: points}, for nbgrader's Grade.extra_credit: parts all of whose tests passed, at their last test."""
    given = {}
    for part, points in extra.items():
        tests = [c for c in record["cells"] if c["part"] == part and c["kind"] == "test"]
        if tests and all(cell["status"] == "passed" for cell in tests):
            given[tests[-1]["id"]] = points
    return given


def arrival(record):
    """When the attempt arrived, or None."""
    return datetime.fromisoformat(record["arrived"]) if record.get("arrived") else None


def note(mark, rules, records, days):
    """One line that tells the student how the mark came about; empty when there is nothing to tell."""
    said = []
    if mark.excused:
        said.append("Excused: this does not count.")
    if len(records) > 1:
        said.append(f"Attempt {mark.attempt} of {len(records)} counts ({rules.keep}).")
    if rules.attempts and len(records) > rules.attempts:
        said.append(f"Only the first {plural(rules.attempts, 'attempt')} can count.")
    if mark.days_late:
        off = f"{mark.penalty:g} points off" if mark.penalty else "no points off"
        said.append(f"{plural(mark.days_late, 'day')} late: {off}.")
    if mark.free_days:
        said.append(f"{plural(mark.free_days, 'free late day')} spent.")
    if rules.due and any(arrival(record) is None for record in records):
        said.append("It is not known when it arrived, so it is not late.")
    return " ".join(said)


def plural(number, word):
    """1 day, 2 days."""
    return f"{number} {word}{'' if number == 1 else 's'}"
