"""What `autograder grade` prints: the table of marks, and why one mark is what it is."""

from dataclasses import dataclass


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


def table(rows):
    """The table of marks, with a line for each problem."""
    width = max([7, *(len(row.student) for row in rows)])
    lines = [f"{'student':{width}}  points   final  of   seconds"]
    for row in rows:
        marks = f"{row.points:>6g}{'*' if row.waiting else ' '}  {row.final:>6g}  {row.maximum:>3g}"
        seconds = "kept" if row.cached else f"{row.seconds:.2f}"
        lines.append(f"{row.student:{width}}  {marks}  {seconds:>7}  {row.note}".rstrip())
        lines += [f"{'':{width}}  ! {problem}" for problem in row.problems]
    if any(row.waiting for row in rows):
        lines.append("* a written answer is not marked yet: open Formgrader (`make lab`)")
    again, trouble = sum(row.cached for row in rows), sum(bool(row.problems) for row in rows)
    lines.append(f"{len(rows)} students, {again} with kept results, {trouble} with problems.")
    return "\n".join(lines)


def explanation(record, mark, manual):
    """Lines that say why a mark is what it is: the record of the attempt that counts, cell by cell."""
    place = f"{record['student']}, {record['assignment']}, attempt {record['attempt']}"
    lines = [
        f"{place}, arrived {record['arrived'] or 'unknown'}, graded {record['graded']}",
        f"isolation: {record['isolation']}; result {record['key'][:12] or '-'}",
        *(f"! {problem}" for problem in record["problems"]),
    ]
    for cell in record["cells"]:
        if cell["points"] is not None or cell["status"] not in ("passed", "unanswered"):
            lines += explained(cell, manual)
    sums = f"points {mark.points:g}, extra {mark.extra:g}, penalty {mark.penalty:g}"
    return [*lines, f"{sums}: {mark.final:g} of {mark.maximum:g}. {mark.note}"]


def explained(cell, manual):
    """Some lines on one cell."""
    by_hand = f" (by hand {manual[cell['id']]:g})" if cell["id"] in manual else ""
    points = "" if cell["points"] is None else f"{cell['earned'] or 0:g}/{cell['points']:g}"
    how = f"{cell['status']}, {cell['seconds']:.2f} s, {cell['calls']} calls, {cell['side']}"
    lines = [f"  {cell['id']:40} {points:>7}{by_hand}  {how}"]
    lines += [f"      {line}" for line in (cell["message"] or "").splitlines()]
    return lines + [
        f"      {step['cell']}, line {step['line']}: {step['text'].strip()}" for step in cell["trace"]
    ]
