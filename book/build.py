"""Build the book into _build/html: `python book/build.py`.

Pages run in parallel, one thread each. A page's outputs are kept under a hash of the package, the checkpoints
and the pinned versions, so that a page that nothing changed is not run again.
"""

import contextlib
import hashlib
import logging
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
READER = {"name": "myst_nb_md", "type": "plugin"}
SECONDS_PER_CELL = 300


def state() -> str:
    """A hash of everything a page's outputs depend on besides its own cells."""
    digest = hashlib.sha256((ROOT / "constraints.txt").read_bytes())
    for path in sorted((ROOT / "eras").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def pages() -> list[Path]:
    """Every page of the table of contents that holds code."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    names = [contents["root"], *(c["file"] for part in contents["parts"] for c in part["chapters"])]
    files = [ROOT / f"{name}.md" for name in names]
    missing = [file for file in files if not file.exists()]
    if missing:
        raise SystemExit(f"_toc.yml names {missing[0].relative_to(ROOT)}, which does not exist")
    return [file for file in files if "{code-cell}" in file.read_text("utf-8")]


def run_pages(folder: Path) -> list[str]:
    """Run, two at a time, the pages whose cells the cache does not know; returns what went wrong."""
    cache = get_cache(folder)
    uris = [cache.add_nb_to_project(str(page), read_data=READER).uri for page in pages()]
    logger = logging.getLogger("pages")
    logger.setLevel(logging.INFO)
    executor = load_executor("local-parallel", cache, logger)
    executor.run_and_cache(filter_uris=uris, timeout=SECONDS_PER_CELL)
    records = [cache.get_project_record(uri) for uri in uris]
    return [f"{record.uri} failed:\n{record.traceback}" for record in records if record.traceback]


def forget_other_states(folder: Path) -> None:
    """Keep the outputs of this state of the package only."""
    for other in folder.parent.glob("*"):
        if other != folder:
            shutil.rmtree(other)


def run_to_its_end(command: list) -> int:
    """Run a command and whatever it leaves behind: a failed build forgets the server that renders its maths."""
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        return process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def main() -> int:
    """Run what has changed, then build with warnings as errors; 0 if the book is whole."""
    os.environ.update(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    os.environ["COURSE_CACHE"] = str(BUILD / ".jupyter_cache" / state())
    folder = Path(os.environ["COURSE_CACHE"])
    folder.mkdir(parents=True, exist_ok=True)
    forget_other_states(folder)
    failures = run_pages(folder)
    for failure in failures:
        print(failure, file=sys.stderr)
    if failures:
        return 1
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    return run_to_its_end([jupyter_book, "build", "--warningiserror", "--nitpick", "-q", ROOT])


if __name__ == "__main__":
    sys.exit(main())
