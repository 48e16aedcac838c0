"""The contract tests' runner scores like nbgrader and survives whatever a cell does."""

import pytest

from autograder.course import CourseError
from autograder.patches import Patch, edited, read_patches


def cell(name, source, points=None):
    return {"id": name, "source": source, "points": points}


def earned(runner, *sources, **more):
    """What each of the sources earns as a graded cell of 4 points, run one after the other."""
    cells = [cell(str(i), source, 4) for i, source in enumerate(sources)]
    return [result["earned"] for result in runner.run(cells, **more).values()]


@pytest.mark.parametrize(
    ("source", "points"),
    [
        ("x = 1", 4),
        ("assert True", 4),
        ("assert False", 0),
        ("1 +", 0),
        ("undefined", 0),
        ("2.5", 2.5),
        ("'a word'", 4),
        ("None", 4),
        ("print('fine')", 4),
        ("import sys; print('a word', file=sys.stderr)", 0),
        ("import warnings; warnings.warn('careful')", 0),
        ("import os; os.write(2, b'x'); None", 0),
        ("raise SystemExit", 0),
        ("raise NotImplementedError()", 0),
        ("import torch; torch.randn(3, requires_grad=True).sum().backward()", 4),
        ("def f():\n    return 1\nassert f() == 1", 4),
    ],
)
def test_scores_of_one_cell(runner, source, points):
    assert earned(runner, source) == [points]


def test_cells_share_names_and_an_error_does_not_stop_the_rest(runner):
    assert earned(runner, "x = 3", "assert x == 4", "assert x == 3") == [4, 0, 4]


def test_runs_are_apart(runner):
    assert earned(runner, "import torch; torch.softmax = None; y = 1") == [4]
    assert earned(runner, "y", "import torch; torch.softmax(torch.ones(2), 0)\nNone") == [0, 4]


def test_death_and_endless_loops_cost_the_rest_only(runner):
    assert earned(runner, "x = 1", "import os; os._exit(0)", "x = 2") == [4, 0, 0]
    assert earned(runner, "while True: pass", "x = 2", seconds=1) == [0, 4]
    assert earned(runner, "x = 2") == [4]


def test_secret_files_and_stubs(runner, tmp_path):
    (tmp_path / "beside.txt").write_text("here")
    files = {"data/beside.txt": str(tmp_path / "beside.txt")}
    assert earned(runner, "assert open('data/beside.txt').read() == 'here'", files=files) == [4]
    assert earned(runner, "import os; assert os.environ['ERAS_SECRET'] == 'term'", secret="term") == [4]
    source = "from eras.pretraining import attention\nfrom eras.pretraining.attention import mark\n"
    source += "assert attention.mark == mark == 1"
    assert earned(runner, source, stubs={"eras.pretraining.attention": "mark = 1"}) == [4]


def test_percent_files(tmp_path):
    path = tmp_path / "wrong.py"
    path.write_text(
        '"""Title."""\n\n# %% a | first\nx = 1\n\n\n# %% a, b | second one\ny = 2  # %% no title\n'
    )
    first, second = read_patches(path)
    assert (first.parts, first.name, first.source) == (("a",), "first", "x = 1")
    assert (second.parts, second.name, second.source) == (("a", "b"), "second one", "y = 2  # %% no title")


HOLE = "def f(x):\n    if x:\n        y = 1\n        return y\n    return 0"


@pytest.mark.parametrize(
    ("edit", "tail"),
    [
        ("# - y = 1\n# + y = 2", "    if x:\n        y = 2\n        return y\n    return 0"),
        (
            "# - if x:\n# -     y = 1\n# + y = 1\n# + if x:",
            "    y = 1\n    if x:\n        return y\n    return 0",
        ),
        (
            "# - y = 1\n# + y = 2\n# - return 0\n# + return 3",
            "    if x:\n        y = 2\n        return y\n    return 3",
        ),
    ],
)
def test_an_edit_is_the_reference_with_other_lines(edit, tail):
    assert edited(Patch(("f",), "name", edit), {"f": HOLE}).source == f"def f(x):\n{tail}"


@pytest.mark.parametrize("edit", ["# - y = 3\n# + y = 2", "# - y\n# + z"])
def test_an_edit_that_does_not_fit_is_named(edit):
    with pytest.raises(CourseError, match="the old lines of 'f: name' are not in the reference exactly once"):
        edited(Patch(("f",), "name", edit), {"f": HOLE})
