"""autograder collect: put what was handed in, wherever it comes from, into submitted/STUDENT/ASSIGNMENT.

From notebooks, folders, zip files, nbgrader's exchange, or a bulk download of Canvas or Moodle. The bytes stay
as they were handed in. An earlier, different attempt is kept in attempts/0001, 0002, …
"""

import hashlib
import os
import re
import shutil
import stat
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from autograder.archives import Entry, inner, opened
from autograder.arrivals import record
from autograder.course import CourseError
from autograder.intake import (
    ASIDE,
    FILE,
    FILES,
    FILES_TOGETHER,
    IPYNB,
    NOTEBOOK,
    best,
    earlier,
)
from autograder.naming import STUDENT, Roster, label, owner, slug, student_id, unwrapped
from autograder.rebuild import exercise
from autograder.untrusted import KINDS, Missing, Refused, odd, read, shown, walk

CLASS = 20_000  # files in one folder
WORDS = {"new": "collected", "again": "collected, a new attempt", "same": "the same as before"}


@dataclass(frozen=True)
class Collected:
    """What happened to one student's files."""

    student: str
    status: str  # new, again, same, problem (somebody has to look)
    line: str


@dataclass
class Handed:
    """What one student handed in at one time."""

    student: str
    source: str
    late: bool = False
    entries: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def run_collect(course, options):
    """The command: one line for each student, a summary; exit code 1 when something needs a person."""
    results = collect(course, options.assignment, options.paths, options.roster)
    for result in results:
        print(f"{result.student or '?':20} {result.line}")
    counts = Counter(result.status for result in results)
    told = [f"{counts[s]} {text}" for s, text in (*WORDS.items(), ("problem", "to look at")) if counts[s]]
    print(f"{options.assignment}: {'; '.join(told) or 'nothing to collect'}.")
    return int(counts["problem"] > 0)


def collect(course, assignment, paths, roster=None):
    """Collect from all paths; returns [Collected]. Raises CourseError for what the instructor mistyped."""
    ours, roster = exercise(course, assignment), Roster.read(roster) if roster else None
    others = set(course.exercises()) - {assignment}
    results, seen = [], []
    try:
        for path in map(Path, paths):
            entries, problems = entries_of(path)
            results += [Collected("", "problem", f"{path.name}: {text}") for text in problems]
            handed, strays = sorted_out(unwrapped(entries, assignment), assignment, roster, others)
            results += strays
            for one in handed:
                results.append(stored(course, ours, one, seen))
    finally:  # what is stored is dated, even when interrupted
        if seen:
            record(course, seen)
    return results


def entries_of(path):
    """(entries, problems) of a notebook, a folder or a zip file; raises CourseError when it is none of these."""
    if not os.path.lexists(path):
        raise CourseError(f"{path}: there is no such file or folder.")
    try:
        if path.is_dir():
            names, problems = walk(path, deep=6, most=CLASS)
            return regular(path, names, problems), problems
        if path.suffix.lower() == ".zip":
            return opened(path, came(os.stat(path)))
        if IPYNB.fullmatch(path.name):
            problems = []
            return regular(path.parent, [(path.name,)], problems), problems
    except Refused as reason:
        raise CourseError(f"{path}: {reason}") from None
    raise CourseError(f"{path}: neither a notebook, nor a folder, nor a .zip file.")


def regular(root, names, problems):
    """The Entry of each ordinary file; its date is when it came here, which its owner cannot set back."""
    entries = []
    for parts in names:
        found = os.lstat(root.joinpath(*parts))
        if stat.S_ISREG(found.st_mode):
            entries.append(Entry("/".join(parts), reader(root, parts), came(found)))
        else:
            what = KINDS.get(stat.S_IFMT(found.st_mode), "no ordinary file")
            problems.append(f"{shown('/'.join(parts))} is {what}: left out.")
    return entries


def reader(root, parts):
    """A function that reads the file, up to a limit."""
    return lambda limit: read(root, parts, limit)[0]


def came(found):
    """The time a file came to be here as it is, from its stat; unlike the time of change, nobody sets it."""
    return datetime.fromtimestamp(found.st_ctime, UTC)


def sorted_out(entries, assignment, roster, others):
    """([Handed], [Collected that are problems]): whose each entry is; oldest first, for the order of attempts."""
    groups, strays = {}, []
    for entry in entries:
        who, name = owner(entry.name, assignment)
        if who is None and IPYNB.fullmatch(entry.name) and "/" not in entry.name:
            strays.append(Collected("", "problem", f"{shown(name)}: the name does not say whose it is."))
        elif who is not None and not (who.system == "folder" and name.partition("/")[0] in others):
            groups.setdefault(who, []).append(named(name, entry, who))
    names, handed = student_names(groups, roster), []
    for who, files in sorted(groups.items(), key=lambda item: max(entry.when for entry in item[1])):
        if fault := unclear(who, names, roster):
            strays.append(Collected("", "problem", f"{label(who)} {fault}: not collected."))
        else:
            handed.append(Handed(names[who], who.system, who.late, files))
    return handed, strays


def unclear(who, names, roster):
    """Why the files of this owner cannot be put down to one student, or None."""
    student = names[who]
    if not STUDENT.fullmatch(student):
        return "is not on the roster" if roster else "cannot be a student's id"
    if any(other.name != who.name for other, name in names.items() if name == student):
        return f"is not the only one who would be {student!r}; give a roster"
    return None


def named(name, entry, who):
    """The entry under the file's own name, dated by the platform where the platform made the archive."""
    trusted = who.system in ("canvas", "moodle") and entry.stamped
    return Entry(name, entry.read, entry.stamped if trusted else entry.when, entry.stamped)


