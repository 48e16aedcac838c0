"""The notebook that is graded: the instructor's cells, with only the student's own answers and free cells put in.

A student's text gets into solution cells, found by their grade_id, and into free cells; never into a locked one.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import nbformat

from autograder.course import CourseError, read_notebook
from autograder.untrusted import Refused, shown, some
from autograder.weave import grade_id, is_solution

FREE = 500  # so many cells of their own are kept
DEFINED = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
MARKS = ("### BEGIN SOLUTION", "### BEGIN HIDDEN TESTS")
OURS = ("points", "grade", "solution", "locked", "task")  # metadata that decides marks


@dataclass(frozen=True)
class Part:
    """One cell of the exercise that carries a grade_id."""

    cell: dict  # the instructor's, as plain data, with the released checksum
    released: str  # the text students got: the stub of a solution cell
    given: dict  # nbgrader's metadata as students got it
    solution: bool
    defines: frozenset

    @property
    def kind(self):
        return self.cell["cell_type"]


@dataclass(frozen=True)
class Exercise:
    """What the whole class is compared with; `exercise` loads it once."""

    name: str
    metadata: dict
    parts: dict  # grade_id -> Part, in the instructor's order
    by_id: dict  # cell id -> grade_id
    by_text: dict  # released text -> grade_id


def exercise(course, name):
    """The exercise, loaded again only when a file has changed; raises CourseError when one is missing."""
    course.chosen([name])
    paths = course.source(name), course.released(name)
    for path in paths:
        if not path.exists():
            raise CourseError(f"{path.relative_to(course.root)} is missing; run `autograder release {name}`.")
    return load(name, *paths, *(path.stat().st_mtime_ns for path in paths))


@lru_cache(maxsize=16)
def load(name, source, released, *_when):
    """An Exercise from the instructor's and the students' notebook."""
    instructors = read_notebook(source)
    given = {grade_id(cell): cell for cell in read_notebook(released).cells if grade_id(cell)}
    parts, by_id, by_text = {}, {}, {}
    for cell in instructors.cells:
        key = grade_id(cell)
        if key is None:
            continue
        if key not in given:
            raise CourseError(f"{name}: the released notebook has no cell {key!r}; release it again.")
        parts[key] = part(cell, given[key])
        by_id[given[key].get("id") or cell.get("id")] = key
        by_text[parts[key].released.strip()] = key
    by_text.pop("", None)
    return Exercise(name, dict(instructors.metadata), parts, by_id, by_text)


def part(cell, given):
    """A Part from the instructor's cell and the released one of the same name."""
    marks = {k: v for k, v in given.metadata.nbgrader.items() if k in ("checksum", "cell_type")}
    plain = {
        "cell_type": cell.cell_type,
        "id": cell.get("id") or grade_id(cell),
        "metadata": {**cell.metadata, "nbgrader": {**cell.metadata.nbgrader, **marks}},
        "source": cell.source,
    }
    names = frozenset(DEFINED.findall(given.source)) if cell.cell_type == "code" else frozenset()
    return Part(plain, given.source, dict(given.metadata.nbgrader), is_solution(cell), names)


def rebuild(ours, cells):
    """(notebook, notes) from a student's cells; raises Refused when none of the exercise's cells is there."""
    claims = recognised(ours, cells)
    if not claims:
        raise Refused(f"None of the cells of the exercise {ours.name!r} is in this notebook.")
    taken = {key: chosen(ours.parts[key], copies) for key, copies in claims.items()}
    used = {id(cell): key for key, cell in taken.items()}
    spare = {id(c) for key, copies in claims.items() for c in copies if superfluous(ours.parts[key], c)}
    groups, order = {}, [None]
    for cell in cells:
        if id(cell) in used:
            order.append(used[id(cell)])
        elif id(cell) not in spare:
            groups.setdefault(order[-1], []).append(cell)
    notes = notes_on(ours, claims, taken, order[1:])
    return assembled(ours, taken, kept(groups, notes)), notes


def recognised(ours, cells):
    """{grade_id: the student's cells that are it}, by grade_id or, where that is lost, by what else is known.

    Some tools drop metadata. Then a cell's id, its unchanged text or the name it defines tells which it is, as
    long as no other cell carries the grade_id.
    """
    claims = {}
    for cell in cells:
        if cell.grade_id in ours.parts:
            claims.setdefault(cell.grade_id, []).append(cell)
    for guess in (by_id_or_text, by_name):
        guesses = {}
        for cell in cells:
            key = None if cell.grade_id in ours.parts else guess(ours, cell, claims)
            if key is not None:
                guesses.setdefault(key, []).append(cell)
        claims |= guesses
    return claims


def by_id_or_text(ours, cell, claims):
    """The unclaimed grade_id whose cell has this id or, as released, this text."""
    keys = ours.by_id.get(cell.id), ours.by_text.get(cell.source.strip())
    return next((key for key in keys if key is not None and key not in claims), None)


def by_name(ours, cell, claims):
    """The unclaimed grade_id of the solution cell that is to define what this cell defines."""
    missing = {key: p for key, p in ours.parts.items() if p.solution and p.defines and key not in claims}
    if not missing or cell.kind != "code" or any(cell in copies for copies in claims.values()):
        return None
    names = set(DEFINED.findall(cell.source))
    return next((key for key, p in missing.items() if p.defines <= names), None)


def chosen(part, copies):
    """Of several copies of one cell: the last that was changed, best one that defines what is asked for."""
    changed = [c for c in copies if c.source.strip() != part.released.strip()] or copies
    whole = [c for c in changed if part.defines and part.defines <= set(DEFINED.findall(c.source))]
    return (whole or changed)[-1]


