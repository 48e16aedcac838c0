"""Real local services for tests, a Dask scheduler with workers and PostgreSQL, each for a `with` block."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

WAIT = 120  # seconds for a service to be there on a busy machine


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextlib.contextmanager
def process(command, log, **more):
    """A process for the time of the block; what it says goes to the file `log`."""
    with open(log, "wb") as out:
        running = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, **more)
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(timeout=20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def wait_for(true, what):
    """Wait until `true()` is; fails after a while."""
    deadline = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.1)


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def dask(command, *options):
    return [sys.executable, "-m", "distributed.cli.dask_" + command, *options, "--no-dashboard"]


@contextlib.contextmanager
def cluster(folder, workers=2, **settings):
    """(address of a scheduler, its process, {worker's address: process}); `settings`: Dask's, by environment."""
    from distributed import Client

    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **settings}
    with contextlib.ExitStack() as stack:
        line = dask("scheduler", "--host", "127.0.0.1", "--port", str(port))
        scheduler = stack.enter_context(process(line, folder / "scheduler.log", env=environment))
        wait_for(lambda: answers(port), "the scheduler")
        started = {}
        for i in range(workers):
            line = dask("worker", address, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
            line += ["--local-directory", str(folder / f"worker-{i}")]
            running = stack.enter_context(process(line, folder / f"worker-{i}.log", env=environment))
            started[running.pid] = running
        with Client(address, set_as_default=False) as client:
            wait_for(lambda: len(client.nthreads()) == workers, "the workers")
            pids = client.run(os.getpid) if workers else {}
        yield address, scheduler, {name: started[pid] for name, pid in pids.items()}


@contextlib.contextmanager
def postgresql():
    """The address of an empty PostgreSQL data base on a private port; skips where it is not installed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("PostgreSQL is not installed (the Debian package postgresql)")
    folder = Path(
        tempfile.mkdtemp(prefix="postgresql-")
    )  # not in tmp_path, which is closed to other accounts
    account = {}
    if os.geteuid() == 0:  # it refuses to run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    port, data = free_port(), folder / "data"
    try:
        line = [programs[-1], "-D", data, "-U", "grader", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(line, check=True, capture_output=True, cwd=folder, **account)
        line = [programs[-1].with_name("postgres"), "-D", data, "-k", folder, "-F"]
        line += ["-p", str(port), "-c", "listen_addresses=127.0.0.1"]
        with process(line, folder.with_suffix(".log"), cwd=folder, **account):
            wait_for(lambda: accepts(port), "PostgreSQL")
            yield f"postgresql+psycopg://grader@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(folder)
        folder.with_suffix(".log").unlink(missing_ok=True)


def accepts(port):
    """True when PostgreSQL has started up."""
    import psycopg

    try:
        psycopg.connect(host="127.0.0.1", port=port, user="grader", dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True
