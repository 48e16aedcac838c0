"""Who holds what: our objects that the other side knows by number, and the proxies that stand here for theirs."""

import dis
import types
import weakref

from autograder import errors, guard, wire
from autograder.changes import Argument
from autograder.proxies import SPECIAL, About, Method, Proxy

STORE_ATTR = dis.opmap["STORE_ATTR"]


class Handles:
    """One side's registry of objects."""

    def __init__(self, peer):
        self.peer = peer
        self.ours, self.numbers = {}, {}  # number -> [object, times handed out]; id of the object -> number
        self.last = 0
        self.described, self.fresh = (
            {},
            [],
        )  # (our class, is it the object itself) -> number; what is not told yet
        self.abouts = {}  # number of their class -> About
        self.proxies = weakref.WeakValueDictionary()  # number of their object -> proxy
        self.errors = []  # classes of theirs for exceptions: kept for good
        self.forgotten = []  # [what, number] that they need not keep for us any longer

    # Ours

    def reference(self, thing):
        """(code, body) of an object of theirs, an exception or a part of the call's arguments, else None."""
        kind = type(thing)
        if issubclass(kind, Proxy):
            return wire.YOURS, ["object", object.__getattribute__(thing, "_number")]
        if kind is Argument:
            return wire.ARGUMENT, thing.number
        if kind is Method:
            return wire.YOURS, ["method", thing.__self__._number, thing.__name__]
        if kind is errors.Foreign:
            return wire.YOURS, ["object", thing._remote._number]
        if issubclass(kind, BaseException):
            return wire.ERROR, errors.body(thing, self.peer)
        return None

    def encode(self, thing):
        """(code, body) of one of our objects: its name when both sides have it, else a handle."""
        if self.peer.guarded and isinstance(thing, types.ModuleType):
            raise TypeError(f"the module {thing.__name__} cannot be handed over")
        name = _shared_name(thing) if self.peer.guarded else None
        return (wire.NAME, name) if name else (wire.HANDLE, self.describe(thing))

    def describe(self, thing):
        """[number, name, number of its class]; they keep count of how often they got it."""
        number = self.numbers.get(id(thing))
        if number is None:
            self.last = number = self.last + 1
            self.ours[number], self.numbers[id(thing)] = [thing, 0], number
        self.ours[number][1] += 1
        is_class, cls = isinstance(thing, type), type(thing)
        key = (thing if is_class else cls, is_class)
        if key not in self.described:
            self.described[key] = len(self.described)
            self.fresh.append([self.described[key], *self._about(*key, cls)])
        name = getattr(thing, "__qualname__" if is_class else "__name__", None) or cls.__qualname__
        return [number, str(name)[:80], self.described[key]]

    def _about(self, key, is_class, cls):
        """What is told of a class once: see `proxies.About`."""
        special = [name for name in SPECIAL if _has(cls, name)]
        ancestors = [[c.__module__, c.__qualname__] for c in key.__mro__[:-1]][:8]
        if is_class:
            return ["class", special, ancestors, [], errors.bases(key, self.peer)]
        return ["object", special, ancestors, _methods(cls), None]

    def is_ours(self, thing):
        """True for an object that was handed out."""
        entry = self.ours.get(self.numbers.get(id(thing)))
        return entry is not None and entry[0] is thing

    def forget(self, number):
        """They have dropped a proxy."""
        if entry := self.ours.get(number):
            entry[1] -= 1
            if entry[1] <= 0:
                del self.ours[number]
                del self.numbers[id(entry[0])]

    # Theirs

    def decode(self, code, body):
        """The object that a reference of theirs stands for."""
        peer = self.peer
        if code == wire.HANDLE:
            return self.proxy(*body)
        if code == wire.ARGUMENT:
            return peer.arguments[-1][body]
        if code == wire.ERROR:
            return errors.rebuilt(body, peer)
        if code == wire.YOURS and body[0] == "tensor":
            return peer.gradients.owned[body[1]]
        if code == wire.YOURS and body[0] == "object":
            return self.ours[body[1]][0]
        if code == wire.YOURS:
            return self._method(self.ours[body[1]][0], body[2])
        if peer.guarded:
            raise wire.BadMessage("a name, from the guarded side")
        return wire.resolve(*body, importing=True)

    def _method(self, thing, name):
        if self.peer.guarded:
            guard.may(thing, "__getattr__", [name])
        return getattr(thing, name)

    def learn(self, fresh):
        """Take in what they tell of their classes."""
        for number, *about in fresh:
            self.abouts[number] = About(*about)

    def proxy(self, number, name, class_number):
        """What stands here for an object of theirs: always the same as long as it is used."""
        if (found := self.proxies.get(number)) is not None:
            self.forgotten.append(["object", number])  # it was handed out once more
            return found
        about = self.abouts[class_number]
        if about.bases is not None:
            made = errors.foreign_class(number, str(name), about, self.peer)
            self.errors.append(made)
        else:
            made = about.stand_in(self.peer, number, str(name))
        self.proxies[number] = made
        return made


def _has(cls, name):
    """True when a class defines a special method (`getattr` would look into its metaclass, too)."""
    return next((vars(c)[name] for c in cls.__mro__[:-1] if name in vars(c)), None) is not None


def _methods(cls):
    """Names of methods that a class of the notebook defines itself and under which it stores nothing else."""
    if cls.__getattribute__ not in (object.__getattribute__, BaseException.__getattribute__):
        return []
    found = [item for c in cls.__mro__ if c.__module__ == "__main__" for item in vars(c).items()]
    found = {
        name: f for name, f in found if isinstance(f, types.FunctionType) and getattr(cls, name, None) is f
    }
    stored = {name for f in found.values() for name in _stored(f.__code__)}
    return sorted(name for name in found if not name.startswith("_") and name not in stored)


def _stored(code):
    """Names of the attributes that some code sets."""
    steps = zip(code.co_code[::2], code.co_code[1::2], strict=True)
    return {code.co_names[n] for step, n in steps if step == STORE_ATTR and n < len(code.co_names)}


def _shared_name(thing):
    """[module, name] of a function or class that both sides have alike, or None."""
    if not isinstance(thing, type | types.FunctionType | types.BuiltinFunctionType):
        return None
    if not isinstance(getattr(thing, "__self__", None), type | types.ModuleType | None):
        return None  # a method of some object
    module, name = thing.__module__, thing.__qualname__
    known = isinstance(module, str) and module.split(".")[0] in wire.SHARED
    return [module, name] if known and wire.resolve(module, name) is thing else None