def superfluous(part, cell):
    """True for a copy not to be kept as a free cell: of a locked cell, or unchanged.

    Other copies of a solution cell stay, as free cells: a cell that was split in two runs as in a kernel.
    """
    return not part.solution or cell.source.strip() == part.released.strip()


def kept(groups, notes):
    """The free cells without those beyond the limit."""
    left = FREE
    for key, cells in groups.items():
        groups[key] = cells[:left]
        left -= len(groups[key])
    total = sum(map(len, groups.values()))
    if left == 0 and total >= FREE:
        notes.append(f"Only the first {FREE} cells of your own are kept.")
    return groups


def assembled(ours, taken, groups):
    """The notebook: the instructor's cells in their order, each followed by the free cells that stood there."""
    ids = {part.cell["id"] for part in ours.parts.values()}
    numbers = (n for n in range(1, 10**6) if f"free-{n}" not in ids)
    cells = [free(cell, next(numbers)) for cell in groups.get(None, [])]
    for key, part in ours.parts.items():
        cells.append(filled(part, taken.get(key)))
        cells += [free(cell, next(numbers)) for cell in groups.get(key, [])]
    for cell in cells:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    return nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": ours.metadata, "cells": cells})


def filled(part, cell):
    """The instructor's cell; a solution cell with the student's text, or with the stub when there is none."""
    if not part.solution:
        return dict(part.cell)
    made = {**part.cell, "source": part.released if cell is None else cell.source}
    if cell is not None and cell.attachments and part.kind == "markdown":
        made["attachments"] = cell.attachments
    return made


def free(cell, number):
    """A cell of the student's own, with nothing of its metadata."""
    made = {"cell_type": cell.kind, "id": f"free-{number}", "metadata": {}, "source": cell.source}
    return made | ({"attachments": cell.attachments} if cell.attachments else {})


def notes_on(ours, claims, taken, order):
    """One line for each kind of thing that was put right."""
    notes = [
        f"{text}: {some(keys)}."
        for solution, notes_of in ((False, notes_on_locked), (True, notes_on_answers))
        for text, keys in notes_of(
            {key: part for key, part in ours.parts.items() if part.solution == solution}, claims, taken
        ).items()
        if keys
    ]
    known = {key: taken[key] for key in ours.parts if key in taken}
    renamed = [key for key, cell in known.items() if cell.grade_id not in (key, None)]
    bare = [key for key, cell in known.items() if cell.grade_id is None]
    tampered = [key for key, cell in known.items() if is_tampered(ours.parts[key], cell, key)]
    places = {key: place for place, key in enumerate(ours.parts)}
    if renamed:
        notes.append(f"Cells whose grade_id was changed, recognised all the same: {some(renamed)}.")
    if bare:
        notes.append(f"Cells that lost their metadata, recognised all the same: {some(bare)}.")
    if tampered:
        notes.append(f"Points or other grading metadata were changed, to no effect: {some(tampered)}.")
    if order != sorted(order, key=places.get):
        notes.append("The cells stand in another order than in the exercise: the exercise's order counts.")
    return notes


def notes_on_locked(parts, claims, taken):
    """{what happened to locked cells: grade_ids}."""
    return {
        "Locked cells were deleted, and are restored": [key for key in parts if key not in taken],
        "Locked cells were turned into another type, and are restored": converted(parts, taken),
        "Locked cells were changed, and are restored": [
            k for k, p in parts.items() if k in taken and taken[k].source.strip() != p.released.strip()
        ],
        "Locked cells that stand more than once (only the exercise's own counts)": repeated(parts, claims),
    }


def notes_on_answers(parts, claims, taken):
    """{what happened to solution cells: grade_ids}."""
    return {
        "Answers were deleted, and count as not answered": [key for key in parts if key not in taken],
        "Answers were turned into another type of cell; their text is taken": converted(parts, taken),
        "Answers that stand in more than one cell (the last changed one counts)": repeated(parts, claims),
        "Answers with marks that only the instructor's notebook has (### BEGIN …)": [
            k for k in parts if k in taken and any(mark in taken[k].source for mark in MARKS)
        ],
    }


def repeated(parts, claims):
    """The grade_ids that more than one cell carries."""
    return [key for key in parts if len(claims.get(key, ())) > 1]


def converted(parts, taken):
    """The grade_ids of cells that have become cells of another type."""
    return [key for key, part in parts.items() if key in taken and taken[key].kind != part.kind]


def is_tampered(part, cell, key):
    """True when the cell's metadata says something else about marks than what was given out."""
    mine = cell.nbgrader if cell.grade_id == key else {}
    return any(name in mine and mine[name] != part.given.get(name) for name in OURS)


def overlap(ours, cells):
    """How many of the exercise's cells these are, by grade_id or cell id."""
    return len(set(ours.parts) & {cell.grade_id or ours.by_id.get(cell.id) for cell in cells})


def check_exercise(course, ours, cells):
    """Raise Refused when the notebook is that of another exercise of the course, and say of which."""
    own = overlap(ours, cells)
    if own * 2 >= len(ours.parts):
        return
    for name in course.exercises():
        if name != ours.name and course.released(name).exists():
            other = exercise(course, name)
            theirs = overlap(other, cells)
            if theirs > own and theirs * 2 >= len(other.parts):
                raise Refused(f"This is the notebook of {shown(name)!r}, not of {ours.name!r}.")
