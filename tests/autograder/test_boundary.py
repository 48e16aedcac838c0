"""The boundary: what a test does with a student's code in another process goes as it does in the same process."""

import collections
import copy
import decimal
import fractions
import gc
import http
import inspect
import math
import os
import pathlib
import random
import re
import socket
import struct
import time
import traceback

import boundary
import numpy as np
import pytest
import torch
from torch.testing import assert_close

from autograder.channel import Gone
from autograder.remote import Peer
from autograder.wire import pack

torch.set_num_threads(1)


@pytest.fixture(params=["here", "there"])
def lib(request):
    """The library of student code, once in this process and once in another one: the same tests hold for both."""
    yield from sides(request.param)


@pytest.fixture
def there():
    """The library in another process."""
    yield from sides("there")


def sides(which):
    if which == "here":
        yield boundary.here()
        return
    side, child = boundary.fork()
    yield side
    boundary.end(side, child)


# Plain data

PLAIN = {
    "none": None, "bool": True, "int": 7, "negative": -1, "big": 2**64, "bigger": -(3**200), "edge": 2**64 - 1,
    "float": 0.1, "minus zero": -0.0, "nan": math.nan, "inf": -math.inf, "complex": complex(-0.0, math.inf),
    "text": "naïve\n\0", "surrogates": "\ud800x\udfff", "empty": "", "bytes": b"\0\xff",
    "bytearray": bytearray(b"ab"),
    "tuple": (), "nested": ((1, (2, ())), [3, [(), {}]]), "list": [1, "a", None], "set": {1, "a", (2, 3)},
    "frozenset": frozenset({frozenset(), frozenset({1})}),
    "dict": {(1, "a"): {2: [3]}, None: 1, 1.5: 2, b"k": 3},
    "range": range(3, -5, -2), "slice": slice(None, 3, -1), "ellipsis": ..., "notimplemented": NotImplemented,
    "fraction": fractions.Fraction(-3, 7), "decimal": decimal.Decimal("-0.10"), "path": pathlib.Path("a/../b"),
    "counter": collections.Counter("hello"), "ordered": collections.OrderedDict([("b", 1), ("a", 2)]),
    "default": collections.defaultdict(list, {"a": [1]}), "deque": collections.deque([1, [2]], maxlen=3),
    "pattern": re.compile("a+", re.IGNORECASE), "type": int, "enum": http.HTTPStatus.OK, "flag": re.IGNORECASE,
    "dtype": torch.float16, "device": torch.device("cpu"), "size": torch.Size([2, 3]),
    "array": np.arange(6).reshape(2, 3), "empty array": np.zeros((0, 3)), "0-d": np.array(2.5),
    "texts": np.array(["a", "bcd"]),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "sliced": np.arange(10)[::-3],
    "big-endian": np.arange(3, dtype=">i4"),
    "dates": np.array(["2020-01-02"], dtype="M8[D]"), "scalar": np.float32(0.1), "np bool": np.bool_(True),
    "np text": np.str_("x"),
    "named": inspect.ArgSpec(1, 2, 3, 4) if hasattr(inspect, "ArgSpec") else os.terminal_size((3, 4)),
    "long": list(range(1000)), "wide": {str(i): i for i in range(100)},
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN)
def test_plain_data_comes_back_as_it_went(lib, name):
    got = lib.double((PLAIN[name],))[1]
    assert_same(got, PLAIN[name])


def assert_same(got, want):
    assert type(got) is type(want)
    if isinstance(want, np.ndarray):
        assert got.dtype == want.dtype
        assert got.shape == want.shape
        assert got.tobytes() == want.tobytes()
        assert got.flags.f_contiguous == want.flags.f_contiguous or not want.flags.forc
    elif isinstance(want, float | complex):
        assert repr(got) == repr(want)
    else:
        assert got == want
        assert list_of(got) == list_of(want)


def list_of(thing):
    return list(thing) if isinstance(thing, dict) else getattr(thing, "maxlen", None)


