"""autograder grade: everything from submitted/ to marks, one row a submission; what has not changed is not run again.

Workers read and run submissions; this process alone writes. A result is kept by the hash of all it depends on
(.autograder/results), so a run can be broken off anywhere and started again.
"""

import concurrent.futures as futures
import itertools
import json
import sys
from dataclasses import dataclass

import nbformat
from tqdm import tqdm

from autograder import intake
from autograder.assignment import Assignment, executed, record
from autograder.course import CourseError, read_notebook, write_text
from autograder.engine import Broken, Engine
from autograder.export import records as earlier_records
from autograder.feedback import write_feedback
from autograder.gradebook import Writer, enrol
from autograder.policy import Policy, earned, extra_credit
from autograder.rebuild import assembled, exercise
from autograder.selftest import self_test
from autograder.words import told

FIRST = 600  # seconds for the reference, which imports for all others
BACKLOG = 3  # submissions a worker has waiting, so that memory does not grow with the class


@dataclass
class Row:
    """One line of the table."""

    student: str
    points: float = 0.0
    final: float = 0.0
    maximum: float = 0.0
    seconds: float = 0.0
    waiting: bool = False
    cached: bool = False
    note: str = ""
    problems: tuple = ()


class Grading:
    """One run of one assignment."""

    def __init__(
        self, course, name, students=(), workers=2, force=False, unsafe=False, db=None, scheduler=None
    ):
        course.chosen([name])
        self.course, self.name, self.students = course, name, list(students)
        self.workers, self.force, self.unsafe, self.db, self.scheduler = workers, force, unsafe, db, scheduler
        self.policy = Policy.read(course)
        self.assignment = Assignment(course, name, self.policy.limits)
        self.isolation = "none" if unsafe else "bubblewrap"

    def run(self, bar=None):
        """Grade; yields a Row for each student as it is written."""
        work = intake.submissions(self.course, self.name, self.students)
        if not work:
            raise CourseError(
                f"nobody has handed in {self.name!r}: submitted/STUDENT/{self.name}/ is empty; see `autograder collect`."
            )
        enrol(self.course, self.name, self.assignment.notebook, self.db)
        intake.note_arrivals(self.course, self.name)
        jobs = [(student, n) for student, count in work for n in range(1, count + 1)]
        last = dict(work)
        done = {}
        with self.pool() as results, Writer(self.course, self.name, self.db) as writer:
            for student, attempt, outcome in results(jobs):
                done.setdefault(student, {})[attempt] = outcome
                if bar is not None:
                    bar.update()
                if len(done[student]) == last[student]:
                    yield self.write(writer, student, done.pop(student))

    def pool(self):
        """The workers: on this machine, or on a Dask cluster."""
        if self.scheduler:
            from autograder.cluster import Cluster

            return Pool(self, Cluster(self))
        return Pool(self, LazyEngine(self))

    # What a worker does

    def outcome(self, run, student, attempt):
        """(submission, executed notebook, record, whether it was kept) of one attempt; `run` runs a job."""
        found = intake.read_submission(self.course, self.name, student, attempt)
        if found.notebook is None:
            return found, None, self.ungraded(found), False
        job = self.assignment.job(found.notebook, student, found.files)
        key = self.assignment.key(job)
        kept = None if self.force else self.kept(key)
        results = kept or self.keep(key, self.attempted(run, job, found), job)
        notebook = executed(found.notebook, results["cells"])
        made = record(found, notebook, results["cells"], key, results["isolation"])
        return found, notebook, made, kept is not None

    def attempted(self, run, job, found):
        """The results of a job; a submission that cannot be run gets none, and a line that says why.

        What died or did not come to its end is run once more: it may have been the machine, not the student.
        """
        try:
            results = run(job)
            results = told(results if whole(results, job) else run(job), job, run)
        except (Lost, Broken) as reason:
            found.problems.append(str(reason))
            return {}
        if len(results) < len(job["cells"]):
            found.problems.append("Not all cells were run, in two tries: look at it, then grade it again.")
        return results

    def ungraded(self, found):
        """The Record of a submission that could not be read: nothing was answered."""
        empty = assembled(exercise(self.course, self.name), {}, {})
        return record(found, executed(empty, {}), {}, "", self.isolation)

    def place(self, key):
        return self.course.root / ".autograder" / "results" / key[:2] / f"{key}.json"

    def kept(self, key):
        """The results kept under a key, or None."""
        try:
            found = json.loads(self.place(key).read_text(encoding="utf-8"))
            return found if found["key"] == key and (self.unsafe or found["isolation"] != "none") else None
        except (OSError, ValueError, KeyError):
            return None

    def keep(self, key, cells, job):
        """Keep results, unless the grader was the reason that not all cells were reached."""
        results = {"key": key, "isolation": self.isolation, "cells": cells}
        if len(cells) == len(job["cells"]):
            write_text(self.place(key), json.dumps(results))
        return results

    # What the writer does

    def write(self, writer, student, outcomes):
        """Store a student's attempts; the one that counts goes into the gradebook."""
        records = [outcomes[n][2] for n in sorted(outcomes)]
        manual, comments = writer.manual(student)
        mark = self.mark(student, records, manual)
        counting = mark.attempt or max(outcomes)
        found, notebook, made, cached = outcomes[counting]
        self.store(student, made, notebook, [r for r in records if r is not made])
        extra = extra_credit(made, self.policy.rules[self.name].extra)
        writer.write(student, notebook, found.arrived, notebook is None, mark.penalty, extra)
        shown = {**made, "cells": [_by_hand(c, manual) for c in made["cells"]]}
        write_feedback(self.course, shown, mark, notebook, comments)
        waiting = any(c["status"] == "waiting" for c in shown["cells"])
        return Row(student, earned(shown), mark.final, mark.maximum, made["seconds"], waiting, cached, mark.note,
                   tuple(made["problems"]))  # fmt: skip

    def mark(self, student, records, manual):
        """The policy's mark, which may depend on the student's other assignments (free late days)."""
        others = {
            name: earlier_records(self.course, student, name)
            for name in self.policy.rules
            if name != self.name
        }
        attempts = {self.name: records, **{name: r for name, r in others.items() if r}}
        by_hand = {(self.name, r["attempt"]): manual for r in records}
        return self.policy.mark(student, attempts, by_hand)[self.name]

    def store(self, student, made, notebook, others):
        """autograded/STUDENT/NAME: the executed notebook, result.json, and the records of other attempts."""
        folder = self.course.root / "autograded" / student / self.name
        if notebook is not None:
            write_text(folder / f"{self.name}.ipynb", nbformat.writes(notebook))
        for other in others:
            write_text(folder / "attempts" / f"{other['attempt']:04}.json", json.dumps(other))
        write_text(folder / "result.json", json.dumps(made, ensure_ascii=False, indent=1))


