"""Objects of one process used in another: calls, attributes, iteration, exceptions, over one socket.

Both sides run the same `Peer`. An object that is no plain data (see `autograder.wire`) stays with its owner and gets
a number; the other side works with a proxy that has exactly the special methods the object has. A call may call
back. What a callee changed in its arguments comes back with the answer. Messages alternate strictly, on one thread.

The tester's peer is guarded: what a student's process may do with the tester's objects is listed in `may`, and what
it answers is data. In particular a comparison with a proxy is never answered by a student's `__eq__` unless both
sides of it are the student's.
"""

import builtins
import contextlib
import random
import struct
import sys
import threading
import types
import weakref

import numpy as np

from autograder import wire
from autograder.wire import BadMessage, pack, unpack

HEADER = struct.Struct("!I")
TABLES, LARGE, MOST_TABLES = (dict, list, set, frozenset, tuple), 64, 8
SCALARS = {int, float, str, bytes, bool, type(None), complex}
DEPTH = 100  # of calls within calls
ASK, ANSWER, RAISE = range(3)
COMPARISONS = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")
SPECIAL = (
    *COMPARISONS,
    *(f"__{p}{n}__" for p in ("", "r", "i") for n in (
        "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift")),
    *(f"__{n}__" for n in (
        "divmod", "rdivmod", "neg", "pos", "abs", "invert", "len", "iter", "next", "reversed", "contains", "getitem",
        "setitem", "delitem", "call", "enter", "exit", "hash", "bool", "float", "int", "index", "complex", "round",
        "trunc", "floor", "ceil", "length_hint", "repr", "str", "format")),
)  # fmt: skip
READ_ONLY = ("__setitem__", "__delitem__")
ENDINGS = (StopIteration, StopAsyncIteration, GeneratorExit)
OWN = tuple(vars(object))  # what every object has of itself: not worth a call


class OutOfTime(BaseException):
    """A cell took longer than it may: raised by the tester's alarm, passed on by nothing in between."""


class Gone(RuntimeError):
    """The other process has ended; nothing it held can be used any more."""


