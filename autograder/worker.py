"""What a worker of a Dask cluster does: keep one warm engine, run packed jobs on it, answer in JSON.

A worker needs this package and the course's, in the grader's versions, and bubblewrap; no course folder, no
submissions, no gradebook. Submissions come as plain data (`autograder.wire`) and leave as text: nothing of them
is ever unpickled. Members of a cluster trust each other, and jobs carry the secret of hidden tests: on a network
that others share, use a scheduler with TLS (`tls://…`, see Dask's documentation).
"""

import asyncio
import contextlib
import functools
import hashlib
import json
from pathlib import Path

from autograder import jail
from autograder.course import Course, CourseError
from autograder.engine import Engine
from autograder.keeper import Keeper
from autograder.selftest import self_test
from autograder.wire import unpack


@functools.cache
def keeper():
    return Keeper()


def work(setting, blob):
    """Run a packed job; JSON of the results, or of one line that says why there are none."""
    try:
        with engine(setting) as warm:
            return json.dumps({"results": warm.run(unpack(blob))})
    except CourseError as error:
        return json.dumps({"problem": str(error)})


async def ready(setting):
    """Start the engine, beside the worker's own business; a line that says why it cannot be, or None."""

    def started():
        with engine(setting):
            return None

    try:
        return await asyncio.to_thread(started)
    except CourseError as error:
        return str(error)


def done():
    """A run is over: give the memory back, but for what another grader uses."""
    keeper().tidy()


def engine(setting):
    """This worker's engine for a packed setting."""
    return keeper().use(hashlib.sha256(setting).hexdigest(), lambda: start(unpack(setting)))


def start(setting):
    """A new engine that has proved its isolation; raises CourseError when it cannot or must not run here."""
    if setting["installed"] != jail.installed():
        raise CourseError(
            "its packages differ from the grader's; install the same course and versions there."
        )
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(Engine(setting["modules"], setting["overlays"], setting["isolated"]))
        if setting["isolated"]:
            self_test(made, Course(Path(setting["root"])))
        stack.pop_all()
    return made
