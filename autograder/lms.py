"""The files that Canvas and Moodle import.

Canvas: the gradebook CSV, as lib/gradebook_exporter.rb of canvas-lms writes it and lib/gradebook_importer.rb
reads it (guide "How do I import grades in the Gradebook?"). Moodle: the offline grading worksheet of an
assignment, as mod/assign/gradingtable.php writes it and mod/assign/feedback/offline/importgradeslib.php reads it.
"""

import re

from autograder.course import CourseError
from autograder.sheets import is_number, locate, number, original, read_sheet, students, table

CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
POINTS_POSSIBLE = "    Points Possible"  # with Canvas's own four blanks
MOODLE = [
    "Identifier",
    "Full name",
    "Email address",
    "Status",
    "Grade",
    "Maximum Grade",
    "Grade can be changed",
    "Last modified (submission)",
    "Last modified (grade)",
    "Feedback comments",
]

# Canvas


def canvas(policy, people, names, like):
    """The gradebook for Canvas: ours, or `like` with the marks filled in; and lines for a person."""
    if like is not None:
        return canvas_like(policy, people, names, read_sheet(like, ["ID", "Section"], "Canvas"))
    header = [*CANVAS, *(policy.rules[name].title or name for name in names)]
    points = [POINTS_POSSIBLE, "", "", "", "", *(f"{policy.rules[name].maximum:.2f}" for name in names)]
    rows = [
        [
            f"{p.last}, {p.first}".strip(", "),
            p.lms,
            "",
            p.id,
            "",
            *(canvas_mark(p.marks[name]) for name in names),
        ]
        for p in people
    ]
    return table([header, points, *rows]), []


def canvas_mark(mark):
    """What Canvas calls the mark: two decimals, EX for excused, nothing for nothing handed in."""
    if mark.excused:
        return "EX"
    return "" if mark.attempt is None else f"{mark.final:.2f}"


def canvas_like(policy, people, names, sheet):
    """Canvas's own export with our marks in it."""
    rows, lines = locate(people, sheet, canvas_ids, canvas_names)
    columns = {}
    for name in names:
        column, line = canvas_column(policy.rules[name], name, sheet)
        lines += [line] if line else []
        columns |= {} if line else {name: column}
    if not columns:
        raise CourseError(lines[-1])
    for person in people:
        for name, column in columns.items():
            mark, row = canvas_mark(person.marks[name]), rows.get(person.id)
            if row and mark and row[column] == "N/A":
                lines.append(
                    f"{person.id}: {name} is not assigned to them in Canvas; the mark {mark} was left out."
                )
            elif row and mark:
                row[column] = mark
    return sheet.text(), lines


def canvas_ids(person):
    """Where Canvas numbers the person; its own ID is lms_user_id in nbgrader."""
    logins = [("SIS Login ID", person.id), ("SIS User ID", person.id), ("SIS Login ID", person.email)]
    return [("ID", person.lms), *logins]


def canvas_names(person):
    """How Canvas may write the person's name."""
    return [("Student", f"{person.last}, {person.first}".strip(", ")), ("Student", full_name(person))]


def full_name(person):
    """First name, last name."""
    return f"{person.first} {person.last}".strip()


def canvas_column(rules, name, sheet):
    """(index of the assignment's column, None), or (None, a line that says why there is none)."""
    header, title = sheet.rows[0], (rules.title or name).casefold()
    after = range(sheet.column("Section") + 1, len(header))
    found = [i for i in after if title in (header[i].casefold(), without_id(header[i]).casefold())]
    if len(found) != 1:
        there = ", ".join(without_id(header[i]) for i in list(after)[:10]) or "none"
        return None, (
            f"{name}: {len(found)} columns of {sheet.name} are called {rules.title or name!r}; "
            f"set assignments.{name}.title in policy.toml. There are: {there}."
        )
    points = next((row[found[0]] for row in sheet.rows[1:] if row and "Points Possible" in row[0]), "")
    if is_number(points) and number(points) != rules.maximum:
        return None, (
            f"{name}: Canvas counts {points.strip()} points, the exercise {rules.maximum:g}; "
            "make them the same in Canvas. Its marks were not filled in."
        )
    return found[0], None


def without_id(title):
    """Canvas's header of an assignment without Canvas's number: `Attention (4711)` is `Attention`."""
    return re.sub(r" \(\d+\)$", "", title.strip())