class Peer:
    """One end of the boundary. `guarded`: the other side is not trusted."""

    def __init__(self, sock, guarded=False, rng=("torch",)):
        self.sock, self.guarded, self.rng = sock, guarded, rng
        self.ours, self.numbers = {}, {}  # number -> [object, times handed out]; id of object -> number
        self.proxies = weakref.WeakValueDictionary()
        self.forgotten = []  # [what, number] that they need not keep for us any longer
        self.last, self.depth, self.calls = 0, 0, 0
        self.answering = self.sharing = False
        self.thread, self.gone, self.states = threading.get_ident(), None, {}
        self.described, self.classes, self.last_object = {}, {}, 0
        self.waiting = {}  # exceptions of ours that travel through the other side
        self.arguments, self.buffer = [], bytearray()
        self.tables, self.their_tables, self.last_table = {}, {}, 0  # large arguments: number -> (it, a copy)
        self.open = set()  # numbers of our requests that are not answered yet
        self.gradients = None
        if "torch" in sys.modules:
            from autograder.gradients import Gradients

            self.gradients = Gradients(self)

    # Messages

    def request(self, operation, *args, **kwargs):
        """Have the other side do something; returns its answer, raises its exception, or Gone."""
        if threading.get_ident() != self.thread:
            raise RuntimeError("the other process can be called from the main thread only")
        if self.depth > DEPTH:
            raise RecursionError("calls within calls within calls, too many of them")
        self.last += 1
        self.calls += 1
        number, blobs = self.last, [self._argument(arg) for arg in args]
        named = {key: self._argument(value) for key, value in kwargs.items()}
        self.depth += 1
        try:
            self._send([ASK, number, operation, blobs, named, self._meta()])
            self.open.add(number)
            return self._until(number, args, kwargs)
        finally:
            self.depth -= 1

    def _until(self, number, args, kwargs):
        """Serve their requests until the answer to ours is there."""
        while True:
            message = self._receive()
            if message[0] == ASK:
                self._serve(message)
            elif message[1] == number:
                self.open.discard(number)
                return self._conclude(message, args, kwargs)
            elif message[1] > number:
                raise self._lost("it answered what nobody had asked")

    def _conclude(self, message, args, kwargs):
        kind, _, blob, changed, meta = message
        self.arguments.append((args, kwargs))
        try:
            with self._trusting_no_bytes():
                self._take(meta)
                for key, new in changed.items():
                    wire.overwrite(args[key] if isinstance(key, int) else kwargs[key], unpack(new, self))
                value = unpack(blob, self)
                value = exception_from(value, self) if kind == RAISE else value
        finally:
            self.arguments.pop()
        if kind == RAISE:
            raise value
        return value

    @contextlib.contextmanager
    def _trusting_no_bytes(self):
        """Whatever goes wrong while their bytes are read is their fault, and the end of the connection."""
        try:
            yield
        except Gone:
            raise
        except Exception as error:
            raise self._lost("it sent something else than an answer") from (None if self.guarded else error)

    def settle(self):
        """After a call that was cut short: wait for its answer and drop it; raises Gone."""
        while self.open:
            message = self._receive()
            if message[0] == ASK:
                self._send(
                    [
                        RAISE,
                        message[1],
                        pack([None, [["builtins", "TimeoutError"]], None, [], "", []]),
                        {},
                        [[], [], {}, True],
                    ]
                )
            else:
                self._take(message[4])
                self.open.discard(message[1])

    def hang_up(self, why):
        """Have no more to do with the other side."""
        self._lost(why)
        self.sock.close()

    def serve(self):
        """Answer requests until the other side hangs up."""
        while True:
            with contextlib.suppress(KeyboardInterrupt):  # it came too late for what it was to stop
                message = self._receive(quiet=True)
                if message is None:
                    return
                self._serve(message)

    def _serve(self, message):
        """Do what they ask and answer, with what the call changed in its arguments."""
        _, number, operation, blobs, named, meta = message
        with self._trusting_no_bytes():
            self._take(meta)
            args = [self._argument_from(blob) for blob in blobs]
            kwargs = {str(key): self._argument_from(blob) for key, blob in named.items()}
        before = self._pristine(args, blobs), self._pristine(kwargs, named)
        self.sharing = False
        try:
            with _mode(meta):
                result = self._operate(operation, args, kwargs)
            kind, blob = ANSWER, self._answer(result, args, kwargs, operation == "__getattr__")
        except OutOfTime:
            raise
        except BaseException as error:
            kind, blob = RAISE, pack(exception_body(error, self), self)
        changed = {**self._changed(args, before[0]), **self._changed(kwargs, before[1])}
        self._send([kind, number, blob, changed, self._meta()])

    def _argument(self, value):
        """The bytes of an argument; of a large table that was handed over before and has not changed, [its number]."""
        if type(value) not in TABLES or len(value) < LARGE:
            return pack(value, self)
        for number, (known, copy) in self.tables.items():
            if known is value:
                if value == copy:
                    return [number]
                self._drop_table(number)
                break
        blob = pack(value, self)
        if not _of_scalars(value):
            return blob
        number = self.last_table = self.last_table + 1
        self.tables[number] = value, type(value)(value)
        if len(self.tables) > MOST_TABLES:
            self._drop_table(next(iter(self.tables)))
        return [number, blob]

    def _drop_table(self, number):
        del self.tables[number]
        self.forgotten.append(["table", number])

    def _argument_from(self, blob):
        if type(blob) is bytes:
            return unpack(blob, self)
        if len(blob) == 2:
            value = unpack(blob[1], self)
            self.their_tables[blob[0]] = value, type(value)(value)
        return self.their_tables[blob[0]][0]

    def _pristine(self, values, blobs):
        """{key: what tells whether it has changed} of the arguments that can be changed in place."""
        items = enumerate(values) if isinstance(values, list) else values.items()
        return {key: self._mark(value, blobs[key]) for key, value in items if wire.mutable(value)}

    def _mark(self, value, blob):
        if type(blob) is list:
            return self.their_tables[blob[0]][1]
        if wire._is_tensor(value):
            return value.detach().clone()
        return pack(value, self) if _holds_objects(value) else blob

    def _changed(self, values, before):
        """{key: bytes} of the arguments that are no longer what they were."""
        return {
            key: pack(values[key], self) for key, mark in before.items() if not self._same(values[key], mark)
        }

    def _same(self, value, mark):
        if type(mark) is bytes:
            return pack(value, self) == mark
        return _equal_tensors(value, mark) if wire._is_tensor(mark) else value == mark

    def _answer(self, result, args, kwargs, sharing):
        """The bytes of a result; an argument that is handed back is named, so that it stays the caller's own object."""
        self.answering, self.sharing = True, sharing
        try:
            return pack(_with_arguments(result, args, kwargs), self)
        except (TypeError, ValueError, OverflowError) as error:
            raise TypeError(f"the result cannot be handed over: {error}") from None
        finally:
            self.answering = self.sharing = False

    def _send(self, message):
        data = wire.msgpack.packb(message)
        if self.gone:
            raise Gone(self.gone)
        if len(data) > wire.LARGEST:
            raise ValueError("this is too large to be handed over")
        try:
            self.sock.sendall(HEADER.pack(len(data)) + data)
        except OSError:
            raise self._lost() from None

    def _receive(self, quiet=False):
        """The next message; None when `quiet` and they hung up."""
        if self.gone:
            raise Gone(self.gone)
        try:
            (size,) = HEADER.unpack(self._read(HEADER.size))
            if size > wire.LARGEST:
                raise BadMessage("a message above the limit")
            message = wire.msgpack.unpackb(self._read(size), strict_map_key=False)
            _check(message)
            return message
        except EOFError:
            if quiet:
                return None
            raise self._lost() from None
        except OSError:
            raise self._lost() from None
        except (BadMessage, ValueError, TypeError, wire.msgpack.UnpackException):
            raise self._lost("it sent something else than an answer") from None

    def _read(self, size):
        """So many bytes. What has arrived stays in the buffer if a signal breaks the wait off."""
        while len(self.buffer) < size:
            got = self.sock.recv(max(size - len(self.buffer), 1 << 16))
            if not got:
                raise EOFError
            self.buffer += got
        taken = bytes(memoryview(self.buffer)[:size])
        del self.buffer[:size]
        return taken

    def _lost(self, why="its process has ended"):
        self.gone = self.gone or f"the student's code cannot be used any more: {why}"
        return Gone(self.gone)

    def _meta(self):
        """What goes with every message: objects to forget, shared tensors and random states that changed, grad mode."""
        forgotten, self.forgotten = self.forgotten, []
        tensors = self.gradients.changes() if self.gradients else []
        states = {name: state for name in self.rng if (state := RANDOM[name][0]()) != self.states.get(name)}
        self.states.update(states)
        return [forgotten, tensors, states, _grad_enabled()]

    def _take(self, meta):
        forgotten, tensors, states, _ = meta
        for what, number in forgotten:
            self._forget(what, number)
        if tensors and self.gradients:
            self.gradients.apply(tensors)
        for name, state in states.items():
            if name in self.rng:
                RANDOM[name][1](state)
                self.states[name] = state

    def _forget(self, what, number):
        if what == "table":
            self.their_tables.pop(number, None)
        elif what != "object" and self.gradients:
            self.gradients.forget(what, number)
        elif entry := self.ours.get(number):
            entry[1] -= 1
            if entry[1] <= 0:
                del self.ours[number]
                self.numbers.pop(id(entry[0]), None)

    # Objects

    def reference(self, thing):
        """How an object of theirs, or an argument of the call, is named; None for anything else."""
        if type(thing) is _Argument:
            return wire.ARGUMENT, thing.key
        if type(thing) is _Method:
            thing = self.request("__getattr__", thing.__self__, thing.__name__)
        if type(thing) in _PROXIES:
            return wire.YOURS, ["object", object.__getattribute__(thing, "_number")]
        if type(thing) is type and (number := _FOREIGN.get(thing)) is not None:
            return wire.YOURS, ["object", number]
        return None

    def encode_object(self, thing):
        """A handle for one of our objects, or its name when both sides have it."""
        if not self.guarded or not isinstance(thing, types.ModuleType):
            if (name := _shared_name(thing)) and self.guarded:
                return wire.NAME, name
            return wire.HANDLE, self.describe(thing)
        raise TypeError(f"the module {thing.__name__} cannot be handed over")

    def describe(self, thing):
        """[number, name, number of its class, [kind, special methods, known classes, methods] or None if told before]."""
        number = self.numbers.get(id(thing))
        if number is None:
            self.last_object = number = self.last_object + 1
            self.ours[number], self.numbers[id(thing)] = [thing, 0], number
        self.ours[number][1] += 1
        is_class, cls = isinstance(thing, type), type(thing)
        key, told = thing if is_class else cls, None
        if (key, is_class) not in self.described:
            self.described[key, is_class] = len(self.described)
            special = [name for name in SPECIAL if _has(cls, name)]
            methods = [] if is_class else _methods(cls)
            told = ["class" if is_class else "object", special, _ancestors(key), methods]
        name = getattr(thing, "__qualname__" if is_class else "__name__", None) or cls.__qualname__
        return [number, str(name)[:80], self.described[key, is_class], told]

    def decode_object(self, code, body):
        if code == wire.ARGUMENT:
            args, kwargs = self.arguments[-1]
            return args[body] if isinstance(body, int) else kwargs[body]
        if code == wire.YOURS and body[0] == "link":
            return self.gradients.owned[body[1]]
        if code == wire.YOURS:
            return self.ours[body[1]][0]
        if code == wire.NAME and not self.guarded:
            return wire.resolve(*body)
        if code == wire.HANDLE:
            return self._proxy(*body)
        raise BadMessage("a name, from the guarded side")

    def _proxy(self, number, name, class_number, told):
        if told is not None:
            kind, special, ancestors, methods = told
            self.classes[class_number] = (
                kind,
                tuple(n for n in special if n in SPECIAL),
                ancestors,
                frozenset(methods),
            )
        found = self.proxies.get(number)
        if found is not None:
            self.forgotten.append(["object", number])  # it was handed out once more
            return found
        kind, special, ancestors, methods = self.classes[class_number]
        if kind == "class" and (base := _exception_base(ancestors)):
            return _foreign_exception(self, number, name, base)
        made = object.__new__(_proxy_class(kind, special))
        values = {
            "_peer": self,
            "_number": number,
            "_name": name,
            "_ancestors": ancestors,
            "_methods": methods,
        }
        for key, value in values.items():
            object.__setattr__(made, key, value)
        self.proxies[number] = made
        weakref.finalize(made, self.forgotten.append, ["object", number])
        return made

    # Doing what the other side asks

    def _operate(self, operation, args, kwargs):
        if operation in ("vjp", "accumulate"):
            return getattr(self.gradients, operation)(*args)
        if not operation.startswith("__"):
            return self.extra(operation, *args, **kwargs)
        target, *rest = args
        if self.guarded:
            may(target, operation, rest)
        if operation == "__call__":
            return target(*rest, **kwargs)
        if operation == "__method__":
            return getattr(target, rest[0])(*rest[1:], **kwargs)
        if operation == "__getattr__":
            return getattr(target, *rest)
        if operation == "__setattr__":
            return setattr(target, *rest)
        if operation == "__delattr__":
            return delattr(target, *rest)
        if operation == "__instancecheck__":
            return isinstance(rest[0], target)
        if operation == "__subclasscheck__":
            return issubclass(rest[0], target)
        if operation == "__next__":
            return _next(target)
        if operation == "__bool__":
            return bool(target)
        if operation in SPECIAL:
            return getattr(type(target), operation)(target, *rest, **kwargs)
        raise BadMessage(f"no operation is called {operation!r}")

    def extra(self, operation, *args, **kwargs):
        """Operations of one side only; see autograder.student."""
        raise BadMessage(f"no operation is called {operation!r}")


