"""From the bytes of a file to the cells of a notebook, whatever the file is; nothing is believed.

Only what grading needs is taken: kind, text and nbgrader's name of each cell, pictures pasted into answers.
nbformat's own reader validates every output against a schema (slow) and stops at the first fault.
"""

import json
import logging
import re
from dataclasses import dataclass, field

import nbformat

from autograder.untrusted import Refused, shown

CELLS, CHARACTERS, DIGITS = 5_000, 1_000_000, 300  # more than these are refused, of each notebook or cell
MINOR = nbformat.current_nbformat_minor
MAGIC = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip archive (or an Office document)",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7-zip archive",
    b"Rar!": "a RAR archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"{\\rtf": "an RTF document",
    b"SQLite format 3": "a data base",
}
OTHER_TOOLS = {
    "paragraphs": "a Zeppelin notebook",
    "commands": "a Databricks notebook",
    "layout-restorer:data": "a JupyterLab workspace",
}
PYTHON = re.compile(r"^(?:import|from|def|class|#|@|\"\"\"|print\()", re.MULTILINE)
SURROGATE = re.compile("[\ud800-\udfff]")
PICTURE = re.compile(r"[A-Za-z0-9+/=\s]{0,3000000}")
KNOWN_AS = {str: "a text", int: "a number", float: "a number", list: "a list", bool: "a yes or no"}


@dataclass
class Cell:
    """One cell of a student's notebook, cleaned."""

    kind: str  # code, markdown, raw
    source: str
    position: int  # from 1
    id: str | None = None
    nbgrader: dict = field(default_factory=dict)
    attachments: dict = field(default_factory=dict)

    @property
    def grade_id(self):
        """nbgrader's name of the cell, when there is one."""
        name = self.nbgrader.get("grade_id")
        return name if isinstance(name, str) else None


def read_cells(data):
    """(cells, notes) of a notebook file; raises Refused, saying what the file is instead."""
    notes = []
    if not data.strip():
        raise Refused(f"The file is empty ({len(data)} bytes).")
    for start, what in MAGIC.items():
        if data.startswith(start):
            raise Refused(f"This is {what}, not a notebook.")
    document = parse(decoded(data, notes), notes)
    document = notebook_in(document, notes)
    note_kernel(document.get("metadata"), notes)
    return cells_of(document, notes), notes


def decoded(data, notes):
    """The text of the file; other encodings than UTF-8 are understood, and said so."""
    encoding = json.detect_encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if sum(byte < 9 or 13 < byte < 32 for byte in data[:4000]) > len(data[:4000]) / 50:
            raise Refused("The file holds binary data, no text.") from None
        notes.append("The file is not UTF-8: read as Latin-1, so letters beyond ASCII may be wrong.")
        return data.decode("latin-1")
    if encoding == "utf-8-sig":
        notes.append("The file begins with a byte order mark: read without it.")
    elif encoding != "utf-8":
        notes.append(f"The file is {encoding.upper()}, not UTF-8: read all the same.")
    return text


class Lenient(json.JSONDecoder):
    """Reads JSON as written by anybody; what it passes over is in `notes`."""

    def __init__(self):
        self.notes = set()
        super().__init__(object_pairs_hook=self.pairs, parse_int=self.integer, parse_constant=self.constant)

    def pairs(self, items):
        value = dict(items)
        if len(value) < len(items):
            self.notes.add("A key stands twice in one object of the file: the last one counts.")
        return value

    def integer(self, digits):
        if len(digits) <= DIGITS:
            return int(digits)
        self.notes.add(f"A number in the file has {len(digits)} digits: ignored.")
        return 0

    def constant(self, word):
        self.notes.add(f"The file says {word}, which is no JSON: ignored.")


def parse(text, notes):
    """The JSON value in the text; raises Refused with a guess at what the text is when it is no JSON."""
    decoder = Lenient()
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        raise Refused(no_json(text, error)) from None
    except RecursionError:
        raise Refused("The file is nested too deeply.") from None
    notes += sorted(decoder.notes)
    return value


def no_json(text, error):
    """What to say of a text that is no JSON."""
    start = text.lstrip()[:200].lower()
    if start.startswith(("<!doctype html", "<html", "<?xml", "<head", "<body")):
        return "This is a web page (HTML), not a notebook: download the notebook itself."
    if re.search(r"^<{7} ", text, re.MULTILINE):
        return "Git's conflict marks (<<<<<<<) stand in the file: merge it, then hand in again."
    if start.startswith(("{", "[")) and (
        error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
    ):
        return f"The file is cut off: it ends in the middle, after {len(text)} characters."
    if error.msg == "Extra data" and start.startswith("{"):
        return f"Something stands after the notebook's end (line {error.lineno})."
    if not start.startswith(("{", "[")) and PYTHON.search(text):
        return "This is Python source, not a notebook."
    return f"The file is no JSON (line {error.lineno}, column {error.colno}: {error.msg})."