TENSORS = {
    "floats": torch.arange(6.0).reshape(2, 3), "0-d": torch.tensor(2), "empty": torch.zeros(2, 0),
    "bool": torch.tensor([True, False]),
    "bfloat16": torch.tensor([0.1, math.nan]).bfloat16(), "float16": torch.tensor([[0.1]]).half(),
    "complex": torch.tensor([1 + 2j]).conj(),
    "complex128": torch.tensor([1 + 2j], dtype=torch.complex128),
    "float8": torch.ones(3).to(torch.float8_e4m3fn),
    "transposed": torch.arange(6.0).reshape(2, 3).T, "expanded": torch.arange(3.0).expand(2, 3),
    "sliced": torch.arange(9)[1::3],
    "unfolded": torch.arange(5.0).unfold(0, 3, 1), "permuted": torch.rand(2, 3, 4).permute(2, 0, 1),
    "minus": torch.tensor([-0.0, 1])._neg_view(),
}  # fmt: skip


@pytest.mark.parametrize("name", TENSORS)
def test_tensors_come_back_with_dtype_bits_and_strides(lib, name):
    want = TENSORS[name]
    got = lib.pair((want,))[0][0]
    assert type(got) is torch.Tensor
    assert got.dtype == want.dtype
    assert got.shape == want.shape
    assert not got.requires_grad
    assert pack(got.contiguous()) == pack(want.contiguous())
    if name not in ("unfolded", "sliced"):
        assert lib.strides(want) == (want.stride(), want.is_contiguous())


def test_view_of_a_transposed_tensor_fails_as_it_should(lib):
    with pytest.raises(RuntimeError, match="view size is not compatible"):
        lib.flat_view(torch.ones(2, 3).T)


def test_a_read_only_array_stays_read_only(lib):
    array = np.ones(2)
    array.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        lib.change([array])


@pytest.mark.parametrize(
    "make",
    [lambda: torch.Generator().manual_seed(1), lambda: random.Random(1), lambda: np.random.default_rng(1)],
)
def test_a_generator_is_advanced_in_place(lib, make):
    generator, expected = make(), make()
    draws = [lib.draw_from(generator) for _ in range(3)]
    twin = boundary.here()
    assert [np.asarray(d).tolist() for d in draws] == [
        np.asarray(twin.draw_from(expected)).tolist() for _ in range(3)
    ]


def test_random_states_are_one(lib):
    torch.manual_seed(1), np.random.seed(1), random.seed(1)
    first = lib.draw(), torch.rand(2), np.random.rand(2), random.random()
    lib.seed(1)
    second = lib.draw(), torch.rand(2), np.random.rand(2), random.random()
    assert str(first) == str(second)


def test_records_and_enums_of_the_notebook(lib):
    assert lib.Pair(1, 2).left == 1
    assert tuple(lib.Pair(1, 2)) == (1, 2)
    assert lib.Config(3).size == 3
    assert lib.Color.RED == lib.Color.RED
    assert lib.Color.RED != lib.Color.BLUE
    assert lib.Color(2).name == "BLUE"
    assert lib.Pair(1, 2) == lib.Pair(1, 2)
    assert lib.Config(1) != lib.Config(2)
    assert [color.value for color in lib.Color] == [1, 2]


# Calls


def test_arguments_of_any_name(lib):
    assert lib.keywords(number=1, self=2, operation=3, target=4) == (2, 3, 1, {"target": 4})
    assert lib.apply(lib.keywords, 1, target=2, f2=3) == (1, 2, 3, {"target": 2, "f2": 3})
    assert list(inspect.signature(lib.train).parameters) == ["module", "x", "steps"]


def test_callbacks(lib):
    seen = []
    assert lib.each(lambda x: seen.append(x) or x * 2, [1, 2]) == [2, 4]
    assert seen == [1, 2]
    assert lib.twice(lib.double, 1) == 4
    assert lib.apply(max, 3, 4) == 4
    assert lib.apply(math.hypot, 3, 4) == 5.0
    assert lib.twice(lambda x: lib.double(x) + 1, 1) == 7
    assert lib.is_same(lib.double, lib.double)

    def depth(n):
        return n if n == 0 else lib.apply(depth, n - 1) + 1

    assert depth(15) == 15


def test_generators_are_lazy_both_ways(lib):
    log = []
    iterator = lib.watched(3, log.append)
    assert log == []
    assert next(iterator) == 0
    assert log == [0]
    with pytest.raises(StopIteration) as end:
        [next(iterator) for _ in range(9)]
    assert log == [0, 1, 2]
    assert end.value.value == "end"
    assert lib.take((log.append(n) or n for n in range(10)), 2) == [0, 1]
    assert log == [0, 1, 2, 0, 1]
    assert list(zip(lib.count(2), "ab", strict=True)) == [(0, "a"), (1, "b")]
    echo = lib.echo()
    next(echo)
    assert echo.send([1]) == [1]
    assert lib.total(lib.count(4)) == 6
    assert lib.total(range(4)) == 6
    assert isinstance(lib.count(1), collections.abc.Iterator) or lib.there


