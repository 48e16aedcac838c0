"""Two warm servers, and jobs that run on them: a notebook's cells in, one result a cell out."""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from autograder import jail
from autograder.course import CourseError
from autograder.wire import pack

ROLES = ("student", "tester")
MOST_REPORT = 64 << 20  # bytes of results of one submission


class Broken(CourseError):
    """The tester of one job ended with an error of its own."""


class Engine:
    """Runs jobs, several at a time from several threads.  Use as a context manager.

    `overlays`: {path: text} of files that the student's side sees in another form (pieces emptied);
    `modules`: what both servers import before the first job. Raises CourseError when a server does not start.
    """

    def __init__(self, modules=(), overlays=None, isolated=True):
        self.modules, self.overlays, self.isolated = list(modules), overlays or {}, isolated
        self.lock, self.jobs, self.servers = threading.Lock(), 0, {}
        self.busy = dict.fromkeys(sorted(os.sched_getaffinity(0)), 0)  # core -> jobs on it

    def __enter__(self):
        self.begin()
        try:
            self.ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def begin(self):
        """Start both servers, which go on importing while we do something else."""
        self.scratch = tempfile.TemporaryDirectory(prefix="autograder-")
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def ready(self):
        """Wait until both servers have imported."""
        for role in ROLES:
            answer = self._hear(role)
            if answer["threads"] != 1:
                raise CourseError(
                    f"an imported module started threads ({answer['threads']}): a fork would hang."
                )

    def __exit__(self, *_):
        for process, control in self.servers.values():
            control.close()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.servers = {}
        self.scratch.cleanup()

    def _start(self):
        os.chmod(self.scratch.name, 0o755)
        shown = {}
        for i, (path, text) in enumerate(self.overlays.items()):
            shown[path] = Path(self.scratch.name, f"{i}.py")
            shown[path].write_text(text, encoding="utf-8")
        for role in ROLES:
            self.servers[role] = self._server(role, shown if role == "student" else {})
        self._import(self.modules)

    def _server(self, role, overlays):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        arguments = [
            "-m",
            "autograder.warm",
            role,
            str(theirs.fileno()),
            "isolated" if self.isolated else "unsafe",
        ]
        line = jail.command(arguments, overlays) if self.isolated else [sys.executable, *arguments]
        with open(Path(self.scratch.name, f"{role}.log"), "wb") as log:
            process = subprocess.Popen(
                line, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **jail.environment()}, cwd=self.scratch.name,
            )  # fmt: skip
        theirs.close()
        return process, ours

    def warm_up(self, modules):
        """Import modules in both servers, at the same time."""
        self._import(modules)
        self.ready()

    def _import(self, modules):
        for role in ROLES:
            self._tell(role, {"do": "import", "modules": list(modules)})

    def _tell(self, role, message, fds=()):
        try:
            socket.send_fds(self.servers[role][1], [json.dumps(message).encode()], list(fds))
        except OSError:
            raise CourseError(self._why(role)) from None

    def _hear(self, role):
        answer = b""
        with contextlib.suppress(ConnectionError):
            answer = self.servers[role][1].recv(1 << 16)
        if not answer:
            raise CourseError(self._why(role))
        return json.loads(answer)

    def _why(self, role):
        log = Path(self.scratch.name, f"{role}.log").read_text(errors="replace").strip().splitlines()
        return f"the {role}'s server ended: {log[-1][:300] if log else 'it said nothing'}"

    def run(self, job):
        """Run a job (see autograder.job); {cell id: result}, results missing of cells that were not reached."""
        with self.lock:
            self.jobs += 1
            number, core = self.jobs, min(self.busy, key=self.busy.get)
            self.busy[core] += 1
        try:
            return self._run(number, core, job)
        finally:
            with self.lock:
                self.busy[core] -= 1

    def _run(self, number, core, job):
        ends, report, theirs = self._hand_out(number, core, job)
        for end in (*ends, theirs):
            end.close() if isinstance(end, socket.socket) else os.close(end)
        try:
            return self._collect(number, report, job["limits"]["seconds"])
        finally:
            os.close(report)
            self._end(number)

    def _hand_out(self, number, core, job):
        """Fork both processes; the boundary's two ends and the report's, all still open here.

        Both on one core: they take turns, and a message then wakes no sleeping core.
        """
        here, there = socket.socketpair()
        report, theirs = os.pipe()
        student = {key: job[key] for key in ("files", "seed", "rng")}
        limits = job["limits"]
        for role, data, fds in (
            ("student", student, [there.fileno()]),
            ("tester", job, [here.fileno(), theirs]),
        ):
            memory = os.memfd_create(role)
            try:
                os.write(memory, pack(data))
                os.lseek(memory, 0, os.SEEK_SET)
                with self.lock:
                    order = {"do": "fork", "job": number, "limits": limits, "core": core}
                    self._tell(role, order, [memory, *fds])
            finally:
                os.close(memory)
        return (here, there), report, theirs

    def _collect(self, number, report, seconds):
        """Read results until the tester is done or time is up."""
        results, buffer, deadline, size = {}, b"", time.monotonic() + seconds, 0
        while (left := deadline - time.monotonic()) > 0 and select.select([report], [], [], left)[0]:
            chunk = os.read(report, 1 << 16)
            size += len(chunk)
            if not chunk or size > MOST_REPORT:
                break
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in map(json.loads, lines):
                if "interrupt" in line:
                    with self.lock:
                        self._tell("student", {"do": "interrupt", "job": number})
                elif "broken" in line:
                    if "AUTOGRADER_DEBUG" in os.environ:
                        print(line["broken"], file=sys.stderr)
                    raise Broken(f"the tester broke: {line['broken'].strip().splitlines()[-1]}")
                else:
                    results[line["id"]] = line
        return results

    def _end(self, number):
        """Nothing of the job is left when this returns."""
        with self.lock, contextlib.suppress(CourseError):
            for role in ROLES:
                self._tell(role, {"do": "kill", "job": number})
                self._hear(role)