def may(target, operation, rest):
    """Raise unless the student's process may do this with an object of the tester: use it, not look into it."""
    public = (
        operation in ("__getattr__", "__method__")
        and isinstance(rest[0], str)
        and not rest[0].startswith("_")
    )
    closed = isinstance(
        target, types.FunctionType | types.ModuleType | types.MethodType | type | types.GeneratorType
    )
    own = getattr(type(target), "__module__", None) == "__main__" or _is_module(target)
    if operation in ("__getattr__", "__method__"):
        allowed = public and own and not closed
    elif operation in READ_ONLY:
        allowed = own and not closed
    else:
        allowed = operation in SPECIAL or operation in ("__call__", "__next__")
    if not allowed:
        raise AttributeError(f"{type(target).__name__!r} object: not open to the other process")


def _is_module(thing):
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(thing, torch.nn.Module)


def _check(message):
    """Raise ValueError unless a message has the form of one."""
    sizes = {ASK: 6, ANSWER: 5, RAISE: 5}
    if (
        type(message) is not list
        or not message
        or message[0] not in sizes
        or len(message) != sizes[message[0]]
    ):
        raise ValueError("of another form")
    if type(message[1]) is not int or type(message[-1]) is not list or len(message[-1]) != 4:
        raise ValueError("of another form")


