"""autograder grade: everything from submitted/ to marks, one row a submission; what has not changed is kept.

Workers read and run submissions; this process alone writes. A result is kept by the hash of all it depends on
(.autograder/results), so a run can be broken off anywhere and started again.
"""

import json
import sys

import nbformat
from tqdm import tqdm

from autograder import intake
from autograder.assignment import Assignment, executed, record
from autograder.course import CourseError, write_text
from autograder.engine import Broken
from autograder.export import records as earlier_records
from autograder.feedback import write_feedback
from autograder.gradebook import Writer, enrol
from autograder.policy import earned, extra_credit
from autograder.policy_file import read_policy
from autograder.pool import LazyEngine, Lost, Pool
from autograder.rebuild import assembled, exercise
from autograder.table import Row, explanation, table
from autograder.weave import is_solution
from autograder.words import told


class Grading:
    """One run of one assignment."""

    def __init__(
        self, course, name, students=(), workers=2, force=False, unsafe=False, db=None, scheduler=None
    ):
        course.chosen([name])
        self.course, self.name, self.students = course, name, list(students)
        self.workers, self.force, self.unsafe, self.db, self.scheduler = workers, force, unsafe, db, scheduler
        self.policy = read_policy(course)
        self.assignment = Assignment(course, name, self.policy.limits)
        self.isolation = "none" if unsafe else "bubblewrap"

    def run(self, bar=None):
        """Grade; yields a Row for each student as it is written."""
        work = intake.submissions(self.course, self.name, self.students)
        if not work:
            raise CourseError(
                f"nobody has handed in {self.name!r}: there is no submitted/STUDENT/{self.name}; "
                "see `autograder collect`."
            )
        jobs = [(student, n) for student, count in work for n in range(1, count + 1)]
        last = dict(work)
        done = {}
        with self.pool() as pool:
            pool.engine.prepare(jobs)  # the engine gets warm while the gradebook is made
            enrol(self.course, self.name, self.assignment.notebook, self.db)
            intake.note_arrivals(self.course, self.name)
            with Writer(self.course, self.name, self.db) as writer:
                for student, attempt, outcome in pool.results(jobs):
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
        same = bool(manual) and notebook is not None and answers(notebook) == self.graded_answers(student)
        extra = extra_credit(made, self.policy.rules[self.name].extra)
        writer.write(student, notebook, found.arrived, mark.penalty, extra, same)
        self.store(student, made, notebook, [r for r in records if r is not made])
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

    def graded_answers(self, student):
        """The answers that were graded the last time, or None."""
        path = self.course.root / "autograded" / student / self.name / f"{self.name}.ipynb"
        try:
            return answers(nbformat.read(path, as_version=4))
        except (OSError, ValueError):
            return None

    def store(self, student, made, notebook, others):
        """autograded/STUDENT/NAME: the executed notebook, result.json, and the records of other attempts."""
        folder = self.course.root / "autograded" / student / self.name
        if notebook is not None:
            write_text(folder / f"{self.name}.ipynb", nbformat.writes(notebook))
        for other in others:
            write_text(folder / "attempts" / f"{other['attempt']:04}.json", json.dumps(other))
        write_text(folder / "result.json", json.dumps(made, ensure_ascii=False, indent=1))


def answers(notebook):
    """The text of all solution cells."""
    return [cell.source for cell in notebook.cells if is_solution(cell)]


def whole(results, job):
    """True when every cell was run, and the student's process lived, or was ended for taking too long."""
    found = {result["status"] for result in results.values()}
    return len(results) == len(job["cells"]) and ("died" not in found or "timeout" in found)


def _by_hand(cell, manual):
    """A cell of a record with the points that a person gave."""
    if cell["id"] not in manual:
        return cell
    status = "passed" if cell["status"] == "waiting" else cell["status"]
    return {**cell, "earned": manual[cell["id"]], "status": status}


def run_grade(course, options):
    """The command; the exit code is 1 when something needs a person."""
    chosen = {"workers": options.jobs, "force": options.force, "unsafe": options.unsafe, "db": options.db}
    grading = Grading(course, options.name, options.student, scheduler=options.scheduler, **chosen)
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
    print("\n".join(explanation(counting, mark, manual)))
    return 0
