"""Attackers and three honest students, graded in one run: nobody earns, learns or breaks what is not theirs.

`MOST` is what the honest parts of an attack's notebook deserve; `attacks/make.py` makes the notebooks.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import attack_course
import nbformat
import psutil
import pytest
from attack_course import CANARIES, HONEST, NAME, SECRET

sys.path.insert(0, str(Path(__file__).parent / "attacks"))

import make

from autograder.grade import Grading
from autograder.gradebook import gradebook

ATTACKS = sorted(path.stem for path in make.HERE.glob("*.ipynb"))
MOST = {  # what the honest parts deserve; 0 for all others
    "os-exit": 20, "detached": 20, "one-long-line": 20, "duplicated-ids": 20, "back-dated": 20,
    "rebind-later": 20, "out-of-time-swallowed": 25, "stderr-warning": 90, "callback-flood": 5,
    "callback-afterwards": 20,
    # A visible test names its question, so an answer made for that question passes it.
    "run-says-passed": 5, "answers-before-questions": 5,
    **{f"bomb-{name}": 20 for name in (
        "fork", "thread", "memory", "stack", "segfault", "abort", "regex", "output", "sleep", "stop")},
    # Everything in these is right; what is forged beside it must help nobody.
    **{f"news-{name}": 90 for name in ("forgotten", "states", "tensors", "classes", "form")},
    **{f"raw-{name}": 20 for name in (
        "garbage", "huge-header", "large-header", "nested", "not-utf8", "truncated")},
    **{f"leak-{name}": 20 for name in (
        "stdout", "exception", "cell-exception", "class-name", "returned", "returned-list", "type-name",
        "function-name", "encoded", "check-message", "key-name", "given-cell")},
    "leak-at-once": 5,
}  # fmt: skip
LEAST = {"stderr-warning": 90, "os-exit": 20, "detached": 20, "back-dated": 20, "out-of-time-swallowed": 25,
         "bomb-sleep": 20, "rebind-later": 20, "leak-stdout": 20}  # fmt: skip
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("attacks")]
PAGES = ["html-injection", "template-injection", "terminal-and-bidi", "hostile-exceptions"]


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The course after one run over all, with what was there before."""
    course = attack_course.make(tmp_path_factory.mktemp("attacked") / "course")
    attack_course.honest(course)
    for name in ATTACKS:
        lay(course, name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ERAS_SECRET", SECRET)
        before = outside(course)
        grading = Grading(course, NAME, workers=2)
        rows = {row.student: row for row in grading.run()}
        return course, rows, before, outside(course)


def lay(course, name):
    """An attacker hands in, with the files and links that belong to the attack."""
    folder = course.root / "submitted" / f"x-{name}" / NAME
    folder.mkdir(parents=True)
    shutil.copy(make.HERE / f"{name}.ipynb", folder / f"{NAME}.ipynb")
    if name == "symlink-other":
        (folder / f"{NAME}.ipynb").unlink()
        (folder / f"{NAME}.ipynb").symlink_to(course.root / "submitted" / "ada" / NAME / f"{NAME}.ipynb")
    if name == "symlink-gradebook":
        (folder / "data.db").symlink_to(course.root / "gradebook.db")
    if name == "back-dated":
        (folder / "timestamp.txt").write_text("2001-01-01 00:00:00 UTC\n")
    if name == "shadow-modules":
        for file in ("torch.py", "checks.py", "sitecustomize.py", "matplotlibrc", "math.py", "data.csv"):
            (folder / file).write_text("raise SystemExit('attack-left')\n")
        (folder / "eras").mkdir()
        (folder / "eras" / "checks.py").write_text("compare = expect = raises = lambda *a, **k: None\n")


def outside(course):
    """{file: hash} of what no attack may change, and the names of what attacks plant, wherever they could."""
    kept = [
        p for name in ("solutions", "exercises", "submitted", "eras") for p in (course.root / name).rglob("*")
    ]
    files = {
        str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in kept if p.is_file() and not p.is_symlink()
    }
    places = ["/tmp", "/dev/shm", "/var/tmp", "/", Path.home(), course.root, os.getcwd()]
    planted = [str(p) for place in places for p in Path(place).glob("attack-left*")]
    planted += [str(p) for p in (Path.home() / ".ipython").rglob("attack-left*")]
    planted += [str(p) for p in map(Path, sys.path) if (p / "attack-left.pth").exists()]
    return files, planted


def record(course, student):
    return json.loads((course.root / "autograded" / student / NAME / "result.json").read_text())


def told(course, student):
    """All that a run says of a student, without the sources of the instructor's cells."""
    folder = course.root / "autograded" / student / NAME
    page = (course.root / "feedback" / student / NAME / f"{NAME}.html").read_text()
    outputs = []
    if (folder / f"{NAME}.ipynb").exists():
        for cell in nbformat.read(folder / f"{NAME}.ipynb", as_version=4).cells:
            outputs += [json.dumps(cell.get("outputs", []))]
            outputs += [] if cell.metadata.get("nbgrader", {}).get("grade") else [cell.source]
    return page, "\n".join(outputs), (folder / "result.json").read_text()


def test_notebooks_are_those_that_the_script_makes(tmp_path):
    released = nbformat.read(attack_course.make(tmp_path / "course").released(NAME), as_version=4)
    assert sorted(make.ATTACKS) == ATTACKS
    stale = [n for n in ATTACKS if (make.HERE / f"{n}.ipynb").read_text() != make.text(released, n)]
    assert not stale, "run tests/autograder/attacks/make.py"


def test_there_are_more_than_twenty_attacks_of_our_own_and_each_says_what_it_tries():
    assert len(ATTACKS) >= 45
    for name in ATTACKS:
        first = nbformat.read(make.HERE / f"{name}.ipynb", as_version=4).cells[0]
        assert first.cell_type == "markdown", name
        assert len(first.source.splitlines()) == 3, name


@pytest.mark.slow
def test_the_batch_finishes_with_a_row_for_everybody(graded):
    course, rows, *_ = graded
    assert set(rows) == {*HONEST, *(f"x-{name}" for name in ATTACKS)}
    for student in rows:
        page, _, result = told(course, student)
        assert "</html>" in page
        assert json.loads(result)["student"] == student
        assert json.loads(result)["isolation"] == "bubblewrap"


@pytest.mark.slow
def test_the_marks_of_honest_students_are_exactly_theirs(graded):
    course, rows, *_ = graded
    assert {student: rows[student].points for student in HONEST} == HONEST
    with gradebook(course) as book:
        for student, points in HONEST.items():
            assert book.find_submission(NAME, student).score == points
            assert not rows[student].problems


@pytest.mark.slow
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_earns_what_its_honest_parts_deserve(graded, name):
    course, rows, *_ = graded
    student = f"x-{name}"
    cells = {c["id"]: (c["earned"], c["status"], c["message"]) for c in record(course, student)["cells"]}
    assert LEAST.get(name, 0) <= rows[student].points <= max(MOST.get(name, 0), LEAST.get(name, 0)), cells
    assert rows[student].final <= 90
    with gradebook(course) as book:
        assert book.find_submission(NAME, student).score == rows[student].points


@pytest.mark.slow
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_learns_nothing(graded, name):
    course, *_ = graded
    everything = "\n".join(told(course, f"x-{name}"))
    own = make.HERE.joinpath(f"{name}.ipynb").read_text()
    for canary in CANARIES:
        for form in forms(canary):
            assert form not in everything or form in own, (canary, around(everything, form))


def forms(text):
    """A text as it is and in some disguises."""
    yield from (text, text[::-1], text.replace("-", "_"), text.upper())
    yield from (text.encode().hex(), base64.b64encode(text.encode()).decode()[:-4])


def around(text, found):
    place = text.index(found)
    return text[max(0, place - 200) : place + 100]


@pytest.mark.slow
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_finds_no_way_out(graded, name):
    course, *_ = graded
    _, outputs, result = told(course, f"x-{name}")
    assert not re.findall(r"BREACH [^',][^\n]{0,300}", json_texts(outputs))
    assert "BREACH [" not in result


def json_texts(outputs):
    """What was printed: the lines of outputs, without the sources of cells."""
    found = [line for line in outputs.splitlines() if line.startswith("[{")]
    return "\n".join(str(part.get("text", "")) for line in found for part in json.loads(line))


@pytest.mark.slow
def test_forgers_were_armed(graded):
    """An attack that no longer finds what it forges would pass for nothing."""
    course, *_ = graded
    for name in ATTACKS:
        if 'print("armed")' in "".join(make.ATTACKS[name]["cells"].values()):
            cells = {c["id"]: c["status"] for c in record(course, f"x-{name}")["cells"]}
            outputs = told(course, f"x-{name}")[1]
            assert '"armed' in outputs or cells["free-1"] != "error", name


@pytest.mark.slow
def test_nothing_outside_has_changed(graded):
    _, _, before, after = graded
    assert after == before


@pytest.mark.slow
def test_no_process_is_left(graded):
    assert not [p for p in psutil.Process().children(recursive=True) if "warm" in " ".join(p.cmdline())]
    left = [p for p in psutil.process_iter(["name", "cmdline"]) if "attack-left" in f"{p.info}"]
    assert not left


@pytest.mark.slow
def test_what_ended_a_process_is_told(graded):
    course, *_ = graded
    cells = {name: {c["id"]: c["status"] for c in record(course, f"x-{name}")["cells"]} for name in ATTACKS}
    assert cells["os-exit"]["Counter-visible"] == "died"
    assert cells["out-of-time-swallowed"]["Counter-hidden"] == "timeout"
    assert cells["ignore-sigint"]["double-hidden"] in ("died", "timeout")


@pytest.mark.slow
def test_the_date_is_ours(graded):
    course, *_ = graded
    assert record(course, "x-back-dated")["arrived"] > "2020"


class Tags(HTMLParser):
    """Tags and attributes that a page would act on."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        if tag in ("script", "iframe", "img", "object", "embed") or any(
            key.startswith("on") or str(value).startswith("javascript:") for key, value in attributes
        ):
            self.found.append((tag, attributes))


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_pages_run_nothing_and_show_what_is_there(graded, name):
    course, *_ = graded
    page, outputs, _ = told(course, f"x-{name}")
    reader = Tags()
    reader.feed(page)
    assert not reader.found
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", page)
    assert not [text for text in ("1337", "root:") if text in page]
    assert not [kind for kind in ("text/html", "application/javascript") if kind in outputs]


@pytest.mark.slow
def test_the_command_says_the_same(graded):
    course, rows, *_ = graded
    students = [
        "ada",
        "mia",
        "zoe",
        "x-os-exit",
        "x-run-raises-system-exit",
        "x-symlink-other",
        "x-surrogates",
    ]
    command = [sys.executable, "-m", "autograder", "--course", str(course.root), "grade", NAME, "-j", "2"]
    command += [part for student in students for part in ("--student", student)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "ERAS_SECRET": SECRET})
    assert done.returncode in (0, 1), done.stderr
    table = {
        line.split()[0]: line.split()[1].rstrip("*")
        for line in done.stdout.splitlines()
        if line[:1].isalpha()
    }
    assert {s: float(table[s]) for s in students} == {s: rows[s].points for s in students}
