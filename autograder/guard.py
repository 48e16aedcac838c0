"""What a student's process may do with the tester's objects: use them, not look into them."""

import sys
import types

from autograder.proxies import SPECIAL

CLOSED = types.FunctionType | types.ModuleType | types.MethodType | type | types.GeneratorType
WRITING = ("__setitem__", "__delitem__")


def may(target, operation, rest):
    """Raise AttributeError unless the student's process may do this with an object that it was handed."""
    own = (type(target).__module__ == "__main__" or _is_module(target)) and not isinstance(target, CLOSED)
    if operation in ("__getattr__", "__method__"):
        allowed = own and type(rest[0]) is str and not rest[0].startswith("_")
    elif operation in WRITING:
        allowed = own
    elif operation in ("__instancecheck__", "__subclasscheck__"):
        allowed = type(target) is type
    else:
        allowed = operation in SPECIAL
    if not allowed:
        raise AttributeError(f"{type(target).__name__!r} object: not open to the other process")


def _is_module(thing):
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(thing, torch.nn.Module)
