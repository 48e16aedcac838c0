"""Whose file is it? The names that learning platforms give to what they hand out, and the class's roster.

Canvas (lib/content_zipper.rb): NAME_[LATE_]USER_ATTACHMENT_FILE, where NAME is the sortable name in lower case
without blanks and commas (`lovelaceada`), left out when grading is anonymous, and USER is then `anon_` and five
letters. A second file of one name gets `-1` before its extension. Members carry the date of the download.

Moodle (mod/assign): a folder `NAME_PARTICIPANT_assignsubmission_file[_]` for each student, or, downloaded
without folders, the same at the beginning of each file's name. PARTICIPANT belongs to one assignment only.

nbgrader's exchange: a folder STUDENT+ASSIGNMENT+TIME[+RANDOM].
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.course import CourseError
from autograder.sheets import read_sheet
from autograder.untrusted import shown

MOODLE = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<file>.*)")
CANVAS = re.compile(
    r"(?:(?P<name>[^_].*?)_)??(?P<late>LATE_)?(?P<number>anon_\w+?|\d+)_(?P<attachment>\d+)_(?P<file>.+)"
)
STUDENT = re.compile(r"\w[\w.@-]{0,99}")
EXCHANGE = re.compile(r"(?P<name>[^+]+)\+(?P<assignment>[^+]+)\+[^+]+(?:\+.*)?")
COLUMNS = {
    "id": ("studentid", "username", "sisloginid", "loginid", "login", "sisuserid", "idnumber", "id"),
    "canvas": ("canvasid", "canvasuserid", "canvas", "userid"),
    "moodle": ("moodleparticipantid", "participantid", "moodleid", "moodle", "identifier", "participant"),
    "name": ("name", "fullname", "studentname", "sortablename", "student"),
    "first": ("firstname", "givenname"),
    "last": ("lastname", "surname", "familyname"),
    "email": ("email", "emailaddress", "mail"),
}


@dataclass(frozen=True)
class Owner:
    """What a name says of whose file it is."""

    system: str  # canvas, moodle, exchange, folder, file
    name: str
    number: str = ""  # the platform's number for the student, if any
    late: bool = False
    attempt: str = ""  # the exchange folder, since one student may have several


def owner(name, assignment):
    """(Owner, the file's own name) of a relative name; (None, name) when it belongs to nobody or elsewhere."""
    first, _, rest = name.partition("/")
    if found := MOODLE.fullmatch(first):
        keep = found["kind"] == "file" and (rest or found["file"])
        return (
            (Owner("moodle", found["name"], found["number"]), rest or found["file"]) if keep else (None, name)
        )
    if rest and (found := EXCHANGE.fullmatch(first)):
        mine = found["assignment"] == assignment
        return (Owner("exchange", found["name"], attempt=first), rest) if mine else (None, name)
    if not rest and (found := CANVAS.fullmatch(first)):
        return Owner("canvas", found["name"] or "", found["number"], bool(found["late"])), found["file"]
    if rest:
        return Owner("folder", first), rest.removeprefix(f"{assignment}/")
    stem = re.sub(r"(\.ipynb(\.txt|\.json)?|\.zip)$", "", first, flags=re.IGNORECASE)
    return (None, name) if stem == first or slug(stem) == slug(assignment) else (Owner("file", stem), first)


def unwrapped(entries, assignment):
    """The entries without a folder that is only wrapped around all of them."""
    tops = {entry.name.partition("/")[0] for entry in entries}
    if len(tops) != 1 or any("/" not in entry.name for entry in entries):
        return entries
    (top,) = tops
    who, _ = owner(f"{top}/x", assignment)
    if who is None or who.system != "folder":
        return entries
    inside = [replace(entry, name=entry.name.partition("/")[2]) for entry in entries]
    found = [owner(entry.name, assignment)[0] for entry in inside]
    platform = any(who and who.system not in ("folder", "file") for who in found)
    notebooks = {e.name.partition("/")[0] for e in inside if e.name.lower().endswith(".ipynb")}
    several = len(notebooks) > 1 and f"{assignment}.ipynb" not in notebooks
    if platform or several or slug(top) == slug(assignment):
        return unwrapped(inside, assignment)
    return entries


def student_id(name):
    """A name as it is when it can be a student's id, else a slug of it."""
    name = unicodedata.normalize("NFC", name)
    return name if STUDENT.fullmatch(name) else slug(name)


def slug(name):
    """A student id made from a name: words joined by hyphens, in lower case, of any alphabet."""
    words = re.findall(r"[\w.@]+", unicodedata.normalize("NFC", name).casefold())
    return "-".join(words).strip("._-")[:80]


class Roster:
    """Who is in the class, from a CSV file; finds the student id of an Owner."""

    def __init__(self, rows):
        self.rows = rows

    @classmethod
    def read(cls, path):
        """A roster; raises CourseError when there is none, or no column with the students' ids."""
        lines = read_sheet(Path(path), (), "the roster").rows
        places = columns(lines[0])
        if "id" not in places:
            raise CourseError(f"{path}: no column with student ids (call it `id`).")
        rows = [{what: line[i].strip() for what, i in places.items() if i < len(line)} for line in lines[1:]]
        return cls([row for row in rows if row.get("id")])

    def find(self, owner):
        """The one student id that fits, or None when none or several do."""
        for test in (self.by_number, self.by_id, self.by_name):
            found = {row["id"] for row in self.rows if test(row, owner)}
            if len(found) == 1:
                return found.pop()
        return None

    def by_number(self, row, owner):
        """Canvas' user id or Moodle's number of the participant, as in `Participant 123`."""
        number = re.sub(r"\D", "", row.get(owner.system, "")) if owner.system in ("canvas", "moodle") else ""
        return bool(number) and number == owner.number

    def by_id(self, row, owner):
        """The id itself, or the e-mail address with or without its host."""
        mail = row.get("email", "").casefold()
        wanted = owner.name.casefold()
        return wanted in {row["id"].casefold(), mail, mail.partition("@")[0]} - {""}

    def by_name(self, row, owner):
        """The name, in whatever order its words stand and without blanks, as Canvas has it."""
        name = row.get("name") or f"{row.get('first', '')} {row.get('last', '')}"
        words = re.findall(r"\w+", unicodedata.normalize("NFC", name).casefold())
        wanted = "".join(re.findall(r"\w+", unicodedata.normalize("NFC", owner.name).casefold()))
        return wanted in {"".join(words[i:] + words[:i]) for i in range(len(words))} - {""}


def columns(header):
    """{what: index} of a roster's columns, whatever they are called in Canvas', Moodle's or nbgrader's lists."""
    names = [re.sub(r"[\W_]", "", name).casefold() for name in header]
    places = {what: names.index(n) for what, known in COLUMNS.items() for n in reversed(known) if n in names}
    if "id" in names and names.index("id") != places["id"]:
        places.setdefault("canvas", names.index("id"))  # Canvas' gradebook calls its own number ID
    return places


def label(owner):
    """The owner's name, for a line."""
    return shown(" ".join(filter(None, (owner.name, owner.number))))
