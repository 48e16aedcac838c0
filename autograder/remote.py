"""Objects of one process used in another: calls, attributes, iteration, exceptions, over one socket.

Both sides run the same `Peer`. An object that is no plain data stays with its owner and gets a number; the other
side works with a proxy. A call may call back. What a callee changed in its arguments comes back with the answer.
Messages alternate strictly, on one thread. The tester's peer is guarded: what it is sent is data, and what a
student's process may do with the tester's objects is listed in `autograder.guard`.

What a test cell may do across the boundary, and what not
---------------------------------------------------------
It may call functions, construct and call classes, get, set and delete attributes, use operators, `len`, `in`,
`[]`, `for`, `with`, `next`, `isinstance`, `issubclass`, `callable`, `hasattr`, `copy.deepcopy`,
`inspect.signature`; pass call-backs, generators and objects of its own; catch exceptions by type, also types
that the student defines; take gradients through it all, train a student's module with an optimiser of its
own, load and save a `state_dict`; look at what was changed in its arguments, and get its own object back when
a function returns its argument.

- Lists, dicts, arrays and tensors cross as copies. `thing.items.append(3)` changes a copy: call a method
  instead. A result that shares memory with an argument (a view, an inner list that a call-back gave) is a copy,
  too. Only parameters and tensors that are attributes stay one with the student's own.
- A student's object never equals, and is never less than, a value of the test (`thing == 3` is False, `thing
  < 3` a TypeError), nor is it a number, text, array or tensor by `isinstance`. Ask it for plain data and
  compare that. `in`, `len` and arithmetic with plain numbers are answered by the student's code: check first
  which type an answer has, as `checks.compare` does. With arrays and tensors a student's object does no
  arithmetic.
- `type(thing)` is the proxy's class; `isinstance` and `thing.__class__` of classes that both sides have are
  right.
- A student's class cannot be subclassed. Attributes that are set on the class or the object do arrive.
- The same list at two places inside one argument arrives as two; one given as two arguments stays one.
- No second derivatives, no hooks on a student's graph; `.backward()` twice through it does not complain.
- What the student's code prints, its warnings and `torch.set_default_dtype` stay on its side. The global
  random states go with every message, so a seed holds on both.
- Only the main thread may call. A test's own objects offer public attributes and methods when their class is
  the notebook's or a `torch.nn.Module`; generators, functions and classes can be iterated and called, no
  more.
- An exception in a student's code arrives without its `__cause__`; a StopIteration that is none of an
  iterator's as a RuntimeError. When the student's process has ended, `Gone` is raised, which is no
  `Exception`.
"""

import contextlib
import copy
import inspect
import itertools
import sys
import threading

from autograder import changes, guard, states
from autograder.channel import ANSWER, ASK, RAISE, Channel, Gone, OutOfTime
from autograder.handles import Handles
from autograder.proxies import SPECIAL, is_proxy
from autograder.wire import BadMessage, pack, unpack

__all__ = ["Gone", "OutOfTime", "Peer"]

MOST_TABLES = 8
TABLES = (dict, list, set, frozenset, tuple)
DIRECT = (str, float, bool, type(None))  # they go as they are
DEPTH = 60  # of calls within calls


