"""autograder lab: JupyterLab at the course's root, with nbgrader's extensions and our settings.

Formgrader needs the server's root to be the course's. No news pop-up; `.md` chapters open as notebooks.
"""

import os
import subprocess
import sys
from pathlib import Path

SETTINGS = Path(__file__).parent / "templates" / "jupyter"


def lab(course, arguments=()):
    """Run JupyterLab until it is stopped; returns its exit code. `arguments` are passed on."""
    return subprocess.call(command(course, arguments), cwd=course.root, env=environment())


def command(course, arguments=()):
    """The command line of JupyterLab for the course."""
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    root = f"--ServerApp.root_dir={course.root}"
    return [sys.executable, "-m", "jupyterlab", root, *as_root, *arguments]


def environment():
    """The environment with our settings before the user's; kernels compute on one thread each."""
    paths = [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    return {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths)), "OMP_NUM_THREADS": "1"}