def whole(results, job):
    """True when every cell was run, and the student's process lived to the end, or was ended for taking too long."""
    found = {result["status"] for result in results.values()}
    return len(results) == len(job["cells"]) and ("died" not in found or "timeout" in found)


def _by_hand(cell, manual):
    """A cell of a record with the points that a person gave."""
    if cell["id"] not in manual:
        return cell
    status = "passed" if cell["status"] == "waiting" else cell["status"]
    return {**cell, "earned": manual[cell["id"]], "status": status}


class Lost(CourseError):
    """One submission cannot be run; the others can."""


class Pool:
    """Threads that prepare jobs, have an engine run them (here or on a cluster) and make records of the results."""

    def __init__(self, grading, engine):
        self.grading, self.engine = grading, engine

    def __enter__(self):
        return self.results

    def __exit__(self, *_):
        self.engine.close()

    def results(self, jobs):
        """(student, attempt, outcome) of each job, as they are done; few are under way at any time."""
        todo, running = iter(jobs), {}
        self.engine.prepare(jobs)
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
    """An engine that starts when it is needed, proves its isolation, and learns from the reference what to import."""

    def __init__(self, grading):
        self.grading, self.engine, self.workers = grading, None, grading.workers

    def prepare(self, jobs):
        """Start in the main thread (bubblewrap dies with the thread that started it), if any job will have to run."""
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
        self.engine = start_engine(self.grading)

    def run(self, job):
        if self.engine is None:
            raise CourseError("a submission changed while it was being graded: start again.")
        return self.engine.run(job)

    def close(self):
        if self.engine is not None:
            self.engine.__exit__()


