"""Checks that say what is wrong: an answer is compared with the right one and with the usual mistakes.

A failed check is a `CheckFailed` of at most three lines, shown in a notebook without a traceback.
Nothing a student returns (None, NaN, a wrong type, an object with a hostile `__repr__`) makes a check break.
"""

import copy
import hashlib
import math
import os
import reprlib
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

LINES = 3
WIDTH = 72


class CheckFailed(AssertionError):
    """An answer is wrong; the text says how, in at most three lines."""

    def __init__(self, *lines):
        wanted = [line for text in lines if text for line in str(text).strip().splitlines()]
        super().__init__("\n".join(wanted[:LINES]))

    def _render_traceback_(self):
        """What IPython shows instead of a traceback: our lines alone."""
        return [f"Check failed: {self}"]


@dataclass(frozen=True)
class _Tolerance:
    """|got - want| <= atol + rtol * |want|."""

    atol: float
    rtol: float

    def allows(self, got, want):
        """Elementwise on float64 or complex128 arrays of one shape; NaN agrees with NaN, inf with inf."""
        with np.errstate(invalid="ignore"):
            near = np.abs(got - want) <= self.atol + self.rtol * np.abs(want)
        near &= np.isfinite(got) & np.isfinite(want)
        return near | (got == want) | (np.isnan(got) & np.isnan(want))


def compare(got, want, *, mistakes=None, atol=1e-6, rtol=1e-5, name="Your answer", hint=None):
    """Raise CheckFailed unless `got` equals `want`: kind, shape, dtype, NaN, then values.

    `mistakes` maps a sentence to the value that a usual mistake would give; when `got` is that value, the
    sentence is the first line. `want`: tensor, array, number, string, bytes, list, tuple, dict, set or None.
    """
    tolerance = _Tolerance(atol, rtol)
    found = _difference(got, want, name, tolerance)
    if found is None:
        return
    for sentence, value in (mistakes or {}).items():
        if _difference(got, value, name, tolerance) is None:
            raise CheckFailed(sentence, _joined(found), hint) from None
    raise CheckFailed(*found, hint) from None


def expect(condition, message):
    """Raise CheckFailed with `message` unless `condition` is true (one that cannot be read is not)."""
    try:
        fine = bool(condition)
    except Exception:
        fine = False
    if not fine:
        raise CheckFailed(message) from None


def raises(error, function, *args, message=None, **kwargs):
    """Raise CheckFailed unless `function(*args, **kwargs)` raises `error`; `message` is then the first line.

    NotImplementedError (an empty hole) counts as `error` only when it is the very one asked for.
    """
    wanted = " or ".join(e.__name__ for e in (error if isinstance(error, tuple) else (error,)))
    try:
        result = function(*args, **kwargs)
    except KeyboardInterrupt:
        raise
    except BaseException as raised:
        blank = isinstance(raised, NotImplementedError) and error is not NotImplementedError
        if isinstance(raised, error) and not blank:
            return
        outcome = f"It raised {type(raised).__name__}: {_shorten(_text(raised))}"
    else:
        outcome = f"It returned {_kind(result)}."
    raise CheckFailed(
        message or f"This call should raise {wanted}.", outcome, message and f"Expected {wanted}."
    )


