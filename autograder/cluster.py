"""Grading on a Dask cluster: `autograder grade NAME --scheduler ADDRESS`.

Intake, kept results, records and the gradebook stay with the grader, the single reader and writer; workers run
jobs (`autograder.worker`). When a worker dies its jobs run elsewhere; a job that kills every worker it meets
costs its own row only. Few jobs are under way at any time, so that memory does not grow with the class.
"""

import contextlib
import json
import logging
import time
import uuid

from autograder import jail, worker
from autograder.course import CourseError
from autograder.pool import LazyEngine, Lost, learn, learned
from autograder.wire import pack

ANSWER = 10  # seconds in which a scheduler has to answer
LOOK = 5  # seconds between looks at the cluster while a job is awaited
ALONE = 60  # seconds in which a cluster without workers has to get one
TRIES = 2  # of a job whose engine broke, or whose workers died
EACH = 2  # jobs for each of the workers' threads: one under way, one that waits beside it


class Cluster(LazyEngine):
    """Runs jobs on a cluster, like an engine; connects when the first job is not kept."""

    def start(self):
        """Connect; raises CourseError."""
        self.engine, self.seen = connect(self.grading.scheduler), time.monotonic()

    def ready(self):
        """Have every worker prove its isolation; raises CourseError."""
        if self.engine is None:
            return
        self.get_ready()
        if learn(self, self.grading):
            self.get_ready()
        self.workers = EACH * sum(self.engine.nthreads().values())

    def get_ready(self):
        """Tell all workers what engine they need, and wait until they have it."""
        grading = self.grading
        setting = {
            "installed": jail.installed(),
            "modules": ["torch", *learned(grading)],
            "overlays": grading.assignment.overlays,
            "isolated": not grading.unsafe,
            "root": str(grading.course.root),
        }
        self.setting = pack(setting)
        said = self.engine.run(worker.ready, self.setting, on_error="return")
        if not said:
            place = grading.scheduler
            raise CourseError(f"no worker has joined the scheduler {place}: start `dask worker {place}`.")
        for address, problem in said.items():
            if problem is not None:
                reason = problem if isinstance(problem, str) else f"{type(problem).__name__}: {problem}"
                raise CourseError(f"the worker {address}: {reason}")

    def run(self, job):
        """Run a job on some worker; raises Lost when it cannot be run, CourseError when the cluster is gone."""
        if self.engine is None:
            return super().run(job)
        blob = pack(job)
        for _ in range(TRIES):
            said = self.answer(blob)
            if "results" in said:
                return said["results"]
        raise Lost(f"This could not be run: {said['problem']}")

    def answer(self, blob):
        """What a worker answers to a packed job."""
        from distributed import CancelledError, KilledWorker

        key = f"{self.grading.name}-{uuid.uuid4()}"
        future = self.engine.submit(worker.work, self.setting, blob, key=key, retries=TRIES)
        while True:
            try:
                return json.loads(future.result(timeout=LOOK))
            except TimeoutError:
                self.look()
            except KilledWorker:  # or it only waited beside the job that killed them: one more try
                return {"problem": "each worker that tried it died."}
            except (CancelledError, OSError):
                raise self.gone() from None

    def look(self):
        """Raise CourseError when the scheduler, or all workers for a while, are gone."""
        try:
            workers = self.engine.nthreads()
        except (OSError, TimeoutError):
            raise self.gone() from None
        if workers:
            self.seen = time.monotonic()
        elif time.monotonic() - self.seen > ALONE:
            raise self.gone("its last worker")

    def gone(self, what="its scheduler"):
        return CourseError(
            f"the cluster {self.grading.scheduler} has lost {what}; what is graded is kept: start again."
        )

    def close(self):
        if self.engine is not None:
            with contextlib.suppress(OSError):  # a cluster that has gone needs no good-bye
                if self.engine.status == "running":
                    self.engine.run(worker.done, on_error="ignore")
            self.engine.close()


def connect(address):
    """A client of the scheduler; raises CourseError when Dask is not installed or nobody answers there."""
    try:
        from distributed import Client
    except ImportError:
        raise CourseError("--scheduler needs Dask: pip install '.[cluster]'") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what goes wrong, we say ourselves
    try:
        return Client(address, timeout=ANSWER, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise CourseError(
            f"no Dask scheduler answers at {address} ({type(error).__name__}); is it like tcp://HOST:8786?"
        ) from None
