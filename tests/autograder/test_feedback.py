"""The feedback page: what a student needs, nothing of a hidden test, and no harm from what students write."""

import json
import os
import subprocess
import sys
import time
from html.parser import HTMLParser

import nbformat
import pytest
from records import cell, make_class, notebook, record, source
from tiny import REPOSITORY

from autograder.course import Course
from autograder.feedback import feedback_page, write_feedback
from autograder.pages import clean
from autograder.policy import Mark
from autograder.release import release
from autograder.weave import weave

COURSE = Course.at(REPOSITORY)
CHINESE = "她说:「注意力」"


class Reader(HTMLParser):
    """Collects text and tags, and whatever could ask another host for something."""

    def __init__(self, page):
        super().__init__()
        self.text, self.tags, self.outside = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.outside += [v for k, v in attributes if k in ("src", "href", "action") and not v.startswith("#")]

    def handle_data(self, data):
        self.text.append(data)


def text_of(page):
    return " ".join("".join(Reader(page).text).split())


def failing(**more):
    line = {"cell": "softmax", "line": 4, "name": "softmax", "text": "step1 = 1"}
    given = {"message": "The rows sum to 3.\nHint: divide.", "trace": [line]}
    return cell("softmax-visible", "softmax", "test", "failed", 3, 0, **(given | more))


def page(*cells, answers=None, mark=None, comments=None, **more):
    answers = answers or {"softmax": source("softmax", "ada")}
    whole = [cell("softmax", "softmax", "answer"), *cells]
    return feedback_page(COURSE, record(whole, **more), mark, notebook(answers), comments)


def test_it_says_what_was_earned_what_failed_and_where():
    passed = cell("causal_mask-visible", "causal_mask", "test", "passed", 2, 2)
    said = text_of(page(failing(), passed, problems=["The cell x was deleted: restored."]))
    assert "Attention: 2 of 5 points" in said
    assert "The rows sum to 3. Hint: divide." in said
    assert "The cell x was deleted: restored." in said
    assert "In your code, softmax, line 4:" in said
    assert "→ 4" in said
    assert source("softmax", "ada").splitlines()[3].strip() in said
    assert "First hint" in said
    assert "The check passed, 2 of 2 points" in said


def test_parts_that_are_right_get_no_hints():
    said = text_of(page(cell("softmax-visible", "softmax", "test", "passed", 3, 3)))
    assert "hint" not in said


def test_nothing_of_a_hidden_test_but_its_message():
    hidden = cell("softmax-hidden", "softmax", "test", "failed", 9, 0, message="Half precision is wrong.")
    hidden["trace"] = [{"cell": "softmax-hidden", "line": 1, "name": "f", "text": "own text"}]
    out = page(failing(), hidden)
    assert "Hidden check, 0 of 9 points" in text_of(out)
    assert "Half precision is wrong." in out
    assert "SECRET_SOURCE" not in out
    assert "softmax-hidden" not in out


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script><img src=http://example.org/x onerror=alert(1)>",
        "{{ 7 * 7 }}{% raise %}",
        "</pre></main></style><style>*{display:none}",
        "\x1b[31mred\x1b]0;title\x07\x1b[2J",
        "abc \u202e cba \x00 \udc80 \u2066",
        "x" * 1_000_000,
        "line\n" * 100_000,
    ],
)
def test_whatever_a_student_writes_stays_text(hostile):
    evil = failing(message=hostile, id=f"softmax{hostile[:50]}")
    evil["trace"][0] |= {"name": hostile, "text": hostile, "line": 99}
    own = {"softmax": f"{hostile}\n# {CHINESE}"}
    out = page(evil, answers=own, student=hostile, problems=[hostile], comments={"softmax": hostile})
    reader = Reader(out)
    plain = Reader(page(failing(), problems=["x"], comments={"softmax": "x"}))
    assert set(reader.tags) == set(plain.tags)
    assert reader.outside == []
    assert not {"\x1b", "\x00", "\u202e", "\u2066", "\udc80"} & set(out)
    assert len(out.encode("utf-8")) < 400_000
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in out


def test_chinese_survives():
    out = page(failing(message=CHINESE), answers={"softmax": f"x = '{CHINESE}'"}, student="陈")
    assert text_of(out).count(CHINESE) == 2
    assert "陈" in out


def test_written_answers_wait_and_then_carry_points_and_a_comment():
    written = cell("written-1", "written-1", "written", "waiting", 10)
    said = text_of(page(written))
    assert "10 more points wait" in said
    assert "Why divide by √D?" in said
    assert "Because **it** is so." in said
    said = text_of(page(written | {"earned": 7}, comments={"written-1": "Good <b>start</b>."}))
    assert "10 more points" not in said
    assert "7 of 10" in said
    assert "Good <b>start</b>." in said


def test_the_policys_mark_is_what_counts():
    mark = Mark("ada", "attention", maximum=100, final=31.5, note="1 day late: 10 points off.")
    said = text_of(page(failing(), mark=mark))
    assert "31.5 of 100 points" in said
    assert "1 day late: 10 points off." in said


