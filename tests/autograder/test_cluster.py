"""Grading beyond one machine: a Dask cluster and PostgreSQL, both real, started and stopped here."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from nbgrader.api import Gradebook
from services import cluster, free_port, postgresql
from tiny_class import COUNTER, DOUBLE, SLOW, WRONG, class_of

from autograder import cluster as grader_side
from autograder import jail, worker
from autograder.cluster import Cluster
from autograder.course import CourseError
from autograder.grade import Grading
from autograder.gradebook import COURSE
from autograder.pool import Lost

pytest.importorskip("distributed")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cluster")]

GOOD = {"double": DOUBLE, "Counter": COUNTER}
CLASS = {
    **{f"right-{i}": GOOD for i in range(4)},
    "half": {"double": DOUBLE},
    "wrong": GOOD | {"double": WRONG},
    "blank": {},
    "slow": GOOD | {"double": SLOW + DOUBLE},
}
POINTS = {**{f"right-{i}": 90 for i in range(4)}, "half": 40, "wrong": 50, "blank": 0, "slow": 90}


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """The class as graded on this machine."""
    course = class_of(tmp_path_factory.mktemp("local"), CLASS)
    assert command(course).returncode == 0
    return course


def command(course, *options):
    line = [sys.executable, "-m", "autograder", "--course", str(course.root), "grade", "tiny", *options]
    return subprocess.run(line, capture_output=True, text=True)


def records(course):
    """{student: [(cell, status, earned)]} of all that was graded."""
    found = {}
    for path in (course.root / "autograded").glob("*/tiny/result.json"):
        record = json.loads(path.read_text())
        found[record["student"]] = [(c["id"], c["status"], c["earned"]) for c in record["cells"]]
    return found


def marks(course, db=None):
    """{student: {cell: (automatic, waits for a person)}} in the gradebook; each student is there once."""
    with Gradebook(db or f"sqlite:///{course.root / 'gradebook.db'}", COURSE) as book:
        submissions = book.assignment_submissions("tiny")
        found = {
            s.student_id: {g.name: (g.auto_score, g.needs_manual_grade) for g in s.notebooks[0].grades}
            for s in submissions
        }
        assert len(found) == len(submissions)
        return found


def stuck(client, run):
    """The worker that has been at one job of the run for two seconds: the one with the slow student's."""
    since = {}
    while not run.done():
        keys = {(name, key) for name, held in client.processing().items() for key in held[:1]}
        since = {at: since.get(at, time.monotonic()) for at in keys}
        for (name, key), start in since.items():
            if key.startswith("tiny") and time.monotonic() - start > 2:
                return name
        time.sleep(0.1)
    raise AssertionError(run.result().stderr)


def test_every_mark_is_there_once_though_a_worker_is_killed_in_the_middle(local, tmp_path):
    from distributed import Client

    course = class_of(tmp_path / "course", CLASS)
    with cluster(tmp_path) as (address, _, workers), Client(address, set_as_default=False) as client:
        with ThreadPoolExecutor(1) as thread:
            done = thread.submit(command, course, "--scheduler", address)
            victim = stuck(client, done)
            workers[victim].send_signal(signal.SIGKILL)
            said = done.result()
        assert said.returncode == 0, said.stderr
        assert list(client.nthreads()) == [name for name in workers if name != victim]
    assert records(course) == records(local)
    assert marks(course) == marks(local)
    points = {who: sum(p or 0 for p, _ in cells.values()) for who, cells in marks(course).items()}
    assert points == POINTS
    again = command(course, "--scheduler", address)  # the cluster is gone, but nothing has to be run
    assert "8 with kept results" in again.stdout


def test_marks_in_postgresql_are_those_in_sqlite(local):
    with postgresql() as db:
        done = command(local, "--db", db)
        assert done.returncode == 0, done.stderr
        assert marks(local, db) == marks(local)
        explained = command(local, "--db", db, "--explain", "wrong")
        assert "50 of 100" in explained.stdout
    gone = command(local, "--db", db)
    assert gone.returncode == 1
    assert gone.stderr.startswith("autograder grade: the gradebook postgresql+psycopg://")
    assert gone.stderr.count("\n") == 1


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:{}", "nonsense", "soap://127.0.0.1:{}"])
def test_nobody_at_the_address_is_one_line(address, monkeypatch):
    monkeypatch.setattr(grader_side, "ANSWER", 1)
    with pytest.raises(CourseError, match=r"no Dask scheduler answers at [^\n]*$"):
        grader_side.connect(address.format(free_port()))


def test_no_dask_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CourseError, match="needs Dask: pip install"):
        grader_side.connect("tcp://127.0.0.1:1")


def test_no_worker_and_a_worker_of_another_version_are_one_line(tmp_path, monkeypatch):
    course = class_of(tmp_path / "course", {"ada": GOOD})
    with cluster(tmp_path, workers=0) as (address, _, _), pytest.raises(CourseError, match="no worker"):
        list(Grading(course, "tiny", scheduler=address).run())
    monkeypatch.setattr(jail, "installed", lambda: "something else")
    with cluster(tmp_path, workers=1) as (address, _, _), pytest.raises(CourseError, match="differ from the"):
        list(Grading(course, "tiny", scheduler=address).run())


def connected(address):
    """The grader's side of a cluster, for jobs that need no engine."""
    made = Cluster(SimpleNamespace(name="tiny", scheduler=address, workers=2))
    made.engine, made.setting, made.seen = grader_side.connect(address), b"", time.monotonic()
    return made


def attempt(made, job):
    try:
        return made.run(job)
    except CourseError as error:
        return error


def test_a_job_that_kills_its_workers_costs_itself_only(tmp_path, monkeypatch):
    def work(setting, blob):
        if b"deadly" in blob:
            os._exit(1)
        time.sleep(0.2)
        return '{"results": {}}'

    monkeypatch.setattr(worker, "work", work)
    few = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with cluster(tmp_path, workers=3, **few) as (address, _, _):
        made = connected(address)
        with ThreadPoolExecutor(6) as threads:
            found = list(threads.map(lambda job: attempt(made, job), ["fine", "deadly", *["fine"] * 6]))
        made.engine.close()
    assert isinstance(found[1], Lost)
    assert "died" in str(found[1])
    assert found[:1] + found[2:] == [{}] * 7


@pytest.mark.parametrize("what", ["scheduler", "last worker"])
def test_a_cluster_lost_in_the_middle_is_one_line(what, tmp_path, monkeypatch):
    def work(setting, blob):
        time.sleep(60)

    monkeypatch.setattr(worker, "work", work)
    monkeypatch.setattr(grader_side, "LOOK", 0.5)
    monkeypatch.setattr(grader_side, "ALONE", 1)
    with cluster(tmp_path, workers=1) as (address, scheduler, workers):
        made = connected(address)
        with ThreadPoolExecutor(1) as thread:
            found = thread.submit(attempt, made, "anything")
            time.sleep(1)
            for each in [scheduler] if what == "scheduler" else workers.values():
                each.kill()
            assert f"has lost its {what}" in str(found.result())
        made.close()


def test_a_cluster_that_has_gone_needs_no_good_bye():
    def run(*arguments, **options):
        raise OSError("timed out")

    closed, made = [], Cluster(SimpleNamespace(name="tiny", scheduler="", workers=1))
    made.engine = SimpleNamespace(status="running", run=run, close=lambda: closed.append(True))
    made.close()
    assert closed == [True]