def test_objects(lib):
    n = lib.Number(3)
    assert isinstance(n, lib.Number)
    assert not isinstance(n, lib.Special)
    assert isinstance(lib.Special(1), lib.Number)
    assert issubclass(lib.Special, lib.Number)
    assert not issubclass(lib.Number, lib.Special)
    assert not isinstance(3, lib.Number)
    assert (n.n, n.squared, n.version(), lib.Number.version(), lib.Number.zero().n) == (3, 9, "1", "1", 0)
    assert (repr(n), str(n), f"{n:03}", int(n), float(n), [5, 6, 7, 8][n]) == (
        "Number(3)",
        "Number(3)",
        "003",
        3,
        3.0,
        8,
    )
    assert (n + 1).n == (1 + n).n == 4
    assert (n + n).n == 6
    assert (-n).n == -3
    assert divmod(n, 2) == (1, 1)
    assert pow(n, 2, 5) == 4
    assert n == lib.Number(3)
    assert n != lib.Number(4)
    assert n < lib.Number(4)
    assert hash(n) == hash(3)
    assert bool(n)
    assert not lib.Number(0)
    assert n in [lib.Number(3)]
    assert {n: 1}[lib.Number(3)] == 1
    assert sorted([lib.Number(2), lib.Number(1)])[0].n == 1
    assert n.me() is n
    assert lib.same(n) is n
    assert lib.pair(n)[1] is n
    m = n
    m += 2
    assert m is n
    assert n.n == 5
    assert n.add(2) == 7
    assert lib.Number.made >= 5
    n.n, lib.Number.made = 10, 0
    assert n.squared == 100
    assert lib.Number(1).n == lib.Number.made
    n.extra = [1]
    assert n.extra == [1]
    assert hasattr(n, "extra")
    assert not hasattr(n, "other")
    assert vars(n) == {"n": 10, "extra": [1]}
    del n.extra
    assert not hasattr(n, "extra")
    assert callable(lib.Number)
    assert callable(n.add)
    assert not callable(n)
    assert callable(lib.Bag([]))


def test_copies(lib):
    n = lib.Number([1])
    deep, shallow = copy.deepcopy(n), copy.copy([n])
    deep.n = 2
    assert n.n == [1]
    assert shallow[0] is n
    assert copy.deepcopy([n])[0].n == [1]


def test_an_attribute_that_hides_a_method(lib):
    thing = lib.Shadow()
    assert thing.value() == 1
    thing.hide()
    assert thing.value == 2
    other = lib.Number(1)
    assert other.add(1) == 2
    other.add = 5
    assert other.add == 5


def test_containers(lib):
    bag = lib.Bag([1, 2, 3])
    assert len(bag) == 3
    assert bag[0] == 1
    assert bag[-2:] == [2, 3]
    assert 2 in bag
    assert 9 not in bag
    assert list(bag) == [1, 2, 3]
    bag[0] = 5
    del bag[1]
    assert list(reversed(bag)) == [3, 5]
    assert bag("x") == "xx"
    assert bag.items == [5, 3]
    with pytest.raises(IndexError):
        bag[7]
    words = lib.Vocabulary(a=1)
    assert isinstance(words, dict)
    assert words["a"] == 1
    assert words["b"] == "?"
    assert dict(words) == {"a": 1}
    assert list(words.items()) == [("a", 1)]
    words["c"] = 2
    assert sorted(words) == ["a", "c"]
    assert words.get("x") is None
    assert words.pop("c") == 2


def test_context_managers(lib):
    with lib.Guard(False) as guard:
        assert guard.log == ["in"]
    with lib.Guard(True) as swallowing:
        raise KeyError("k")
    with pytest.raises(ValueError, match="v"), lib.Guard(False) as passing:
        raise ValueError("v")
    assert (guard.log, swallowing.log, passing.log) == (
        ["in", "out"],
        ["in", "KeyError"],
        ["in", "ValueError"],
    )


# Changes in place


