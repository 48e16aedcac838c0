"""The student's process: runs the cells it is sent, and what the tester calls."""

import os
import random
import socket
import sys
from pathlib import Path

from autograder import execution
from autograder.remote import Peer

MISSING = object()


class Student(Peer):
    """The student's end of the boundary, with the notebook's namespace."""

    def __init__(self, sock, shell, rng):
        super().__init__(sock, rng=rng)
        self.shell, self.handed = shell, {}

    def extra(self, operation, *args):
        if operation == "run":
            return self.run(*args)
        if operation == "exports":
            return self.exports(*args)
        if operation == "modules":
            return list(sys.modules)
        return super().extra(operation, *args)

    def run(self, source, name, cells):
        """Run a cell; [error's name or None, its message, trace, printed text, is it a check's]."""
        done = execution.Cell(self.shell, source, name)
        text = done.stdout + (f"{done.value}\n" if done.value is not None else "")
        if done.error is None:
            return [None, None, [], text, False]
        kind, said = type(done.error).__name__, execution.message(done.error)
        return [kind, said, execution.trace(done.error, [*cells, name]), text, execution.is_check(done.error)]

    def exports(self, names):
        """[{name: object} of the names that are new or rebound since the last time, the names that are gone]."""
        space = self.shell.user_ns
        now = {name: space.get(name, MISSING) for name in names}
        changed = {n: v for n, v in now.items() if v is not self.handed.get(n, MISSING)}
        self.handed.update(changed)
        return [
            {n: v for n, v in changed.items() if v is not MISSING},
            [n for n, v in changed.items() if v is MISSING],
        ]


def main(fds, job, shell):
    """Serve the tester until it hangs up."""
    write_files(job["files"])
    seed(job["seed"])
    sys.path.append(os.getcwd())  # last: a file of the student's cannot stand in for a package
    Student(socket.socket(fileno=fds[0]), shell, job["rng"]).serve()


def write_files(files):
    """Put the files of the exercise into the working folder."""
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def seed(number):
    """The same random numbers each time this submission is graded."""
    random.seed(number)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(number % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(number)
