"""autograder release: make the students' notebooks with nbgrader's generate_assignment, look for leaks."""

import logging
import shutil
import tempfile
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.course import COURSE, CourseError, read_notebook, write_text
from autograder.marks import BEGIN, HIDDEN_BEGIN, HIDDEN_END, inside
from autograder.weave import is_solution, woven

WINDOW = 3  # so many lines of an answer in a row are a leak


def release(course, names=()):
    """Release exercises (all by default); yields (name, changed). The gradebook is not touched."""
    for name in course.chosen(names):
        text = released(course, name)
        extras = copy_extras(course, name)
        yield name, write_text(course.released(name), text) or extras


def released(course, name):
    """The text of the students' notebook; raises CourseError when it is not woven or leaks."""
    source = course.source(name).read_text(encoding="utf-8")
    if woven(course, name) != source:
        raise CourseError(
            f"{name}: the notebook differs from the package; run `autograder weave {name}` first."
        )
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "solutions", name, f"{name}.ipynb")
        copy.parent.mkdir(parents=True)
        copy.write_text(source, encoding="utf-8")
        generate(folder, name, Path(folder, "exercises"))
        made = Path(folder, "exercises", name, f"{name}.ipynb")
        check_leaks(read_notebook(made), read_notebook(copy), name)
        return made.read_text(encoding="utf-8")


def generate(root, name, target, db=None):
    """nbgrader's generate_assignment on the course at `root` into the folder `target`.

    db: the address of the data base that is to know the assignment; without one, none is touched.
    """
    config = Config()
    config.SaveCells.enabled = db is not None
    config.GenerateAssignment.no_database = db is None
    known = {"db_url": db} if db else {}
    places = {"source_directory": "solutions", "release_directory": str(target)}
    folder = CourseDirectory(
        root=str(root), assignment_id=name, course_id=COURSE, config=config, **places, **known
    )
    converter = GenerateAssignment(coursedir=folder, config=config)
    converter.log = logging.getLogger("autograder.release")
    converter.log.setLevel(logging.CRITICAL)
    try:
        converter.start()
    except (Exception, SystemExit) as error:
        raise CourseError(f"{name}: nbgrader cannot release it: {str(error).splitlines()[0]}") from None


def copy_extras(course, name):
    """Copy the files that go with a notebook (figures, small data); True when one has changed."""
    changed = False
    for path in sorted(course.source(name).parent.rglob("*")):
        aside = path.suffix == ".ipynb" or any(
            part.startswith(".") or part == "__pycache__" for part in path.parts
        )
        if path.is_file() and not aside:
            target = course.released(name).parent / path.relative_to(course.source(name).parent)
            changed |= not target.exists() or target.read_bytes() != path.read_bytes()
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    return changed


def check_leaks(notebook, source, name):
    """Raise CourseError when a released notebook holds marks, outputs, or lines of a secret."""
    text = "\n".join(squeezed(cell.source) for cell in notebook.cells)
    for mark in (BEGIN, HIDDEN_BEGIN):
        if mark in text:
            raise CourseError(f"{name}: the released notebook still has `{mark}`.")
    if any(cell.get("outputs") for cell in notebook.cells):
        raise CourseError(f"{name}: the released notebook has outputs.")
    for secret in secrets(source, name):
        if f"\n{secret}\n" in f"\n{text}\n":
            raise CourseError(f"{name}: the released notebook tells a secret: {secret.splitlines()[0]!r} …")


def secrets(source, name):
    """Runs of lines that must not reach students: windows over each solution and each hidden test."""
    texts = []
    for cell in source.cells:
        texts += inside(cell.source, name)
        texts += inside(cell.source, name, HIDDEN_BEGIN, HIDDEN_END)
        texts += [cell.source] if cell.cell_type == "markdown" and is_solution(cell) else []
    for text in texts:
        lines = squeezed(text).splitlines()
        if len(lines) < WINDOW and len(text) >= 40:
            yield "\n".join(lines)
        yield from ("\n".join(lines[i : i + WINDOW]) for i in range(len(lines) - WINDOW + 1))


def squeezed(text):
    """Lines without indentation, blank lines and comments left out: what counts as the same code."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and (not line.startswith("#") or line.startswith("###")))