def test_changes_in_place(lib):
    inner = [1]
    items = [[1], {}, {1}, np.ones(2), torch.ones(2), bytearray(b"a"), collections.deque([1]), inner]
    kept, view = list(items), items[3].reshape(1, 2)
    lib.change(items)
    assert items[0] == [1, 1]
    assert items[1] == {"new": 1}
    assert items[2] == {1, "new"}
    assert items[5] == b"a!"
    assert items[3].tolist() == [2, 2]
    assert view.tolist() == [[2, 2]]
    assert items[4].tolist() == [2, 2]
    assert inner == [1, 1]
    assert list(items[6]) == [0, 1]
    assert all(a is b for a, b in zip(items, kept, strict=True))
    lib.change(([2], torch.ones(1)))
    holder = {"deep": ([3],)}
    lib.invoke(holder["deep"][0], "append", 4)
    assert holder == {"deep": ([3, 4],)}


def test_moving_items_moves_the_same_items(lib):
    a, b, c = [3], [1], [2]
    items = [a, b, c]
    lib.sort(items)
    assert items == [[1], [2], [3]]
    assert items[0] is b
    assert items[2] is a
    assert a == [3]
    lib.swap(items)
    lib.reverse(items)
    assert items[0] is b
    assert lib.first(items) is b
    assert lib.append(items, a) is items
    assert items[3] is a
    rows = [torch.tensor([2.0]), torch.tensor([1.0])]
    first = rows[0]
    lib.sort(rows, key=float)
    assert rows[1] is first
    assert first.item() == 2


def test_the_same_argument_twice_is_one(lib):
    x, t = [1], torch.ones(1)
    assert lib.is_same(x, x)
    assert lib.is_same(t, t)
    assert not lib.is_same([1], [1])


def test_new_objects_in_arguments(lib):
    items = []
    lib.fill_with(items, lib.Bag.__call__ if False else list)
    lib.apply(lib.append, items, 3)
    lib.invoke(items, "append", lib.Number)
    assert items[:2] == [[], 3]
    assert items[2](4).n == 4
    with pytest.raises(ValueError, match="cleared"):
        lib.clear_and_fail(items)
    assert items == []


def test_large_tables_are_sent_once_and_their_changes_noticed(lib):
    table, numbers = {str(i): i for i in range(200)}, list(range(200))
    assert lib.first(numbers) == 0
    assert lib.total(numbers) == 19900
    numbers[0] = 5
    assert lib.first(numbers) == 5
    lib.append(numbers, 7)
    assert numbers[-1] == 7
    assert lib.first(numbers) == 5
    lib.put(lib.Bag([]), "items", table)
    assert [lib.equal(table, dict(table)) for _ in range(20)] == [True] * 20
    for i in range(20):
        assert lib.first([i] * 100) == i


# Exceptions


@pytest.mark.parametrize(
    ("name", "args"),
    [("ValueError", ("a", 1)), ("KeyError", ("k",)), ("IndexError", ()), ("ZeroDivisionError", ("x",)),
    ("OSError", (2, "no", "file")),
     ("UnicodeDecodeError", ("utf-8", b"\xff", 0, 1, "bad")), ("NotImplementedError", ()), ("SystemExit", (3,)),
     ("AssertionError", ("said",)), ("SyntaxError", ("bad",)), ("KeyboardInterrupt", ())],
)  # fmt: skip
def test_built_in_exceptions(lib, name, args):
    with pytest.raises(BaseException) as caught:  # noqa: PT011 (any of them)
        lib.fail(name, *args)
    expected = __builtins__[name](*args)
    assert type(caught.value) is type(expected)
    assert caught.value.args == expected.args
    assert str(caught.value) == str(expected)
    assert any(
        frame.filename == "<cell library>" and frame.name == "fail"
        for frame in traceback.extract_tb(caught.value.__traceback__)
    )


def test_exceptions_of_the_student(lib):
    with pytest.raises(lib.Problem) as caught:
        lib.fail("Worse", 7)
    error = caught.value
    assert isinstance(error, lib.Worse)
    assert str(error) == "problem 7"
    assert error.code == 7
    assert error.explain() == "code 7"
    with pytest.raises(KeyError):
        lib.fail("Odd", 1)
    assert lib.attempt(raising(lib.Worse(5))) == ("problem", 5)
    assert lib.attempt(raising(KeyError("x"))) == (
        "KeyError",
        "'x'",
    )
    assert lib.attempt(lambda: lib.fail("Worse", 3)) == ("problem", 3)