def start_engine(grading):
    """A warm engine for the assignment; raises CourseError when it is not closed, or the reference does not pass."""
    modules = ["torch", *learned(grading)]
    engine = Engine(modules, grading.assignment.overlays, isolated=not grading.unsafe).__enter__()
    try:
        if not grading.unsafe:
            self_test(engine, grading.course)
        if new := learn(engine, grading):
            engine.warm_up(new)
    except BaseException:
        engine.__exit__()
        raise
    return engine


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
    """Run the instructor's own notebook; returns the modules that it imports. Raises CourseError unless all passes."""
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


def run_grade(course, options):
    """The command; the exit code is 1 when something needs a person."""
    grading = Grading(
        course, options.name, options.student, options.jobs, options.force, options.unsafe, options.db, options.scheduler
    )  # fmt: skip
    if options.explain:
        return explain(grading, options.explain)
    if options.unsafe:
        print(
            "UNSAFE: student code runs as you, with all your files; every mark will say so.", file=sys.stderr
        )
    total = sum(n for _, n in intake.submissions(course, options.name, options.student))
    with tqdm(total=total, unit="notebook", desc=options.name, file=sys.stdout, disable=None) as bar:
        rows = sorted(grading.run(bar), key=lambda row: row.student)
    lines = intake.skipped(course, options.name)
    print(table(rows))
    print("\n".join(lines))
    return 1 if lines or any(row.problems for row in rows) else 0


def table(rows):
    """The table of marks, with a line for each problem."""
    width = max([7, *(len(row.student) for row in rows)])
    lines = [f"{'student':{width}}  points   final  of   seconds"]
    for row in rows:
        marks = f"{row.points:>6g}{'*' if row.waiting else ' '}  {row.final:>6g}  {row.maximum:>3g}"
        lines.append(
            f"{row.student:{width}}  {marks}  {'kept' if row.cached else f'{row.seconds:.2f}':>7}  {row.note}".rstrip()
        )
        lines += [f"{'':{width}}  ! {problem}" for problem in row.problems]
    if any(row.waiting for row in rows):
        lines.append("* a written answer is not marked yet: open Formgrader (`make lab`)")
    again = sum(row.cached for row in rows)
    lines.append(
        f"{len(rows)} students, {again} with kept results, {sum(bool(row.problems) for row in rows)} with problems."
    )
    return "\n".join(lines)


def explain(grading, student):
    """Print why a mark is what it is."""
    records = earlier_records(grading.course, student, grading.name)
    if not records:
        raise CourseError(
            f"{student!r} has no result for {grading.name!r} yet: run `autograder grade {grading.name}`."
        )
    with Writer(grading.course, grading.name, grading.db) as writer:
        manual, _ = writer.manual(student)
    mark = grading.mark(student, records, manual)
    counting = next((r for r in records if r["attempt"] == mark.attempt), records[-1])
    print(
        f"{student}, {grading.name}, attempt {counting['attempt']}, arrived {counting['arrived'] or 'unknown'}, graded {counting['graded']}"
    )
    print(f"isolation: {counting['isolation']}; result {counting['key'][:12] or '-'}")
    for line in counting["problems"]:
        print(f"! {line}")
    for cell in (
        c for c in counting["cells"] if c["points"] is not None or c["status"] not in ("passed", "unanswered")
    ):
        print(explained(cell, manual))
    print(
        f"points {mark.points:g}, extra {mark.extra:g}, penalty {mark.penalty:g}: {mark.final:g} of {mark.maximum:g}. {mark.note}"
    )
    return 0


def explained(cell, manual):
    """Some lines on one cell."""
    by_hand = f" (by hand {manual[cell['id']]:g})" if cell["id"] in manual else ""
    points = "" if cell["points"] is None else f"{cell['earned'] or 0:g}/{cell['points']:g}"
    lines = [
        f"  {cell['id']:40} {points:>7}{by_hand}  {cell['status']}, {cell['seconds']:.2f} s, {cell['calls']} calls, {cell['side']}"
    ]
    lines += [f"      {line}" for line in (cell["message"] or "").splitlines()]
    lines += [f"      {step['cell']}, line {step['line']}: {step['text'].strip()}" for step in cell["trace"]]
    return "\n".join(lines)
