"""Intake: from submitted/STUDENT/ASSIGNMENT to a notebook that can be graded, or to lines that say why not.

Whatever a student hands in, `read_submission` returns: one bad submission is one row of the report.
"""

import hashlib
import os
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from nbformat import NotebookNode

from autograder.arrivals import arrival, record, utc
from autograder.course import CourseError
from autograder.foreign import read_cells
from autograder.naming import STUDENT
from autograder.rebuild import check_exercise, exercise, overlap, rebuild
from autograder.untrusted import MB, Missing, Refused, odd, read, shown, some, walk

NOTEBOOK, FILE, FILES_TOGETHER, FILES = 20 * MB, 1 * MB, 5 * MB, 50
IPYNB = re.compile(r".*\.ipynb(\.txt|\.json)?", re.IGNORECASE | re.DOTALL)
ASIDE = ("timestamp.txt", "submission_secret.txt")  # nbgrader's own
DAY = timedelta(days=1)


@dataclass
class Submission:
    """What one student handed in for one assignment, as it will be graded."""

    student: str
    assignment: str
    attempt: int  # 1, 2, …
    notebook: NotebookNode | None = None  # rebuilt; None: cannot be graded at all
    problems: list[str] = field(default_factory=list)  # one clear line each
    arrived: datetime | None = None  # UTC, by our own record
    files: dict[str, bytes] = field(default_factory=dict)  # other small files, relative names
    late: bool = False  # the LMS marked it so


def submissions(course, assignment, students=()):
    """(student, number of attempts) of all who handed in; raises CourseError for one asked for who has not."""
    found, _ = listed(course, assignment)
    if strangers := sorted(set(students) - set(found)):
        raise CourseError(f"{shown(strangers[0])!r} has handed in nothing for {assignment!r}.")
    return [(student, n) for student, n in found.items() if not students or student in students]


def skipped(course, assignment):
    """A line for each folder in submitted/ that cannot be a student's."""
    return listed(course, assignment)[1]


def listed(course, assignment):
    """({student: attempts}, lines about folders that are passed over)."""
    course.chosen([assignment])
    root, found, lines = course.root / "submitted", {}, []
    for name in sorted(os.listdir(root)) if root.is_dir() else ():
        place = root / name
        if name.startswith(".") or not (place.is_dir() or place.is_symlink()):
            continue
        if problem := no_student(name):
            lines.append(f"submitted/{shown(name)}: {problem}; passed over.")
        elif place.is_symlink() or os.path.lexists(place / assignment):
            found[name] = 1 if place.is_symlink() else len(earlier(place / assignment)) + 1
    return found, lines


def no_student(name):
    """What is wrong with a student's id, or None."""
    if unicodedata.normalize("NFC", name) != name:
        return "its letters are written in parts (not in Unicode's form NFC)"
    return None if STUDENT.fullmatch(name) else "no student is called that"


def earlier(place):
    """Names of the folders of earlier attempts, oldest first."""
    folder = place / "attempts"
    if place.is_symlink() or folder.is_symlink() or not folder.is_dir():
        return []
    return sorted(name for name in os.listdir(folder) if re.fullmatch(r"\d{4}", name))


def read_submission(course, assignment, student, attempt=None):
    """The Submission, by default the latest attempt; only mistakes of the instructor raise CourseError."""
    ours = exercise(course, assignment)
    parts, attempt = place_of(course, assignment, student, attempt)
    found = Submission(student, assignment, attempt)
    try:
        fill(found, course, ours, parts)
    except CourseError:
        raise
    except Refused as reason:
        found.problems.append(str(reason))
    except Exception as error:  # the last line of defence: whatever it is, it is this student's row only
        found.problems.append(f"The submission cannot be read ({type(error).__name__}).")
        found.notebook = None
    return found


def place_of(course, assignment, student, attempt):
    """((student, assignment, …), number) of an attempt; raises CourseError when there is none of that number."""
    if no_student(student):
        raise CourseError(f"no student can be called {shown(student)!r}.")
    before = earlier(course.root / "submitted" / student / assignment)
    if attempt is not None and not 1 <= attempt <= len(before) + 1:
        raise CourseError(f"{student} has {len(before) + 1} attempts at {assignment!r}, not {attempt}.")
    if attempt is None or attempt == len(before) + 1:
        return (student, assignment), len(before) + 1
    return (student, assignment, "attempts", before[attempt - 1]), attempt


def fill(found, course, ours, parts):
    """Read the folder and put into `found` what it holds; raises Refused when there is nothing to grade."""
    root = course.root / "submitted"
    names, problems = walk(root, parts)
    names = [name for name in names if name[len(parts)] != "attempts" and name[-1] not in ASIDE]
    found.problems += problems
    name = (*parts, f"{ours.name}.ipynb")
    try:
        name, data, seen = notebook_file(root, parts, names, ours, found.problems)
        date(found, course, data, seen)
        claimed(found, root, parts)
    finally:
        others = [other for other in names if other != name]
        found.files = other_files(root, parts, others, found.problems)
    cells, notes = read_cells(data)
    found.problems += notes
    check_exercise(course, ours, cells)
    found.notebook, notes = rebuild(ours, cells)
    found.problems += notes


