"""Who runs the jobs of a class: threads around one engine, which starts when the first result is not kept."""

import concurrent.futures as futures
import itertools
import json

from autograder import intake
from autograder.course import CourseError, read_notebook, write_text
from autograder.engine import Engine
from autograder.selftest import self_test

FIRST = 600  # seconds for the reference, which imports for all others
BACKLOG = 3  # submissions a worker has waiting, so that memory does not grow with the class


class Lost(CourseError):
    """One submission cannot be run; the others can."""


class Pool:
    """Threads that prepare jobs and have an engine run them, here or on a cluster."""

    def __init__(self, grading, engine):
        self.grading, self.engine = grading, engine

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.engine.close()

    def results(self, jobs):
        """(student, attempt, outcome) of each job, as they are done; few are under way at any time."""
        todo, running = iter(jobs), {}
        self.engine.ready()
        with futures.ThreadPoolExecutor(self.engine.workers) as threads:
            try:
                while True:
                    for job in itertools.islice(todo, self.engine.workers * BACKLOG - len(running)):
                        running[threads.submit(self.grading.outcome, self.engine.run, *job)] = job
                    if not running:
                        return
                    done, _ = futures.wait(running, return_when=futures.FIRST_COMPLETED)
                    for future in done:
                        yield *running.pop(future), future.result()
            finally:
                threads.shutdown(cancel_futures=True)


class LazyEngine:
    """An engine that starts when it is needed, proves that it is closed, and learns what to import."""

    def __init__(self, grading):
        self.grading, self.engine, self.workers = grading, None, grading.workers

    def prepare(self, jobs):
        """Begin to start, if any job has to run; in the main thread, as bubblewrap dies with its thread."""
        grading = self.grading
        if grading.force or not all(self._is_kept(*job) for job in jobs):
            self.start()

    def _is_kept(self, student, attempt):
        found = intake.read_submission(self.grading.course, self.grading.name, student, attempt)
        if found.notebook is None:
            return True
        job = self.grading.assignment.job(found.notebook, student, found.files)
        return self.grading.kept(self.grading.assignment.key(job)) is not None

    def start(self):
        self.engine = new_engine(self.grading).begin()

    def ready(self):
        """Wait for the engine, if there is one, and prove it; raises CourseError as `prove` does."""
        if self.engine is not None:
            self.engine.ready()
            prove(self.engine, self.grading)

    def run(self, job):
        if self.engine is None:
            raise CourseError("a submission changed while it was being graded: start again.")
        return self.engine.run(job)

    def close(self):
        if self.engine is not None:
            self.engine.__exit__()


def start_engine(grading):
    """A warm engine for the assignment; raises CourseError when it is not closed, or the reference fails."""
    engine = new_engine(grading).__enter__()
    try:
        prove(engine, grading)
    except BaseException:
        engine.__exit__()
        raise
    return engine


def new_engine(grading):
    """The engine that an assignment needs, not yet started."""
    modules = ["torch", *learned(grading)]
    return Engine(modules, grading.assignment.overlays, isolated=not grading.unsafe)


def prove(engine, grading):
    """See that a started engine is closed and that the reference passes; raises CourseError."""
    if not grading.unsafe:
        self_test(engine, grading.course)
    if new := learn(engine, grading):
        engine.warm_up(new)


def learned(grading):
    """The modules that the reference was seen to import."""
    path = _modules(grading)
    return json.loads(path.read_text()) if path.exists() else []


def learn(engine, grading):
    """Run the reference; what it imports is kept, and what of it is new returned. Raises CourseError as below."""
    known = learned(grading)
    new = sorted(set(check_reference(engine, grading)) - set(known))
    if new:
        write_text(_modules(grading), json.dumps(sorted({*known, *new})))
    return new


def _modules(grading):
    return grading.course.root / ".autograder" / "modules" / f"{grading.name}.json"


def check_reference(engine, grading):
    """Run the instructor's own notebook; the modules that it imports. Raises CourseError unless it passes."""
    job = grading.assignment.job(read_notebook(grading.course.source(grading.name)), "the reference")
    patient = {**job["limits"], "cell_seconds": FIRST, "seconds": FIRST}  # nothing is imported yet
    results = engine.run(job | {"modules": True, "limits": patient})
    for cell in (c for c in job["cells"] if c["kind"] in ("given", "answer", "test")):
        found = results.get(cell["id"], {"status": "not run", "message": "it was not reached"})
        if found["status"] != "passed":
            raise CourseError(
                f"{grading.name}: the reference itself does not pass {cell['id']!r} ({found['message']}); "
                "if this test must see inside the student's process, tag it both-sides."
            )
    return results.get("modules", {"names": []})["names"]
