"""What every exercise promises: blank earns nothing, right earns all, each named mistake costs its part."""

import pytest
from exercise import REPOSITORY, Exercise, scores

from autograder.course import Course
from autograder.kit import stubbed
from autograder.release import released
from autograder.weave import woven

COURSE = Course.at(REPOSITORY)
ENDLESS = 15  # seconds of the processor's time after which a mistake that never ends has ended
CORE = {"attention", "decoding", "tokenizer"}
EXERCISES = [Exercise(name) for name in COURSE.exercises()]
WRONG = [
    pytest.param(exercise, mistake, id=f"{exercise.name}/{'+'.join(mistake.parts)}/{mistake.name}")
    for exercise in EXERCISES
    for mistake in exercise.wrong()
]
RIGHT = [
    pytest.param(exercise, style, id=f"{exercise.name}/{style}")
    for exercise in EXERCISES
    for style in exercise.right()
]
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)


def errors(results):
    """What went wrong, cell by cell, for a failing test's message."""
    return "\n".join(f"[{name}] {result['error']}" for name, result in results.items() if result["error"])


def test_the_core_exercises_are_there():
    assert set(COURSE.exercises()) >= CORE


@each_exercise
def test_points(exercise):
    assert len(exercise.points()) >= 7, "fewer than seven autograded parts"
    assert sum(exercise.points().values()) == 90
    assert sum(exercise.written().values()) == 10
    assert set(exercise.points()) <= set(exercise.holes()), "a test without a part"


@each_exercise
def test_visible_tests_carry_points_and_hidden_ones_more(exercise):
    visible = sum(cell["points"] or 0 for cell in exercise.cells() if cell["id"].endswith("-visible"))
    hidden = sum(cell["points"] or 0 for cell in exercise.cells() if cell["id"].endswith("-hidden"))
    assert 0 < visible < hidden


@each_exercise
def test_enough_wrong_and_right_solutions(exercise):
    mistakes = exercise.wrong()
    assert len(mistakes) >= 15
    assert len({str(mistake) for mistake in mistakes}) == len(mistakes), "two mistakes share a name"
    assert all(mistake.name for mistake in mistakes)
    assert {mistake.parts[0] for mistake in mistakes} >= set(exercise.points()), "a part without a mistake"
    assert {part for mistake in mistakes for part in mistake.parts} <= set(exercise.holes())
    assert len(exercise.right()) >= 3
    for patches in exercise.right().values():
        assert {part for patch in patches for part in patch.parts} >= set(exercise.points())


@each_exercise
def test_woven_and_released_as_committed(exercise):
    source = COURSE.source(exercise.name).read_text(encoding="utf-8")
    assert woven(COURSE, exercise.name) == source, f"run: autograder weave {exercise.name}"
    committed = COURSE.released(exercise.name).read_text(encoding="utf-8")
    assert released(COURSE, exercise.name) == committed, f"run: autograder release {exercise.name}"


@each_exercise
def test_blank_earns_nothing(exercise, runner):
    results = runner.run(exercise.blank(), files=exercise.files())
    earned = {name: result["earned"] for name, result in results.items() if result["earned"]}
    assert earned == {}


@each_exercise
@pytest.mark.parametrize("secret", [None, "another term", "第三学期"], ids=["default", "words", "chinese"])
def test_the_reference_earns_everything(exercise, runner, secret):
    results = runner.run(exercise.cells(), secret=secret, files=exercise.files())
    assert {p: earned for p, earned in scores(results).items() if earned} == exercise.points(), errors(
        results
    )
    assert errors(results) == ""


@each_exercise
def test_no_graded_cell_shows_a_value(exercise, runner):
    """nbgrader would take the value of a cell's last line for partial credit."""
    results = runner.run(exercise.cells(), files=exercise.files())
    graded = [cell["id"] for cell in exercise.cells() if cell["points"] is not None]
    assert [name for name in graded if results[name]["shown"] is not None] == []


@each_exercise
def test_visible_tests_do_without_the_package_piece(exercise, runner):
    """In the students' kit the piece is a stub: their own copy must be enough for everything they can see."""
    path = COURSE.module(exercise.name)
    module = ".".join(path.relative_to(COURSE.root).with_suffix("").parts)
    stub = stubbed(path.read_text(encoding="utf-8"), path.name, exercise.name)
    answers = {cell["id"]: cell["source"] for cell in exercise.cells() if cell["id"] in exercise.holes()}
    cells = exercise.cells("exercises", answers)
    hidden = {cell["id"] for cell in cells if cell["id"].endswith("-hidden")}
    results = runner.run(
        [c for c in cells if c["id"] not in hidden], stubs={module: stub}, files=exercise.files()
    )
    assert errors(results) == ""


@pytest.mark.parametrize(("exercise", "mistake"), WRONG)
def test_a_mistake_costs_its_part_and_no_other(exercise, mistake, runner):
    cells = exercise.cells(sources={mistake.parts[0]: mistake.source})
    results = runner.run(cells, files=exercise.files(), seconds=ENDLESS)
    assert results[mistake.parts[0]]["error"] is None, "the wrong solution does not even run"
    full, earned = exercise.points(), scores(results)
    lost = {part for part in full if earned[part] < full[part]}
    assert lost == set(mistake.parts) & set(full), f"parts that lost marks: {sorted(lost)}\n{errors(results)}"


@pytest.mark.parametrize(("exercise", "style"), RIGHT)
def test_a_right_solution_keeps_everything(exercise, style, runner):
    sources = {patch.parts[0]: patch.source for patch in exercise.right()[style]}
    results = runner.run(exercise.cells(sources=sources), files=exercise.files())
    assert {p: earned for p, earned in scores(results).items() if earned} == exercise.points(), errors(
        results
    )
    assert errors(results) == ""
