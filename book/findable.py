"""Sphinx extension: the search index of the finished pages, Chinese terms included, made by pagefind."""

import shutil
import subprocess
import sys
from pathlib import Path

# Code in the making is no answer to a question; finished pieces and printed results are.
SKIPPED = ".headerlink, .era-badge, .katex-html, annotation, .cell_input, details.hide, script, .live details"


def index(app, exception) -> None:
    """Index what the pages say. Raises RuntimeError with pagefind's own words when it fails."""
    if exception or app.builder.format != "html":
        return
    shutil.rmtree(Path(app.outdir, "pagefind"), ignore_errors=True)
    command = [
        sys.executable,
        "-m",
        "pagefind",
        "--quiet",
        "--site",
        app.outdir,
        "--exclude-selectors",
        SKIPPED,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"pagefind: {done.stderr.strip() or done.stdout.strip()}")
    for unused in Path(app.outdir, "pagefind").glob("pagefind-*ui.*"):
        unused.unlink()


def setup(app) -> dict:
    app.connect("build-finished", index, priority=990)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
