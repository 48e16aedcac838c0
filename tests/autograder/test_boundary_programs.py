"""Random programs give the same across the boundary as in one process, step by step.

A program is drawn while it runs here; then it runs once more against the library in another process. The outcome
of each step (values to the last bit, exceptions by type and text, which object came back), the state of its
operands and in the end that of all values are compared. Left out is what the boundary does differently (see
`autograder.remote`). BOUNDARY_EXAMPLES=5000 runs more and other programs.
"""

import collections
import os
import random
import re
import types

import boundary
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder import changes
from autograder.proxies import Proxy

torch.set_num_threads(1)
EXAMPLES = int(os.environ.get("BOUNDARY_EXAMPLES", 300))

FRESH = [
    lambda lib: 3, lambda lib: -0.0, lambda lib: 2**70, lambda lib: "ab", lambda lib: (1, (2, "x")),
    lambda lib: None,
    lambda lib: [3, 1, 2], lambda lib: [[2], [1, 5]], lambda lib: {"a": [1], (1, 2): {}}, lambda lib: {1, "b"},
    lambda lib: np.arange(4.0), lambda lib: np.ones((2, 2), np.int8).T, lambda lib: bytearray(b"xy"),
    lambda lib: collections.deque([1, [2]]), lambda lib: collections.Counter("aab"),
    lambda lib: list(range(80)),
    lambda lib: torch.tensor([1.0, -2.0]), lambda lib: torch.tensor([[1, 2], [3, 4]]).T,
    lambda lib: torch.tensor([1.0, 2.0], requires_grad=True),
    lambda lib: torch.tensor([2.0, 1.0], requires_grad=True) * 2,
    lambda lib: torch.nn.Parameter(torch.tensor([3.0, 1.0])), lambda lib: torch.zeros(0, dtype=torch.bfloat16),
    lambda lib: lib.Number(3), lambda lib: lib.Special(-2), lambda lib: lib.Bag([1, 2]),
    lambda lib: lib.Net(), lambda lib: lib.count(3),
    lambda lib: lib.Vocabulary(a=1), lambda lib: lib.Color.RED, lambda lib: random.Random(1),
    lambda lib: torch.Generator().manual_seed(2),
    lambda lib: (i * 2 for i in range(4)), lambda lib: lib.Problem(4),
    lambda lib: torch.nn.Linear(2, 2, bias=False).requires_grad_(False),
]  # fmt: skip

CALLBACKS = [
    lambda lib, pool: lambda *xs: xs[0], lambda lib, pool: lambda *xs: lib.double(xs[0]),
    lambda lib, pool: lambda *xs: xs[0] * 2,
    lambda lib, pool: lambda *xs: (_ for _ in ()).throw(KeyError("mine")),
    lambda lib, pool: lambda *xs: lib.fail("Worse", 5),
    lambda lib, pool: lambda *xs, own=[]: list(lib.append(own, len(own))),
    lambda lib, pool: lambda *xs: lib.attempt(lib.first, xs[0]),
    lambda lib, pool: lib.double, lambda lib, pool: lib.fail, lambda lib, pool: len,
]  # fmt: skip

ANY = ("same", "pair", "double", "total", "first", "sort", "reverse", "swap", "flat_view", "strides",
       "own_backward",
       "no_gradient",
       "in_place", "draw_from", "fail", "Bag", "both", "change")  # fmt: skip
CALLS = ("apply", "twice", "attempt", "passing", "reraise", "weigh")


def plain(x):
    return not isinstance(x, Proxy) and type(x).__module__ != "__main__" and not callable(x)


def number(x):
    return type(x).__name__ in ("Number", "Special")


def grad(x):
    return isinstance(x, torch.Tensor) and x.requires_grad


def has_identity(x):
    """True for what can change; texts, tuples … may be copied, and so may exceptions on a second way back."""
    return not isinstance(x, int | str | bytes | float | complex | tuple | BaseException | None)


def net(x):
    return isinstance(x, torch.nn.Module) and hasattr(x, "first")


def scalar(x):
    return type(x) in changes.SCALARS or number(x)