def test_a_student_cannot_end_a_loop_of_the_test(there):
    with pytest.raises(RuntimeError):
        [there.fail("StopIteration") for _ in range(3)]


def raising(error):
    def function(*_):
        raise error

    return function


def test_an_exception_that_passes_through_is_the_same(lib):
    error = ValueError("mine")
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        lib.passing(lib.passing, raising(error))
    assert caught.value is error
    lines = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert "passing" in lines
    assert "function" in lines
    with pytest.raises(RuntimeError, match="from a lookup"):
        lib.reraise(raising(KeyError("k")))
    assert lib.same(error) is error


def test_strange_exceptions(lib):
    import json

    with pytest.raises(json.JSONDecodeError) as caught:
        lib.apply(json.loads, "{") if not lib.there else lib.peer.request(
            "__call__", lib.apply, raising(json.JSONDecodeError("m", "{", 1))
        )
    assert caught.value.pos == 1
    with pytest.raises(Exception, match="group"):
        lib.passing(raising(ExceptionGroup("group", [ValueError()])))


# Gradients


def integers(*shape, leaf=True):
    x = torch.arange(1.0, 1 + math.prod(shape)).reshape(shape)
    return x.requires_grad_() if leaf else x.requires_grad_() * 1


def test_gradients_through_functions(lib):
    x, y = integers(2), integers(2)
    product, more = lib.outputs(x, y)
    assert not more["plain"].requires_grad
    (product.sum() + (more["sum"] * 2).sum()).backward()
    assert x.grad.tolist() == [3, 4]
    assert y.grad.tolist() == [3, 4]
    (g,) = torch.autograd.grad(lib.double(x * 2).sum(), x)
    assert g.tolist() == [4, 4]
    assert x.grad.tolist() == [3, 4]
    (g,) = torch.autograd.grad(lib.outputs(x, x)[0].sum(), [x])
    assert g.tolist() == [2, 4]


def test_gradients_through_callbacks_and_containers(lib):
    x = integers(2, leaf=False)
    leaf = integers(2)
    got = lib.weigh(lambda h: h * leaf, lib.weigh(lambda h: h * h, leaf))
    got.sum().backward()
    expected = integers(2)
    inner = (expected * 2) ** 2 + expected
    (inner * 2 * expected + inner).sum().backward()
    assert_close(leaf.grad, expected.grad)
    a, b = lib.both([leaf, x])
    (ga, gb) = torch.autograd.grad((a + b).sum(), [leaf, x])
    assert ga.tolist() == [2, 2]
    assert gb.tolist() == [3, 3]


def test_grad_modes(lib):
    x = integers(2)
    assert lib.mode()
    assert not lib.no_gradient(x).requires_grad
    assert lib.double(x).requires_grad
    with torch.no_grad():
        assert not lib.mode()
        assert not lib.double(x).requires_grad
        assert lib.each(lambda _: torch.is_grad_enabled(), [1]) == [False]


def test_changes_in_place_that_autograd_sees(lib):
    x = integers(2)
    h = x * 1
    got = lib.in_place(h)
    assert got is h
    (h * h).sum().backward()
    assert x.grad.tolist() == [18, 36]
    assert h.tolist() == [3, 6]
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        lib.in_place(integers(2))
    y = integers(2)
    lib.own_backward(y)
    assert y.grad.tolist() == [2, 4]


def test_a_module_trains_the_same_wherever_the_optimiser_is(lib):
    x, twin = torch.tensor([[1.0, 2.0], [3.0, 1.0]]), boundary.here()
    net, expected = lib.Net(), twin.Net()
    optimiser = torch.optim.Adam(net.parameters(), 0.25)
    other = torch.optim.Adam(expected.parameters(), 0.25)
    for opt, module in ((optimiser, net), (other, expected)):
        for _ in range(3):
            opt.zero_grad()
            module.loss(x).backward()
            torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            opt.step()
    assert_equal_states(net, expected)
    assert torch.equal(net(x), expected(x))
    lib.train(net, x)
    twin.train(expected, x)
    assert_equal_states(net, expected)
    assert net.last.item() == expected.last.item()


def assert_equal_states(net, expected):
    got, want = net.state_dict(), expected.state_dict()
    assert list(got) == list(want)
    assert all(torch.equal(got[name], want[name]) for name in want)
    for p, q in zip(net.parameters(), expected.parameters(), strict=True):
        assert torch.equal(p, q)
        assert p.grad is q.grad is None or torch.equal(p.grad, q.grad)


