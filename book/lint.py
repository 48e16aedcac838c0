"""Ruff on the code cells of every page: `python book/lint.py`. (Ruff itself reads no MyST page.)"""

import subprocess
import sys
import tempfile
from pathlib import Path

import jupytext

ROOT = Path(__file__).resolve().parent.parent
# Cells show values by naming them, and pages import where the reader needs it.
IGNORED = "B018,E402,E703,I001,RUF,SIM,E501,PT,C4"


def main() -> int:
    """Write each page's code to a scratch folder under its own name and let ruff judge it there."""
    with tempfile.TemporaryDirectory() as scratch:
        for page in sorted((ROOT / "chapters").rglob("*.md")):
            target = Path(scratch) / page.relative_to(ROOT).with_suffix(".py")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(jupytext.writes(jupytext.read(page), "py:percent"), "utf-8")
        settings = ["--config", str(ROOT / "pyproject.toml"), "--extend-ignore", IGNORED]
        ruff = Path(sys.executable).with_name("ruff")
        return subprocess.run([ruff, "check", *settings, "."], cwd=scratch).returncode


if __name__ == "__main__":
    sys.exit(main())
