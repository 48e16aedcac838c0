"""Exceptions across the boundary: of the same type, with their text, and with the student's lines as traceback.

An exception that passes through the other side and comes back is the very same object. A class of exceptions that
the student defines becomes a class here, which `except` knows.
"""

import types

from autograder import wire
from autograder.proxies import Proxy

MOST_FRAMES = 50
ENDINGS = (StopIteration, StopAsyncIteration, GeneratorExit)


class Foreign(type):
    """The type of the classes that stand for exception classes of the other process."""

    def __call__(cls, *args, **kwargs):
        return cls._remote(*args, **kwargs)

    def __getattr__(cls, name):
        if name == "_remote":
            raise AttributeError(name)
        return getattr(cls._remote, name)


def body(error, peer):
    """[the error, frames] when it is theirs, else [handle, frames, class, names, args, text, attributes]."""
    lines = [] if peer.guarded else frames(error.__traceback__)
    origin = vars(error).get("_origin")
    if isinstance(origin, Proxy):
        return [origin, lines]
    cls, text = type(error), _text(error)
    own = cls if cls.__module__ == "__main__" or isinstance(cls, Foreign) else None
    names = [[c.__module__, c.__qualname__] for c in cls.__mro__[:-2]]
    only_text = isinstance(cls.__str__, types.FunctionType) and own is None
    args = [text] if only_text else _plain_args(error, text)
    public = {name: value for name, value in vars(error).items() if not name.startswith("_")}
    plain = {name: value for name, value in public.items() if _is_plain(value)}
    return [peer.handles.describe(error), lines, own, names, args, text, plain]


def _plain_args(error, text):
    """What makes an exception like this one (of an OSError more than its `args`)."""
    args = error.__reduce__()[1] if type(error).__module__ == "builtins" else error.args
    return list(args) if _is_plain(args) else [text]


def _is_plain(value):
    try:
        wire.pack(value)
    except Exception:
        return False
    return True


def _text(error):
    try:
        return str(error)[:4000]
    except Exception:
        return "(no text)"


def frames(at):
    """[[cell, line, function]] of the frames of notebook cells in a traceback, outermost first."""
    found = []
    while at is not None and len(found) < MOST_FRAMES:
        code = at.tb_frame.f_code
        if code.co_filename.startswith("<cell "):
            found.append([code.co_filename, at.tb_lineno, code.co_name])
        at = at.tb_next
    return found


def rebuilt(message, peer):
    """The exception that a body stands for, with the other side's frames at the start of its traceback."""
    handle, lines, *more = message
    if not more:
        if not isinstance(handle, BaseException):
            raise wire.BadMessage("no exception")
        return handle.with_traceback(_traceback(lines, handle.__traceback__))
    own, names, args, text, attributes = more
    cls = own if _is_error_class(own) else _known(names, peer)
    made = _make(cls, args, text)
    vars(made).update(
        {str(name): value for name, value in attributes.items() if not str(name).startswith("_")}
    )
    made._origin, made._text, made._frames = peer.handles.proxy(*handle), str(text), lines
    return made.with_traceback(_traceback(lines, None))


def _is_error_class(thing):
    return isinstance(thing, type) and issubclass(thing, BaseException)


def _known(names, peer):
    """The nearest class among some names that both sides have, none of the machinery's own."""
    for module, name in names:
        found = wire.resolve(module, name, importing=not peer.guarded)
        if _is_error_class(found) and module.split(".")[0] != __package__:
            return _tame(found, peer)
    return Exception


def _tame(cls, peer):
    """The class; RuntimeError for what would end a loop of a test that calls a student's function (PEP 479)."""
    return RuntimeError if peer.guarded and issubclass(cls, ENDINGS) else cls


def _make(cls, args, text):
    """An instance with these args; only built-in classes run their own code for it."""
    try:
        return cls(*args) if cls.__module__ == "builtins" else cls.__new__(cls, *args)
    except Exception:
        return RuntimeError(text)


def foreign_class(number, name, about, peer):
    """A class for an exception class of theirs; our own when an instructor's cell made it on both sides."""
    ours = wire.resolve("__main__", name)
    if _is_error_class(ours) and ours.__module__ == "__main__" and not isinstance(ours, Foreign):
        return ours
    bases = [peer.handles.proxy(*base) if len(base) == 3 else _known([base], peer) for base in about.bases]
    space = {"__module__": "student", "__str__": _foreign_text, "__getattr__": _foreign_attribute}
    try:
        made = Foreign(name, tuple(bases), space)
    except TypeError:
        made = Foreign(name, (Exception,), space)
    made._remote = about.stand_in(peer, number, name)
    return made


def _foreign_text(error):
    return vars(error).get("_text") or BaseException.__str__(error)


def _foreign_attribute(error, name):
    if name.startswith("_"):
        raise AttributeError(name)
    return getattr(vars(error)["_origin"], name)


def bases(cls, peer):
    """The bases of an exception class of ours as they are told to the other side; None for other classes."""
    if not issubclass(cls, BaseException):
        return None
    return [
        peer.handles.describe(base) if base.__module__ == "__main__" else [base.__module__, base.__qualname__]
        for base in cls.__bases__
    ]


def _traceback(lines, following):
    """Traceback entries for lines that ran in the other process, before those that follow."""
    for file, line, function in reversed(lines[:MOST_FRAMES]):
        following = _fake_frame(str(file), int(line), str(function), following)
    return following


def _fake_frame(file, line, function, following):
    code = compile("raise Exception", file, "exec")
    code = code.replace(co_name=function or "cell", co_firstlineno=max(1, line))
    try:
        exec(code, {})
    except Exception as error:
        at = error.__traceback__.tb_next
        return types.TracebackType(following, at.tb_frame, at.tb_lasti, max(1, line))
