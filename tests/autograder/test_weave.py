"""autograder weave: the package's source reaches the notebooks, and every fault is one clear line."""

import json

import nbformat
import pytest

from autograder.__main__ import main
from autograder.course import CourseError
from autograder.weave import weave


def cells(course):
    read = nbformat.read(course.source("tiny"), as_version=4)
    return {cell.metadata.get("nbgrader", {}).get("grade_id", cell.id): cell for cell in read.cells}


def edit(course, change):
    """Change the notebook of `tiny` in place."""
    read = nbformat.read(course.source("tiny"), as_version=4)
    change(read)
    nbformat.write(read, course.source("tiny"))


def test_weave_copies_the_source_and_keeps_imports(course):
    assert list(weave(course)) == [("tiny", True)]
    woven = cells(course)
    assert woven["double"].source.startswith('def double(x):\n    """Twice x.')
    assert "### BEGIN SOLUTION" in woven["double"].source
    assert woven["Counter"].source.startswith("import math\n\nclass Counter:")
    assert "open_to_all" not in woven["Counter"].source


def test_weave_is_idempotent_and_clears_outputs(course):
    list(weave(course))
    once = course.source("tiny").read_text()
    assert list(weave(course)) == [("tiny", False)]

    def run_it(read):
        read.cells[1].outputs = [nbformat.v4.new_output("stream", text="something")]
        read.cells[1].execution_count = 7
        read.cells[1].metadata["collapsed"] = True
        read.metadata["widgets"] = {}

    edit(course, run_it)
    assert list(weave(course)) == [("tiny", True)]
    assert course.source("tiny").read_text() == once


def test_weave_follows_the_package(course):
    list(weave(course))
    module = course.module("tiny")
    module.write_text(module.read_text().replace("x + x", "2 * x"))
    assert list(weave(course)) == [("tiny", True)]
    assert "2 * x" in cells(course)["double"].source


def replace_in_module(old, new):
    def change(course):
        module = course.module("tiny")
        assert old in module.read_text()
        module.write_text(module.read_text().replace(old, new))

    return change


def set_cell(index, **fields):
    def change(course):
        def one(read):
            for key, value in fields.items():
                if key == "source":
                    read.cells[index].source = value
                else:
                    read.cells[index].metadata.nbgrader[key] = value

        edit(course, one)

    return change


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (replace_in_module("def double", "def triple"), "defines no 'double'"),
        (
            replace_in_module("    ### END SOLUTION\n\n\nclass Counter", "\n\nclass Counter"),
            "has not ended|without",
        ),
        (replace_in_module("    ### BEGIN SOLUTION\n    # the golden", "    # the golden"), "without"),
        (replace_in_module('    """Twice x.  double(3) -> 6"""\n', ""), "has no docstring"),
        (
            replace_in_module(
                '    """Twice x.  double(3) -> 6"""\n    ### BEGIN SOLUTION\n',
                '    ### BEGIN SOLUTION\n    """Twice x.  double(3) -> 6"""\n',
            ),
            "stay outside the marks",
        ),
        (replace_in_module("result = x + x", "result = = x"), "not valid Python"),
        (set_cell(2, source="def double(x): ...\n\ndef other(): ..."), "expected one def or class"),
        (set_cell(2, source="x = 3"), "expected one def or class"),
        (set_cell(2, source="def ("), "not valid Python"),
        (set_cell(3, points=11), "the points add up to 101, not 100"),
        (set_cell(5, grade_id="double"), "'double' is used more than once"),
        (set_cell(4, source="checks.compare(double(1), 2)"), "must be wholly inside"),
        (set_cell(3, grade_id="triple-visible"), "has no solution cell 'triple'"),
        (lambda course: course.source("tiny").write_text("{"), "not a valid notebook"),
        (lambda course: course.source("tiny").write_text(json.dumps({"cells": 3})), "not a valid notebook"),
        (lambda course: course.module("tiny").unlink(), "expected one module"),
    ],
)
def test_a_fault_is_one_line_and_changes_nothing(course, spoil, says, capsys):
    spoil(course)
    before = course.source("tiny").read_bytes()
    with pytest.raises(CourseError, match=says):
        list(weave(course))
    assert main(["--course", str(course.root), "weave"]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert course.source("tiny").read_bytes() == before


def test_a_figure_of_the_same_name_is_no_piece(course):
    figures = course.root / "eras" / "figures"
    figures.mkdir()
    (figures / "tiny.py").write_text("def draw(): ...\n")
    assert course.module("tiny").parent.name == "pretraining"
    (course.root / "eras" / "llm").mkdir()
    (course.root / "eras" / "llm" / "tiny.py").touch()
    with pytest.raises(CourseError, match="expected one module"):
        course.module("tiny")


def test_unknown_names_and_folders(course, tmp_path, capsys):
    assert main(["--course", str(course.root), "weave", "nothing"]) == 1
    assert "no exercise is called 'nothing'; there are: tiny." in capsys.readouterr().err
    assert main(["--course", str(tmp_path), "weave"]) == 1
    assert "is not a course" in capsys.readouterr().err


def test_options_reach_jupyterlab_and_no_other_verb(course, monkeypatch, capsys):
    passed = []
    monkeypatch.setattr("autograder.lab.lab", lambda course, rest: passed.extend(rest))
    assert main(["--course", str(course.root), "lab", "--no-browser", "--port=1234"]) == 0
    assert passed == ["--no-browser", "--port=1234"]
    with pytest.raises(SystemExit):
        main(["--course", str(course.root), "weave", "--no-browser"])
    assert "unrecognized arguments: --no-browser" in capsys.readouterr().err