class _Argument:
    """Stands in an answer for an argument of the call."""

    def __init__(self, key):
        self.key = key


def _with_arguments(result, args, kwargs):
    """The result with arguments of the call that it hands back replaced by their places (also inside a tuple)."""
    keys = {id(value): i for i, value in enumerate(args) if wire.mutable(value)}
    keys |= {id(value): key for key, value in kwargs.items() if wire.mutable(value)}
    if id(result) in keys:
        return _Argument(keys[id(result)])
    if type(result) is tuple and any(id(item) in keys for item in result):
        return tuple(_Argument(keys[id(item)]) if id(item) in keys else item for item in result)
    return result


def _holds_objects(value, depth=4):
    """True when a container may hold proxies, which have other bytes on the way back."""
    if type(value) in (list, tuple, set, frozenset):
        return any(_holds_objects(item, depth - 1) for item in value) if depth else True
    if isinstance(value, dict):
        return any(_holds_objects(item, depth - 1) for item in value.values()) if depth else True
    return type(value) in _PROXIES or type(value) is _Method or wire._is_tensor(value) and value.requires_grad


def _equal_tensors(value, mark):
    torch = sys.modules["torch"]
    if value.shape != mark.shape or value.dtype != mark.dtype:
        return False
    return torch.equal(value.detach(), mark) or wire.tensor_bytes(value) == wire.tensor_bytes(mark)


