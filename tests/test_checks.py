"""eras.checks: right answers pass, a usual mistake is named, and nothing a student returns breaks a check."""

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch

from eras import checks

COLUMNS = "Row 0 sums to 1 down the columns, not along the keys. Which axis does softmax run over?"
NAN, INF = float("nan"), float("inf")


@pytest.fixture
def scores():
    return torch.randn(3, 4, generator=torch.Generator().manual_seed(0))


def message(*args, **kwargs):
    """What compare says; fails when it says nothing."""
    with pytest.raises(checks.CheckFailed) as failed:
        checks.compare(*args, **kwargs)
    text = str(failed.value)
    assert 1 <= len(text.splitlines()) <= 3
    return text


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (None, None),
        (True, True),
        (np.bool_(True), True),
        (torch.tensor(True), True),
        (3, 3),
        (np.int64(3), 3),
        (torch.tensor(3), 3),
        (3, 3.0),
        (torch.tensor(0.5), 0.5),
        (INF, INF),
        (NAN, NAN),
        (1 + 2j, 1 + 2j),
        ("", ""),
        (b"\xff\x00", b"\xff\x00"),
        ([], []),
        ([1, [2.0, "x"]], [1, [2.0, "x"]]),
        ((1, 2), (1, 2)),
        ({"a": torch.ones(2)}, {"a": torch.ones(2)}),
        ({1, 2}, {2, 1}),
        (torch.empty(0, 3), torch.empty(0, 3)),
        (torch.tensor([NAN, INF]), torch.tensor([NAN, INF])),
        (torch.ones(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.bfloat16)),
        (torch.ones(2, requires_grad=True), torch.ones(2)),
        (torch.nn.Parameter(torch.ones(2)), torch.ones(2)),
        (torch.ones(2) + 1e-7, torch.ones(2)),
        (np.arange(3.0), np.arange(3.0)),
        (slice(1, 2), slice(1, 2)),
    ],
)
def test_equal_answers_pass(got, want):
    assert checks.compare(got, want) is None


def test_a_usual_mistake_is_the_first_line(scores):
    text = message(
        scores.softmax(0), scores.softmax(1), mistakes={COLUMNS: scores.softmax(0)}, hint="Hint 1."
    )
    assert text.splitlines()[0] == COLUMNS
    assert text.splitlines()[2] == "Hint 1."


def test_a_mistake_of_another_shape_is_named(scores):
    text = message(scores[0], scores, mistakes={"Only the first row.": scores[0]})
    assert text.startswith("Only the first row.\n")


def test_an_unusual_mistake_is_measured(scores):
    wrong = scores.clone()
    wrong[2, 1] += 0.5
    text = message(wrong, scores, mistakes={COLUMNS: scores.softmax(0)}, name="softmax(x)")
    assert text.splitlines()[0] == "softmax(x) is wrong in 1 of 12 entries."
    assert "Worst at [2, 1]: got" in text
    assert "off by 0.5" in text


def test_shape_comes_before_dtype_and_dtype_before_values(scores):
    assert message(scores.double()[:2] + 1, scores) == "Your answer has shape (2, 4), expected (3, 4)."
    assert message(scores.double() + 1, scores) == "Your answer has dtype float64, expected float32."
    assert "NaN in 12 of 12 places" in message(scores * NAN, scores)


@pytest.mark.parametrize(
    ("got", "want", "says"),
    [
        (None, 3, "is the `return` missing?"),
        (None, torch.ones(2), "is the `return` missing?"),
        (NotImplemented, 3, "nothing is filled in yet"),
        (..., [3], "nothing is filled in yet"),
        (1, None, "Expected None"),
        (True, 1, "the whole number 1"),
        (1, True, "a truth value"),
        (3.0, 3, "the whole number 3"),
        ("3", 3, "the whole number 3"),
        (4, 3, "is 4, expected 3"),
        (2.5, 2.0, "got 2.5, expected 2 (off by 0.5)"),
        (NAN, 2.0, "NaN"),
        (-INF, INF, "got -inf, expected inf"),
        ([1.0], torch.ones(1), "Expected a torch tensor of shape (1,), float32"),
        (np.ones(1), torch.ones(1), "a NumPy array of shape (1,), float64"),
        (torch.ones(1), np.ones(1), "Expected a NumPy array"),
        (torch.tensor([INF]), torch.ones(1), "got inf, expected 1"),
        (torch.tensor([True]), torch.tensor([False]), "got True, expected False"),
        (torch.tensor([7]), torch.tensor([9]), "got 7, expected 9 (off by 2)"),
        ("abc", "abd", "part at position 2"),
        ("ab", "abc", "part at position 2"),
        ("a" * 900 + "b", "a" * 900 + "c", "part at position 900"),
        (b"\xfe", b"\xff", "part at position 0"),
        ("a", b"a", "Expected bytes"),
        ((1,), [1], "answer is a value of type tuple: (1,).\nExpected a list"),
        (OSError(), [1], "answer is a value of type OSError: OSError()."),
        ([1, 2], [1, 2, 3], "has length 2, expected 3"),
        ([1, 2, 3, 4], [1, 2, 3], "first too many is 4"),
        ([1, 5], [1, 2, 3], "answer[1] is 5, expected 2."),
        ([1, [2, 4]], [1, [2, 3]], "answer[1][1] is 4"),
        ({}, {1: 2}, "lacks 1 of 1 keys, e.g. 1"),
        ({1: 2, 3: 4}, {1: 2}, "has 1 key too many, e.g. 3"),
        ({1: 2, 3: 4, 5: 6}, {1: 2}, "has 2 keys too many, e.g. 3"),
        ({1: 3}, {1: 2}, "answer[1] is 3"),
        ([], {}, "Expected a dict"),
        ({1}, {1, 2}, "lacks 2"),
        ({1, 2}, {1}, "has 2, which does not belong"),
        ([1], {1}, "Expected a set"),
        (slice(1, 3), slice(1, 2), "Expected slice(1, 2, None)"),
        pytest.param(10**5000, 3, "cannot be compared", id="a number too long to print"),
        (torch.ones(2, device="meta"), torch.ones(2), "cannot be compared"),
    ],
)
def test_wrong_answers_are_described(got, want, says):
    assert says in message(got, want)


