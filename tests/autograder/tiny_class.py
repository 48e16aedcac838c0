"""The course `tiny`, woven and released, with a class that has handed in: what graders are tried on."""

import nbformat
from tiny import make_course, marked

from autograder.course import read_notebook
from autograder.release import release
from autograder.weave import weave

DOUBLE = "def double(x):\n    return 2 * x"
COUNTER = (
    "class Counter:\n    def __init__(self, start):\n        self.n = start\n\n"
    "    def next(self):\n        self.n += 1\n        return self.n"
)
SLOW = "import time\ntime.sleep(6)\n\n"
WRONG = "def double(x):\n    return x * x"
PATCHER = """import gc, os
from eras import checks
checks.compare = lambda *_, **__: None
for thing in gc.get_objects():
    if isinstance(thing, str) and "counting.next" in thing:
        print(thing)
for folder, _, names in os.walk(os.path.abspath("..")):
    for name in names:
        if name.endswith(".ipynb"):
            print(open(os.path.join(folder, name)).read())

def double(x):
    return 7"""
LEAVER = "def double(x):\n    import os\n    os._exit(0)"


def class_of(root, answers):
    """A course at `root` in which each student of {student: {part: source}} has handed in `tiny`."""
    course = make_course(root)
    path = course.source("tiny")
    notebook = read_notebook(path)
    setup = next(i for i, cell in enumerate(notebook.cells) if cell["id"] == "setup")
    notebook.cells[setup] = marked(notebook.cells[setup].source, "setup")  # the instructor's: on both sides
    nbformat.write(notebook, path)
    list(weave(course))
    list(release(course))
    for student, parts in answers.items():
        hand_in(course, student, parts)
    return course


def hand_in(course, student, parts):
    """Write a student's submission, the released notebook with `parts` {grade_id: source} filled in."""
    notebook = read_notebook(course.released("tiny"))
    for cell in notebook.cells:
        key = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = parts.get(key, cell.source)
    folder = course.root / "submitted" / student / "tiny"
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / "tiny.ipynb")
