"""The sample class: who is in it, and what each hands in, made from wrong and right solutions."""

import copy
from dataclasses import dataclass

from autograder.weave import grade_id, is_graded, is_hole, is_solution

WRITTEN = (
    "I ran it on the course's own text, and the largest weight always fell on the token just before. "
    "On random input there was no such pattern, so it comes from the data and not from the code."
)


@dataclass(frozen=True)
class Student:
    """One student: style of solution, number of mistakes, how much of it, written answer or not."""

    id: str
    name: str
    style: int = 0
    mistakes: int = 0
    share: float = 1.0  # of the parts, from the first one on
    written: bool = False


CLASS = (
    Student("ada", "Ada Lane", style=0, written=True),
    Student("boris", "Boris Markov", style=1),
    Student("chen", "Chen Yue", style=2, written=True),
    Student("dana", "Dana Field", style=0, mistakes=1),
    Student("emil", "Emil Post", style=1, mistakes=1, written=True),
    Student("fatima", "Fatima Rashid", style=2, mistakes=2),
    Student("goro", "Goro Sato", style=0, mistakes=2, written=True),
    Student("hana", "Hana Novak", style=1, mistakes=3),
    Student("ivan", "Ivan Petrov", style=2, mistakes=3, written=True),
    Student("june", "June Park", style=0, mistakes=4, written=True),
    Student("kofi", "Kofi Mensah", style=1, mistakes=4),
    Student("lin", "Lin Wei", style=2, mistakes=1, written=True),
    Student("mira", "Mira Cohen", style=0, share=0.5),
    Student("noor", "Noor Haddad", share=0.0),
    Student("omar", "Omar Diaz", style=1, mistakes=2, share=0.6, written=True),
)


def submission(student, released, wrong, right):
    """The released notebook as this student fills it in, with what autograder.patches read."""
    notebook = copy.deepcopy(released)
    holes = [grade_id(cell) for cell in notebook.cells if is_hole(cell)]
    done = holes[: round(len(holes) * student.share)]
    sources = answers(student, wrong, right)
    for cell in notebook.cells:
        if is_hole(cell) and grade_id(cell) in done:
            cell.source = sources.get(grade_id(cell), cell.source)
        elif is_solution(cell) and is_graded(cell) and student.written:
            cell.source = WRITTEN
    return notebook


def answers(student, wrong, right):
    """{part: source}: a right solution in the student's style, with the student's mistakes in it."""
    style = sorted(right)[student.style % len(right)] if right else None
    sources = {patch.parts[0]: patch.source for patch in right.get(style, [])}
    first = CLASS.index(student) * 3 if student in CLASS else 0
    spoiled = set()
    for patch in wrong[first % max(len(wrong), 1) :] + wrong[: first % max(len(wrong), 1)]:
        if len(spoiled) < student.mistakes and patch.parts[0] not in spoiled:
            spoiled.add(patch.parts[0])
            sources[patch.parts[0]] = patch.source
    return sources