class Liar:
    """Equal to everything, unprintable, and pretends to be a tensor."""

    __class__ = torch.Tensor

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __repr__(self):
        raise RuntimeError("no")

    def __bool__(self):
        raise RuntimeError("no")

    def __getattr__(self, name):
        raise RuntimeError("no")


class EqualInt(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


class EqualList(list):
    def __eq__(self, other):
        return True

    def __iter__(self):
        return iter([1, 2, 3])


class EqualText(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


class EqualTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return torch.ones(2)


KINDS = [None, torch.ones(2), np.ones(2), True, 1, 1.0, "x", b"x", [1], (1,), {1: 1}, {1}]


@pytest.mark.parametrize("want", KINDS, ids=lambda want: type(want).__name__)
def test_a_hostile_object_is_only_a_wrong_answer(want):
    message(Liar(), want)
    message([Liar()], [want])


def test_subclasses_with_their_own_equality_are_read_by_value():
    message(EqualInt(2), 3)
    message(EqualList([9, 9, 9]), [1, 2, 3])
    message(EqualText("a"), "b")
    message(torch.zeros(2).as_subclass(EqualTensor), torch.ones(2))


def test_no_warning_reaches_stderr():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        message(torch.tensor([INF]), torch.tensor([-INF]))
        message(np.array(INF), np.array(-INF))
        message(1j, 2j)


def test_expect():
    checks.expect(True, "fine")
    checks.expect(torch.tensor(1), "fine")
    for condition in (False, None, torch.ones(2), Liar()):
        with pytest.raises(checks.CheckFailed, match=r"^Not so\.$"):
            checks.expect(condition, "Not so.")


def fail(error):
    raise error


def stub():
    raise NotImplementedError


def test_raises_accepts_the_error_asked_for():
    checks.raises(ValueError, fail, ValueError("no"))
    checks.raises((TypeError, ValueError), fail, UnicodeDecodeError("utf-8", b"", 0, 1, ""))
    checks.raises(NotImplementedError, stub)


@pytest.mark.parametrize(
    ("error", "function", "argument", "says"),
    [
        (RuntimeError, fail, NotImplementedError(), "It raised NotImplementedError"),
        (Exception, fail, NotImplementedError(), "It raised NotImplementedError"),
        ((RuntimeError, ValueError), fail, NotImplementedError(), "It raised NotImplementedError"),
        (ValueError, len, "abc", "Empty text\nIt returned 3"),
        (ValueError, fail, KeyError("x"), "It raised KeyError"),
        (ValueError, sys.exit, 1, "It raised SystemExit"),
    ],
)
def test_raises_refuses_anything_else(error, function, argument, says):
    with pytest.raises(checks.CheckFailed) as failed:
        checks.raises(error, function, argument, message="Empty text")
    assert says in str(failed.value)


def test_secret_generator_repeats_and_depends_on_label_and_secret(monkeypatch):
    def draw(label):
        return torch.rand(4, generator=checks.secret_generator(label)).tolist()

    first = draw("attention/softmax")
    assert draw("attention/softmax") == first
    assert draw("attention/causal_mask") != first
    monkeypatch.setenv("ERAS_SECRET", "this term")
    assert draw("attention/softmax") != first
    assert draw("attention/softmax") == draw("attention/softmax")


def test_unchanged():
    x, y = torch.zeros(2), [1, 2]
    with checks.unchanged(x, y):
        assert (x + 1).sum() == 2
    with pytest.raises(checks.CheckFailed, match="Input 0 was changed in place"), checks.unchanged(x, y):
        x += 1
    with pytest.raises(checks.CheckFailed, match="Input 1 was changed in place"), checks.unchanged(x, y):
        y.append(3)


def test_count_calls_counts_and_restores():
    original = torch.matmul
    with checks.count_calls(torch, "matmul", "softmax") as calls:
        torch.matmul(torch.ones(2, 2), torch.ones(2, 2))
        torch.matmul(torch.ones(2, 2), torch.ones(2, 2))
    assert calls == {"matmul": 2, "softmax": 0}
    assert torch.matmul is original
    layer = torch.nn.Linear(2, 2)
    with checks.count_calls(layer, "forward") as calls:
        layer(torch.ones(1, 2))
    assert calls["forward"] == 1
    assert "forward" not in vars(layer)


def test_count_operations_sees_the_largest_tensor():
    with checks.count_operations() as seen:
        (torch.ones(50, 2) @ torch.ones(2, 60)).sum()
    assert seen.calls["aten.mm"] == 1
    assert seen.largest == 3000
    assert seen.created == 100 + 120 + 3000 + 1


def test_a_notebook_shows_our_lines_and_no_traceback(tmp_path):
    program = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance(colors='NoColor')\n"
        "shell.run_cell('from eras import checks\\nchecks.compare(1, 2, name=\"f(x)\")')\n"
    )
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert "Check failed: f(x) is 1, expected 2." in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stdout
    assert "checks.py" not in done.stdout
