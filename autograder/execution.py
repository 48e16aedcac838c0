"""Run one notebook cell in a namespace: its outputs, its error, what of it may be shown.

Plain Python is compiled and run directly; anything else (magics, `await`) goes through IPython's shell.
"""

import ast
import builtins
import io
import linecache
import re
import sys
import traceback
import types

from IPython.core.interactiveshell import InteractiveShell
from IPython.lib.pretty import pretty
from traitlets.config import Config

MOST_TEXT = 20_000  # characters of output kept of a cell


def make_shell():
    """IPython's shell without history, files and threads, with a fresh `__main__` for the cells."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    shell = InteractiveShell.instance(config=config, user_module=main)
    shell.showtraceback = lambda *args, **kwargs: None
    return shell


class Text(io.StringIO):
    """What a cell prints, up to a limit; the rest is dropped."""

    def write(self, text):
        room = MOST_TEXT - self.tell()
        super().write(text[: max(0, room)])
        return len(text)

    def isatty(self):
        return False


class Cell:
    """The outcome of a cell: `stdout`, `stderr`, `value` (what its last line shows, as text), `error`."""

    def __init__(self, shell, source, name):
        self.error = self.value = None
        file = remember(name, source)
        out, err = Text(), Text()
        saved = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = out, err
        try:
            self._run(shell, source, file)
        except BaseException as error:
            self.error = error
        finally:
            sys.stdout, sys.stderr = saved
        self.stdout, self.stderr = out.getvalue(), err.getvalue()

    def _run(self, shell, source, file):
        try:
            tree = ast.parse(source)
            compile(tree, file, "exec")
        except SyntaxError:
            return self._run_in_shell(shell, source)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, file, "exec"), shell.user_ns)
        if last is not None and not source.rstrip().endswith(";"):
            self._show(eval(compile(ast.Expression(last.value), file, "eval"), shell.user_ns))

    def _run_in_shell(self, shell, source):
        done = shell.run_cell(source)
        error = done.error_before_exec or done.error_in_exec
        if error is not None:
            raise error
        self._show(done.result)

    def _show(self, value):
        if value is not None:
            self.value = pretty(value)[:MOST_TEXT]


def remember(name, source):
    """The file name of a cell; its lines are kept for tracebacks."""
    file = f"<cell {name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    return file


def is_check(error):
    """True for a check of a test that said no: an AssertionError that is not the student's own."""
    return isinstance(error, AssertionError) and not hasattr(error, "_frames")


def chain(error):
    """The error and those it came from, the newest first."""
    seen = []
    while error is not None and error not in seen and len(seen) < 20:
        seen.append(error)
        error = error.__cause__ or error.__context__
    return seen


def trace(error, cells):
    """[{cell, line, name, text}]: the lines of the student's own cells that an error came through."""
    for each in chain(error):
        found = [line for frame in traceback.extract_tb(each.__traceback__) if (line := _line(frame, cells))]
        if found:
            return found[-20:]
    return []


def _line(frame, cells):
    """A traceback's entry, if it is of one of these cells.

    A function's name is kept if the cell's text has it: code can have any name, such as a hidden input.
    """
    name = frame.filename.removeprefix("<cell ").removesuffix(">")
    if not frame.filename.startswith("<cell ") or name not in cells:
        return None
    words = set(re.findall(r"\w+", "".join(linecache.getlines(frame.filename))))
    function = frame.name[:80] if frame.name in words else ""
    return {"cell": name, "line": frame.lineno, "name": function, "text": (frame.line or "")[:200]}


def message(error):
    """What an error says, in a few lines."""
    text = str(error)
    if not is_check(error):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return "\n".join(line[:300] for line in text.strip().splitlines()[:6]) or type(error).__name__


def redacted(error, source):
    """What may be shown of a failed hidden test: the test's words, nothing a student's code could have said."""
    if not is_check(error):
        return f"{builtin(error)} (hidden test: no details)"
    line = (str(error).strip().splitlines() or ["A check failed."])[0][:2000]
    if line in _constants(source):
        return line[:300]
    line = re.sub(r"""b?(['"])(?:\\.|(?!\1)[^\\])*\1""", "…", line)
    line = re.sub(
        r"<[^>]*>?", "…", line
    )  # what Python says of an object has its class's name, which is anything
    line = re.sub(r" is \S.*, expected .*", " is wrong.", line)
    line = re.sub(r"of type \w+: .*", "of another type.", re.sub(r"[\d.+-]{12,}", "…", line))
    return line[:300]


def known_name(name):
    """The name of an exception if it is a built-in one's; any other could be a message."""
    found = getattr(builtins, name, None)
    return name if isinstance(found, type) and issubclass(found, BaseException) else "Exception"


def builtin(error):
    """The name of the built-in class that an error is of; a class of the student's could be called anything."""
    return next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")


def _constants(source):
    try:
        return {
            n.value
            for n in ast.walk(ast.parse(source))
            if isinstance(n, ast.Constant) and isinstance(n.value, str)
        }
    except SyntaxError:
        return set()
