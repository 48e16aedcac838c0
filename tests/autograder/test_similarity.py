"""Similar solutions: disguises do not help, independent work is left alone, and winnowing keeps its promise."""

import io
import random
import re
import subprocess
import sys
import time
import tokenize
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.course import Course
from autograder.patches import right_solutions
from autograder.report import known_sources
from autograder.similarity import RUN, WINDOW, fingerprints, similar_pairs, tokens

REPOSITORY = Path(__file__).parents[2]
COURSE = Course.at(REPOSITORY)
ORIGINAL = '''def count_pairs(words, limit):
    """How often each two neighbours occur."""
    table = {}
    for left, right in zip(words, words[1:]):
        if len(left) + len(right) > limit:
            continue  # too long
        table[left, right] = table.get((left, right), 0) + 1
    best = max(table.values(), default=0)
    return {pair: n / best for pair, n in table.items() if n > 1}


def spread(values, steps):
    low, high = min(values), max(values)
    width = (high - low) / steps
    edges = [low + i * width for i in range(steps + 1)]
    found = [0] * steps
    for value in values:
        at = min(int((value - low) // width), steps - 1)
        found[at] += 1
    return edges, found
'''


def solutions(name):
    folder = REPOSITORY / "tests" / "exercises" / name
    return {
        style: {p.parts[0]: p.source for p in patches} for style, patches in right_solutions(folder).items()
    }


def renamed(text):
    for old, new in (("table", "d"), ("left", "a"), ("right", "bb"), ("value", "vvv"), ("found", "res")):
        text = re.sub(rf"\b{old}\b", new, text)
    return text


def reordered(text):
    first, second = text.split("\n\n\n")
    return second + "\n\n\n" + first


def decorated(text):
    text = (
        re.sub(r" {4}", "\t", text).replace('"""How', "'''My very own. How").replace('occur."""', "occur.'''")
    )
    return re.sub(r"(?m)^(\s*)(table|width|found)\b", r"\1# a remark\n\n\1\2", text).replace(
        ", ", " ,\\\n ", 1
    )


def broken(text):
    return text + "\nprint((("


@pytest.mark.parametrize("disguise", [str, renamed, reordered, decorated, broken])
def test_a_disguised_copy_is_found(disguise):
    answers = {"ada": {"one": ORIGINAL}, "bob": {"one": disguise(ORIGINAL)}, "eve": {"one": "x = 1\n" * 40}}
    (pair,) = similar_pairs(answers)
    assert pair.students == ("ada", "bob")
    assert pair.score > 0.9
    assert {4, 7, 9} <= pair.lines[0]["one"]


@pytest.mark.parametrize("name", COURSE.exercises())
def test_independent_right_solutions_are_no_pair(name):
    answers = solutions(name)
    assert len(answers) >= 3
    assert similar_pairs(answers, known_sources(COURSE, name)) == []
    alike = similar_pairs(answers, known_sources(COURSE, name), threshold=0, least=1)
    assert max(pair.score for pair in alike) < 0.15, "the threshold of 0.25 has no room any more"


@pytest.mark.parametrize("name", COURSE.exercises())
def test_one_copied_out_of_its_exercise_is_a_pair(name):
    answers = solutions(name)
    first = next(iter(answers))
    answers["thief"] = {part: renamed(text) for part, text in answers[first].items()}
    (pair,) = similar_pairs(answers, known_sources(COURSE, name))
    assert set(pair.students) == {first, "thief"}
    assert pair.score > 0.8


def test_the_stub_and_the_reference_alone_make_no_pair():
    known = known_sources(COURSE, COURSE.exercises()[0])
    same = {f"part{i}": source for i, source in enumerate(known)}
    assert similar_pairs({"ada": same, "bob": dict(same)}, known) == []
    assert len(similar_pairs({"ada": same, "bob": dict(same)})) == 1


def test_what_many_have_is_no_evidence():
    answers = {f"s{i}": {"one": ORIGINAL} for i in range(5)}
    assert len(similar_pairs(answers)) == 10
    answers = {f"s{i}": {"one": ORIGINAL} for i in range(6)}
    assert similar_pairs(answers) == []


