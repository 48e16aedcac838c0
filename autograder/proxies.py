"""Objects of the other process: what stands here for them has exactly the special methods that they have.

On the guarded side a comparison is never answered by a student's `__eq__` or `__lt__` unless both sides of it are
the student's, arithmetic never when the other operand is an array or a tensor, and none of the hooks by which
NumPy and torch ask an object to do their work is passed on.
"""

import sys

import numpy as np

from autograder import tensors, wire

COMPARISONS = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")
BINARY = ("__divmod__", "__rdivmod__", *(f"__{p}{n}__" for p in ("", "r", "i") for n in (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift"
)))  # fmt: skip
SPECIAL = (*COMPARISONS, *BINARY, *(f"__{n}__" for n in (
    "neg", "pos", "abs", "invert", "len", "iter", "next", "reversed", "contains", "getitem", "setitem", "delitem",
    "call", "enter", "exit", "hash", "bool", "float", "int", "index", "complex", "round", "trunc", "floor",
    "ceil", "length_hint", "repr", "str", "format",
)))  # fmt: skip
HOOKS = ("__array", "__torch_", "__cuda_array", "__dlpack")


class Proxy:
    """What all proxies have: attributes over there, and a class that says what the object is when we know it."""

    __slots__ = ("__weakref__", "_about", "_name", "_number", "_peer")
    __array_ufunc__ = None  # NumPy's arrays do no arithmetic with it, element by element

    def __getattr__(self, name):
        if name in self._about.methods:
            return Method(self, name)
        if self._peer.guarded and name.startswith(HOOKS):
            raise AttributeError(name)
        return self._peer.request("__getattr__", self, name)

    def __setattr__(self, name, value):
        self._about.methods.discard(name)
        self._peer.request("__setattr__", self, name, value)

    def __delattr__(self, name):
        self._peer.request("__delattr__", self, name)

    def __del__(self):
        self._peer.handles.forgotten.append(["object", self._number])

    def __copy__(self):
        return self._peer.request("__copy__", self)

    def __deepcopy__(self, memo):
        return self._peer.request("__deepcopy__", self)

    def __repr__(self):
        return f"<{self._name} of the other process>"

    @property
    def __class__(self):
        return self._about.pretends or type(self)

    @property
    def __name__(self):
        return self._name

    @property
    def __doc__(self):
        return self._peer.request("__getattr__", self, "__doc__")


class Method:
    """A method of a proxy, looked up over there when it is called: one message instead of two."""

    def __init__(self, owner, name):
        self.__self__, self.__name__ = owner, name

    def __call__(self, /, *args, **kwargs):
        return self.__self__._peer.request("__method__", self.__self__, self.__name__, *args, **kwargs)

    def __getattr__(self, name):
        return getattr(self.__self__._peer.request("__getattr__", self.__self__, self.__name__), name)

    def __eq__(self, other):
        same = type(other) is Method and other.__self__ is self.__self__
        return same and other.__name__ == self.__name__

    def __hash__(self):
        return hash(self.__name__)


class ClassProxy(Proxy):
    """A class of the other process: it can be called, and `isinstance` and `issubclass` work."""

    __slots__ = ()

    @property
    def __class__(self):
        return type

    @property
    def __bases__(self):
        return (self._about.pretends or object,)

    def __instancecheck__(self, instance):
        return is_proxy(instance) and self._peer.request("__instancecheck__", self, instance) is True

    def __subclasscheck__(self, cls):
        return is_proxy(cls) and self._peer.request("__subclasscheck__", self, cls) is True

    def __or__(self, other):
        return (self, other)


def is_proxy(thing):
    """True for what stands for an object of the other process."""
    return issubclass(type(thing), Proxy)


class About:
    """What is known of the objects of one class over there, and the class of their proxies."""

    def __init__(self, kind, special, ancestors, methods, bases):
        self.methods, self.bases = set(methods), bases
        self.proxy_class = proxy_class(kind, tuple(name for name in special if name in SPECIAL))
        known = (wire.resolve(*names) for names in ancestors)
        self.pretends = next(
            (found for found in known if isinstance(found, type) and not _is_plain(found)), None
        )

    def stand_in(self, peer, number, name):
        """The proxy of an object of this class."""
        made = object.__new__(self.proxy_class)
        for key, value in (("_peer", peer), ("_number", number), ("_name", name), ("_about", self)):
            object.__setattr__(made, key, value)
        return made


def _is_plain(cls):
    """True for classes whose instances cross as data: nobody else may pretend to be one."""
    torch = sys.modules.get("torch")
    kinds = (int, float, complex, str, bytes, bytearray, np.ndarray, np.generic, BaseException)
    return issubclass(cls, (*kinds, torch.Tensor) if torch else kinds) or "<" in cls.__qualname__


_CLASSES = {}


def proxy_class(kind, special):
    """The class of proxies with just these special methods."""
    if (kind, special) not in _CLASSES:
        base = ClassProxy if kind == "class" else Proxy
        methods = {name: _forwarding(name) for name in special if not (kind == "class" and name == "__or__")}
        _CLASSES[kind, special] = type(
            "Remote", (base,), {"__slots__": (), "__module__": "student", **methods}
        )
    return _CLASSES[kind, special]


def _forwarding(name):
    """The special method `name` of a proxy."""
    if name == "__next__":
        return _next
    if name in COMPARISONS or name in BINARY:
        return _operator(name)

    def method(self, /, *args, **kwargs):
        return self._peer.request(name, self, *args, **kwargs)

    return method


def _next(self):
    found = self._peer.request("__next__", self)
    with self._peer.reading:
        more, value = found
    if more is not True:
        raise StopIteration(value)
    return value


def _operator(name):
    def method(self, other, *modulus):
        if self._peer.guarded and not is_proxy(other):
            arrays = isinstance(other, np.ndarray | np.generic) or tensors.is_tensor(other)
            if arrays or name in COMPARISONS:
                return NotImplemented
        return self._peer.request(name, self, other, *modulus)

    return method
