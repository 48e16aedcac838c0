"""Malformed submissions of the exercise `tiny`: name -> (how it is made, what its line says, can it be graded).

Each maker gets the folder of the submission, with the released notebook already in it, and the notebook as JSON.
"""

import json
import os
import socket
import tempfile
from pathlib import Path

import nbformat

TABLE = {}


def case(says, graded=True, name=None):
    """Register a maker under its function's name."""

    def add(make):
        TABLE[name or make.__name__] = (make, says, graded)
        return make

    return add


def save(folder, notebook, name="tiny.ipynb", **how):
    (folder / name).write_text(json.dumps(notebook, **how), encoding="utf-8")


def cell(notebook, grade_id):
    """The cell of that grade_id."""
    found = (c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)
    return next(found)


def answer(notebook, text="def double(x):\n    return 2 * x"):
    """The part `double`, answered."""
    cell(notebook, "double")["source"] = text
    return notebook


def raw(says, data, name):
    """A file of these very bytes."""
    case(says, graded=False, name=name)(lambda folder, notebook: (folder / "tiny.ipynb").write_bytes(data))


raw("The file is empty (0 bytes)", b"", "empty")
raw("The file is empty (9 bytes)", b" \n \n\t  \n ", "blanks_only")
raw("is no JSON", b"hello there", "not_json")
raw("a list and no notebook", b"[1, 2]", "json_list")
raw("a number and no notebook", b"42", "json_number")
raw("a text and no notebook", b'"hi"', "json_text")
raw("a yes or no and no notebook", b"true", "json_true")
raw("nothing and no notebook", b"null", "json_null")
raw("has no cells (its keys: a, b)", b'{"a": 1, "b": 2}', "other_json")
raw("a JupyterLab workspace", b'{"layout-restorer:data": {}}', "workspace")
raw("a Zeppelin notebook", b'{"paragraphs": []}', "zeppelin")
raw("a Databricks notebook", b'{"commands": []}', "databricks")
raw("a web page (HTML)", b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "html")
raw("a PDF", b"%PDF-1.7 \xe2\xe3", "pdf")
raw("a zip archive", b"PK\x03\x04rest", "zip_renamed")
raw("a gzip archive", b"\x1f\x8b\x08rest", "gzip_renamed")
raw("a picture", b"\x89PNG\r\n\x1a\n", "screenshot")
raw("Python source", b"def double(x):\n    return 2 * x\n", "python_file")
raw("binary data", bytes(range(256)) * 20, "binary")
raw("nested too deeply", b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested")
raw("Git's conflict marks", b'{\n<<<<<<< HEAD\n "cells": []\n=======\n}\n>>>>>>> main\n', "conflict")
raw("has no cells at all", b'{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "no_cells")
raw("cells are an object, not a list", b'{"cells": {}, "nbformat": 4, "metadata": {}}', "cells_object")
raw("cells are a text, not a list", b'{"cells": "x", "nbformat": 4, "metadata": {}}', "cells_text")
raw("20001 cells; 5000 are allowed", b'{"cells": [' + b"{}, " * 20_000 + b"{}]}", "too_many_cells")
raw("too large: 20.0 MB, 20 MB", b'{"x": "' + b"x" * 20_000_000 + b'"}', "one_long_line")
raw("says format 7", b'{"worksheets": [], "nbformat": 7}', "worksheets_of_the_future")
raw("old format 3 and cannot be converted", b'{"worksheets": [3], "nbformat": 3}', "broken_format_3")


@case("tiny.ipynb is missing.", graded=False)
def missing(folder, notebook):
    (folder / "tiny.ipynb").unlink()


@case("There is report.pdf", graded=False)
def report_only(folder, notebook):
    (folder / "tiny.ipynb").rename(folder / "report.pdf")


@case("automatic copy (.ipynb_checkpoints) is not taken", graded=False)
def checkpoint_only(folder, notebook):
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / "tiny.ipynb").rename(folder / ".ipynb_checkpoints" / "tiny-checkpoint.ipynb")


@case("cut off: it ends in the middle", graded=False)
def truncated(folder, notebook):
    data = (folder / "tiny.ipynb").read_bytes()
    (folder / "tiny.ipynb").write_bytes(data[: len(data) // 2])


@case("Something stands after the notebook's end", graded=False)
def twice_in_one_file(folder, notebook):
    (folder / "tiny.ipynb").write_bytes((folder / "tiny.ipynb").read_bytes() * 2)


@case("tiny.ipynb is a link, not a file: not followed", graded=False)
def link(folder, notebook):
    (folder / "tiny.ipynb").rename(folder.parent / "elsewhere.ipynb")
    (folder / "tiny.ipynb").symlink_to(folder.parent / "elsewhere.ipynb")


@case("tiny is a link, not a folder: not followed", graded=False)
def linked_folder(folder, notebook):
    folder.rename(folder.parent / "other")
    folder.symlink_to(folder.parent / "other")


@case("a hard link", graded=False)
def hard_link(folder, notebook):
    os.link(folder / "tiny.ipynb", folder.parent / "second")


@case("is a pipe", graded=False)
def pipe(folder, notebook):
    (folder / "tiny.ipynb").unlink()
    os.mkfifo(folder / "tiny.ipynb")


@case("is a socket", graded=False)
def a_socket(folder, notebook):
    (folder / "tiny.ipynb").unlink()
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as there:
        there.bind(f"{short}/s")  # a socket's path may have no more than 107 characters
        os.rename(f"{short}/s", folder / "tiny.ipynb")


@case("tiny.ipynb is a folder, not a file", graded=False)
def folder_of_that_name(folder, notebook):
    (folder / "tiny.ipynb").unlink()
    (folder / "tiny.ipynb").mkdir()


@case("None of the cells of the exercise", graded=False)
def foreign_notebook(folder, notebook):
    save(folder, {**notebook, "cells": [{"cell_type": "code", "metadata": {}, "source": "1 + 1"}]})


@case("the notebook of 'other'", graded=False)
def another_exercise(folder, notebook):
    root = folder.parents[2]
    text = (root / "exercises/tiny/tiny.ipynb").read_text()
    for source in ("solutions", "exercises"):
        text = (root / source / "tiny/tiny.ipynb").read_text()
        (root / source / "other").mkdir()
        (root / source / "other/other.ipynb").write_text(
            text.replace("ouble", "riple").replace("ounter", "adder")
        )
    (folder / "tiny.ipynb").write_bytes((root / "exercises/other/other.ipynb").read_bytes())


@case("is UTF-16")
def utf16(folder, notebook):
    (folder / "tiny.ipynb").write_text(json.dumps(answer(notebook)), encoding="utf-16")


@case("byte order mark")
def utf8_bom(folder, notebook):
    (folder / "tiny.ipynb").write_text(json.dumps(answer(notebook)), encoding="utf-8-sig")


@case("read as Latin-1")
def latin1(folder, notebook):
    text = json.dumps(answer(notebook, "# für später"), ensure_ascii=False)
    (folder / "tiny.ipynb").write_text(text, encoding="latin-1")


@case("a lone surrogate")
def surrogate(folder, notebook):
    save(folder, answer(notebook, "x = '\ud800'"))


@case("NUL characters")
def nul(folder, notebook):
    save(folder, answer(notebook, "x = 1\0"))


@case("Windows line ends")
def windows(folder, notebook):
    save(folder, answer(notebook, "def double(x):\r\n    return 2 * x"))


@case("says NaN, which is no JSON")
def nan(folder, notebook):
    save(folder, notebook | {"metadata": {"score": float("nan")}})


@case("has 5000 digits")
def huge_number(folder, notebook):
    text = json.dumps(notebook)
    (folder / "tiny.ipynb").write_text(text.replace('"nbformat_minor": 5', '"nbformat_minor": ' + "9" * 5000))


@case("A key stands twice")
def duplicate_key(folder, notebook):
    (folder / "tiny.ipynb").write_text('{"nbformat": 4, ' + json.dumps(notebook)[1:])


@case("does not say its format")
def no_format(folder, notebook):
    save(folder, {k: v for k, v in notebook.items() if k != "nbformat"})


@case("format is a text, not 4")
def format_text(folder, notebook):
    save(folder, notebook | {"nbformat": "4"})


@case("says format 5")
def format_5(folder, notebook):
    save(folder, notebook | {"nbformat": 5})


@case("format 4.99 is newer")
def minor_of_the_future(folder, notebook):
    save(folder, notebook | {"nbformat_minor": 99})


@case("old format 3: converted")
def format_3(folder, notebook):
    old = nbformat.convert(nbformat.reads(json.dumps(notebook), as_version=4), 3)
    (folder / "tiny.ipynb").write_text(nbformat.v3.writes_json(old))


@case("a Jupyter server's answer")
def server_answer(folder, notebook):
    save(folder, {"name": "tiny.ipynb", "type": "notebook", "content": notebook})


@case("another kernel (R)")
def another_kernel(folder, notebook):
    save(folder, notebook | {"metadata": {"kernelspec": {"name": "ir", "language": "R"}}})


@case("Cell 3: no object")
def cell_no_object(folder, notebook):
    notebook["cells"][2] = "x"
    save(folder, notebook)


@case("Cell 4: its source is no text")
def source_number(folder, notebook):
    notebook["cells"][3]["source"] = 7
    save(folder, notebook)


@case("Cell 1: its source is no text")
def source_null(folder, notebook):
    notebook["cells"][0]["source"] = None
    save(folder, notebook)


@case("Cell 5: its source is no text")
def source_list_of_numbers(folder, notebook):
    notebook["cells"][4]["source"] = ["x", 1]
    save(folder, notebook)


@case("Cell 3: longer than 1000000 characters")
def long_cell(folder, notebook):
    save(folder, answer(notebook, "#" * 1_000_001))


@case("of no known type")
def odd_cell_type(folder, notebook):
    notebook["cells"][1]["cell_type"] = ["code"]
    save(folder, notebook)


@case("no picture, left out")
def odd_attachment(folder, notebook):
    cell(notebook, "written-1")["attachments"] = {"x.svg": {"image/svg+xml": "<svg onload=…>"}}
    save(folder, notebook)


@case("Cells that lost their metadata, recognised all the same: double.")
def lost_metadata(folder, notebook):
    cell(answer(notebook), "double")["metadata"] = {}
    save(folder, notebook)


@case("Cells that lost their metadata, recognised all the same: double, double-visible, double-hidden, C")
def all_metadata_lost(folder, notebook):
    for each in answer(notebook)["cells"]:
        each["metadata"] = {"id": "abc"}
    save(folder, notebook)


@case("grade_id was changed, recognised all the same: double.")
def renamed(folder, notebook):
    cell(answer(notebook), "double")["metadata"]["nbgrader"]["grade_id"] = "mine"
    save(folder, notebook)


@case("Answers that stand in more than one cell (the last changed one counts): double.")
def copied(folder, notebook):
    notebook["cells"].append(json.loads(json.dumps(cell(answer(notebook), "double"))))
    save(folder, notebook)


@case("more than once (only the exercise's own counts): double-visible")
def copied_test(folder, notebook):
    notebook["cells"].append(cell(answer(notebook), "double-visible"))
    save(folder, notebook)


@case("Locked cells were deleted, and are restored: double-visible, double-hidden.")
def deleted_tests(folder, notebook):
    notebook["cells"] = [c for c in notebook["cells"] if not c["id"].startswith("double-")]
    save(folder, answer(notebook))


@case("Locked cells were changed, and are restored: double-visible.")
def changed_test(folder, notebook):
    cell(answer(notebook), "double-visible")["source"] = "pass"
    save(folder, notebook)


@case("Locked cells were turned into another type, and are restored: double-hidden.")
def converted_test(folder, notebook):
    cell(answer(notebook), "double-hidden")["cell_type"] = "markdown"
    save(folder, notebook)


@case("Answers were turned into another type of cell; their text is taken: double.")
def converted_answer(folder, notebook):
    cell(answer(notebook), "double")["cell_type"] = "raw"
    save(folder, notebook)


@case("Answers were deleted, and count as not answered: Counter.")
def deleted_answer(folder, notebook):
    notebook["cells"].remove(cell(answer(notebook), "Counter"))
    save(folder, notebook)


@case("in another order")
def reordered(folder, notebook):
    answer(notebook)["cells"].reverse()
    save(folder, notebook)


@case("Points or other grading metadata were changed, to no effect: double-visible.")
def more_points(folder, notebook):
    cell(answer(notebook), "double-visible")["metadata"]["nbgrader"]["points"] = 1000
    save(folder, notebook)


@case("only the instructor's notebook has (### BEGIN …): double, Counter.")
def instructors_own(folder, notebook):
    (folder / "tiny.ipynb").write_bytes((folder.parents[2] / "solutions/tiny/tiny.ipynb").read_bytes())


@case("Only the first 500 cells of your own")
def thousands_of_cells(folder, notebook):
    notebook["cells"] += [{"cell_type": "code", "metadata": {}, "source": "1"}] * 3000
    save(folder, answer(notebook))


@case("tiny.ipynb is missing: Tiny (1).ipynb is taken in its place.")
def another_name(folder, notebook):
    save(folder, answer(notebook))
    (folder / "tiny.ipynb").rename(folder / "Tiny (1).ipynb")


@case("tiny_final.ipynb is taken in its place, the best of 2 notebooks")
def several_notebooks(folder, notebook):
    save(folder, answer(notebook), "tiny_final.ipynb")
    (folder / "a.ipynb").write_text('{"cells": [{"cell_type": "code", "source": "1"}]}')
    (folder / "tiny.ipynb").unlink()


@case("A file with an odd name, 'a\\\\b\\x07.txt'; left out")
def odd_name(folder, notebook):
    (folder / "a\\b\x07.txt").write_text("x")


@case("big.csv is too large: 1.5 MB")
def large_file(folder, notebook):
    (folder / "big.csv").write_bytes(b"1" * 1_500_000)


@case("More than 50 other files")
def many_files(folder, notebook):
    for i in range(80):
        (folder / f"{i}.txt").write_text("x")


@case("secrets.txt is a link, not a file: not followed; left out")
def linked_file(folder, notebook):
    (folder / "secrets.txt").symlink_to("/etc/hostname")


@case("is a folder too deep down")
def deep_folders(folder, notebook):
    (folder / "a/b/c/d/e/f").mkdir(parents=True)


@case("timestamp.txt claims 1999-12-31 23:00 UTC, but the file came")
def back_dated(folder, notebook):
    (folder / "timestamp.txt").write_text("1999-12-31 23:00:00 UTC")


@case("timestamp.txt holds no date")
def rubbish_date(folder, notebook):
    (folder / "timestamp.txt").write_bytes(b"\xff\x00soon")


@case("timestamp.txt lies in the future")
def future_date(folder, notebook):
    (folder / "timestamp.txt").write_text("2999-01-01 00:00:00 UTC")


def hand_in(course, make=None, student="eve"):
    """Hand in the released notebook, then let `make` spoil it; returns the folder."""
    folder = Path(course.root, "submitted", student, "tiny")
    folder.mkdir(parents=True)
    data = course.released("tiny").read_bytes()
    (folder / "tiny.ipynb").write_bytes(data)
    if make:
        make(folder, json.loads(data))
    return folder
