"""Before every run: a probe in a student's place tries to get out. One way open, and nothing is graded."""

import socket
from pathlib import Path

from autograder.course import CourseError
from autograder.policy import Limits

PROBE = """
def probe(paths, port):
    import ctypes, os, socket
    found = []

    def tried(what, attempt):
        try:
            attempt()
        except BaseException:
            return
        found.append(what)

    for path in paths:
        tried(f"read {path}", lambda: os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1))
    for family, address in ((socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET6, ("::1", port))):
        tried("connect to the network", lambda: socket.socket(family, socket.SOCK_STREAM).connect(address))
    others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, os.getpid())]
    if others:
        found.append(f"see processes {others[:3]}")
    for place in ("/", "/usr", "/dev", "/etc"):
        tried(f"write in {place}", lambda: open(os.path.join(place, "probe"), "w"))
    libc = ctypes.CDLL(None, use_errno=True)
    for name, arguments in (("ptrace", (16, 1, 0, 0)), ("unshare", (0x10000000,)), ("mount", (None,) * 5)):
        if getattr(libc, name)(*arguments) == 0:
            found.append(name)
    if os.getuid() == 0 or os.geteuid() == 0:
        found.append("be root")
    return found
"""
LIMITS = vars(Limits(memory_mb=256, cell_seconds=10, seconds=20, processes=16, files_mb=8))
OURS = ("solutions", "submitted", "gradebook.db", "autograded", ".autograder", "tests", ".git")
PRIVATE = (
    ".ssh",
    ".bashrc",
    ".profile",
    ".config",
    ".cache",
)  # the home may be there, but bare
TEST = "found = probe({paths!r}, {port})\nassert found == [], '; '.join(map(str, found))"


def self_test(engine, course):
    """Raise CourseError unless the probe gets nowhere."""
    root = course.root
    paths = [str(root / name) for name in OURS] + [str(Path.home() / name) for name in PRIVATE]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        cells = [("probe", "answer", PROBE), ("probe-test", "test", TEST.format(paths=paths, port=port))]
        job = {
            "cells": [{"id": i, "kind": k, "source": s, "hidden": False, "side": "tester"} for i, k, s in cells],
            "exports": ["probe"], "files": {}, "seed": 0, "rng": [], "secret": None,
            "limits": LIMITS,
        }  # fmt: skip
        result = engine.run(job).get("probe-test", {"status": "lost", "message": "the probe did not run"})
    if result["status"] != "passed":
        raise CourseError(
            f"the sandbox does not hold ({result['message']}): nothing is graded. --unsafe grades without it."
        )
