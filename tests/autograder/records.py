"""Records as `autograder grade` writes them, made by hand: one student's, and a plausible class with a seed."""

import random

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from tiny import marked

PARTS = {"softmax": (3, 9), "causal_mask": (2, 6), "MultiHeadAttention": (5, 15), "KVCache": (3, 7)}
MESSAGES = {
    "softmax-visible": "The columns sum to 1, not the rows. Which axis does softmax run over?",
    "softmax-hidden": "Wrong in {n} of 12 entries.\nWorst at [{n}, 2]: got 0.{n}1, expected 0.5.",
    "causal_mask-visible": "Row 0 sees nothing: a query may see itself. The mask is off by one.",
    "causal_mask-hidden": "causal_mask({n}, 9) has shape ({n}, {n}), expected ({n}, 9).",
    "MultiHeadAttention-visible": "Your code raised RuntimeError: shape '[2, {n}]' is invalid for input.",
    "MultiHeadAttention-hidden": "With kv_heads={n} the output is wrong in 24 of 24 entries.",
    "KVCache-visible": "Only the newest keys came back; all so far are wanted.",
    "KVCache-hidden": "The cache was copied {n} times; room should double.",
}


def cell(name, part, kind="test", status="passed", points=None, earned=None, **more):
    """One cell of a record."""
    given = {"id": name, "part": part, "kind": kind, "hidden": name.endswith("-hidden"), "points": points}
    given |= {"earned": earned, "status": status, "message": None, "trace": [], "side": "tester"}
    return given | {"seconds": 0.01, "calls": 3} | more


def record(cells, student="ada", assignment="attention", **more):
    """A record around some cells."""
    given = {"student": student, "assignment": assignment, "attempt": 1, "key": "0" * 64, "cells": cells}
    given |= {"graded": "2026-11-25T01:00:00+00:00", "arrived": "2026-11-20T18:00:00+00:00", "problems": []}
    return given | {"isolation": "bubblewrap", "seconds": 0.21} | more


def source(part, student):
    """An answer nobody else has: every token run carries the student's own numbers."""
    chance = random.Random(f"{part} {student}")
    lines = [f"def {part}(x, dim=-1):", '    """What was asked for."""']
    lines += [f"    step{i} = x[{chance.randrange(999)}] * {chance.randrange(999)} + dim" for i in range(8)]
    return "\n".join([*lines, "    return x / x.sum(dim)"])


def one_record(student, chance, ability):
    """A record of one student; the abler, the more checks pass."""
    cells = []
    for part, both in PARTS.items():
        cells.append(cell(part, part, "answer", seconds=0.02))
        for kind, points in zip(("visible", "hidden"), both, strict=True):
            name, passed = f"{part}-{kind}", chance.random() < ability
            status = "passed" if passed else chance.choice(["failed", "failed", "error", "unanswered"])
            said = None if passed else MESSAGES[name].format(n=chance.randrange(3, 9))
            line = {"cell": part, "line": 4, "name": part, "text": "step1 = x"}
            cells.append(cell(name, part, "test", status, points, points * passed, message=said))
            cells[-1]["trace"] = [line] if status == "error" else []
    cells.append(cell("written-1", "written-1", "written", "waiting", 10))
    return record(cells, student, seconds=round(chance.uniform(0.1, 0.6), 3))


def make_class(count, seed=0):
    """({student: record} as a list, {student: {part: source}}) of a class with a few troubles in it."""
    chance = random.Random(seed)
    records, answers = [], {}
    for i in range(count):
        student = f"student-{i:04}"
        records.append(one_record(student, chance, chance.betavariate(4, 2)))
        answers[student] = {part: source(part, student) for part in PARTS}
    if count > 5:
        records[1] |= {"cells": [], "problems": ["The file is not a notebook: it could not be graded."]}
        records[2] |= {
            "isolation": "none",
            "seconds": 42.0,
            "problems": ["The cell softmax-visible was deleted."],
        }
        records[3]["cells"][1] |= {"status": "timeout", "earned": 0, "message": "Stopped after 60 seconds."}
        records[4]["cells"][2] |= {"side": "student"}
        copied = {part: text.replace("step", "tmp") for part, text in answers[records[4]["student"]].items()}
        answers[records[5]["student"]] = copied
    return records, answers


def notebook(answers):
    """The rebuilt notebook of a student, with a hidden test and its output that no page may show."""
    cells = [marked(text, part, solution=True) for part, text in answers.items()]
    cells.append(marked("SECRET_SOURCE = 41", "softmax-hidden", 9))
    cells.append(marked("Because **it** is so.", "written-1", 10, solution=True, markdown=True))
    cells += [new_code_cell("my_own = 1 / 0", id="free-1"), new_markdown_cell("Notes", id="free-2")]
    return new_notebook(cells=cells)
