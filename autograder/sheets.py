"""CSV files from and for somebody else: read with care, written so that no spreadsheet runs them."""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

from autograder.course import CourseError

FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")  # a spreadsheet runs what begins so


@dataclass
class Sheet:
    """A CSV file from somebody else, with what has to stay as it was."""

    name: str
    rows: list[list[str]]
    delimiter: str = ","
    bom: str = ""
    newline: str = "\n"

    def column(self, title):
        """Index of the column of that title, whatever its case; None when there is none."""
        found = [i for i, cell in enumerate(self.rows[0]) if cell.strip().casefold() == title.casefold()]
        if len(found) > 1:
            raise CourseError(f"{self.name}: two columns are called {title!r}; keep one.")
        return found[0] if found else None

    def text(self):
        """The file again."""
        return self.bom + table(self.rows, self.delimiter, self.newline, safe=False)


def table(rows, delimiter=",", newline="\n", safe=True):
    """CSV text; None is an empty cell, and with `safe` no text is a formula to a spreadsheet."""
    return "".join(
        line([harmless(cell) for cell in row] if safe else row, delimiter) + newline for row in rows
    )


def line(row, delimiter):
    """One row without its end. The writer is told "\\r\\n" so that it quotes either sign inside a cell."""
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator="\r\n").writerow(row)
    return file.getvalue().removesuffix("\r\n")


def harmless(cell):
    """Text that begins like a formula gets an apostrophe in front; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell


def original(cell):
    """The text before `harmless`."""
    return cell[1:] if cell[:1] == "'" and FORMULA.match(cell[1:]) else cell


def read_sheet(path, required, whose):
    """The file as a Sheet; raises CourseError when it is no CSV in UTF-8 or lacks a required column."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        bom, text = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
        first = text.partition("\n")[0]
        delimiter = ";" if first.count(";") > first.count(",") else ","
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except FileNotFoundError:
        raise CourseError(f"{path}: there is no such file.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"{path}: not CSV in UTF-8 ({error}); download it from {whose} again.") from None
    sheet = Sheet(path.name, rows or [[]], delimiter, bom, "\r\n" if first.endswith("\r") else "\n")
    check_sheet(sheet, required, whose)
    return sheet


def check_sheet(sheet, required, whose):
    """Raise CourseError for a missing column or a row that is longer than the header; fill up shorter ones."""
    if missing := [title for title in required if sheet.column(title) is None]:
        raise CourseError(
            f"{sheet.name}: no column {missing[0]!r}, so this is not {whose}'s file; "
            f"download it again, with {whose} set to English."
        )
    width = len(sheet.rows[0])
    for number, row in enumerate(sheet.rows, 1):
        if len(row) > width:
            raise CourseError(f"{sheet.name}: row {number} has {len(row)} cells, the header {width}.")
        if row:
            row.extend([""] * (width - len(row)))


def locate(people, sheet, ids, names):
    """({person's id: row}, lines for people without a row of their own).

    ids(person) and names(person) give (column, value) pairs, the surest first. A name decides only where no id
    does, for a row that nobody else has, and when no two people bear it.
    """
    cells = {}
    for row in students(sheet):
        for i, cell in enumerate(row):
            cells.setdefault((i, key(cell)), []).append(row)
    found = own_rows({person.id: lookup(ids(person), sheet, cells) for person in people})
    called = own_rows({person.id: lookup(names(person), sheet, cells) for person in people})
    taken = [id(row) for row in found.values()]
    found = {who: row for who, row in called.items() if id(row) not in taken} | found
    lines = [
        f"{person.id}: no row of their own in {sheet.name}; their marks were not filled in."
        for person in people
        if person.id not in found
    ]
    return found, lines


def lookup(pairs, sheet, cells):
    """The rows that hold the first of the (column, value) pairs that is in the sheet at all."""
    keys = [(sheet.column(title), key(value)) for title, value in pairs if value.strip()]
    return next((cells[k] for k in keys if k in cells), [])


def own_rows(claims):
    """{who: row} for those who found one row that nobody else claims."""
    claimed = Counter(id(row) for found in claims.values() for row in found)
    return {who: found[0] for who, found in claims.items() if len(found) == 1 and claimed[id(found[0])] == 1}


def key(cell):
    """What two cells that say the same have in common."""
    return original(cell).strip().casefold()


def students(sheet):
    """The rows of students: not the header, not Canvas's rows about points and posting."""
    for row in sheet.rows[1:]:
        notes = all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", cell) for cell in row)
        if row and not notes and "Points Possible" not in row[0]:
            yield row


def is_number(cell):
    """True for 93, 93.00 and 93,00."""
    return re.fullmatch(r"\s*-?\d+([.,]\d+)?\s*", cell) is not None


def number(cell):
    """The number in a cell."""
    return float(cell.replace(",", "."))
