"""The instructor's class report: one HTML page on marks, tests, time, trouble and similar solutions."""

import json
from collections import Counter
from statistics import mean, median

from autograder.course import CourseError, read_notebook, write_text
from autograder.exercise_text import exercise_text
from autograder.items import items
from autograder.pages import OTHER, clean, numbered, render
from autograder.similarity import similar_pairs

BINS = 10
MESSAGES = 30  # rows of the table of messages
MANY = 200  # rows of a list; the rest is counted
SIDE_BY_SIDE = 20  # pairs whose lines are shown
EXCERPT = 80  # lines of each student in a pair


def write_report(course, assignment, marks=None):
    """Write reports/ASSIGNMENT.html from autograded/*/ASSIGNMENT and return its path.

    marks: {student: the policy's Mark}. Raises CourseError when nothing is graded yet or a record is damaged.
    """
    records, answers = read_class(course, assignment)
    path = course.root / "reports" / f"{assignment}.html"
    write_text(path, class_report(course, assignment, records, answers, marks))
    return path


def read_class(course, assignment):
    """([record of each student], {student: {part: source}}) of what has been graded."""
    records, answers = [], {}
    for path in sorted((course.root / "autograded").glob(f"*/{assignment}/result.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            answers[record["student"]] = read_answers(path.with_name(f"{assignment}.ipynb"))
        except (ValueError, KeyError, TypeError) as error:
            raise CourseError(f"{path}: damaged ({error}); delete it and grade again.") from None
        records.append(record)
    if not records:
        raise CourseError(f"{assignment}: nothing is graded yet; run `autograder grade {assignment}` first.")
    return records, answers


def read_answers(path):
    """{part: source} of the code that stands in solution cells; empty without a notebook.

    Plain JSON: validating a thousand notebooks that we wrote ourselves would take most of the time.
    """
    found = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if path.exists() else ():
        data = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code" and data.get("solution"):
            found[data["grade_id"]] = "".join(cell["source"])
    return found


def class_report(course, assignment, records, answers, marks=None):
    """The report as HTML.

    records: one of each student, as in result.json; answers: {student: {part: source}}; marks: {student: Mark},
    whose final points then count. Works for any number of submissions from one on.
    """
    text = exercise_text(course.released(assignment))
    pairs = similar_pairs(answers, known_sources(course, assignment))
    tests = items(records)
    messages = [(item, message) for item in tests for message in item.messages]
    return render(
        "report.html",
        title=text.title or assignment,
        count=len(records),
        parts=parts(records, text),
        items=tests,
        messages=sorted(messages, key=lambda two: -two[1].count)[:MESSAGES],
        trouble=trouble(records),
        pairs=pairs,
        excerpts=[excerpts(pair, answers) for pair in pairs[:SIDE_BY_SIDE]],
        many=MANY,
        **marks_of(records, marks),
        **times_of(records),
    )


def marks_of(records, marks):
    """Mean, median and histogram of the totals."""
    totals = [total(record, marks) for record in records]
    maximum = max(sum(c["points"] or 0 for c in record["cells"]) for record in records)
    bins = histogram(totals, maximum or 1)
    return {"maximum": maximum, "mean": mean(totals), "median": median(totals), "totals": bins}


def times_of(records):
    """How long grading took: histogram, median, sum, and the slowest submissions."""
    seconds = [record["seconds"] for record in records]
    bins = histogram(seconds, min(max(seconds), 3 * median(seconds)) or 1)  # one straggler would flatten it
    slowest = sorted(records, key=lambda record: -record["seconds"])[:5]
    return {"times": bins, "seconds": [median(seconds), sum(seconds)], "slowest": slowest}


def total(record, marks):
    """A student's points: the mark's, or what the record says."""
    if marks and record["student"] in marks:
        return marks[record["student"]].final
    return sum(cell["earned"] or 0 for cell in record["cells"])


def known_sources(course, assignment):
    """The code that nobody has to have written: the released notebook and the reference."""
    paths = [course.released(assignment), course.source(assignment)]
    return [c.source for p in paths if p.exists() for c in read_notebook(p).cells if c.cell_type == "code"]


def histogram(values, top):
    """[(from, to, count)] over 0…top in equal bins; the last one holds `top` itself (and what lies above)."""
    counts = Counter(min(BINS - 1, max(0, int(BINS * value / top))) for value in values)
    return [(top * i / BINS, top * (i + 1) / BINS, counts[i]) for i in range(BINS)]


def parts(records, text):
    """One row a part: title, points, mean, median, how many got nothing or everything, and the histogram."""
    earned, possible = {}, {}
    for record in records:
        mine, theirs = Counter(), Counter()
        for cell in record["cells"]:
            if cell["points"] and cell["earned"] is not None:
                mine[cell["part"] or OTHER] += cell["earned"]
                theirs[cell["part"] or OTHER] += cell["points"]
        for part, points in theirs.items():
            earned.setdefault(part, []).append(mine[part])
            possible[part] = max(points, possible.get(part, 0))
    return [
        {
            "title": text.title_of(part) or clean(part, 100, 1),
            "points": possible[part],
            "count": len(values),
            "mean": mean(values),
            "median": median(values),
            "none": sum(v <= 0 for v in values),
            "full": sum(v >= possible[part] for v in values),
            "bins": histogram(values, possible[part]),
        }
        for part, values in earned.items()
    ]


def trouble(records):
    """What the instructor has to look at: {kind: what}; every list is one of students (or of cells)."""
    tests = [(r["student"], c) for r in records for c in r["cells"] if c["kind"] == "test"]
    graded = {student for student, _ in tests}
    stopped = {(s, c["status"]) for s, c in tests if c["status"] in ("timeout", "died")}
    inside = Counter((c["id"], c["side"]) for _, c in tests if c.get("side", "tester") != "tester")
    return {
        "failed": [r["student"] for r in records if r["student"] not in graded],
        "stopped": sorted(stopped),
        "waiting": [r["student"] for r in records if any(c["status"] == "waiting" for c in r["cells"])],
        "unsafe": [r["student"] for r in records if r["isolation"] == "none"],
        "isolation": Counter(r["isolation"] for r in records).most_common(),
        "inside": [(cell, side, n) for (cell, side), n in inside.items()],
        "problems": [(r["student"], line) for r in records for line in r["problems"]],
    }


def excerpts(pair, answers):
    """[(part, rows and marked lines of the first, the same of the second)] for the parts a pair shares."""
    found = []
    for part in sorted(pair.lines[0].keys() | pair.lines[1].keys()):
        sides = [
            side(answers[s].get(part, ""), lines.get(part, ()))
            for s, lines in zip(pair.students, pair.lines, strict=True)
        ]
        found.append((part, *sides))
    return found


def side(source, lines):
    """(rows, lines) of one solution around what is shared; no rows when nothing is."""
    if not lines:
        return [], ()
    first = max(1, min(lines) - 1)
    return numbered(source, first, min(max(lines) + 1, first + EXCERPT)), lines
