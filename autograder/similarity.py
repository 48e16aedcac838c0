"""Pairs of suspiciously similar solutions: winnowed fingerprints of token runs, what everybody has left out.

Schleimer, Wilkerson & Aiken, "Winnowing: local algorithms for document fingerprinting", SIGMOD 2003: a run of
at least WINDOW + RUN - 1 tokens that two solutions share always leaves a fingerprint they share. A pair is
a reason to read both solutions, never a verdict.
"""

import builtins
import hashlib
import keyword
import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

RUN = 12  # tokens in a fingerprint: shorter runs than this are never evidence
WINDOW = 6  # one fingerprint at least of so many neighbouring runs
BASE = np.uint64(0x9E3779B97F4A7C15)  # any odd number with bits everywhere
LONGEST = 100_000  # characters of a cell that are looked at

# One expression for right and for broken Python alike: `tokenize` gives up at the first unclosed bracket (a
# cheap way to hide), and is ten times slower.
TOKEN = re.compile(
    r"""\#[^\n]* | \\\r?\n
    | (?P<line>\n)
    | (?P<text>[rRbBuUfF]{0,2}(?: \"{3}(?:[^\\]|\\.)*?(?:\"{3}|\Z) | '{3}(?:[^\\]|\\.)*?(?:'{3}|\Z)
        | "(?:[^"\\\n]|\\.)*(?:"|(?=\n)|\Z) | '(?:[^'\\\n]|\\.)*(?:'|(?=\n)|\Z) ))
    | (?P<name>[^\W\d]\w*)
    | (?P<number>0[xXoObB][\da-fA-F_]+ | (?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[jJ]?)
    | (?P<mark>\*\*=?|//=?|<<=?|>>=?|->|:=|\.\.\.|[-+*/%@&|^=!<>]=|\S)""",
    re.VERBOSE | re.DOTALL,
)
KEPT = frozenset(keyword.kwlist) | frozenset(dir(builtins))
DEPTH = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


@dataclass(frozen=True)
class Pair:
    """Two students, the share of the smaller solution that both have, and the lines where they have it."""

    students: tuple[str, str]
    score: float  # shared fingerprints, divided by those of the solution that has fewer
    shared: int
    lines: tuple[dict[str, frozenset[int]], dict[str, frozenset[int]]]  # {part: lines, from 1} of each


def similar_pairs(answers, known=(), *, threshold=0.25, least=20, share=0.05, most=200):
    """At most `most` pairs, most similar first, of {student: {part: source}}.

    Left out is what stands in one of the `known` sources (the released stubs, the reference), and what more
    than `share` of the class (and more than five students) have. A pair has at least `least` fingerprints in
    common (some 70 tokens), and `threshold` of the smaller solution: right solutions written independently
    of each other, as in tests/exercises, stay below 0.12.
    """
    holders = defaultdict(set)
    for student, parts in answers.items():
        for value in hashes(parts):
            holders[value].add(student)
    everywhere = {v for source in known for v in run_values(tokens(source)).tolist()}
    limit = max(5, math.ceil(share * len(answers)))
    kept = {v: sorted(s) for v, s in holders.items() if v not in everywhere and len(s) <= limit}
    sizes = Counter(student for group in kept.values() for student in group)
    together = Counter(two for group in kept.values() for two in combinations(group, 2))
    scored = [(-n / min(sizes[s] for s in two), -n, two) for two, n in together.items() if n >= least]
    alike = sorted(row for row in scored if -row[0] >= threshold)[:most]
    return [Pair(two, -score, -n, shared_lines(answers, two, kept.keys())) for score, n, two in alike]


def hashes(parts):
    """The fingerprints of all parts of a submission, without places."""
    return {value for source in parts.values() for value, _, _ in fingerprints(source)}


def shared_lines(answers, two, kept):
    """For each of two students {part: lines} under the kept fingerprints that both have."""
    shared = hashes(answers[two[0]]) & hashes(answers[two[1]]) & kept
    return tuple(covered(answers[student], shared) for student in two)


def covered(parts, values):
    """{part: lines} that the fingerprints with one of the `values` touch."""
    lines = {}
    for part, source in parts.items():
        spans = [range(a, b + 1) for value, a, b in fingerprints(source) if value in values]
        if spans:
            lines[part] = frozenset(line for span in spans for line in span)
    return lines


@lru_cache(maxsize=20_000)
def fingerprints(source):
    """(hash, first line, last line) of the winnowed runs of tokens, in order.

    Of every WINDOW neighbouring runs the one with the smallest hash, the last one of equals.
    """
    found = tokens(source)
    values = run_values(found)
    if not len(values):
        return ()
    windows = sliding_window_view(values[::-1], min(WINDOW, len(values)))
    smallest = windows.argmin(axis=1) + np.arange(len(windows))  # places counted from the end
    chosen = sorted({len(values) - 1 - at for at in smallest.tolist()})
    every = values.tolist()
    return tuple((every[at], found[at][1], found[at + RUN - 1][1]) for at in chosen)


def run_values(found):
    """The hash of every run of RUN tokens: a polynomial of their codes, modulo 2^64."""
    codes = np.array([code(text) for text, _ in found], dtype=np.uint64)
    count = max(0, len(found) - RUN + 1)
    values = np.zeros(count, dtype=np.uint64)
    for i in range(RUN):
        values = values * BASE + codes[i : i + count]
    return values


@lru_cache(maxsize=10_000)
def code(text):
    """64 bits for a symbol, the same in every process, unlike `hash`."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def tokens(source):
    """(symbol, line) of what the code does: no comments, docstrings, blank lines, and one symbol for all names.

    Keywords, builtins and attributes keep their names (they are the language's and the libraries'), except
    attributes of `self`, which are the student's. Literal texts are one symbol, numbers stay.
    """
    found, line, depth, fresh, before = [], 1, 0, True, ("", "")
    for match in TOKEN.finditer(source[:LONGEST]):
        kind, text = match.lastgroup, match.group()
        docstring = kind == "text" and fresh
        if kind == "mark":
            depth = max(0, depth + DEPTH.get(text, 0))
        if kind and kind != "line" and not docstring:
            found.append((symbol(kind, text, before), line))
            before, fresh = (before[1], text), False
        elif kind == "line" and depth == 0:
            fresh = True
        if kind in ("line", "text", None):
            line += text.count("\n")
    return found


def symbol(kind, text, before):
    """What a token counts as, given the two before it."""
    if kind == "text":
        return "'"
    if kind != "name" or text in KEPT:
        return text
    of_a_library = before[1] == "." and before[0] != "self"
    return text if of_a_library else "n"