class Peer(Channel):
    """One end of the boundary. `guarded`: the other side is not trusted; `rng`: random states kept alike."""

    def __init__(self, sock, guarded=False, rng=("torch",)):
        super().__init__(sock)
        self.guarded, self.thread = guarded, threading.get_ident()
        self.handles, self.gradients = Handles(self), None
        self.last, self.depth, self.calls = 0, 0, 0
        self.open = set()  # numbers of our requests that are not answered yet
        self.arguments = []  # of the calls whose answers are being read: what can be changed in place
        self.answering = self.sharing = (
            False  # what `Gradients` has to know of the tensors that are being packed
        )
        self.states = dict.fromkeys(rng)  # as they were at the last message
        self.tables, self.their_tables = {}, {}  # large arguments: number -> (it, what it was or None)
        self.table_numbers = itertools.count()
        if "torch" in sys.modules:
            from autograder.gradients import Gradients

            self.gradients = Gradients(self)

    # We ask

    def request(self, operation, /, *args, **kwargs):
        """Have the other side do something; returns its answer, raises its exception, or Gone."""
        if threading.get_ident() != self.thread:
            raise RuntimeError("the other process can be called from the main thread only")
        if self.depth > DEPTH:
            raise RecursionError("calls within calls within calls, too many of them")
        values = [*args, *kwargs.values()]
        blobs, parts = self._arguments(values), self._parts(operation, values, self.tables.values())
        self.last = number = self.last + 1
        self.calls += 1
        self.depth += 1
        try:
            self.send([ASK, number, operation, blobs, list(kwargs), self._news()])
            self.open.add(number)
            kind, _, blob, changed, news = self._answer_to(number)
            return self._conclude(kind, blob, changed, news, parts)
        finally:
            self.depth -= 1

    def _answer_to(self, number):
        """The answer to our request; meanwhile we serve theirs."""
        while True:
            message = self.receive()
            if message[0] == ASK:
                self._serve(message)
            elif message[1] == number:
                self.open.discard(number)
                return message
            elif message[1] > number:
                raise self.lost("it answered what nobody had asked")
            else:  # an answer that came too late
                self._drop(message)

    def _conclude(self, kind, blob, changed, news, parts):
        """What an answer says; parts of the arguments that were changed over there are changed here."""
        self.arguments.append(parts)
        try:
            with self.reading:
                self._take(news)
                contents = {number: unpack(new, self) for number, new in changed.items()}
                value = self._value(blob)
                for number, new in contents.items():
                    changes.overwrite(parts[number], new)
                if kind == RAISE and not isinstance(value, BaseException):
                    raise BadMessage("no exception")
        finally:
            self.arguments.pop()
        if kind == RAISE:
            raise value
        return value

    def settle(self):
        """After a call that was cut short: wait for its answer and drop it; raises Gone."""
        while self.open:
            message = self.receive()
            if message[0] == ASK:
                self.send([RAISE, message[1], pack(TimeoutError(), self), {}, self._news()])
            else:
                self._drop(message)

    def _drop(self, message):
        with self.reading:
            self._take(message[-1])
        self.open.discard(message[1])

    # They ask

    def serve(self):
        """Answer requests until the other side hangs up."""
        while True:
            with contextlib.suppress(KeyboardInterrupt):  # it came too late for what it was to stop
                message = self.receive(quiet=True)
                if message is None:
                    return
                self._serve(message)

    def _serve(self, message):
        """Do what they ask and answer, with what the call changed in its arguments."""
        _, number, operation, blobs, names, news = message
        with self.reading:
            self._take(news)
            values = self._values(blobs)
            split = len(values) - len(names)
            args, kwargs = values[:split], dict(zip(map(str, names), values[split:], strict=True))
        parts = self._parts(operation, values, self.their_tables.values())
        before = [changes.mark(part) for part in parts]
        known = {id(part): i for i, part in reversed(list(enumerate(parts)))}
        try:
            answer = [ANSWER, number, self._done(operation, args, kwargs, known, news)]
            changed = self._changed(parts, before, known)
        except (OutOfTime, Gone):
            raise
        except BaseException as error:
            answer, changed = [RAISE, number, self._packed_error(error)], self._changed(parts, before, known)
        self._reply([*answer, changed])

    def _done(self, operation, args, kwargs, known, news):
        """The bytes of what an operation gives, in the grad mode of the caller."""
        torch = sys.modules.get("torch")
        gradients = "no_grad" not in news
        if torch is None or torch.is_grad_enabled() == gradients:
            result = self._operate(operation, args, kwargs)
        else:
            with torch.set_grad_enabled(gradients):
                result = self._operate(operation, args, kwargs)
        return self._packed(changes.named(result, known) if known else result, operation == "__getattr__")

    def _packed(self, result, sharing=False):
        """The bytes of a part of an answer."""
        if type(result) in DIRECT:
            return result
        self.answering, self.sharing = True, sharing
        try:
            return pack(result, self)
        except (TypeError, ValueError, OverflowError) as error:
            raise TypeError(f"the result cannot be handed over: {error}") from None
        finally:
            self.answering = self.sharing = False

    def _packed_error(self, error):
        try:
            return pack(error, self)
        except Exception:
            return pack(RuntimeError(f"{type(error).__name__}, which cannot be handed over"), self)

    def _changed(self, parts, before, known):
        """{number: bytes} of the arguments' parts that are no longer what they were."""
        found = {}
        for part, mark in zip(parts, before, strict=True):
            if known[id(part)] not in found and not changes.unchanged(part, mark):
                found[known[id(part)]] = part
        return {
            number: self._packed(changes.named(part, known, inside=True)) for number, part in found.items()
        }

    def _reply(self, answer):
        """Send an answer; one that is too large becomes an error."""
        try:
            self.send([*answer, self._news()])
        except ValueError as error:
            self.send([RAISE, answer[1], self._packed_error(error), {}, self._news()])

    def _operate(self, operation, args, kwargs):
        """Do one thing with one of our objects."""
        if operation in ("vjp", "accumulate"):
            return getattr(self.gradients, operation)(*args)
        if not operation.startswith("__"):
            return self.extra(operation, *args, **kwargs)
        target, *rest = args
        if self.guarded:
            if not self.handles.is_ours(target):
                raise BadMessage("no object that was handed over")
            guard.may(target, operation, rest)
        if operation in OPERATIONS:
            return OPERATIONS[operation](target, *rest, **kwargs)
        if operation in SPECIAL:
            return getattr(type(target), operation)(target, *rest, **kwargs)
        raise BadMessage(f"no operation is called {operation!r}")

    def extra(self, operation, /, *args, **kwargs):
        """Operations of one side only; see autograder.student."""
        raise BadMessage(f"no operation is called {operation!r}")

    # Arguments

    def _arguments(self, values):
        """The arguments as they are sent (see `_argument`); what comes twice is named after the first."""
        while len(self.tables) > MOST_TABLES:
            self._drop_table(next(iter(self.tables)))
        blobs, seen = [], {}
        for i, value in enumerate(values):
            first = seen.setdefault(id(value), i)
            direct = type(value) in DIRECT or (type(value) is int and -(1 << 63) <= value < 1 << 64)
            blobs.append(value if direct else ["same", first] if first < i else self._argument(value))
        return blobs

    def _argument(self, value):
        """Its bytes; ["object", number] of theirs; of a large flat table ["table", number], with bytes if new."""
        if is_proxy(value):
            return ["object", value._number]
        if type(value) not in TABLES or len(value) < changes.LARGE:
            return pack(value, self)
        for number, (known, before) in self.tables.items():
            if known is value:
                if changes.unchanged(value, before):
                    return ["table", number]
                self._drop_table(number)
                break
        blob = pack(value, self)
        if not changes.is_flat(value):
            return blob
        number = next(self.table_numbers)
        self.tables[number] = value, changes.mark(value)
        return ["table", number, blob]

    def _drop_table(self, number):
        del self.tables[number]
        self.handles.forgotten.append(["table", number])

    def _values(self, blobs):
        """The arguments of a call of theirs."""
        values = []
        for blob in blobs:
            if type(blob) is not list:
                values.append(self._value(blob))
            elif blob[0] == "object":
                values.append(self.handles.ours[blob[1]][0])
            elif blob[0] == "same":
                values.append(values[blob[1]])
            else:
                if len(blob) == 3:
                    self.their_tables[blob[1]] = unpack(blob[2], self), None
                values.append(self.their_tables[blob[1]][0])
        return values

    def _value(self, blob):
        return unpack(blob, self) if type(blob) is bytes else blob

    def _parts(self, operation, values, tables):
        """What a call may change in place; our own operations change nothing."""
        return changes.parts(values, {id(table) for table, _ in tables}) if operation[:2] == "__" else []

    # What goes with every message

    def _news(self):
        """What changed since the last message: classes, dropped objects, tensors, random states, grad mode."""
        news, handles, torch = {}, self.handles, sys.modules.get("torch")
        if handles.fresh:
            news["classes"], handles.fresh = handles.fresh, []
        if count := len(handles.forgotten):  # a dying proxy may append to it at any moment
            news["forgotten"] = handles.forgotten[:count]
            del handles.forgotten[:count]
        if self.gradients and self.gradients.told and (tensors := self.gradients.changes()):
            news["tensors"] = tensors
        for name, before in self.states.items():
            get, _, same = states.GLOBAL[name]
            state = get()
            if before is None or not same(state, before):
                self.states[name] = state
                news.setdefault("states", {})[name] = pack(state)
        if torch is not None and not torch.is_grad_enabled():
            news["no_grad"] = True
        return news

    def _take(self, news):
        if "classes" in news:
            self.handles.learn(news["classes"])
        for what, number in news.get("forgotten", ()):
            if what == "table":
                self.their_tables.pop(number, None)
            elif what == "object":
                self.handles.forget(number)
            elif self.gradients:
                self.gradients.forget(what, number)
        if "tensors" in news:
            self.gradients.apply(news["tensors"])
        for name, state in news.get("states", {}).items():
            if name in self.states:
                self.states[name] = unpack(state)
                states.GLOBAL[name][1](self.states[name])


# Doing what the other side asks


def _next(iterator, /):
    """[True, the next item], or [False, what the generator returned]."""
    try:
        return [True, next(iterator)]
    except StopIteration as end:
        return [False, end.value]


def _attribute(target, name, /):
    if name == "__signature__" and callable(target):
        return inspect.signature(target)
    return getattr(target, name)


def _call(target, /, *args, **kwargs):
    return target(*args, **kwargs)


def _method(target, name, /, *args, **kwargs):
    return getattr(target, name)(*args, **kwargs)


OPERATIONS = {
    "__call__": _call,
    "__method__": _method,
    "__getattr__": _attribute,
    "__setattr__": setattr,
    "__delattr__": delattr,
    "__instancecheck__": lambda target, thing: isinstance(thing, target),
    "__subclasscheck__": lambda target, cls: issubclass(cls, target),
    "__next__": _next,
    "__bool__": bool,
    "__copy__": copy.copy,
    "__deepcopy__": copy.deepcopy,
}
