"""Run a notebook's cells and score them as nbgrader does, quickly: one fresh forked process per notebook.

`python runner.py` is a server: it imports torch once, on one thread, then reads one JSON job a line and
answers with one JSON line. Each job runs in a fork, so that nothing a solution does reaches the next one.
`Runner` talks to it.

As under nbgrader: cells run in order in one namespace; a graded cell that raises, or writes to stderr, earns
0; one whose last line shows a number earns that number, and any other value earns everything.
"""

import ast
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import types
from pathlib import Path

CELL_SECONDS = 60  # of the processor's time: a busy machine fails nobody
NOTEBOOK_SECONDS = 900  # on the clock, for cells that sleep


class Runner:
    """The server, seen from the tests: `run(cells, stubs={}, secret=None)`."""

    def __init__(self):
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        self.server = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def run(self, cells, stubs=None, secret=None, files=None, seconds=CELL_SECONDS):
        """Cells: dicts with id, source and points (None when not graded); gives {id: {earned, error, shown}}.

        stubs: {module name: source to stand in for it}; files: {name: path} to put into the working folder;
        seconds: the processor time one cell may take.
        """
        job = {
            "cells": cells,
            "stubs": stubs or {},
            "secret": secret,
            "files": files or {},
            "seconds": seconds,
        }
        self.server.stdin.write(json.dumps(job) + "\n")
        self.server.stdin.flush()
        answer = self.server.stdout.readline()
        if not answer:
            raise RuntimeError(f"the runner ended with code {self.server.wait()}")
        return json.loads(answer)

    def close(self):
        self.server.stdin.close()
        self.server.wait(timeout=10)


def serve():
    """Answer jobs until stdin ends. Imports come first, before any fork, and leave a single thread."""
    import IPython  # noqa: F401  a kernel has it, too
    import numpy  # noqa: F401
    import torch
    import torch.fx.experimental.symbolic_shapes  # comes with the first backward pass, slowly

    import eras.checks  # noqa: F401

    torch.set_num_threads(1)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    assert len(os.listdir("/proc/self/task")) == 1, "a fork from several threads can hang"
    for line in sys.stdin:
        answers.write(json.dumps(in_a_fork(json.loads(line))) + "\n")
        answers.flush()


def in_a_fork(job):
    """Run a job in a child process; what it did not answer in time counts as failed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.setpgid(0, 0)
        with contextlib.suppress(BaseException):
            work(job, writing)
        os._exit(0)
    os.close(writing)
    received = receive(reading, time.monotonic() + NOTEBOOK_SECONDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    results = dict(json.loads(line) for line in received.decode().splitlines())
    missing = {"earned": 0.0, "error": "the process ended or took too long before this cell", "shown": None}
    return {cell["id"]: results.get(cell["id"], missing) for cell in job["cells"]}


def receive(pipe, deadline):
    """All bytes from a pipe until it closes or time is up."""
    chunks = []
    while (left := deadline - time.monotonic()) > 0 and select.select([pipe], [], [], left)[0]:
        chunk = os.read(pipe, 1 << 16)
        if not chunk:
            break
        chunks.append(chunk)
    os.close(pipe)
    return b"".join(chunks)


def work(job, writing):
    """In the child: run every cell and report each as one JSON line."""
    signal.signal(signal.SIGPROF, out_of_time)
    if job["secret"] is not None:
        os.environ["ERAS_SECRET"] = job["secret"]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, path in job["files"].items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(Path(path).read_bytes())
        for name, source in job["stubs"].items():
            stand_in(name, source)
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        for cell in job["cells"]:
            os.write(
                writing,
                (json.dumps([cell["id"], run_cell(cell, vars(main), job["seconds"])]) + "\n").encode(),
            )


def stand_in(name, source):
    """Put a module made of `source` in the place of the real one."""
    import importlib

    package = importlib.import_module(name.rpartition(".")[0])
    module = sys.modules[name] = types.ModuleType(name)
    setattr(package, name.rpartition(".")[2], module)
    exec(compile(source, f"<stub of {name}>", "exec"), vars(module))


def run_cell(cell, namespace, seconds):
    """Run one cell; what it earned, the error's text, and the value its last line shows (as text)."""
    error, value = None, None
    with tempfile.TemporaryFile("w+") as noise, quiet(noise):
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            value = execute(cell["source"], namespace, cell["id"])
        except BaseException as raised:
            error = f"{type(raised).__name__}: {raised}\n{last_frames()}"
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stderr.flush()
        noise.seek(0)
        heard = noise.read()
    if error is None and heard and cell["points"] is not None:
        error = f"wrote to stderr: {heard[:500]}"
    shown = None if value is None else repr(value)[:200]
    return {"earned": score(cell["points"], error, shown), "error": error, "shown": shown}


def execute(source, namespace, name):
    """Run source as a cell; the value of its last line when that is an expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, f"<{name}>", "exec"), namespace)
    return eval(compile(ast.Expression(last.value), f"<{name}>", "eval"), namespace) if last else None


def score(points, error, shown):
    """nbgrader's rule for a graded cell; 0 for others."""
    if not points or error is not None:
        return 0.0
    try:
        return min(max(float(shown), 0.0), points) if shown is not None else float(points)
    except ValueError:
        return float(points)


@contextlib.contextmanager
def quiet(noise):
    """Standard output nowhere, standard error into the file `noise`."""
    saved = os.dup(2), sys.stdout, sys.stderr
    os.dup2(noise.fileno(), 2)
    try:
        with open(os.devnull, "w") as sys.stdout, open(os.dup(2), "w") as sys.stderr:
            yield
    finally:
        os.dup2(saved[0], 2)
        os.close(saved[0])
        sys.stdout, sys.stderr = saved[1:]


def last_frames():
    """The traceback's last lines."""
    return "".join(traceback.format_exc(limit=-3).splitlines(keepends=True)[-14:])


def out_of_time(signum, frame):
    raise TimeoutError("the cell took too long")


if __name__ == "__main__":
    serve()