def student_names(groups, roster):
    """{owner: student id}, by the roster or else from the name; empty when the roster has nobody like that.

    Canvas' number stays with a student, so it is part of the id; Moodle's is another one in each assignment, so
    it is used only to tell students of the same name apart.
    """
    if roster is not None:
        return {who: roster.find(who) or "" for who in groups}
    namesakes = Counter(slug(who.name) for who in groups if who.system == "moodle")
    names = {}
    for who in groups:
        numbered = who.system == "canvas" or (who.system == "moodle" and namesakes[slug(who.name)] > 1)
        platform = who.system in ("canvas", "moodle")
        plain = slug(who.name) if platform else student_id(who.name)
        names[who] = slug(f"{who.name} {who.number}") if numbered else plain
    return names


def stored(course, ours, handed, seen):
    """Put one student's files in place; appends what to date to `seen`."""
    try:
        main, files, when = contents(ours, handed)
        status = put(course.root / "submitted" / handed.student, ours.name, files)
    except Refused as reason:
        return Collected(handed.student, "problem", f"not collected: {reason}")
    except OSError as error:
        return Collected(handed.student, "problem", f"not collected: {error.strerror or error}")
    if main is not None:
        digest = hashlib.sha256(files[f"{ours.name}.ipynb"]).hexdigest()
        seen.append((handed.student, ours.name, digest, when, handed.source, handed.late))
    else:
        handed.notes.insert(0, "no notebook among the files")
    late = " (late, says Canvas)" if handed.late else ""
    line = f"{WORDS[status]}{late}" + "".join(f"; {note.rstrip('.')}" for note in handed.notes) + "."
    return Collected(handed.student, status if main is not None else "problem", line)


def contents(ours, handed):
    """(name of the notebook or None, {name: bytes}, when it came); raises Refused when nothing is left."""
    entries, said = inner(sorted(handed.entries, key=lambda entry: entry.when))
    handed.notes += said
    files, when = {}, {}
    for entry in entries:
        try:
            when[take(files, entry, handed.notes)] = entry.when
        except Refused as reason:
            handed.notes.append(str(reason))
    if not files:
        raise Refused("; ".join(handed.notes) or "nothing was handed in.")
    notebooks = {(name,): data for name, data in files.items() if IPYNB.fullmatch(name)}
    exact = f"{ours.name}.ipynb"
    main = (exact if (exact,) in notebooks else best(ours, notebooks)[0]) if notebooks else None
    if main not in (None, exact):
        if handed.source != "file":  # there the name is the student's id
            handed.notes.append(f"{shown(main)} is taken as {exact}")
        folder = main.rpartition("/")[0] + "/"
        files = {name.removeprefix(folder): data for name, data in files.items() if name != main} | {
            exact: files[main]
        }
    return main, files, when.get(main)


def take(files, entry, notes):
    """Add one file, returns its name; raises Refused for odd names, and for what is too large or too much."""
    name = re.sub(r"^(attempts/)+", "", entry.name)  # that folder is ours
    base = PurePosixPath(name).name
    if base in ASIDE or base.startswith("."):
        return None
    if odd(name) or name == "attempts" or {"", ".", ".."} & set(name.split("/")):
        raise Refused(f"{shown(name)} has an odd name: left out.")
    notebook = bool(IPYNB.fullmatch(name))
    if not notebook and len(files) >= FILES:
        raise Refused(f"{shown(name)} is one file too many: left out.")
    room = FILES_TOGETHER - sum(len(data) for n, data in files.items() if not IPYNB.fullmatch(n))
    data = entry.read(NOTEBOOK if notebook else min(FILE, room))
    if name in files and files[name] != data:
        notes.append(f"{shown(name)} was handed in twice: the later one counts")
    files[name] = data
    return name


def put(home, assignment, files):
    """Write the files to home/assignment, keeping what was there as an attempt; returns what happened.

    A new folder is made beside the old one and then takes its place; the next run puts right an interrupted one.
    """
    home.mkdir(parents=True, exist_ok=True)
    if home.is_symlink() or (home / assignment).is_symlink():
        raise Refused(f"submitted/{home.name} is a link.")
    place, new, old = (home / name for name in (assignment, f".{assignment}.new", f".{assignment}.old"))
    if old.exists() and not place.exists():
        os.rename(old, place)
    for rest in (new, old):
        shutil.rmtree(rest, ignore_errors=True)
    before = {name: held(place, name) for name in files} if place.exists() else None
    if before == files:
        return "same"
    write(new, files)
    if before is not None:
        keep_attempts(place, new)
        os.rename(place, old)
    os.rename(new, place)
    shutil.rmtree(old, ignore_errors=True)
    return "new" if before is None else "again"


def held(place, name):
    """The bytes of a file in the folder, or None."""
    try:
        return read(place, tuple(name.split("/")), NOTEBOOK)[0]
    except Missing:
        return None
    except Refused:
        return b""


def write(folder, files):
    """The files in a new folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "xb") as file:
            file.write(data)


def keep_attempts(place, new):
    """Copy earlier attempts, and what lies at the top as the latest of them, into the new folder."""
    numbers = earlier(place)
    for name in numbers:
        shutil.copytree(place / "attempts" / name, new / "attempts" / name, symlinks=True, ignore=special)
    latest = f"{int(numbers[-1]) + 1 if numbers else 1:04}"
    shutil.copytree(place, new / "attempts" / latest, symlinks=True, ignore=special)


def special(folder, names):
    """What not to copy: earlier attempts, and pipes, sockets and devices."""
    usual = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
    return [
        n for n in names if n == "attempts" or stat.S_IFMT(os.lstat(Path(folder, n)).st_mode) not in usual
    ]
