"""What a class's records say about the exercise: each test's difficulty and discrimination, and its messages.

Difficulty is the mean share of a test's points (the higher, the easier). Discrimination is the corrected
item-rest correlation: Pearson's r between the points for a test and those for all the others (for a test that
is passed or not this is the point-biserial r). Leaving the test itself out of the total is the correction of
Henrysson, "Correction of item-total correlations in item analysis", Psychometrika 28 (1963), 211-218.
"""

import re
from collections import Counter
from dataclasses import dataclass
from statistics import StatisticsError, correlation, mean

NUMBER = re.compile(r"(?<![A-Za-z_])[-+]?\d+(?:[.,_]\d+)*(?:e[-+]?\d+)?")
UNTOLD = {
    "unanswered": "(left empty)",
    "timeout": "(took too long)",
    "died": "(the program ended)",
    "error": "(an error without a text)",
    "failed": "(failed without a text)",
}


@dataclass
class Message:
    """A message, numbers cut, how many got it, and one of the texts as it was."""

    pattern: str
    count: int
    example: str


@dataclass
class Item:
    """One test of the exercise in the eyes of a class."""

    id: str
    points: float
    difficulty: float | None  # None: the test carries no points
    discrimination: float | None  # None: it does not vary, or nothing else does
    failing: int
    graded: int
    messages: list[Message]


def items(records):
    """The tests in the order of the exercise."""
    seen = {}  # {test: [(its cell in a record, points for the record's other tests)]}
    for record in records:
        tests = [cell for cell in record["cells"] if cell["kind"] == "test"]
        total = sum(cell["earned"] or 0 for cell in tests)
        for cell in tests:
            seen.setdefault(cell["id"], []).append((cell, total - (cell["earned"] or 0)))
    return [item(cells) for cells in seen.values()]


def item(cells):
    """What a class did with one test."""
    first, points = cells[0][0], cells[0][0]["points"] or 0
    earned = [(cell["earned"] or 0, rest) for cell, rest in cells]
    failed = [cell for cell, _ in cells if cell["status"] != "passed"]
    return Item(
        first["id"],
        points,
        difficulty=mean(mine for mine, _ in earned) / points if points else None,
        discrimination=related(earned),
        failing=len(failed),
        graded=len(cells),
        messages=frequent([c["message"] or UNTOLD.get(c["status"], c["status"]) for c in failed]),
    )


def frequent(texts, most=4):
    """The `most` most frequent messages; texts that differ in numbers only are one."""
    examples = {}
    for text in texts:
        examples.setdefault(without_numbers(text), text)
    counts = Counter(without_numbers(text) for text in texts).most_common(most)
    return [Message(pattern, count, examples[pattern]) for pattern, count in counts]


def without_numbers(text):
    """The text with every number cut, so that messages that differ only in values are one."""
    return NUMBER.sub("#", text[:600])


def related(pairs):
    """Pearson's r of (test, rest), or None when one of them does not vary."""
    try:
        return correlation(*zip(*pairs, strict=True))
    except StatisticsError:
        return None
