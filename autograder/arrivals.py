"""When each submission came, written down by the instructor's side; what students' files say is not believed.

`.autograder/arrivals.json`: {"student/assignment": [{"sha256", "arrived", "source", "late"}]}, one entry for each
different notebook, the first time it was seen. `late` is what the LMS said, where it says so.
"""

import contextlib
import fcntl
import hashlib
import json
from datetime import UTC, datetime
from functools import lru_cache

from autograder.course import CourseError, write_text


def file_of(course):
    return course.root / ".autograder" / "arrivals.json"


@contextlib.contextmanager
def one_writer(course):
    """Others who want to write wait here."""
    folder = file_of(course).parent
    folder.mkdir(mode=0o700, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def arrivals(course):
    """{student/assignment: entries}; read again only when the file has changed."""
    path = file_of(course)
    try:
        found = path.stat()
    except FileNotFoundError:
        return {}
    return parsed(path, found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(maxsize=4)
def parsed(path, *_version):
    """The file's contents; raises CourseError when somebody has damaged it."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if all(datetime.fromisoformat(e["arrived"]) and e["sha256"] for es in kept.values() for e in es):
            return kept
    except (ValueError, AttributeError, TypeError, KeyError):
        pass
    raise CourseError(f"{path} is damaged; put back a copy, or move it away to take today's dates.")


def arrival(course, student, assignment, digest):
    """The entry of one notebook, or None when it has not been written down yet."""
    entries = arrivals(course).get(f"{student}/{assignment}", ())
    return next((entry for entry in entries if entry["sha256"] == digest), None)


def record(course, seen):
    """Write down (student, assignment, digest, when, source, late) of many; a notebook keeps its first time."""
    with one_writer(course):
        kept = {key: list(entries) for key, entries in arrivals(course).items()}
        for student, assignment, digest, when, source, late in seen:
            entries = kept.setdefault(f"{student}/{assignment}", [])
            if all(entry["sha256"] != digest for entry in entries):
                entry = {"sha256": digest, "arrived": utc(when).isoformat(), "source": source}
                entries.append(entry | ({"late": True} if late else {}))
        write_text(file_of(course), json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def record_arrival(course, student, assignment, when, path):
    """Write down when the notebook at `path` came, unless that is known; returns the time that counts."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    record(course, [(student, assignment, digest, when, "set by the course", False)])
    return datetime.fromisoformat(arrival(course, student, assignment, digest)["arrived"])


def utc(when):
    """A time in UTC; one without a zone is meant as UTC."""
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