def test_modules(lib):
    net, x = lib.Net(), torch.tensor([[1.0, 2.0]])
    assert isinstance(net, torch.nn.Module)
    assert isinstance(net.first, torch.nn.Linear)
    assert issubclass(lib.Net, torch.nn.Module)
    assert [name for name, _ in net.named_parameters()] == ["first.weight", "first.bias", "second.weight"]
    assert net.first.weight is net.first.weight
    assert isinstance(net.first.weight, torch.nn.Parameter)
    assert sum(p.numel() for p in net.parameters()) == 8
    assert net.training
    assert not net.eval().training
    assert net.train().training
    net.first.weight.data.fill_(1)
    net.first.bias.data = torch.zeros(2)
    net.scale.fill_(3)
    assert net(x).item() == 18
    net.second.weight.requires_grad_(False)
    net(x).sum().backward()
    assert net.second.weight.grad is None
    assert net.first.bias.grad.tolist() == [3, 3]
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    other = lib.Net(seed=5)
    other.load_state_dict(net.state_dict())
    assert torch.equal(other.first.weight, net.first.weight)
    plain = torch.nn.Linear(2, 2)
    net.first.load_state_dict(plain.state_dict())
    plain.load_state_dict(net.first.state_dict())
    assert torch.equal(net.first(x), plain(x))
    tied = torch.nn.Parameter(torch.ones(1, 2))
    net.second.weight = tied
    net(x).sum().backward()
    assert net.second.weight is tied
    assert tied.grad is not None
    net.to(torch.float64)
    assert net.first.bias.dtype == torch.float64
    clone = copy.deepcopy(net)
    with torch.no_grad():
        clone.first.bias.add_(1)
    assert not torch.equal(clone.first.bias, net.first.bias)


def test_a_module_of_the_tester_is_trained_by_the_student(lib):
    torch.manual_seed(0)
    module, x = torch.nn.Linear(2, 1), torch.ones(1, 2)
    twin = copy.deepcopy(module)
    lib.train(module, x)
    boundary.here().train(twin, x)
    assert torch.equal(module.weight, twin.weight)
    assert torch.equal(module.weight.grad, twin.weight.grad)
    parameters = [torch.nn.Parameter(torch.ones(2)), torch.ones(2, requires_grad=True)]
    sum((p * 4).sum() for p in parameters).backward()
    lib.descend(parameters)
    assert [p.tolist() for p in parameters] == [[0, 0], [0, 0]]


def test_gradients_of_the_students_own_leaves_only_in_backward(lib):
    net, x = lib.Net(), torch.tensor([[2.0, 3.0]], requires_grad=True)
    (g,) = torch.autograd.grad(net(x).sum(), x)
    assert net.first.weight.grad is None
    assert x.grad is None
    loss = net.loss(x)
    loss.backward()
    assert net.first.weight.grad is not None
    assert torch.equal(x.grad, g)
    net.loss(x)
    net.last.backward()
    assert torch.equal(x.grad, 2 * g)


# The other side is not to be trusted


def test_a_students_comparison_never_answers(there):
    n = there.Number(3)
    assert n != 3
    assert not n == 3  # noqa: SIM201
    assert n not in [3, 3.0]
    assert [n] != [3]
    for compare in (lambda: n < 4, lambda: n < 4, lambda: max(n, 5)):
        with pytest.raises(TypeError):
            compare()


def test_no_hook_of_numpy_or_torch_is_passed_on(there):
    sly = there.Sly()
    for trick in (
        lambda: torch.equal(sly, torch.ones(1)),
        lambda: sly - torch.ones(1),
        lambda: torch.ones(1) - sly,
        lambda: sly - np.ones(1),
    ):
        with pytest.raises(TypeError):
            trick()
    assert not isinstance(sly, torch.Tensor | np.ndarray)
    assert np.asarray(sly).dtype == object


class Mine:
    """An object of the tester."""

    __module__ = "__main__"

    def __init__(self):
        self.public, self._private = [1], 2

    def method(self, x):
        return x + 1