# name -> (what the operands have to be, what is done)
OPERATIONS = {
    **{name: ((None,), lambda lib, n, x, name=name: getattr(lib, name)(x)) for name in ANY},
    "append": ((list, scalar), lambda lib, n, x, y: lib.append(x, y)),
    "equal": ((None, None), lambda lib, n, x, y: lib.equal(x, y)),
    "is": ((has_identity, has_identity), lambda lib, n, x, y: lib.is_same(x, y)),
    "changes": ((None, None), lambda lib, n, x, y: lib.change([x, (y, [n])] if n % 2 else (x, y))),
    "keywords": ((None, None), lambda lib, n, x, y: lib.keywords(operation=x, number=y, extra=n)),
    "outputs": ((torch.Tensor, torch.Tensor), lambda lib, n, x, y: lib.outputs(x, y)),
    "take": ((types.GeneratorType,), lambda lib, n, x: lib.take(x, n % 3)),
    "next": ((types.GeneratorType,), lambda lib, n, x: next(x)),
    "for": ((types.GeneratorType,), lambda lib, n, x: list(x)),
    "raise": ((),
    lambda lib, n: lib.fail(("ValueError", "Problem", "Worse", "Odd", "OSError", "ExceptionGroup")[n % 6], n)),
    "number + number": ((number, number),
    lambda lib, n, x, y: (x + y, x == y, x < y, hash(x) == hash(y), -x, n + x, bool(x))),
    "number += n": ((number,), lambda lib, n, x: x.__iadd__(n)),
    "number.add": ((number,), lambda lib, n, x: (x.add(n), x.squared, x.me() is x, f"{x:05}", repr(x), int(x))),
    "number.n": ((number, scalar), lambda lib, n, x, y: setattr(x, "n", y)),
    "number.new": ((number, scalar),
    lambda lib, n, x, y: (setattr(x, "new", y), x.new, delattr(x, "new"), hasattr(x, "new"))),
    "isinstance": ((None,),
    lambda lib, n, x: (isinstance(x, lib.Number), isinstance(x, lib.Special), isinstance(x, dict), callable(x))),
    "bag": ((lambda x: type(x).__name__ == "Bag", scalar),
    lambda lib, n, x, y: (x.__setitem__(n % 2, y), len(x), x[n % 3], x[:1], x(2))),
    "vocabulary": ((dict, scalar),
    lambda lib, n, x, y: (x.__setitem__(n, n), len(x), n in x, sorted(map(str, x)))),
    "forward": ((net,), lambda lib, n, x: x(torch.tensor([[1.0, n]]))),
    "loss": ((net,), lambda lib, n, x: (x.loss(torch.tensor([[1.0, n]], requires_grad=True)), x.last)[n % 2]),
    "train": ((net,), lambda lib, n, x: lib.train(x, torch.tensor([[1.0, n]]), n % 3)),
    "step": ((net,), lambda lib, n, x: torch.optim.SGD(x.parameters(), 0.5).step()),
    "zero": ((net,), lambda lib, n, x: x.zero_grad(set_to_none=bool(n % 2))),
    "freeze": ((net,), lambda lib, n, x: x.first.requires_grad_(bool(n % 2))),
    "load": ((net, net), lambda lib, n, x, y: x.load_state_dict(y.state_dict())),
    "data": ((net,), lambda lib, n, x: x.first.weight.data.fill_(n)),
    "descend": ((grad,), lambda lib, n, x: lib.descend([x])),
    "backward": ((grad,), lambda lib, n, x: x.sum().backward(retain_graph=True)),
    "grad": ((grad, grad),
    lambda lib, n, x, y: torch.autograd.grad(x.sum(), [y], retain_graph=True, allow_unused=True)),
    "seed": ((), lambda lib, n: lib.seed(n)), "draw": ((), lambda lib, n: (lib.draw(), lib.noise(2))),
    "here": ((), lambda lib, n: (torch.rand(1), np.random.rand(1), random.random())),
    "no_grad": ((torch.Tensor,), lambda lib, n, x: no_grad(lib, x)),
    "own": ((list,), lambda lib, n, x: x.append(n)), "fill": ((torch.Tensor,),
    lambda lib, n, x: x.data.fill_(n)),
}  # fmt: skip


def no_grad(lib, x):
    with torch.no_grad():
        return lib.double(x), lib.mode()


def fits(value, wanted):
    if wanted is None:
        return True
    return isinstance(value, wanted) if isinstance(wanted, type) else bool(wanted(value))


