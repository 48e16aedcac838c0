"""The warm server: an interpreter with everything imported, which forks one closed room for each job.

`python -m autograder.warm ROLE FD` reads commands from a socket. A fork comes with file descriptors: the job's
data in memory and the boundary's socket (and, for the tester, the report). The server runs no cell itself, has
one thread and writes nothing.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback

from autograder import jail

MODULES = ("numpy", "IPython", "msgpack", "pyseccomp", "autograder.remote", "autograder.execution")


class Server:
    """Forks processes of one role, "student" or "tester"."""

    def __init__(self, role, control, isolated):
        self.role, self.control, self.isolated = role, control, isolated
        self.children = {}  # job -> process id
        self.shell, self.account = None, (os.geteuid(), os.getegid())

    def run(self):
        """Obey until the grader hangs up; then end with all children."""
        waiting = select.poll()
        waiting.register(self.control, select.POLLIN)
        while True:
            self.reap()
            if waiting.poll(500 if self.children else None):
                message, fds, _, _ = socket.recv_fds(self.control, 1 << 16, 8)
                if not message:
                    break
                self.obey(json.loads(message), fds)
        for job in list(self.children):
            self.kill(job)

    def obey(self, message, fds):
        do, job = message["do"], message.get("job")
        if do == "import":
            self.answer(self.warm_up(message["modules"]))
        elif do == "fork":
            self.fork(job, fds, message["limits"], message["core"])
        elif do == "interrupt" and job in self.children:
            os.kill(self.children[job], signal.SIGINT)
        elif do == "kill":
            self.answer(self.kill(job))

    def answer(self, line):
        self.control.send(json.dumps(line).encode())

    def warm_up(self, modules):
        """Import; [the modules that could not be imported, the number of threads, bytes of memory]."""
        failed = []
        for name in (*MODULES, f"autograder.{self.role}", *modules):
            try:
                importlib.import_module(name)
            except Exception as error:
                failed.append(f"{name}: {type(error).__name__}")
        if self.shell is None:
            self.settle()
        gc.collect()
        gc.freeze()
        return {"failed": failed, "threads": len(os.listdir("/proc/self/task"))}

    def settle(self):
        """One thread, a shell, and nobody may look into us."""
        if torch := sys.modules.get("torch"):
            torch.set_num_threads(1)
            with contextlib.suppress(RuntimeError):
                torch.set_num_interop_threads(1)
        from autograder.execution import make_shell

        self.shell = make_shell()
        jail.libc.prctl(4, 0, 0, 0, 0)

    def fork(self, job, fds, limits, core):
        """A child in its room; the parent closes its copies of the descriptors."""
        try:
            child = jail.clone(self.isolated)
        except OSError:
            child = None
        if child == 0:
            try:
                os.sched_setaffinity(0, {core})
                self.child(fds, limits)
            except BaseException:
                traceback.print_exc()  # into the server's log, as long as the room is not closed
            os._exit(0)
        for fd in fds:
            os.close(fd)
        if child:
            self.children[job] = child

    def child(self, fds, limits):
        """In the child: read the job, close the room, run."""
        with open(fds[0], "rb", closefd=False) as file:
            from autograder.wire import unpack

            job = unpack(file.read())
        self.control.close()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        jail.enter(limits, fds[1:], self.account, self.isolated)
        role = sys.modules[f"autograder.{self.role}"]
        try:
            role.main(fds[1:], job, self.shell)
        except BaseException:
            if self.role == "tester":
                os.write(fds[2], (json.dumps({"broken": traceback.format_exc()[-2000:]}) + "\n").encode())

    def reap(self):
        with contextlib.suppress(ChildProcessError):
            while True:
                child, _ = os.waitpid(-1, os.WNOHANG)
                if child == 0:
                    return
                self.children = {job: pid for job, pid in self.children.items() if pid != child}

    def kill(self, job):
        """End a job's process, and with it all in its namespace; {job}."""
        child = self.children.pop(job, None)
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)
        return {"killed": job}


def main():
    role, fd, isolated = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "isolated"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the grader's to handle
    if isolated:
        jail.drop_root()
    Server(role, socket.socket(fileno=fd), isolated).run()


if __name__ == "__main__":
    main()