def read_canvas(path):
    """{SIS Login ID, or else ID, or else name: {assignment: mark}} of a gradebook for Canvas."""
    sheet = read_sheet(path, ["ID", "Section"], "Canvas")
    first = sheet.column("Section") + 1
    keys = [i for title in ("SIS Login ID", "ID", "Student") if (i := sheet.column(title)) is not None]
    marks = {}
    for row in students(sheet):
        who = next((original(row[i]) for i in keys if row[i]), "")
        titles = [without_id(original(title)) for title in sheet.rows[0][first:]]
        marks[who] = {
            title: number(cell) if is_number(cell) else cell or None
            for title, cell in zip(titles, row[first:], strict=True)
        }
    return marks


# Moodle


def moodle(policy, people, names, like):
    """The grading worksheet of one assignment: ours, or `like` with the marks filled in; and lines."""
    if len(names) != 1:
        raise CourseError(f"a Moodle worksheet holds one assignment; name one of: {', '.join(names)}.")
    (name,) = names
    lines = [
        f"{p.id}: {p.marks[name].final:g} is more than the maximum; Moodle passes it over: enter it by hand."
        for p in people
        if p.marks[name].final > p.marks[name].maximum
    ]
    if like is not None:
        required = ["Identifier", "Grade", "Last modified (grade)"]  # what Moodle itself insists on
        text, more = moodle_like(policy.rules[name], people, name, read_sheet(like, required, "Moodle"))
        return text, lines + more
    lines.append(
        "Moodle alone knows its participant numbers: give its worksheet with --like, "
        "or import this file under Grades, by email address."
    )
    return table([MOODLE, *(moodle_row(policy, person, person.marks[name]) for person in people)]), lines


def moodle_row(policy, person, mark):
    """The cells of MOODLE. The participant number is left empty: a wrong one would mark somebody else."""
    arrived = person.arrived.get(mark.assignment)
    local = arrived and arrived.astimezone(policy.timezone)
    return [
        "",
        full_name(person),
        person.email,
        "No submission" if mark.attempt is None else "Submitted for grading",
        moodle_mark(mark),
        f"{mark.maximum:.2f}",
        "Yes",
        f"{local:%A, %d %B %Y, %I:%M %p}" if local else None,
        None,
        mark.note,
    ]


def moodle_mark(mark):
    """Two decimals; nothing for nothing handed in, or excused."""
    return "" if mark.attempt is None or mark.excused else f"{mark.final:.2f}"


def moodle_like(rules, people, name, sheet):
    """Moodle's own worksheet with our marks in it."""
    rows, lines = locate(people, sheet, moodle_ids, moodle_names)
    grade, maximum = sheet.column("Grade"), sheet.column("Maximum Grade")
    locked = sheet.column("Grade can be changed")
    counted = {row[maximum] for row in rows.values() if maximum is not None and is_number(row[maximum])}
    if wrong := sorted(points for points in counted if number(points) != rules.maximum):
        raise CourseError(
            f"{sheet.name}: Moodle counts {wrong[0]} points, the exercise {name} {rules.maximum:g}; "
            "make them the same in Moodle and download the worksheet again."
        )
    for person in people:
        row, mark = rows.get(person.id), moodle_mark(person.marks[name])
        if row and mark and locked is not None and row[locked] == "No":
            lines.append(f"{person.id}: the grade is locked in Moodle; the mark {mark} was left out.")
        elif row and mark:
            row[grade] = mark
    return sheet.text(), lines


def moodle_ids(person):
    """Where Moodle may show who it is: what it shows besides the name is up to the site."""
    return [("Email address", person.email), ("ID number", person.id), ("Username", person.id)]


def moodle_names(person):
    """How Moodle writes the person's name."""
    return [("Full name", full_name(person))]


def read_moodle(path):
    """{Identifier, or else email address, or else name: mark} of a grading worksheet."""
    sheet = read_sheet(path, ["Identifier", "Grade"], "Moodle")
    titles = ("Identifier", "Email address", "Full name")
    keys = [i for title in titles if (i := sheet.column(title)) is not None]
    grade = sheet.column("Grade")
    return {
        next((original(row[i]) for i in keys if row[i]), ""): number(row[grade]) if row[grade] else None
        for row in students(sheet)
    }
