"""What a class's records say about the exercise: each test's difficulty and discrimination, and its messages.

Difficulty is the mean share of a test's points (the higher, the easier). Discrimination is the corrected
item-rest correlation: Pearson's r between the points for a test and those for all the others (for a test that
is passed or not this is the point-biserial r). Leaving the test itself out of the total is the correction of
Henrysson, "Correction of item-total correlations in item analysis", Psychometrika 28 (1963), 211-218.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
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
    part: str
    hidden: bool
    points: float
    difficulty: float | None = None  # None: the test carries no points
    discrimination: float | None = None  # None: it does not vary, or nothing else does
    failing: int = 0
    graded: int = 0
    messages: list[Message] = field(default_factory=list)


def items(records, most=4):
    """The tests in the order of the exercise, with at most `most` messages each."""
    found, earned, said, examples = {}, {}, {}, {}
    totals = [sum(c["earned"] or 0 for c in record["cells"] if c["kind"] == "test") for record in records]
    for record, total in zip(records, totals, strict=True):
        for cell in record["cells"]:
            if cell["kind"] != "test":
                continue
            name, mine = cell["id"], cell["earned"] or 0
            item = found.setdefault(name, Item(name, cell["part"], cell["hidden"], cell["points"] or 0))
            item.graded += 1
            earned.setdefault(name, []).append((mine, total - mine))
            if cell["status"] != "passed":
                item.failing += 1
                text = cell["message"] or UNTOLD.get(cell["status"], cell["status"])
                pattern = without_numbers(text)
                said.setdefault(name, Counter())[pattern] += 1
                examples.setdefault((name, pattern), text)
    for name, item in found.items():
        if item.points:
            item.difficulty = mean(mine for mine, _ in earned[name]) / item.points
        item.discrimination = related(earned[name])
        most_common = said.get(name, Counter()).most_common(most)
        item.messages = [Message(text, n, examples[name, text]) for text, n in most_common]
    return list(found.values())


def without_numbers(text):
    """The text with every number cut, so that messages that differ only in values are one."""
    return NUMBER.sub("#", text[:600])


def related(pairs):
    """Pearson's r of (test, rest), or None when one of them does not vary."""
    try:
        return correlation(*zip(*pairs, strict=True))
    except StatisticsError:
        return None