def secret_generator(label):
    """A torch.Generator seeded from `label` and the instructor's secret (environment variable ERAS_SECRET).

    The same label gives the same numbers again; without the secret none can foretell them.
    """
    secret = os.environ.get("ERAS_SECRET", "from-rules-to-llms")
    digest = hashlib.sha256(f"{secret}\n{label}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)


@contextmanager
def unchanged(*inputs):
    """Raise CheckFailed when one of `inputs` (tensors, arrays, lists, dicts) changes in the with block."""
    before = [x.detach().clone() if isinstance(x, torch.Tensor) else copy.deepcopy(x) for x in inputs]
    yield
    for i, (now, then) in enumerate(zip(inputs, before, strict=True)):
        found = _difference(now, then, f"Input {i}", _Tolerance(0.0, 0.0))
        if found is not None:
            raise CheckFailed(f"Input {i} was changed in place: work on a copy.", _joined(found)) from None


@contextmanager
def count_calls(owner, *names):
    """Count the calls of `owner.name` for each name inside the with block; gives a Counter {name: calls}.

    `owner` is a module, a class or an object, for instance `count_calls(torch, "matmul")`.
    """
    calls = Counter(dict.fromkeys(names, 0))
    missing = object()
    saved = {name: vars(owner).get(name, missing) for name in names}
    for name in names:
        setattr(owner, name, _counted(getattr(owner, name), name, calls))
    try:
        yield calls
    finally:
        for name, original in saved.items():
            delattr(owner, name) if original is missing else setattr(owner, name, original)


@dataclass
class Operations:
    """What torch did inside a `count_operations` block."""

    calls: Counter = field(default_factory=Counter)  # {"aten.mm": 3, …}
    largest: int = 0  # elements of the largest tensor that any operation gave back
    created: int = 0  # elements given back by all operations together


@contextmanager
def count_operations():
    """Count torch's operations and the sizes of what they give back, in the with block; gives `Operations`.

    Deterministic, unlike a clock or a memory reading. Work done inside one fused operation is not seen.
    """
    operations = Operations()
    with _Recorder(operations):
        yield operations


class _Recorder(TorchDispatchMode):
    """Passes every operation on and notes it."""

    def __init__(self, operations):
        super().__init__()
        self.operations = operations

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        sizes = [leaf.numel() for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        self.operations.calls[str(func).rsplit(".", 1)[0]] += 1
        self.operations.largest = max([self.operations.largest, *sizes])
        self.operations.created += sum(sizes)
        return result


def _counted(function, name, calls):
    """`function`, noting each call under `name`."""

    def counting(*args, **kwargs):
        calls[name] += 1
        return function(*args, **kwargs)

    return counting


# How two values differ: None when they do not, else one or two lines.


def _difference(got, want, name, tolerance):
    """The comparison for the kind of `want`; whatever breaks while reading `got` is reported, not raised."""
    try:
        for kinds, differ in _BY_KIND:
            if isinstance(want, kinds):
                return differ(got, want, name, tolerance)
        return _differ_object(got, want, name, tolerance)
    except Exception as error:
        return [f"{name} cannot be compared: {_kind(got)}.", f"Reading it raised {type(error).__name__}."]


def _is(value, *kinds):
    """isinstance by the real type, which an object cannot pretend."""
    return issubclass(type(value), kinds)


def _wrong_kind(got, name, expected):
    """The lines for an answer of a wrong kind; None and NotImplemented get a sentence of their own."""
    if got is None:
        return [f"{name} is None: is the `return` missing?", f"Expected {expected}."]
    if got is NotImplemented or got is Ellipsis:
        return [f"{name} is {got!r}: nothing is filled in yet.", f"Expected {expected}."]
    return [f"{name} is {_kind(got)}.", f"Expected {expected}."]


def _differ_none(got, want, name, tolerance):
    return None if got is None else [f"{name} is {_kind(got)}.", "Expected None."]


def _differ_tensor(got, want, name, tolerance):
    if not _is(got, torch.Tensor):
        return _wrong_kind(got, name, f"a torch tensor of shape {_shape(want)}, {_dtype(want)}")
    return _differ_array(_array(got), _array(want), name, tolerance, _dtype(got), _dtype(want))


def _differ_numpy(got, want, name, tolerance):
    if not _is(got, np.ndarray):
        return _wrong_kind(got, name, f"a NumPy array of shape {_shape(want)}, {want.dtype}")
    return _differ_array(np.asarray(got), np.asarray(want), name, tolerance, str(got.dtype), str(want.dtype))


def _differ_array(got, want, name, tolerance, got_dtype, want_dtype):
    """Shape, dtype, NaN, then values of two arrays."""
    if got.shape != want.shape:
        return [f"{name} has shape {_shape(got)}, expected {_shape(want)}."]
    if got_dtype != want_dtype:
        return [f"{name} has dtype {got_dtype}, expected {want_dtype}."]
    got, want = _wide(got), _wide(want)
    nan = np.isnan(got) & ~np.isnan(want) if got.dtype.kind in "fc" else np.zeros(got.shape, bool)
    if nan.any():
        where = tuple(int(i) for i in np.argwhere(nan)[0])
        return [
            f"{name} has NaN in {int(nan.sum())} of {nan.size} places, the first at {_index(where)}.",
            f"Expected {_number(want[where])} there.",
        ]
    agree = tolerance.allows(got, want) if got.dtype.kind in "fc" else got == want
    return None if agree.all() else _differ_values(got, want, ~agree, name)


def _differ_values(got, want, wrong, name):
    """How many entries are wrong, which is the worst, and by how much."""
    with np.errstate(all="ignore"):
        off = np.abs(_wide_float(got) - _wide_float(want))
    far = np.where(wrong, np.where(np.isnan(off), math.inf, off), -1.0)
    worst = np.unravel_index(int(np.argmax(far)), far.shape)
    by = f" (off by {far[worst]:.3g})" if got.dtype.kind != "b" and np.isfinite(far[worst]) else ""
    values = f"got {_number(got[worst])}, expected {_number(want[worst])}{by}."
    if worst == ():
        return [f"{name} is wrong: {values}"]
    return [
        f"{name} is wrong in {int(wrong.sum())} of {wrong.size} entries.",
        f"Worst at {_index(worst)}: {values}",
    ]


def _differ_bool(got, want, name, tolerance):
    value = _scalar(got)
    if not _is(value, bool):
        return _wrong_kind(got, name, f"{want}, a truth value")
    return None if value == want else [f"{name} is {value}, expected {want}."]


def _differ_int(got, want, name, tolerance):
    value = _scalar(got)
    if not _is(value, int) or _is(value, bool):
        return _wrong_kind(got, name, f"the whole number {want}")
    value = int.__int__(value)
    return None if value == want else [f"{name} is {_shorten(str(value))}, expected {want}."]


def _differ_float(got, want, name, tolerance):
    value = _scalar(got)
    if not _is(value, int, float, complex) or _is(value, bool):
        return _wrong_kind(got, name, f"the number {_number(want)}")
    return _differ_array(np.asarray(complex(value)), np.asarray(complex(want)), name, tolerance, "", "")


def _differ_text(got, want, name, tolerance):
    """The first place where two strings (or two byte strings) part."""
    base = str if isinstance(want, str) else bytes
    if not _is(got, base):
        return _wrong_kind(got, name, f"{'a string' if base is str else 'bytes'}: {_repr(want)}")
    got = str.__str__(got) if base is str else bytes(memoryview(got))
    if got == want:
        return None
    at = next(
        (i for i, (a, b) in enumerate(zip(got, want, strict=False)) if a != b), min(len(got), len(want))
    )
    around = slice(max(0, at - 8), at + 16)
    start = "" if at < 40 else f", around {_repr(got[around])} where {_repr(want[around])} was due"
    return [f"{name} is {_repr(got)}, expected {_repr(want)}.", f"They part at position {at}{start}."]


def _differ_sequence(got, want, name, tolerance):
    base = list if isinstance(want, list) else tuple
    if not _is(got, base):
        return _wrong_kind(got, name, f"a {base.__name__}: {_repr(want)}")
    entries = list(base.__iter__(got))
    for i, (a, b) in enumerate(zip(entries, want, strict=False)):
        found = _difference(a, b, f"{name}[{i}]", tolerance)
        if found is not None:
            length = f" ({name} has length {len(entries)}, expected {len(want)}.)"
            return [*found[:-1], found[-1] + (length if len(entries) != len(want) else "")]
    if len(entries) == len(want):
        return None
    end = _repr(want[len(entries)]) if len(entries) < len(want) else _repr(entries[len(want)])
    lack = "the next would be" if len(entries) < len(want) else "the first too many is"
    return [
        f"{name} has length {len(entries)}, expected {len(want)}.",
        f"What is there is right; {lack} {end}.",
    ]


def _differ_dict(got, want, name, tolerance):
    if not _is(got, dict):
        return _wrong_kind(got, name, f"a dict: {_repr(want)}")
    got = dict(dict.items(got))
    missing = [key for key in want if key not in got]
    extra = [key for key in got if key not in want]
    if missing or extra:
        lack = f"lacks {len(missing)} of {len(want)} keys, e.g. {_repr(missing[0])}" if missing else ""
        many = f"{len(extra)} key{'s' if len(extra) > 1 else ''} too many"
        more = f"has {many}, e.g. {_repr(extra[0])}" if extra else ""
        return [f"{name} {' and '.join(filter(None, [lack, more]))}."]
    found = (_difference(got[key], want[key], f"{name}[{_repr(key)}]", tolerance) for key in want)
    return next((lines for lines in found if lines is not None), None)


def _differ_set(got, want, name, tolerance):
    if not _is(got, set, frozenset):
        return _wrong_kind(got, name, f"a set: {_repr(want)}")
    missing, extra = want - set(got), set(got) - want
    if not missing and not extra:
        return None
    lack = f"lacks {_repr(next(iter(missing)))}" if missing else ""
    more = f"has {_repr(next(iter(extra)))}, which does not belong" if extra else ""
    return [f"{name} {' and '.join(filter(None, [lack, more]))}."]


def _differ_object(got, want, name, tolerance):
    """Any other value: the same type, and equal by the expected value's own `__eq__`."""
    if type(got) is not type(want):
        return _wrong_kind(got, name, _repr(want))
    return None if bool(want == got) else [f"{name} is {_repr(got)}.", f"Expected {_repr(want)}."]


_BY_KIND = (
    (type(None), _differ_none),
    (torch.Tensor, _differ_tensor),
    (np.ndarray, _differ_numpy),
    ((bool, np.bool_), _differ_bool),
    ((int, np.integer), _differ_int),
    ((float, complex, np.number), _differ_float),
    ((str, bytes), _differ_text),
    ((list, tuple), _differ_sequence),
    (dict, _differ_dict),
    ((set, frozenset), _differ_set),
)


# Reading values without trusting them.


def _array(tensor):
    """A tensor's values as a NumPy array of the widest type of its kind."""
    with torch._C.DisableTorchFunctionSubclass():
        plain = torch.Tensor.detach(tensor).cpu()
        plain = plain.to_dense() if plain.is_sparse else plain
        if plain.is_complex():
            return plain.to(torch.complex128).resolve_conj().numpy()
        return (plain.to(torch.float64) if plain.is_floating_point() else plain).numpy()


def _wide(array):
    """Floats to float64, complex to complex128; others as they are."""
    widest = {"f": np.float64, "c": np.complex128}.get(array.dtype.kind)
    return array.astype(widest) if widest else array


def _wide_float(array):
    return array if array.dtype.kind == "c" else array.astype(np.float64)


def _scalar(value):
    """A Python number for a tensor, array or NumPy scalar without dimensions; anything else unchanged."""
    if _is(value, torch.Tensor):
        return _array(value).item() if value.dim() == 0 else value
    if _is(value, np.generic) or (_is(value, np.ndarray) and value.ndim == 0):
        return value.item()
    return value


def _kind(value):
    """A few words for a value, as they follow "is" or "returned": its type, and its shape or what it holds."""
    if _is(value, torch.Tensor):
        return f"a torch tensor of shape {_shape(value)}, {_dtype(value)}"
    if _is(value, np.ndarray):
        return f"a NumPy array of shape {_shape(value)}, {value.dtype}"
    if value is None or _is(value, bool, int, float, complex, str, bytes):
        return "None" if value is None else f"{_repr(value)} (type {type(value).__name__})"
    return (
        f"a value of type {type(value).__name__}: {_repr(value)}"  # the grader cuts here what tests must hide
    )


def _shape(array):
    return str(tuple(array.shape))


def _dtype(tensor):
    return str(tensor.dtype).removeprefix("torch.")


def _index(where):
    return "[" + ", ".join(str(int(i)) for i in where) + "]"


def _number(value):
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, complex) and value.imag == 0:
        value = value.real
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _repr(value):
    """A short repr, whatever the object's own does."""
    try:
        if _is(value, torch.Tensor, np.ndarray):
            return _kind(value)
        brief = reprlib.Repr()
        brief.maxstring = brief.maxother = brief.maxlong = WIDTH - 12
        brief.maxlist = brief.maxtuple = brief.maxset = brief.maxdict = 8
        return _shorten(brief.repr(value))
    except Exception:
        return f"<{type(value).__name__}, which cannot be shown>"


def _text(error):
    try:
        return str(error)
    except Exception:
        return "(no text)"


def _shorten(text):
    """One line of at most WIDTH characters."""
    line = " ".join(text.split())
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def _joined(lines):
    return " ".join(lines)