def test_the_guard(there):
    mine = Mine()
    assert there.attribute(mine, "public") == [1]
    assert there.invoke(mine, "method", 1) == 2
    refused = [
        lambda: there.attribute(mine, "_private"), lambda: there.put(mine, "public", 3),
        lambda: there.attribute(mine.method, "__func__"), lambda: there.attribute(lambda: 0, "__globals__"),
        lambda: there.attribute(Mine, "method"), lambda: there.attribute((i for i in range(3)), "gi_frame"),
    ]  # fmt: skip
    for attempt in refused:
        with pytest.raises(AttributeError, match="not open"):
            attempt()
    assert mine.public == [1]
    assert there.is_a(mine, Mine)
    assert not there.is_a(3, Mine)
    with pytest.raises(TypeError, match="cannot be handed over"):
        there.same(os)


@pytest.mark.parametrize("how", ["die", "garbage", "half", "huge", "silence"])
def test_a_process_that_ends_or_babbles_is_gone_for_good(how):
    if how == "die":
        side, child = boundary.fork()
        with pytest.raises(Gone):
            side.die()
        number = side.Number
    else:
        ours, theirs = socket.socketpair()
        side, number = None, None
        peer = Peer(ours, guarded=True, rng=())
        theirs.sendall(
            {"garbage": b"\0\0\0\3abc", "half": b"\0\0\0\7abc", "huge": b"\xff" * 9, "silence": b""}[how]
        )
        theirs.close() if how != "silence" else theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(Gone):
            peer.request("__call__", 1)
        number = lambda n: peer.request("__call__", n)  # noqa: E731
    started = time.monotonic()
    for _ in range(100):
        with pytest.raises(Gone):
            number(1)
    assert time.monotonic() - started < 1
    if how == "die":
        os.waitpid(child, 0)


JUNK = [
    [1, 1, None, {}, {}], [1, 1, b"\xc1", {}, {}], [1, 1, b"\xd4\x08\x01", {}, {}], [1, 1, [], {}, {}],
    [2, 1, 5, {}, {}], [1, 9, 0, {}, {}], [1, 1, 0, [], {}],
    [1, 1, 0, {0: b"\x90"}, {}], [1, 1, 0, {7: b"\x90"}, {}], [1, 1, 0, {}, {"tensors": 3}],
    [1, 1, 0, {}, {"states": {"torch": b"x"}}],
    [1, 1, 0, {}, {"classes": [[1]]}], [1, 1, 0, {}, {"forgotten": 3}], [0, 1, 3, 3, 3, {}],
    [0, 1, "x", [], ["a"], {}], [5], 3, {}, [1, 1, 0, {}, []],
    [1, 1, pack(torch.ones(2))[:-2], {}, {}], [1, 1, b"\xc7\x02\x09\x92\x01", {}, {}],
    [1, 1, 0, {}, {"states": {"numpy": pack(("MT19937", bytes(2496), 9999, 0, 0.0))}}],
]  # fmt: skip


@pytest.mark.parametrize("junk", range(len(JUNK)))
def test_whatever_is_answered_ends_in_gone(junk):
    import msgpack

    ours, theirs = socket.socketpair()
    peer = Peer(ours, guarded=True, rng=("torch", "numpy"))
    data = msgpack.packb(JUNK[junk])
    theirs.sendall(struct.pack("!I", len(data)) + data)
    theirs.shutdown(socket.SHUT_WR)
    try:
        assert peer.request("__call__", 1, [1]) in (None, [], 0)
    except Gone:
        pass
    assert np.random.get_state()[2] <= 624


def test_nothing_is_kept_longer_than_it_is_used(there):
    there.apply(lambda x: x, [1])
    gc.collect()
    there.same(1)
    before, ours = there.peer.request("counts"), len(there.peer.handles.ours)
    for _ in range(20):
        x = torch.ones(2, requires_grad=True)
        there.double(there.Number(1).me().n * x).sum().backward()
        there.apply(lambda n: n, there.Number)
        there.attempt(lambda: there.fail("ValueError", 1))
        list(there.Net().parameters())
    del x
    gc.collect()
    there.same(1), there.same(1)
    after = there.peer.request("counts")
    assert all(b - a < 5 for a, b in zip(before, after, strict=True))
    assert len(there.peer.handles.ours) - ours < 10
    assert len(there.peer.gradients.owned) < 5


def test_only_the_main_thread_calls(there):
    import threading

    seen = []

    def run():
        try:
            there.double(1)
        except RuntimeError as error:
            seen.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert "main thread" in seen[0]