def _of_scalars(table):
    """True when nothing inside a container can be changed in place."""
    inner = table.values() if isinstance(table, dict) else table
    return set(map(type, inner)) <= SCALARS


def _next(iterator):
    """[the next item], or [] at the end."""
    for item in iterator:
        return [item]
    return []


# Random states travel, so that a seed set on one side holds on the other.


def _torch_state():
    return sys.modules["torch"].get_rng_state().numpy().tobytes()


def _set_torch_state(state):
    """Raises BadMessage for a state that no seed leads to, such as zeros, from which only zeros are drawn."""
    torch = sys.modules["torch"]
    if len(set(np.frombuffer(state, np.uint64, 624, 24).tolist())) < 600:
        raise BadMessage("random numbers that are none")
    torch.set_rng_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))


def _set_numpy_state(state):
    name, keys, *rest = unpack(state)
    np.random.set_state((name, keys, *rest))


RANDOM = {
    "torch": (_torch_state, _set_torch_state),
    "numpy": (lambda: pack(tuple(np.random.get_state())), _set_numpy_state),
    "python": (lambda: pack(random.getstate()), lambda state: random.setstate(unpack(state))),
}


def _grad_enabled():
    torch = sys.modules.get("torch")
    return torch is None or torch.is_grad_enabled()


def _mode(meta):
    """The caller's grad mode, for the time of the call."""
    torch = sys.modules.get("torch")
    if torch is None:
        return contextlib.nullcontext()
    return torch.set_grad_enabled(bool(meta[3]))


# Proxies


def _has(cls, name):
    found = getattr(cls, name, None)
    return found is not None and found is not getattr(object, name, None)


def _methods(cls):
    """Names of the methods that a class of the notebook defines itself: calling one takes one message instead of two."""
    own = [c for c in cls.__mro__ if c.__module__ == "__main__"]
    return sorted(
        {
            n
            for c in own
            for n, v in vars(c).items()
            if isinstance(v, types.FunctionType) and not n.startswith("_")
        }
    )


def _ancestors(cls):
    """[[module, name]] of the classes that the other side may know, nearest first."""
    return [[c.__module__, c.__qualname__] for c in cls.__mro__[:-1] if c.__module__ != "__main__"][:8]