def notebook_file(root, parts, names, ours, problems):
    """(name, bytes, stat) of the notebook among the files; raises Refused when there is none."""
    wanted = (*parts, f"{ours.name}.ipynb")
    if os.path.lexists(root.joinpath(*wanted)):
        return wanted, *read(root, wanted, NOTEBOOK)
    candidates = [name for name in names if IPYNB.fullmatch(name[-1])]
    if not candidates:
        other = f" There is {some([name[-1] for name in names])}." if names else ""
        raise Missing(f"{wanted[-1]} is missing.{other}{checkpoint(root, parts)}")
    files = readable(root, candidates, problems)
    name = best(ours, {name: data for name, (data, _) in files.items()})
    others = f", the best of {len(files)} notebooks" if len(files) > 1 else ""
    problems.append(f"{wanted[-1]} is missing: {shown(name[-1])} is taken in its place{others}.")
    return name, *files[name]


def readable(root, names, problems):
    """{name: (bytes, stat)} of the files that can be read; raises Refused when none can."""
    files = {}
    for name in names:
        try:
            files[name] = read(root, name, NOTEBOOK)
        except Refused as reason:
            if name == names[-1] and not files:
                raise
            problems.append(str(reason))
    return files


def checkpoint(root, parts):
    """A hint when only Jupyter's automatic copy was handed in."""
    there = os.path.lexists(root.joinpath(*parts, ".ipynb_checkpoints"))
    return " Jupyter's automatic copy (.ipynb_checkpoints) is not taken." if there else ""


def best(ours, files):
    """The name of the notebook that has most of the exercise's cells; of equals the one named most like it."""

    def rank(name):
        try:
            cells, _ = read_cells(files[name])
        except Refused:
            return -1, False
        stem = re.sub(r"[ _-]*\(?\d*\)?\.ipynb.*", "", name[-1], flags=re.IGNORECASE)
        return overlap(ours, cells), plain(stem) == plain(ours.name)

    return max(sorted(files), key=rank)


def plain(name):
    """A name without case, marks of writing and separators, to compare."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name)).casefold()


def date(found, course, data, seen):
    """Put in when it came: our record, or the time the file came here, which no student can set back."""
    known = arrival(course, found.student, found.assignment, hashlib.sha256(data).hexdigest())
    if known:
        found.arrived, found.late = datetime.fromisoformat(known["arrived"]), known.get("late", False)
    else:
        found.arrived = datetime.fromtimestamp(seen.st_ctime, UTC)


def claimed(found, root, parts):
    """Say when timestamp.txt, which a student can write, claims a time that cannot be."""
    try:
        text = read(root, (*parts, ASIDE[0]), 1000)[0].decode(errors="replace").strip()
    except Missing:
        return
    try:
        when = utc(datetime.fromisoformat(re.sub(r" (UTC|[A-Z]{3,4})$", "+00:00", text)))
    except (ValueError, OverflowError):
        found.problems.append("timestamp.txt holds no date: our own record counts.")
        return
    if when < found.arrived - DAY:
        claim, came = (f"{moment:%Y-%m-%d %H:%M} UTC" for moment in (when, found.arrived))
        found.problems.append(f"timestamp.txt claims {claim}, but the file came {came}: our record counts.")
    elif when > max(found.arrived, datetime.now(UTC)) + DAY:
        found.problems.append("timestamp.txt lies in the future: our own record counts.")


def other_files(root, parts, names, problems):
    """{relative name: bytes} of the other files, as far as they are small, few and of honest names."""
    files, room = {}, FILES_TOGETHER
    for name in names:
        relative = "/".join(name[len(parts) :])
        try:
            if odd(relative):
                raise Refused(f"A file with an odd name, {shown(relative)}")
            if len(files) == FILES:
                raise Refused(f"More than {FILES} other files: {shown(relative)} and later ones")
            data, _ = read(root, name, min(FILE, room))
        except Refused as reason:
            problems.append(f"{str(reason).rstrip('.')}; left out.")
            if len(files) == FILES:
                break
        else:
            files[relative], room = data, room - len(data)
    return files


def note_arrivals(course, assignment):
    """Write down when every submission came that has no record yet: call it once, before grading a class."""
    seen, root = [], course.root / "submitted"
    for student, attempts in submissions(course, assignment):
        for attempt in range(1, attempts + 1):
            parts, _ = place_of(course, assignment, student, attempt)
            try:
                data, found = read(root, (*parts, f"{assignment}.ipynb"), NOTEBOOK)
            except Refused:
                continue
            digest = hashlib.sha256(data).hexdigest()
            if arrival(course, student, assignment, digest) is None:
                when = datetime.fromtimestamp(found.st_ctime, UTC)
                seen.append((student, assignment, digest, when, "found in submitted/", False))
    if seen:
        record(course, seen)
