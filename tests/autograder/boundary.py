"""A student's process without a jail, and a library that runs in it and, as the measure, in this process too."""

import gc
import os
import signal
import socket
import sys
import types

import torch

from autograder.remote import Peer

LIBRARY = '''
import collections, dataclasses, enum, math, random, sys, os, time
from typing import NamedTuple
import numpy as np
import torch

def same(x): return x
def pair(x): return x, x
def kind(x): return type(x).__name__
def double(x): return x + x
def apply(f, *args, **kwargs): return f(*args, **kwargs)
def each(f, items): return [f(item) for item in items]
def twice(f, x): return f(f(x))
def keywords(self=1, operation=2, number=3, **more): return self, operation, number, more
def total(items): return sum(items)
def take(iterator, n): return [next(iterator) for _ in range(n)]
def equal(a, b): return a == b
def is_same(a, b): return a is b
def attribute(thing, name): return getattr(thing, name)
def invoke(thing, name, *args): return getattr(thing, name)(*args)
def put(thing, name, value): setattr(thing, name, value)
def is_a(thing, cls): return isinstance(thing, cls)

def count(n):
    for i in range(n):
        yield i

def watched(n, log):
    for i in range(n):
        log(i)
        yield i
    return "end"

def echo():
    got = None
    while True:
        got = yield got

def append(items, x):
    items.append(x)
    return items

def change(items):
    """All kinds of changes in place."""
    for item in items:
        if isinstance(item, list):
            item.append(len(item))
        elif isinstance(item, dict):
            item["new"] = 1
        elif isinstance(item, set):
            item.add("new")
        elif isinstance(item, (np.ndarray, torch.Tensor)):
            item *= 2
        elif isinstance(item, bytearray):
            item += b"!"
        elif isinstance(item, collections.deque):
            item.appendleft(0)

def sort(items, key=None): items.sort(key=key)
def reverse(items): items.reverse()
def swap(items): items[0], items[-1] = items[-1], items[0]
def first(items): return items[0]
def fill_with(items, factory): items.append(factory())
def clear_and_fail(items):
    items.clear()
    raise ValueError("cleared", 3)

class Problem(Exception):
    def __init__(self, code, text="no text"):
        super().__init__(code, text)
        self.code = code
    def __str__(self): return f"problem {self.code}"
    def explain(self): return f"code {self.code}"
class Worse(Problem): pass
class Odd(Problem, KeyError): pass

ERRORS = {"Problem": Problem, "Worse": Worse, "Odd": Odd}

def fail(name, *args):
    raise ERRORS[name](*args) if name in ERRORS else getattr(sys.modules["builtins"], name)(*args)

def attempt(f, *args):
    try:
        return "value", f(*args)
    except Problem as error:
        return "problem", error.code
    except Exception as error:
        return type(error).__name__, str(error)

def passing(f, *args):
    try:
        return f(*args)
    finally:
        pass

def reraise(f, *args):
    try:
        return f(*args)
    except LookupError as error:
        raise RuntimeError("from a lookup") from error

class Number:
    made = 0
    def __init__(self, n):
        self.n = n
        type(self).made += 1
    def __repr__(self): return f"Number({self.n})"
    def __eq__(self, other): return self.n == (other.n if isinstance(other, Number) else other)
    def __lt__(self, other): return self.n < (other.n if isinstance(other, Number) else other)
    def __hash__(self): return hash(self.n)
    def __add__(self, other): return Number(self.n + (other.n if isinstance(other, Number) else other))
    __radd__ = __add__
    def __iadd__(self, other):
        self.n += other
        return self
    def __neg__(self): return Number(-self.n)
    def __bool__(self): return self.n != 0
    def __int__(self): return self.n
    def __float__(self): return float(self.n)
    def __index__(self): return self.n
    def __format__(self, spec): return format(self.n, spec)
    def __divmod__(self, other): return divmod(self.n, other)
    def __pow__(self, other, modulus=None): return pow(self.n, other, modulus)
    def add(self, k):
        self.n += k
        return self.n
    def me(self): return self
    def copy(self): return Number(self.n)
    @property
    def squared(self): return self.n * self.n
    @staticmethod
    def version(): return "1"
    @classmethod
    def zero(cls): return cls(0)

class Special(Number): pass

class Shadow:
    def value(self): return 1
    def hide(self): self.value = 2

class Bag:
    def __init__(self, items): self.items = list(items)
    def __len__(self): return len(self.items)
    def __getitem__(self, i): return self.items[i]
    def __setitem__(self, i, x): self.items[i] = x
    def __delitem__(self, i): del self.items[i]
    def __contains__(self, x): return x in self.items
    def __call__(self, x): return len(self.items) * x

class Guard:
    def __init__(self, swallow): self.swallow, self.log = swallow, []
    def __enter__(self):
        self.log.append("in")
        return self
    def __exit__(self, kind, error, traceback):
        self.log.append(kind.__name__ if kind else "out")
        return self.swallow

class Vocabulary(dict):
    def __missing__(self, key): return "?"

class Color(enum.Enum):
    RED = 1
    BLUE = 2

class Pair(NamedTuple):
    left: int
    right: int

@dataclasses.dataclass(frozen=True)
class Config:
    size: int = 1

@dataclasses.dataclass
class Open:
    items: list

class Net(torch.nn.Module):
    def __init__(self, size=2, seed=0):
        super().__init__()
        self.first = torch.nn.Linear(size, size)
        self.second = torch.nn.Linear(size, 1, bias=False)
        self.second.weight = torch.nn.Parameter(torch.ones(1, size))
        self.register_buffer("scale", torch.full((), 2.0))
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for p in self.first.parameters():
                p.copy_(torch.randint(-3, 4, p.shape, generator=generator))
    def forward(self, x): return self.second(self.first(x).relu()) * self.scale
    def loss(self, x):
        self.last = self(x).sum()
        return self.last

class Sly:
    """Would have a test believe anything."""
    __array_interface__ = {"data": (64, False), "shape": (9,), "typestr": "<f8", "version": 3}
    def __torch_function__(self, *args, **kwargs): return True
    def __array__(self, *args): return np.ones(1)
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__

def outputs(x, y): return x * y, {"sum": x + y, "plain": x.detach().clone()}
def both(x): return x[0] * 2, x[1] * 3
def no_gradient(x):
    with torch.no_grad():
        return x * 2
def mode(): return torch.is_grad_enabled()
def in_place(x):
    x.mul_(3)
    return x
def own_backward(x): (x * x).sum().backward()
def weigh(f, x): return f(x * 2) + x
def train(module, x, steps=2):
    optimiser = torch.optim.SGD(module.parameters(), 0.5)
    for _ in range(steps):
        optimiser.zero_grad()
        module(x).sum().backward()
        optimiser.step()
def descend(parameters):
    optimiser = torch.optim.SGD(parameters, 0.25)
    optimiser.step()
def noise(n): return torch.randn(n)
def seed(n):
    torch.manual_seed(n)
    np.random.seed(n)
    random.seed(n)
def draw(): return torch.rand(2), np.random.rand(2), random.random()
def draw_from(generator):
    if isinstance(generator, torch.Generator):
        return torch.rand(2, generator=generator)
    return generator.random()
def flat_view(x): return x.view(-1)
def strides(x): return x.stride(), x.is_contiguous()

def die(): os._exit(3)
def sleep(): time.sleep(60)
'''
CODE = compile(LIBRARY, "<cell library>", "exec")