def notebook_in(document, notes):
    """The notebook of format 4 in a JSON value; raises Refused when there is none."""
    if not isinstance(document, dict):
        raise Refused(f"The file is JSON, but {KNOWN_AS.get(type(document), 'nothing')} and no notebook.")
    inner = document.get("content")
    if "cells" not in document and isinstance(inner, dict) and "cells" in inner:
        notes.append("The file is a Jupyter server's answer with the notebook inside: taken out of it.")
        document = inner
    for key, tool in OTHER_TOOLS.items():
        if key in document and "cells" not in document:
            raise Refused(f"This is {tool}, not a Jupyter notebook.")
    if "worksheets" in document:
        return upgraded(document, notes)
    if "cells" not in document:
        keys = ", ".join(shown(key, 20) for key in list(document)[:4]) or "none"
        raise Refused(f"The file is JSON, but has no cells (its keys: {keys}).")
    note_format(document.get("nbformat"), document.get("nbformat_minor"), notes)
    return document


def note_format(major, minor, notes):
    """Say when the notebook's format is missing, odd or newer than ours; its cells are read all the same."""
    if major is None:
        notes.append("The notebook does not say its format (nbformat): read as format 4.")
    elif isinstance(major, bool) or not isinstance(major, int):
        notes.append(f"The notebook's format is {KNOWN_AS.get(type(major), 'odd')}, not 4: read as format 4.")
    elif major != 4:
        notes.append(f"The notebook says format {major}, which has no such cells: read as format 4.")
    elif isinstance(minor, int) and minor > MINOR:
        notes.append(f"The notebook's format 4.{shown(str(minor), 9)} is newer than 4.{MINOR}: read as that.")


def upgraded(document, notes):
    """A notebook of format 2 or 3 as one of format 4, by nbformat's own conversion."""
    version = document.get("nbformat")
    if version not in (2, 3) or isinstance(version, bool):
        raise Refused(
            f"The notebook has worksheets, as formats 2 and 3, but says format {shown(str(version))}."
        )
    logging.getLogger("traitlets").addFilter(mute)  # it logs whole notebooks when they are not valid
    try:
        made = nbformat.convert(nbformat.from_dict(document), 4)
    except Exception as error:
        raise Refused(
            f"The notebook is in the old format {version} and cannot be converted ({type(error).__name__})."
        ) from None
    finally:
        logging.getLogger("traitlets").removeFilter(mute)
    notes.append(f"The notebook is in the old format {version}: converted.")
    return made


def mute(record):
    """A filter of log records that lets none pass."""
    return False


def note_kernel(metadata, notes):
    """Say when the notebook was saved with the kernel of another language."""
    metadata = metadata if isinstance(metadata, dict) else {}
    for key, name in (("kernelspec", "language"), ("kernelspec", "name"), ("language_info", "name")):
        place = metadata.get(key)
        word = place.get(name) if isinstance(place, dict) else None
        if isinstance(word, str) and word and "py" not in word.lower():
            notes.append(f"The notebook was saved with another kernel ({shown(word, 20)}): graded as Python.")
            return


def cells_of(document, notes):
    """The cells that can be read; a note for each kind of fault."""
    listed = document.get("cells")
    if not isinstance(listed, list):
        raise Refused(f"The notebook's cells are {KNOWN_AS.get(type(listed), 'an object')}, not a list.")
    if not listed:
        raise Refused("The notebook has no cells at all.")
    if len(listed) > CELLS:
        raise Refused(f"The notebook has {len(listed)} cells; {CELLS} are allowed.")
    cells, faults = [], {}
    for position, data in enumerate(listed, 1):
        cell = cell_of(data, position, faults)
        if cell is not None:
            cells.append(cell)
    for fault, positions in faults.items():
        notes.append(f"Cell {', '.join(map(str, positions[:6]))}{' …' * (len(positions) > 6)}: {fault}.")
    return cells


def cell_of(data, position, faults):
    """One cell, or None when it cannot be used."""

    def fault(text):
        faults.setdefault(text, []).append(position)

    if not isinstance(data, dict):
        return fault("no object, left out")
    source = text_of(data.get("source"), fault)
    if source is None:
        return None
    kind = data.get("cell_type")
    if kind not in ("code", "markdown", "raw"):
        fault("of no known type, read as raw text")
        kind = "raw"
    metadata = data.get("metadata") if isinstance(data.get("metadata"), dict) else {}
    nbgrader = metadata.get("nbgrader") if isinstance(metadata.get("nbgrader"), dict) else {}
    name = data.get("id") if isinstance(data.get("id"), str) else None
    pictures = pictures_of(data.get("attachments"), fault) if kind == "markdown" else {}
    return Cell(kind, source, position, name, nbgrader, pictures)


def text_of(source, fault):
    """A cell's text, cleaned of what would break Python, nbgrader's hashes or a page; None when it is none."""
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return fault("its source is no text, left out")
    if len(source) > CHARACTERS:
        return fault(f"longer than {CHARACTERS} characters, left out")
    if "\r" in source:
        fault("Windows line ends, read as ordinary ones")
        source = source.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in source:
        fault("NUL characters, taken out")
        source = source.replace("\0", "")
    if SURROGATE.search(source):
        fault("half a character (a lone surrogate), replaced")
        source = SURROGATE.sub("\ufffd", source)
    return source


def pictures_of(attachments, fault):
    """The pictures pasted into a cell that are what they say; written answers may need them."""
    if not attachments:
        return {}
    kept = {}
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        for kind, data in bundle.items() if isinstance(bundle, dict) else ():
            good = kind in ("image/png", "image/jpeg", "image/gif") and isinstance(data, str)
            if good and name.isprintable() and PICTURE.fullmatch(data):
                kept.setdefault(name, {})[kind] = data
    if not isinstance(attachments, dict) or len(kept) < len(attachments):
        fault("something attached that is no picture, left out")
    return kept