def _shared_name(thing):
    """[module, name] of a function or class that both sides have alike, or None."""
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    if not isinstance(thing, type | types.FunctionType | types.BuiltinFunctionType) or not isinstance(
        module, str
    ):
        return None
    if isinstance(getattr(thing, "__self__", None), type | types.ModuleType) is False and isinstance(
        thing, types.BuiltinFunctionType
    ):
        return None
    known = module.split(".")[0] in wire.SHARED and isinstance(name, str)
    return [module, name] if known and wire.resolve(module, name) is thing else None


class Proxy:
    """What all proxies have: attributes over there, and a class that says what the object is when we know it."""

    __slots__ = ("__weakref__", "_ancestors", "_methods", "_name", "_number", "_peer")

    def __getattr__(self, name):
        if name in self._methods:
            return _Method(self, name)
        return self._peer.request("__getattr__", self, name)

    def __setattr__(self, name, value):
        self._peer.request("__setattr__", self, name, value)

    def __delattr__(self, name):
        self._peer.request("__delattr__", self, name)

    @property
    def __class__(self):
        for module, name in object.__getattribute__(self, "_ancestors"):
            found = wire.resolve(module, name)
            if isinstance(found, type) and not issubclass(found, BaseException):
                return found
        return type(self)

    @property
    def __name__(self):
        return object.__getattribute__(self, "_name")

    @property
    def __doc__(self):
        return self._peer.request("__getattr__", self, "__doc__")


class _Method:
    """A method of a proxy, looked up over there when it is called."""

    def __init__(self, owner, name):
        self.__self__, self.__name__ = owner, name

    def __call__(self, *args, **kwargs):
        owner = self.__self__
        return owner._peer.request("__method__", owner, self.__name__, *args, **kwargs)

    def __eq__(self, other):
        return type(other) is _Method and (other.__self__ is self.__self__, other.__name__) == (
            True,
            self.__name__,
        )

    def __hash__(self):
        return hash(self.__name__)


class _ClassProxy(Proxy):
    __slots__ = ()

    @property
    def __class__(self):
        return type

    def __instancecheck__(self, instance):
        return type(instance) in _PROXIES and self._peer.request("__instancecheck__", self, instance) is True

    def __subclasscheck__(self, cls):
        return type(cls) in _PROXIES and self._peer.request("__subclasscheck__", self, cls) is True

    def __or__(self, other):
        return (self, other)


_PROXIES, _CLASSES, _FOREIGN = {Proxy, _ClassProxy}, {}, {}


def _proxy_class(kind, special):
    """The class of proxies with just these special methods."""
    if (kind, special) not in _CLASSES:
        base = _ClassProxy if kind == "class" else Proxy
        methods = {name: _forwarding(name) for name in special if not (kind == "class" and name == "__or__")}
        made = type("Remote", (base,), {"__slots__": (), "__module__": "student", **methods})
        _CLASSES[kind, special] = made
        _PROXIES.add(made)
    return _CLASSES[kind, special]


def _forwarding(name):
    """The special method `name` of a proxy."""
    if name == "__next__":
        return _next_method
    if name in COMPARISONS:
        return _comparison(name)

    def method(self, *args, **kwargs):
        return self._peer.request(name, self, *args, **kwargs)

    method.__name__ = method.__qualname__ = name
    return method


def _next_method(self):
    found = self._peer.request("__next__", self)
    if not found:
        raise StopIteration
    return found[0]


def _comparison(name):
    def method(self, other):
        if self is other and name == "__eq__":
            return True
        peer = object.__getattribute__(self, "_peer")
        if peer.guarded and type(other) not in _PROXIES:
            return NotImplemented
        return peer.request(name, self, other)

    return method


# Exceptions


def exception_body(error, peer):
    """[number or None, names of classes, number of the class or None, args, text, frames] of an exception."""
    if (origin := getattr(error, "_origin", None)) is not None and type(error) in _SHOWN.values():
        return [origin, [], None, [], "", []]
    cls = type(error)
    own = peer.describe(cls) if cls.__module__ == "__main__" else None
    number = None
    if peer.guarded:  # it may come back to us through the student's code
        number = len(peer.waiting)
        peer.waiting[number] = error
    return [number, _lineage(cls), own, _plain_args(error), _text(error), frames(error)]


def _lineage(cls):
    return [[c.__module__, c.__qualname__] for c in cls.__mro__[:-2] if c.__module__ != "__main__"]