def test_nothing_graded_is_said_and_does_not_break():
    out = feedback_page(COURSE, record([], problems=["The file is not a notebook."]))
    assert "could not be graded" in text_of(out)
    assert "The file is not a notebook." in out
    assert "0 of 0 points" in out


def test_an_unknown_line_is_shown_as_the_record_has_it():
    lost = failing(trace=[{"cell": "gone", "line": 7, "name": "<module>", "text": "boom()"}])
    assert "In your cell, line 7: → 7boom()" in text_of(page(lost))


def test_clean_cuts_and_marks():
    assert clean("a\x1b[1mb\u202ec\td") == "ab\ufffdc\td"
    assert clean("x" * 50, width=10) == "x" * 9 + "…"
    assert clean("a\nb\nc", lines=2) == "a\nb\n…"


def test_a_class_takes_milliseconds_a_page():
    records, answers = make_class(60)
    books = {student: notebook(parts) for student, parts in answers.items()}
    feedback_page(COURSE, records[0], None, books[records[0]["student"]])
    start = time.process_time()
    for one in records:
        feedback_page(COURSE, one, None, books[one["student"]])
    assert time.process_time() - start < 60 * 0.02, "ten times what it should take"


# Through nbgrader's own commands.


@pytest.fixture
def graded(course):
    """The tiny course released, with a submission of ada's collected as nbgrader does."""
    list(weave(course))
    list(release(course))
    folder = course.root / "submitted" / "ada" / "tiny"
    folder.mkdir(parents=True)
    (folder / "tiny.ipynb").write_bytes(course.released("tiny").read_bytes())
    (folder / "timestamp.txt").write_text("2026-11-20 18:00:00 UTC")
    (folder / "submission_secret.txt").write_text("ab" * 64)
    return course


def tiny_record():
    bad = cell("double-visible", "double", "test", "failed", 10, 0, message="Squared, not doubled.")
    hidden = cell("double-hidden", "double", "test", "failed", 30, 0, message="Negative numbers.")
    return record([cell("double", "double", "answer"), bad, hidden], assignment="tiny")


def nbgrader(course, *arguments):
    environment = {**os.environ, "NBGRADER_EXCHANGE": str(course.root / "exchange"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=course.root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_files_beside_the_page_are_nbgraders(graded):
    path = write_feedback(graded, tiny_record())
    assert path == graded.root / "feedback" / "ada" / "tiny" / "tiny.html"
    assert path.with_name("submission_secret.txt").read_text() == "ab" * 64
    assert path.with_name("timestamp.txt").read_text() == "2026-11-20 18:00:00 UTC"


def test_a_link_is_not_followed_and_a_made_up_secret_stays(graded):
    folder = graded.root / "submitted" / "ada" / "tiny"
    (folder / "submission_secret.txt").unlink()
    (folder / "submission_secret.txt").symlink_to(graded.source("tiny"))
    first = write_feedback(graded, tiny_record()).with_name("submission_secret.txt").read_text()
    assert len(first) == 128
    assert write_feedback(graded, tiny_record()).with_name("submission_secret.txt").read_text() == first


@pytest.mark.slow
def test_release_feedback_publishes_our_page(graded):
    from nbgrader.utils import notebook_hash

    path = write_feedback(graded, tiny_record())
    nbgrader(graded, "release_feedback", "tiny")
    name = notebook_hash(secret="ab" * 64, notebook_id="tiny")
    published = graded.root / "exchange" / "from-rules-to-llms" / "feedback" / f"{name}.html"
    assert published.read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_generate_feedback_renders_our_page_with_marks_given_by_hand(graded):
    nbgrader(graded, "generate_assignment", "tiny", "--force")
    nbgrader(graded, "autograde", "tiny", "--create")
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{graded.root / 'gradebook.db'}", "from-rules-to-llms") as book:
        book.find_grade("written-1", "tiny", "tiny", "ada").manual_score = 8
        book.find_grade("written-1", "tiny", "tiny", "ada").needs_manual_grade = False
        book.find_comment("written-1", "tiny", "tiny", "ada").manual_comment = "Well argued."
        book.db.commit()
    written = cell("written-1", "written-1", "written", "waiting", 10)
    kept = tiny_record() | {"cells": [*tiny_record()["cells"], written]}
    folder = graded.root / "autograded" / "ada" / "tiny"
    (folder / "result.json").write_text(json.dumps(kept))
    nbgrader(graded, "generate_feedback", "tiny")
    out = (graded.root / "feedback" / "ada" / "tiny" / "tiny.html").read_text(encoding="utf-8")
    said = text_of(out)
    assert "8 of 100 points" in said
    assert "Well argued." in said
    assert "Squared, not doubled." in said
    assert "Hidden check" in said
    tests = nbformat.read(folder / "tiny.ipynb", as_version=4).cells
    assert any("counting.next" in c.source for c in tests)
    assert "counting.next" not in out