class Side:
    """The library's names as attributes: `here` in this process, or `there` in the other one."""

    def __init__(self, names, peer=None):
        vars(self).update(names)
        self.peer, self.there = peer, peer is not None


def library():
    """The library's names, in a fresh `__main__`."""
    main = types.ModuleType("__main__")
    exec(CODE, vars(main))
    return main


class Library(Peer):
    """The student's end: hands out the library."""

    def extra(self, operation, *args):
        if operation == "names":
            signal.alarm(120)  # nothing of a broken test stays
            self.main = sys.modules["__main__"] = library()
            return {
                n: thing
                for n, thing in vars(self.main).items()
                if not n.startswith("__") and n not in MODULES
            }
        if operation == "counts":
            gc.collect()
            return len(self.handles.ours), len(self.gradients.owned), len(self.gradients.nodes)
        return super().extra(operation, *args)


MODULES = (
    "collections",
    "dataclasses",
    "enum",
    "math",
    "random",
    "sys",
    "os",
    "time",
    "np",
    "torch",
    "NamedTuple",
)
RNG = ("torch", "numpy", "python")


def here():
    """The library in this process."""
    return Side(vars(library()))


def fork():
    """(The library in a forked process, its process id)."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        try:
            ours.close()
            torch.set_num_threads(1)
            Library(theirs, rng=RNG).serve()
        except BaseException as error:
            if "BOUNDARY_DEBUG" in os.environ:
                sys.excepthook(type(error), error, error.__traceback__)
        finally:
            os._exit(0)
    theirs.close()
    peer = Peer(ours, guarded=True, rng=RNG)
    return Side(peer.request("names"), peer), child


def end(side, child):
    """Hang up and wait for the process."""
    side.peer.hang_up("the test is over")
    os.waitpid(child, 0)
