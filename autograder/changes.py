"""Arguments changed in place: which parts of them can be, which were, and how the caller's own follow.

Both sides number the lists, dicts, arrays, tensors … inside a call's arguments in the same order. An answer
names them by number, so what is handed back is the caller's own object, and tells the new contents of those that
changed.
"""

import collections
import copy
import operator
import random
import sys

import numpy as np

from autograder import states, tensors
from autograder.wire import BadMessage

SCALARS = {int, float, str, bytes, bool, type(None), complex}
SEQUENCES = {list, collections.deque}
DICTS = {dict, collections.OrderedDict, collections.Counter, collections.defaultdict}
LARGE = 64
CONTAINERS = {*SEQUENCES, *DICTS, tuple}
GENERATORS = {random.Random, np.random.Generator}


class Argument:
    """Stands in an answer for a part of the call's arguments."""

    def __init__(self, number):
        self.number = number


def parts(values, tables=(), found=None):
    """What can be changed in place among some values and inside them, in a steady order.

    `tables`: ids of containers that are known to be flat.
    """
    found = [] if found is None else found
    for value in values:
        kind = type(value)
        if kind in CONTAINERS:
            if kind is not tuple:
                found.append(value)
            if id(value) not in tables and not is_flat(value):
                parts(value.values() if kind in DICTS else value, tables, found)
        elif kind not in SCALARS and is_mutable_leaf(value):
            found.append(value)
    return found


def is_flat(container):
    """True when a container holds nothing but scalars (as values)."""
    return SCALARS.issuperset(map(type, container.values() if type(container) in DICTS else container))


def is_mutable_leaf(value):
    """True for what can change in place and holds no other parts."""
    kind = type(value)
    return kind in (set, bytearray, np.ndarray) or tensors.is_tensor(value) or _is_generator(value)


def _is_generator(value):
    torch = sys.modules.get("torch")
    return type(value) in GENERATORS or (torch is not None and type(value) is torch.Generator)


def mark(part):
    """What tells later whether a part has changed: its items themselves, a copy of its values."""
    kind = type(part)
    if kind in SEQUENCES:
        return list(part)
    if kind in DICTS:
        return [*part, *part.values()]
    if kind is np.ndarray:
        return part.shape, part.tobytes()
    if _is_generator(part):
        return states.state_of(part)
    return (part.stride(), part.detach().clone()) if tensors.is_tensor(part) else part.copy()


def unchanged(part, before):
    """True when a part is what it was at `mark`."""
    if tensors.is_tensor(part):
        return part.stride() == before[0] and tensors.same_bits(part, before[1])
    now = mark(part)
    if len(now) > LARGE:
        return _equal(now, before)
    if type(part) in SEQUENCES or type(part) in DICTS:
        return len(now) == len(before) and all(map(operator.is_, now, before))
    return now == before


def _equal(now, before):
    """Equality, far faster than identity for long lists; what cannot be compared has changed."""
    try:
        return now == before
    except Exception:
        return False


def named(value, known, inside=False):
    """`value` in which parts of the arguments ({id: number}) are named; `inside`: only what it holds."""
    if not inside and id(value) in known:
        return Argument(known[id(value)])
    kind = type(value)
    if kind not in CONTAINERS or is_flat(value):
        return value
    if kind in DICTS:
        made = copy.copy(value)
        for key, item in value.items():
            made[key] = named(item, known)
        return made
    items = [named(item, known) for item in value]
    return collections.deque(items, value.maxlen) if kind is collections.deque else kind(items)


def overwrite(part, value):
    """Give a part of the caller's arguments the contents of `value`; raises BadMessage when they do not fit."""
    kind = type(part)
    if value is part:
        return
    if kind is not type(value):
        raise BadMessage("an argument changed its type")
    if kind in SEQUENCES:
        part.clear()
        part.extend(value)
    elif kind in DICTS:
        part.clear()
        for key, item in value.items():
            part[key] = item
    elif kind is set:
        part.clear()
        part.update(value)
    elif kind is bytearray:
        part[:] = value
    elif kind is np.ndarray:
        _overwrite_array(part, value)
    elif _is_generator(part):
        states.bring_to(part, value)
    else:
        _overwrite_tensor(part, value)


def _overwrite_array(part, value):
    if part.shape != value.shape:
        part.resize(value.shape, refcheck=False)
    part[...] = value


def _overwrite_tensor(part, value):
    torch = sys.modules["torch"]
    fits = part.shape == value.shape and part.dtype == value.dtype and part.stride() == value.stride()
    with torch.set_grad_enabled(fits and value.requires_grad and not part.is_leaf):
        if fits:
            part.copy_(value)  # in place: whoever shares the memory sees it, and autograd counts it
        else:
            part.data = value.detach()
