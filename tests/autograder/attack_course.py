"""The course that the attack notebooks are aimed at: an exercise of four parts, canaries in all that is secret.

The exercise carries the name of a piece that is installed, `attention`, so that the piece's real file has to be
hidden from student code.
"""

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook
from tiny import hidden, make_course, marked

from autograder.release import release
from autograder.weave import weave

NAME = "attention"
SOURCE, INPUT, REFERENCE = "canary-source-7f3a9c", "canary-input-5521e8", "canary-reference-90b2d4"
SECRET, OTHER = "canary-secret-c81f06", "canary-other-2ab7e3"
CANARIES = (SOURCE, INPUT, REFERENCE, SECRET, OTHER)
HONEST = {"ada": 90.0, "mia": 45.0, "zoe": 0.0}  # a written answer is marked by hand
POLICY = """\
[limits]
memory_mb = 256
cell_seconds = 2
seconds = 15
processes = 32
files_mb = 16
"""
MODULE = f'''"""The pieces of the exercise."""

import math

import torch


def double(x):
    """Twice x, whatever can be added to itself."""
    ### BEGIN SOLUTION
    # {REFERENCE}
    return x + x
    ### END SOLUTION


class Counter:
    """Counts up from a number: Counter(3).next() -> 4."""

    ### BEGIN SOLUTION
    def __init__(self, start):
        self.value = math.floor(start)  # {REFERENCE}

    def next(self):
        self.value += 1
        return self.value
    ### END SOLUTION


def softmax(x):
    """Exponentials along the last dimension, divided by their sum."""
    ### BEGIN SOLUTION
    powers = (x - x.detach().amax(-1, keepdim=True)).exp()  # {REFERENCE}
    return powers / powers.sum(-1, keepdim=True)
    ### END SOLUTION


def apply_all(functions, x):
    """What each of the functions makes of x, as a list."""
    ### BEGIN SOLUTION
    return [function(x) for function in functions]  # {REFERENCE}
    ### END SOLUTION
'''
ANSWERS = {
    "double": "def double(x):\n    return 2 * x",
    "Counter": (
        "class Counter:\n    def __init__(self, start):\n        self.n = int(start)\n\n"
        "    def next(self):\n        self.n += 1\n        return self.n"
    ),
    "softmax": (
        "def softmax(x):\n    e = (x - x.max(-1, keepdim=True).values).exp()\n"
        "    return e / e.sum(-1, keepdim=True)"
    ),
    "apply_all": "def apply_all(functions, x):\n    return [f(x) for f in functions]",
}


def cells():
    """The instructor's cells, holes not yet woven."""
    solution = {name: marked(f"def {name}(x): ...", name, solution=True) for name in ANSWERS}
    solution["Counter"].source = "class Counter: ..."
    both = marked(
        "x = torch.tensor([[0.0, 0.0], [0.0, 1.0]])\n"
        "checks.compare(softmax(x), torch.tensor([[0.5, 0.5], [0.26894142, 0.73105858]]))",
        "softmax-visible",
        10,
    )
    both.metadata["tags"] = ["both-sides"]
    return [
        new_markdown_cell("# A target\nFour parts.", id="header"),
        marked("import math\n\nimport torch\n\nfrom eras import checks", "setup"),
        solution["double"],
        marked("checks.compare(double(3), 6)", "double-visible", 5),
        marked(
            hidden(
                f"# {SOURCE}",
                f"canary = {INPUT!r}",
                "checks.compare(double(canary), canary + canary)",
                "for got, want in zip(map(double, (-1, 2.5, 10)), (-2, 5.0, 20)):",
                "    checks.compare(got, want)",
            ),
            "double-hidden",
            15,
        ),
        marked("limit = 10", "limit"),
        solution["Counter"],
        marked("checks.compare(Counter(1).next(), 2)", "Counter-visible", 5),
        marked(
            hidden(
                f"counting = Counter(limit)  # {SOURCE}",
                "counting.next()",
                "checks.compare(counting.next(), 12)",
                "checks.raises(TypeError, Counter, None)",
            ),
            "Counter-hidden",
            15,
        ),
        solution["softmax"],
        both,
        marked(
            hidden(
                f"# {SOURCE}",
                "generator = checks.secret_generator('softmax')",
                "for x in (torch.randn(2, 3), torch.randn(4), torch.randn(3, 1, 5, generator=generator)):",
                "    want = torch.softmax(x, -1)",
                "    checks.compare(softmax(x), want)",
                "x, weights = torch.randn(2, 3, requires_grad=True), torch.arange(6.0).view(2, 3)",
                "(want,) = torch.autograd.grad((torch.softmax(x, -1) * weights).sum(), x)",
                "(got,) = torch.autograd.grad((softmax(x) * weights).sum(), x)",
                "checks.compare(got, want)",
            ),
            "softmax-hidden",
            20,
        ),
        solution["apply_all"],
        marked("checks.compare(apply_all([lambda y: -y, str], -3), [3, '-3'])", "apply_all-visible", 5),
        marked(
            hidden(
                f"key = {INPUT!r}  # {SOURCE}",
                "class Recorder:",
                "    def __init__(self, label):",
                "        self._label, self.seen = label, []",
                "    def __call__(self, x):",
                "        self.seen.append(x)",
                "        return len(self.seen)",
                "recorder = Recorder(key)",
                "functions = [lambda text: text + key[-2:], recorder, lambda text: apply_all([], text)]",
                "checks.compare(apply_all(functions, 'a'), ['a' + key[-2:], 1, []])",
                "checks.expect(recorder.seen == ['a'], 'Each function is called once.')",
                "checks.expect(len(functions) == 3, 'The list of functions was changed.')",
            ),
            "apply_all-hidden",
            15,
        ),
        marked("Because.", "written-1", 10, solution=True, markdown=True),
    ]


def make(root):
    """The course, woven and released."""
    course = make_course(root)
    (root / "solutions" / "tiny").rename(root / "solutions" / NAME)
    (root / "solutions" / NAME / "tiny.ipynb").unlink()
    (root / "eras" / "pretraining" / "tiny.py").unlink()
    (root / "eras" / "pretraining" / f"{NAME}.py").write_text(MODULE)
    (root / "policy.toml").write_text(POLICY)
    nbformat.write(new_notebook(cells=cells()), course.source(NAME))
    list(weave(course, [NAME]))
    list(release(course, [NAME]))
    return course


def hand_in(course, student, notebook):
    """Write a notebook to submitted/."""
    folder = course.root / "submitted" / student / NAME
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{NAME}.ipynb")
    return folder


def honest(course):
    """Three students who attack nothing hand in: everything right, half of it, nothing."""
    for student, answered in {
        "ada": list(ANSWERS),
        "mia": ["double", "Counter", "apply_all"],
        "zoe": [],
    }.items():
        notebook = nbformat.read(course.released(NAME), as_version=4)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in answered:
                cell.source = f"{ANSWERS[name]}  # {OTHER}"
            if name in answered and student == "mia" and name == "apply_all":
                cell.source = "def apply_all(functions, x):\n    return [-x, str(x)]"
        hand_in(course, student, notebook)