SYMBOLS = st.lists(
    st.sampled_from(["+", "-", "*", "/", "if", "for", "in", "7", "8", "(", ")", "len"]), max_size=60
)


@settings(max_examples=150, deadline=None)
@given(SYMBOLS, SYMBOLS, SYMBOLS, SYMBOLS, st.data())
def test_a_shared_run_as_long_as_promised_shares_a_fingerprint(a, b, c, d, data):
    length = RUN + WINDOW - 1
    shared = data.draw(
        st.lists(st.sampled_from(["+", "-", "if", "for", "7", "8"]), min_size=length, max_size=90)
    )
    first, second = " ".join(a + shared + b), " ".join(c + shared + d)
    values = [{value for value, _, _ in fingerprints(text)} for text in (first, second)]
    assert values[0] & values[1]


def test_docstrings_comments_and_layout_are_nothing():
    plain = "def f(a):\n    return [a, 'text']\n"
    told = (
        'def f(a):\n    """Told.\n\n    Twice."""\n    # why\n    return [\n        a,  # ok\n        "b"]\n'
    )
    assert [symbol for symbol, _ in tokens(plain)] == [symbol for symbol, _ in tokens(told)]
    assert [line for _, line in tokens(told)][-1] == 8


def test_few_runs_are_kept():
    chance = random.Random(2)
    source = " ".join(chance.choice(["+", "-", "if", "for", "7", "8"]) for _ in range(5000))
    expected = 5000 * 2 / (WINDOW + 1)  # the density that the paper proves for windows of distinct hashes
    assert len(fingerprints(source)) == pytest.approx(expected, rel=0.05)


def test_tokens_are_pythons_own():
    skipped = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    kept = {"n", "'"}
    for path in sorted((REPOSITORY / "eras").rglob("*.py"))[:40]:
        source = path.read_text(encoding="utf-8")
        theirs = [t for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type not in skipped]
        ours = tokens(source)
        texts = [t for t in theirs if t.type == tokenize.STRING]
        marks = [(t.string, t.start[0]) for t in theirs if t.type in (tokenize.OP, tokenize.NUMBER)]
        names = sum(t.type == tokenize.NAME for t in theirs)
        mine = [(s, n) for s, n in ours if s not in kept and not re.match(r"[^\W\d]", s)]
        assert mine == marks, path
        assert sum(bool(re.match(r"[^\W\d]", s)) for s, _ in ours) == names, path
        assert sum(s == "'" for s, _ in ours) <= len(texts), path


def test_fingerprints_are_the_same_in_another_process():
    program = f"from autograder.similarity import fingerprints; print(fingerprints({ORIGINAL!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.stdout.strip() == str(fingerprints(ORIGINAL))


def test_nothing_breaks_the_reading():
    for text in (
        "",
        '"""',
        "'''\\",
        "\x00\udc80 ((((",
        "f'{",
        "\\",
        "0x",
        "#" * 200_000,
        "中文 = '字'\n" * 50,
    ):
        fingerprints(text)
    assert similar_pairs({}) == []
    assert similar_pairs({"ada": {}, "bob": {"one": ""}}) == []


@pytest.mark.slow
def test_a_thousand_submissions_take_seconds():
    chance = random.Random(1)
    lines = [
        line
        for name in COURSE.exercises()
        for s in solutions(name).values()
        for t in s.values()
        for line in t.split("\n")
    ]
    answers = {
        f"s{i}": {
            f"part{p}": "\n".join([f"v = {i * 1000 + p}", *chance.sample(lines, 20)]) for p in range(10)
        }
        for i in range(1000)
    }
    answers["thief"] = {part: renamed(text) for part, text in answers["s500"].items()}
    start = time.process_time()
    pairs = similar_pairs(answers)
    assert [set(pair.students) for pair in pairs] == [{"s500", "thief"}]
    assert time.process_time() - start < 60, "quadratic somewhere?"
