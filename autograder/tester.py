"""The tester's process: runs the instructor's cells and tests, and has the student's cells run on the other side.

Test cells run unmodified; the names that the exercise asks for are proxies of what the student wrote. One JSON
line a cell goes to the grader as soon as the cell is done.
"""

import json
import os
import signal
import socket
import sys
import time

from autograder import execution
from autograder.remote import Gone, OutOfTime, Peer
from autograder.student import seed, write_files

AGAIN = 1  # seconds from one alarm to the next
GRACE = 3  # seconds in which interrupted code has to give way
SAID = [  # the types of what the student's process may say of a cell: exact ones, since others can lie
    [type(None), type(None), list, str, bool],
    [str, str, list, str, bool],
]


class Tester:
    """One submission's run."""

    def __init__(self, job, sock, report, shell):
        self.job, self.report, self.shell = job, report, shell
        self.peer = Peer(sock, guarded=True, rng=job["rng"])
        self.answers = [cell["id"] for cell in job["cells"] if cell["kind"] in ("answer", "free")]
        # A hidden test has run: what the student's process says now may quote it, so its words are withheld. The
        # grader then asks again, without hidden tests (see autograder.words).
        self.tainted = False

    def run(self):
        """Run all cells in order."""
        signal.signal(signal.SIGALRM, out_of_time)
        for cell in self.job["cells"]:
            started, calls = time.monotonic(), self.peer.calls
            result = {"id": cell["id"], "outputs": [], "message": None, "trace": [], "side": "tester"}
            result |= self.withheld(self.timed(cell), cell)
            result |= {"seconds": round(time.monotonic() - started, 4), "calls": self.peer.calls - calls}
            self.say(result)
        if self.job.get("modules"):
            self.say({"id": "modules", "seconds": 0, "names": self.modules()})

    def modules(self):
        """What either side has imported by now: the server does it beforehand for all others."""
        try:
            theirs = self.peer.request("modules")
        except Gone:  # whatever cell it died in has been reported
            theirs = []
        return sorted({*theirs, *sys.modules} - {"__main__"})

    def say(self, line):
        """One line to the grader; half characters, which no file can hold, become question marks."""
        os.write(self.report, (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "replace"))

    def timed(self, cell):
        """Run a cell within its time; afterwards the student's process listens again, or is given up."""
        try:
            result = self.alarmed(cell)
            if self.peer.gone or not self.peer.open:  # else a check swallowed the alarm that cut a call short
                return result
        except OutOfTime:
            pass
        except BaseException as error:  # what the student's process said broke us: only its own cells suffer
            self.peer.hang_up(f"what it said cannot be used ({execution.builtin(error)})")
            return {"status": "died", "message": self.peer.gone}
        self.recover()
        return {"status": "timeout", "message": self.late()}

    def alarmed(self, cell):
        """Run a cell; OutOfTime when its time is up, and again each second in case something catches it."""
        signal.setitimer(signal.ITIMER_REAL, self.job["limits"]["cell_seconds"], AGAIN)
        try:
            return getattr(self, cell["kind"])(cell)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def late(self):
        return f"This took longer than {self.job['limits']['cell_seconds']:g} seconds."

    def recover(self):
        """Interrupt the student's code and wait for its answer to what was asked; else end with it."""
        self.say({"interrupt": True})
        signal.setitimer(signal.ITIMER_REAL, min(GRACE, self.job["limits"]["cell_seconds"]))
        try:
            self.peer.settle()
        except (OutOfTime, Gone, Exception):
            self.peer.hang_up("it did not stop when its time was over")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def withheld(self, result, cell):
        """A result without the outputs in which the student's code could quote an earlier hidden test."""
        if not self.tainted or cell["hidden"] or not result.get("outputs"):
            return result
        return result | {"outputs": [], "withheld": True}

    # The kinds of cells

    def given(self, cell):
        """An instructor's cell: on both sides."""
        self.elsewhere(cell)
        return self.ours(cell)

    def ours(self, cell):
        """An instructor's cell that is not locked: here; the other side runs the student's version of it."""
        done = execution.Cell(self.shell, cell["source"], cell["id"])
        if isinstance(done.error, OutOfTime):
            raise done.error
        if done.error is not None:
            return {"status": "error", **self.said(done.error, cell)}
        return self.told(done) | {"status": "passed"}

    def answer(self, cell):
        """A student's cell: there only; the names asked for are taken over."""
        execution.remember(cell["id"], cell["source"])
        said = self.elsewhere(cell)
        self.take_over()
        if said is None:
            return {"status": "died", "message": self.peer.gone, "side": "student"}
        outputs = {"outputs": stream(said[3]), "side": "student"}
        if said[0] is None:
            return {"status": "passed", **outputs}
        return {"status": "error", **self.reported(said), **outputs}

    free = answer

    def test(self, cell):
        """A test: here, and once more over there when it is tagged so; it passes when it passes everywhere."""
        side = cell["side"]
        self.tainted |= cell["hidden"]
        result = {"status": "passed"} if side == "student" else self.judged(cell)
        if side != "tester" and result["status"] == "passed":
            result |= self.judged_there(cell)
        return result | {"side": side}

    def judged(self, cell):
        done = execution.Cell(self.shell, cell["source"], cell["id"])
        if isinstance(done.error, OutOfTime):
            raise done.error
        return self.told(done) | self.verdict(done.error, cell)

    def verdict(self, error, cell):
        """Status, message and trace of a test that ended with `error` (None: passed)."""
        if error is None:
            return {"status": "passed"}
        status = "died" if isinstance(error, Gone) else "failed" if execution.is_check(error) else "error"
        status = "unanswered" if isinstance(error, NotImplementedError) else status
        found = {"status": status, "trace": execution.trace(error, self.answers)}
        if status in ("died", "unanswered"):
            return found | {"message": self.peer.gone if status == "died" else "Nothing is filled in yet."}
        return found | self.said(error, cell)

    def said(self, error, cell):
        """The message of an error of ours, as far as it may be told now."""
        if not self.tainted:
            return {"message": execution.message(error)}
        shown, plain = execution.redacted(error, cell["source"]), execution.message(error)
        return {"message": shown, "withheld": not cell["hidden"] and shown != plain}

    def reported(self, said):
        """The message and trace of an error over there, as far as they may be told now."""
        kind, text, trace, _, _ = said
        message = execution.known_name(kind) if self.tainted else text[:500]
        return {"message": message, "trace": clean(trace, self.job), "withheld": self.tainted}

    def judged_there(self, cell):
        said = self.elsewhere(cell)
        if said is None:
            return {"status": "died", "message": self.peer.gone}
        if said[0] is None:
            return {"status": "passed"}
        return {"status": "failed" if said[4] else "error", **self.reported(said)}

    def told(self, done):
        """The outputs of a cell that ran here, in the notebook's format."""
        outputs = stream(done.stdout)
        if done.value is not None:
            outputs.append(
                {
                    "output_type": "execute_result",
                    "data": {"text/plain": done.value},
                    "metadata": {},
                    "execution_count": None,
                }
            )
        if done.stderr:
            outputs += stream(done.stderr, "stderr")
        return {"outputs": outputs}

    # The other side

    def elsewhere(self, cell):
        """What the student's process says of a cell that it ran; None when it has ended."""
        try:
            said = self.peer.request("run", cell["source"], cell["id"], self.answers)
        except OutOfTime:
            raise
        except Gone:
            return None
        except BaseException:
            said = None
        if type(said) is list and [type(part) for part in said] in SAID:
            return said
        self.peer.hang_up("it answered in no form we know")
        return None

    def take_over(self):
        """Bind the names that the exercise asks for to what the student's cell has made of them."""
        try:
            new, lost = self.peer.request("exports", self.job["exports"])
            asked = set(self.job["exports"])
            self.shell.user_ns.update({name: thing for name, thing in new.items() if name in asked})
            for name in asked.intersection(lost):
                self.shell.user_ns.pop(name, None)
        except OutOfTime:
            raise
        except Gone:
            pass
        except BaseException:
            self.peer.hang_up("what it defined cannot be handed over")


def stream(text, name="stdout"):
    return [{"output_type": "stream", "name": name, "text": text[: execution.MOST_TEXT]}] if text else []


def clean(trace, job):
    """A trace that the student's process reported: only lines that are there, their text from the submission."""
    sources = {
        cell["id"]: cell["source"].splitlines() for cell in job["cells"] if cell["kind"] in ("answer", "free")
    }
    kept = []
    for entry in trace:
        cell, line = (entry.get("cell"), entry.get("line")) if type(entry) is dict else (None, None)
        if type(cell) is str and type(line) is int and 1 <= line <= len(sources.get(cell, ())):
            kept.append({"cell": cell, "line": line, "name": "", "text": sources[cell][line - 1][:200]})
    return kept[-20:]


def out_of_time(signum, frame):
    raise OutOfTime


def main(fds, job, shell):
    """Run a submission's cells; fds: the boundary, the report."""
    write_files(
        {name: job["files"][name] for name in job.get("given", ())}
    )  # nothing that the student handed in
    seed(job["seed"])
    if job["secret"] is not None:
        os.environ["ERAS_SECRET"] = job["secret"]
    Tester(job, socket.socket(fileno=fds[0]), fds[1], shell).run()