def shows(value, pool, depth=6):
    """A value as plain text: the same on both sides for the same value."""
    if depth == 0:
        return "…"
    kind = type(value)
    if isinstance(value, torch.Tensor):
        values = (value.dtype, tuple(value.shape), value.detach().reshape(-1).tolist(), value.requires_grad)
        return f"tensor{values}{value.grad.tolist() if value.is_leaf and value.grad is not None else ''}"
    if kind is np.ndarray:
        return f"array({value.dtype}, {value.tolist()})"
    if kind in (list, tuple, collections.deque):
        return f"{kind.__name__}[{', '.join(shows(item, pool, depth - 1) for item in value)}]"
    if kind in changes.DICTS:
        return (
            f"{kind.__name__}{{{', '.join(f'{k!r}: {shows(v, pool, depth - 1)}' for k, v in value.items())}}}"
        )
    if kind is set:
        return f"set{sorted(map(repr, value))}"
    if kind in (random.Random, torch.Generator):
        return f"generator {hash(str(value.getstate() if kind is random.Random else value.get_state().tolist()))}"
    if isinstance(value, BaseException):
        return f"{kind.__name__}: {text(value)}"
    return shows_object(value, pool, depth)


def shows_object(value, pool, depth):
    if plain(value) and type(value).__module__ == "builtins" and not isinstance(value, types.GeneratorType):
        return repr(value)
    if net(value):
        return f"net {[shows(p, pool, depth - 1) for p in value.parameters()]} {value.training}"
    if hasattr(value, "n") and hasattr(value, "squared"):
        return f"number {shows(value.n, pool, depth - 1)}"
    if hasattr(value, "items") and not isinstance(value, dict):
        return f"bag {shows(value.items, pool, depth - 1)}"
    return "vocabulary" + str(dict(value)) if isinstance(value, dict) else "object"


def text(error):
    """What an exception says; the wording for operands of a wrong type names the proxy's class."""
    if isinstance(error, TypeError | AttributeError):
        return "…"
    return re.sub("0x[0-9a-f]+", "0x", str(error))


class Run:
    """A program as it runs against one side."""

    def __init__(self, lib):
        self.lib, self.pool = lib, [[0]]
        lib.seed(0)

    def step(self, name, operands, n):
        """Text of the outcome of one step and of its operands after it."""
        try:
            result = self.do(name, operands, n)
        except Exception as error:
            result = error
        same = next((i for i, x in enumerate(self.pool) if x is result and has_identity(x)), None)
        self.pool.append(result)
        return f"{name} {operands} {n} -> {same} " + " | ".join(
            safe(self.pool[i], self.pool) for i in (-1, *operands)
        )

    def end(self):
        """Text of all values."""
        return [safe(value, self.pool) for value in self.pool]

    def do(self, name, operands, n):
        if name == "fresh":
            return FRESH[n % len(FRESH)](self.lib)
        if name == "callback":
            return CALLBACKS[n % len(CALLBACKS)](self.lib, self.pool)
        values = [self.pool[i] for i in operands]
        if name in CALLS:
            return getattr(self.lib, name)(*values)
        return OPERATIONS[name][1](self.lib, n, *values)


def safe(value, pool):
    try:
        return shows(value, pool)
    except Exception as error:
        return f"shown as {type(error).__name__}"


@st.composite
def programs(draw):
    """(steps, what each gave here)."""
    run, steps, given = Run(boundary.here()), [], []
    for _ in range(draw(st.integers(1, 12))):
        name = draw(st.sampled_from(["fresh"] * 15 + ["callback"] * 5 + [*CALLS] * 2 + sorted(OPERATIONS)))
        wanted = (callable, None) if name in CALLS else OPERATIONS[name][0] if name in OPERATIONS else ()
        found = [[i for i, value in enumerate(run.pool) if fits(value, want)] for want in wanted]
        if not all(found):
            continue
        operands, n = [draw(st.sampled_from(choice)) for choice in found], draw(st.integers(0, 40))
        if aliased([run.pool[i] for i in operands], name == "changes"):
            continue
        steps.append((name, operands, n))
        given.append(run.step(name, operands, n))
    return steps, [*given, run.end()]


def aliased(values, together):
    """True when a list is at two places inside the arguments, which the boundary makes two lists of."""
    values = values if together else {id(value): value for value in values}.values()
    inside = [id(part) for part in changes.parts(values)]
    return len(set(inside)) < len(inside)


@pytest.fixture(scope="module")
def process():
    """A function that gives a fresh library in the one process of this module, or in a new one."""
    running = []

    def library():
        if not running or running[-1][0].peer.gone:
            running.append(boundary.fork())
        peer = running[-1][0].peer
        return boundary.Side(peer.request("names"), peer)

    yield library
    for side, child in running:
        boundary.end(side, child)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 300,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(programs())
def test_a_program_gives_the_same_across_the_boundary(process, program):
    steps, (*expected, end) = program
    run = Run(process())
    for (name, operands, n), want in zip(steps, expected, strict=True):
        assert run.step(name, operands, n) == want
    assert run.end() == end
