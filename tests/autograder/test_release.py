"""autograder release and kit: what students get holds no answer, and is the same each time."""

import os
import subprocess
import sys
import zipfile

import nbformat
import pytest
from tiny import REPOSITORY

from autograder.__main__ import main
from autograder.course import Course, CourseError
from autograder.kit import kit
from autograder.marks import inside
from autograder.release import release
from autograder.weave import weave

SECRETS = ("golden", "x + x", "value_so_far", "double(-1)", "Counter(5)", "Because it is so", "### BEGIN")
PYTHON = {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture
def woven(course):
    list(weave(course))
    return course


def test_release_strips_every_secret(woven):
    assert list(release(woven)) == [("tiny", True)]
    text = woven.released("tiny").read_text()
    assert not [secret for secret in SECRETS if secret in text]
    assert "Squared, not doubled." in text
    assert "Twice x.  double(3) -> 6" in text
    assert text.count("raise NotImplementedError()") == 3
    nbformat.validate(nbformat.reads(text, as_version=4))


def test_release_is_deterministic_and_touches_no_gradebook(woven):
    list(release(woven))
    once = woven.released("tiny").read_bytes()
    assert list(release(woven)) == [("tiny", False)]
    assert woven.released("tiny").read_bytes() == once
    assert not list(woven.root.glob("gradebook.db*"))


def test_release_wants_a_woven_notebook(course):
    with pytest.raises(CourseError, match="run `autograder weave tiny` first"):
        list(release(course))
    assert not course.released("tiny").exists()


@pytest.mark.parametrize("index", [0, 1, 3])
def test_an_answer_in_another_cell_is_a_leak(woven, index):
    read = nbformat.read(woven.source("tiny"), as_version=4)
    read.cells[index].source += "\nself.value_so_far += 1\n\n    golden = self.value_so_far\nreturn golden"
    nbformat.write(read, woven.source("tiny"))
    list(weave(woven))
    with pytest.raises(CourseError, match="tells a secret"):
        list(release(woven))


def test_extra_files_are_released_too(woven):
    (woven.root / "solutions" / "tiny" / "figure.txt").write_text("a figure")
    assert list(release(woven)) == [("tiny", True)]
    assert (woven.root / "exercises" / "tiny" / "figure.txt").read_text() == "a figure"
    assert list(release(woven)) == [("tiny", False)]


def run(folder, program):
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, env=PYTHON
    )


def test_kit_keeps_due_answers_back_and_still_imports(woven, tmp_path):
    list(release(woven))
    folder = tmp_path / "kit"
    kit(woven, folder, ["tiny"])
    everything = "\n".join(p.read_text(errors="ignore") for p in folder.rglob("*") if p.is_file())
    assert not [secret for secret in SECRETS if secret in everything]
    assert "secret_number" not in everything
    assert not (folder / "solutions").exists()
    assert (folder / "exercises" / "tiny" / "tiny.ipynb").exists()
    done = run(folder, "import eras.pretraining.tiny as t; print(t.__file__); t.open_to_all(1)")
    assert str(folder) in done.stdout
    assert "NotImplementedError: exercise tiny: this piece is yours to write" in done.stderr
    assert "NotImplementedError" in run(folder, "import eras.pretraining.tiny as t; t.Whole()").stderr


def test_kit_gives_pieces_that_are_not_due(woven, tmp_path):
    list(release(woven))
    kit(woven, tmp_path / "kit", [])
    text = (tmp_path / "kit" / "eras" / "pretraining" / "tiny.py").read_text()
    assert "result = x + x" in text
    assert "### BEGIN" not in text
    done = run(
        tmp_path / "kit", "import eras.pretraining.tiny as t; print(t.open_to_all(1), t.Whole().answer())"
    )
    assert done.stdout.split() == ["3", "42"], done.stderr


def test_kit_zip_is_the_same_each_time(woven, tmp_path):
    list(release(woven))
    kit(woven, tmp_path / "a.zip", ["tiny"])
    first = (tmp_path / "a.zip").read_bytes()
    kit(woven, tmp_path / "a.zip", ["tiny"])
    assert (tmp_path / "a.zip").read_bytes() == first
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = archive.namelist()
    assert "a/README.md" in names
    assert not [name for name in names if "solutions" in name or "wrong" in name or "chapters" in name]


def test_kit_refuses_to_overwrite_and_unknown_names(woven, tmp_path, capsys):
    (tmp_path / "kit").mkdir()
    course = ["--course", str(woven.root), "kit"]
    assert main([*course, str(tmp_path / "kit"), "--due", "tiny"]) == 1
    assert "exists already" in capsys.readouterr().err
    assert main([*course, str(tmp_path / "new"), "--due", "nothing"]) == 1
    assert "no exercise is called 'nothing'" in capsys.readouterr().err
    assert main([*course, str(tmp_path / "no" / "kit"), "--due", "tiny"]) == 1
    assert "is no folder" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_kit_finds_an_answer_left_in_another_file(woven, tmp_path):
    list(release(woven))
    module = woven.module("tiny")
    module.with_name("copy_of_it.py").write_text(module.read_text().replace("### BEGIN SOLUTION", "#"))
    with pytest.raises(CourseError, match="holds a solution of the exercise tiny"):
        kit(woven, tmp_path / "kit", ["tiny"])
    assert not (tmp_path / "kit").exists()


@pytest.mark.slow
def test_kit_of_the_real_course_imports_with_every_piece_still_due(tmp_path):
    real = Course.at(REPOSITORY)
    kit(real, tmp_path / "kit", real.exercises())
    program = (
        "import importlib, pkgutil, eras\n"
        "names = [m.name for m in pkgutil.walk_packages(eras.__path__, 'eras.') if '__main__' not in m.name]\n"
        "assert len([importlib.import_module(name) for name in names]) > 10\n"
        "print(eras.__file__)"
    )
    done = run(tmp_path / "kit", program)
    assert done.stdout.strip() == str(tmp_path / "kit" / "eras" / "__init__.py"), done.stderr
    for name in real.exercises():
        answers = [a for a in inside(real.module(name).read_text(), name) if len(a.strip().splitlines()) > 2]
        assert answers
        for path in (tmp_path / "kit").rglob("*.py"):
            assert not [answer for answer in answers if answer in path.read_text()]
