"""A small course to try the machinery on: one exercise, `tiny`, with two parts and a written question."""

import shutil
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.course import Course

REPOSITORY = Path(__file__).parents[2]

MODULE = '''"""The package's pieces of the exercise `tiny`."""

import math


def double(x):
    """Twice x.  double(3) -> 6"""
    ### BEGIN SOLUTION
    # the golden answer
    result = x + x
    return result
    ### END SOLUTION


class Counter:
    """Counts up: Counter(3).next() -> 4."""

    def __init__(self, start):
        """Begins at `start`."""
        ### BEGIN SOLUTION
        self.value_so_far = math.floor(start)
        ### END SOLUTION

    def next(self):
        """One more than before."""
        ### BEGIN SOLUTION
        self.value_so_far += 1
        golden = self.value_so_far
        return golden
        ### END SOLUTION


class Whole:
    """A class that is all hole."""

    ### BEGIN SOLUTION
    def answer(self):
        secret_number = 42
        return secret_number
    ### END SOLUTION


def open_to_all(x):
    """No exercise asks for this one."""
    return double(x) + 1
'''


def marked(source, grade_id, points=None, solution=False, **more):
    """A cell with nbgrader's metadata."""
    data = {
        "grade_id": grade_id,
        "grade": points is not None,
        "solution": solution,
        "locked": not solution,
        "task": False,
        "schema_version": 3,
    }
    data |= {"points": points} if points is not None else {}
    new = new_markdown_cell if more.get("markdown") else new_code_cell
    return new(source, id=grade_id, metadata={"nbgrader": data})


def hidden(*lines):
    """A test body wholly inside the marks of hidden tests."""
    return "\n".join(["### BEGIN HIDDEN TESTS", *lines, "### END HIDDEN TESTS"])


def notebook():
    """The instructor's notebook of `tiny`, its holes not yet woven."""
    return new_notebook(
        cells=[
            new_markdown_cell("# Tiny\nTwo parts.", id="header"),
            new_code_cell("import math\n\nfrom eras import checks", id="setup"),
            marked("def double(x): ...", "double", solution=True),
            marked(
                "checks.compare(double(3), 6, mistakes={'Squared, not doubled.': 9}, name='double(3)')",
                "double-visible",
                10,
            ),
            marked(
                hidden("n = 5", "checks.compare(double(n), 10)", "checks.compare(double(-1), -2)"),
                "double-hidden",
                30,
            ),
            marked("import math\n\nclass Counter: ...", "Counter", solution=True),
            marked("checks.compare(Counter(1).next(), 2)", "Counter-visible", 10),
            marked(
                hidden("counting = Counter(5)", "counting.next()", "checks.compare(counting.next(), 7)"),
                "Counter-hidden",
                40,
            ),
            marked(
                "Because it is so, and three levels of it.", "written-1", 10, solution=True, markdown=True
            ),
        ]
    )


WRONG = """# %% double | squared
def double(x):
    return x * x

# %% Counter | off by one
class Counter:
    def __init__(self, start):
        self.n = start

    def next(self):
        n, self.n = self.n, self.n + 1
        return n
"""

RIGHT = """# %% double
def double(x):
    return 2 * x

# %% Counter
class Counter:
    def __init__(self, start):
        self.n = start

    def next(self):
        self.n += 1
        return self.n
"""


def make_course(root):
    """A course folder holding the exercise `tiny`, neither woven nor released."""
    (root / "tests" / "exercises" / "tiny").mkdir(parents=True)
    (root / "tests" / "exercises" / "tiny" / "wrong.py").write_text(WRONG)
    (root / "tests" / "exercises" / "tiny" / "right_plain.py").write_text(RIGHT)
    (root / "eras" / "pretraining").mkdir(parents=True)
    (root / "eras" / "__init__.py").touch()
    (root / "eras" / "pretraining" / "__init__.py").touch()
    (root / "eras" / "pretraining" / "tiny.py").write_text(MODULE)
    (root / "solutions" / "tiny").mkdir(parents=True)
    nbformat.write(notebook(), root / "solutions" / "tiny" / "tiny.ipynb")
    for name in ("nbgrader_config.py", "pyproject.toml", "constraints.txt"):
        if (REPOSITORY / name).exists():
            shutil.copy(REPOSITORY / name, root)
    return Course.at(root)
