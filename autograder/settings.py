"""Checks a TOML table against a vocabulary: every key known, every value of its kind, or one clear line."""

import difflib
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from autograder.course import CourseError


@dataclass(frozen=True)
class Kind:
    """What a key may hold: in words, and as a test."""

    allowed: str
    holds: Callable[[object], bool]


def whole(low, high=1_000_000):
    """Whole numbers; True and False are none."""
    return Kind(f"a whole number from {low} to {high}", lambda v: type(v) is int and low <= v <= high)


def number(low, high):
    """Numbers; nan and inf are none."""
    return Kind(f"a number from {low} to {high}", lambda v: type(v) in (int, float) and low <= v <= high)


def choice(*words):
    """One of some words."""
    return Kind(" or ".join(f'"{word}"' for word in words), lambda v: v in words)


DATE_TIME = Kind(
    "a date and time (since 1970) such as 2026-11-20T23:59:00",
    lambda v: isinstance(v, datetime) and 1970 < v.year < 2200,
)
TEXT = Kind("text in quotation marks", lambda v: isinstance(v, str) and v.strip() != "" and v.isprintable())
TABLE = Kind("a table, such as {softmax = 5}", lambda v: isinstance(v, dict))
NAMES = Kind(
    'names such as ["attention"]', lambda v: isinstance(v, list) and all(isinstance(n, str) for n in v)
)


def read_toml(path):
    """The file as a dict; raises CourseError when it is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise CourseError(f"{path.name}: this is not TOML: {reason}. Put that right.") from None


def checked(table, vocabulary, where):
    """`table` itself; raises CourseError for a key outside of {key: Kind}, or a value of another kind."""
    if not isinstance(table, dict):
        raise CourseError(f"{where} must be a table with the keys: {', '.join(vocabulary)}.")
    for key, value in table.items():
        known(key, vocabulary, f"{where}: unknown key")
        if not vocabulary[key].holds(value):
            raise CourseError(f"{where}: {key} = {shown(value)} must be {vocabulary[key].allowed}.")
    return table


def known(word, words, complaint):
    """`word` itself; raises CourseError, with the nearest word and all of them, when it is none of `words`."""
    if word in words:
        return word
    near = difflib.get_close_matches(word, words, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    listed = ", ".join(list(words)[:20]) or "none"
    raise CourseError(f"{complaint} {shown(word)}; {hint}There are: {listed}.")


def shown(value):
    """A value in an error message: short, on one line."""
    text = str(value) if isinstance(value, datetime) else repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
