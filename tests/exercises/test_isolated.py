"""The contract holds across the boundary, too: the same solutions earn the same marks when they run isolated.

A sample of the mistakes here (all of them with AUTOGRADER_ALL=1); test_contract.py runs every one in process.
"""

import os
import zlib

import pytest
from exercise import scores
from test_contract import COURSE, EXERCISES, RIGHT, WRONG

from autograder.assignment import executed, name_of, points
from autograder.course import read_notebook
from autograder.grade import Grading
from autograder.pool import start_engine
from autograder.weave import is_graded

ONE_IN = 1 if os.environ.get("AUTOGRADER_ALL") else 12
INSIDE = (
    "torch's own",
    "F.softmax",
    "own softmax",
    "calls torch",
    "recount",
    "all words",
    "scaled_dot_product",
)
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("isolated")]


class Isolated:
    """Runs cells on an engine; the contract's Runner, across the boundary."""

    def __init__(self, exercise):
        self.exercise, self.grading = exercise, Grading(COURSE, exercise.name)
        self.engine = start_engine(self.grading)

    def run(self, sources):
        """{grade id: {"earned": points}} with `sources` {part: text} in the holes."""
        notebook = read_notebook(COURSE.source(self.exercise.name))
        for cell in notebook.cells:
            cell.source = sources.get(name_of(cell), cell.source)
        results = self.engine.run(self.grading.assignment.job(notebook, "somebody"))
        done = executed(notebook, results)
        graded = [c for c in done.cells if c.cell_type == "code" and is_graded(c)]
        return {
            name_of(c): {"earned": points(c), "said": results.get(name_of(c), {}).get("message")}
            for c in graded
        }

    def close(self):
        self.engine.__exit__()


@pytest.fixture(scope="module")
def isolated():
    made = {}

    def of(exercise):
        if exercise.name not in made:
            made[exercise.name] = Isolated(exercise)
        return made[exercise.name]

    yield of
    for each in made.values():
        each.close()


def chosen(params):
    """Mistakes that only the student's process can show, and one in so many of the others."""
    return [
        p for p in params
        if any(word in p.id for word in INSIDE) or zlib.crc32(p.id.encode()) % ONE_IN == 0
    ]  # fmt: skip


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_blank_earns_nothing(exercise, isolated):
    blank = {cell["id"]: cell["source"] for cell in exercise.blank() if cell["id"] in exercise.holes()}
    assert sum(result["earned"] for result in isolated(exercise).run(blank).values()) == 0


@pytest.mark.parametrize(("exercise", "mistake"), chosen(WRONG))
def test_a_mistake_costs_its_part_and_no_other(exercise, mistake, isolated):
    results = isolated(exercise).run({mistake.parts[0]: mistake.source})
    full, earned = exercise.points(), scores(results)
    lost = {name for name in full if earned[name] < full[name]}
    assert lost == set(mistake.parts) & set(full), {k: r["said"] for k, r in results.items() if r["said"]}


@pytest.mark.parametrize(("exercise", "style"), RIGHT)
def test_a_right_solution_keeps_everything(exercise, style, isolated):
    results = isolated(exercise).run({patch.parts[0]: patch.source for patch in exercise.right()[style]})
    said = {k: r["said"] for k, r in results.items() if r["said"]}
    assert {p: earned for p, earned in scores(results).items() if earned} == exercise.points(), said