def _plain_args(error):
    if type(error).__str__ is not BaseException.__str__ and not isinstance(
        error, KeyError | OSError | SyntaxError | UnicodeError
    ):
        return [_text(error)]
    try:
        args = list(error.args)
        pack(args)
        return args
    except Exception:
        return [_text(error)]


def _text(error):
    try:
        return str(error)[:4000]
    except Exception:
        return "(no text)"


def frames(error):
    """[[cell, line, function]] of the frames of notebook cells, outermost first."""
    found, at = [], error.__traceback__
    while at is not None and len(found) < 50:
        code = at.tb_frame.f_code
        if code.co_filename.startswith("<cell "):
            found.append([code.co_filename, at.tb_lineno, code.co_name])
        at = at.tb_next
    return found


def exception_from(body, peer):
    """The exception that a body stands for, with the student's frames as its traceback."""
    number, lineage, own, args, text, where = body
    if not peer.guarded or number is None or own or lineage:
        return _rebuilt(lineage, own, args, text, where, peer, number)
    return peer.waiting.pop(number, None) or RuntimeError("an exception came back that nobody had raised")


def _rebuilt(lineage, own, args, text, where, peer, number):
    base = _tame(_known_exception(lineage) or _exception_base(lineage) or Exception, peer)
    name = lineage[0][1] if lineage else base.__name__
    if own:  # an exception class of theirs, which must be the very class that our code can catch
        peer._proxy(*own)
        base, name = _THEIRS.get((id(peer), own[0]), base), own[1]
    made = _make(_shown(base, str(name)[:60]), args, text)
    made._origin = None if peer.guarded else number
    made._frames = [(str(file), int(line), str(function)) for file, line, function in where][:50]
    return made


def _known_exception(lineage):
    for module, name in lineage[:1]:
        found = None if module.startswith("autograder") else wire.resolve(module, name)
        if isinstance(found, type) and issubclass(found, BaseException):
            return found
    return None


def _tame(base, peer):
    """`base`; RuntimeError for what would silently end a loop of a test that calls a student's function (PEP 479)."""
    return RuntimeError if peer.guarded and issubclass(base, ENDINGS) else base


def _exception_base(ancestors):
    """The nearest built-in exception among some classes, or None."""
    for module, name in ancestors:
        found = getattr(builtins, name, None) if module == "builtins" else None
        if isinstance(found, type) and issubclass(found, BaseException):
            return found
    return None


def _make(cls, args, text):
    try:
        return cls(*args)
    except Exception:
        made = cls.__new__(cls)
        made.args = (text,)
        return made


_SHOWN, _THEIRS = {}, {}


def _foreign_exception(peer, number, name, base):
    """A class of this side for an exception class of theirs: it can be caught, and is theirs when handed back."""
    found = _THEIRS.get((id(peer), number))
    if found is None:
        base = _tame(base, peer)
        found = _THEIRS[id(peer), number] = type(str(name)[:60], (base,), {"__module__": "student"})
        _FOREIGN[found] = number
    return found


def _shown(base, name):
    """`base`, but its traceback shows the student's lines instead of ours."""
    key = base, name
    if key not in _SHOWN:
        namespace = {"__module__": base.__module__, "__traceback__": property(_traceback, _set_traceback)}
        _SHOWN[key] = type(name, (base,), namespace)
    return _SHOWN[key]


def _set_traceback(error, traceback):
    BaseException.__traceback__.__set__(error, traceback)


def _traceback(error):
    """The real traceback without our own frames, the student's frames at its end."""
    kept, at = [], BaseException.__traceback__.__get__(error)
    while at is not None:
        if at.tb_frame.f_code.co_filename not in _FILES:
            kept.append(at)
        at = at.tb_next
    made = None
    for file, line, function in reversed(getattr(error, "_frames", [])):
        made = _fake_frame(file, line, function, made)
    for frame in reversed(kept):
        made = types.TracebackType(made, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return made


_FILES = {__file__, wire.__file__}


def _fake_frame(file, line, function, following):
    """A traceback entry for a line of a file that ran in the other process."""
    code = compile("raise Exception", file, "exec")
    code = code.replace(co_name=function or "cell", co_firstlineno=max(1, line))
    try:
        exec(code, {})
    except Exception as error:
        at = error.__traceback__.tb_next
        return types.TracebackType(following, at.tb_frame, at.tb_lasti, max(1, line))
