"""Build the book into _build/html: `python book/build.py`.

Pages run in parallel, one thread each. What a page put out is kept until its cells, a module of ours that it
imports (or that these import), a data file beside them or a pinned version changes; then it is run again, alone.
"""

import ast
import contextlib
import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from unittest import mock

# Validators of JSON compile a grammar of addresses, for two seconds, unless it is missing; no notebook needs it.
sys.modules["rfc3987_syntax"] = None

import grimp  # noqa: E402
import jupytext  # noqa: E402
import yaml  # noqa: E402
from jupyter_cache import get_cache  # noqa: E402
from jupyter_cache.executors import load_executor  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
READER = {"name": "myst_nb_md", "type": "plugin"}
SECONDS_PER_CELL = 300
PACKAGES = ("eras", "autograder")
# What the pages about the grader read besides modules.
COURSE = ("solutions", "policy.toml", "nbgrader_config.py")
# What runs in the reader's browser: the page's outputs name these files and do not hold them.
FRONT_END = "figures/static"
# What the finished pages depend on besides outputs.
SOURCES = ("_toc.yml", "_config.yml", "references.bib", "constraints.txt", "chapters", "book")
SOURCES += ("eras/figures/static",)
# It loads its modules while the pages are looked at, and builds when it is told to.
SPHINX = """import sys; sys.modules['rfc3987_syntax'] = None
from jupyter_book.cli.main import main
import jupyter_book.sphinx, myst_nb.sphinx_ext, sphinx.builders.html, sphinx_book_theme, sphinx_external_toc
import sphinxcontrib.bibtex, sphinxcontrib.katex
if sys.stdin.readline(): main()"""


def pages() -> list[Path]:
    """Every page of the table of contents that holds code."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    names = [contents["root"], *(c["file"] for part in contents["parts"] for c in part["chapters"])]
    files = [ROOT / f"{name}.md" for name in names]
    missing = [file for file in files if not file.exists()]
    if missing:
        raise SystemExit(f"_toc.yml names {missing[0].relative_to(ROOT)}, which does not exist")
    return [file for file in files if "{code-cell}" in file.read_text("utf-8")]


def imports(page: Path) -> Iterator[str]:
    """Dotted names that a page's cells import, `from a import b` as a.b; unparsable cells import nothing."""
    for cell in jupytext.read(page).cells:
        if cell.cell_type != "code":
            continue
        with contextlib.suppress(SyntaxError):
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Import):
                    yield from (alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def graph() -> grimp.ImportGraph:
    """Which module of ours imports which."""
    sys.path.insert(0, str(ROOT))
    return grimp.build_graph(*(name for name in PACKAGES if (ROOT / name).exists()), cache_dir=None)


def modules(page: Path) -> set[str]:
    """Our modules that running a page runs: what it imports, what these import, and the packages around them."""
    known, found = graph().modules, set()
    for name in imports(page):
        parts = name.split(".")
        ours = {".".join(parts[:n]) for n in range(1, len(parts) + 1)} & known
        found |= ours.union(*(graph().find_upstream_modules(module) for module in ours))
    return found | {".".join(name.split(".")[:n]) for name in found for n in range(1, name.count(".") + 1)}


def dependencies(page: Path) -> list[Path]:
    """The files a page's outputs depend on besides itself: modules, and the data that lie beside them."""
    found = {ROOT / "constraints.txt"}
    names = modules(page)
    for name in names:
        place = ROOT.joinpath(*name.split("."))
        found.add(place / "__init__.py" if place.is_dir() else place.with_suffix(".py"))
        found |= set(beside(place if place.is_dir() else place.parent))
    if "autograder" in names:
        found |= {
            file for name in COURSE for file in [ROOT / name, *(ROOT / name).rglob("*")] if file.is_file()
        }
    return sorted(found)


@cache
def beside(package: Path) -> tuple[Path, ...]:
    """Data files of a package, at any depth, that no package inside it claims."""
    inner = {file.parent for file in package.rglob("__init__.py")} - {package}
    return tuple(
        file
        for file in package.rglob("*")
        if file.is_file()
        and file.suffix not in (".py", ".pyc")
        and not inner.intersection(file.parents)
        and FRONT_END not in file.as_posix()
    )


def key(page: Path) -> str:
    """A hash of what a page's outputs depend on besides its own cells."""
    whole = hashlib.sha256()
    for file in dependencies(page):
        whole.update(file.relative_to(ROOT).as_posix().encode())
        whole.update(digest(file))
    return whole.hexdigest()[:16]


@cache
def digest(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()


def run_pages(folder: Path) -> list[str]:
    """Run, two at a time, the pages that have changed; returns what went wrong."""
    store, notes = get_cache(folder), folder / "keys.json"
    before = json.loads(notes.read_text()) if notes.exists() else {}
    keys = {store.add_nb_to_project(str(page), read_data=READER).uri: key(page) for page in pages()}
    todo = []
    for uri, now in keys.items():
        known = store.get_cached_project_nb(uri)
        if known is not None and before.get(name_of(uri)) != now:
            store.remove_cache(known.pk)
            known = None
        if known is None:
            todo.append(uri)
    execute(store, todo)
    traces = {uri: store.get_project_record(uri).traceback for uri in keys}
    notes.write_text(json.dumps({name_of(uri): now for uri, now in keys.items() if not traces[uri]}))
    return [f"{uri} failed:\n{trace}" for uri, trace in traces.items() if trace]


def name_of(uri: str) -> str:
    """A page as Sphinx names it."""
    return Path(uri).relative_to(ROOT).with_suffix("").as_posix()


def execute(store, todo: list[str]) -> None:
    """Run these pages, and say which.

    Old outputs are cleared out once, here: two processes that do it take each other's newest for too old.
    """
    for uri in todo:
        print(f"running {name_of(uri)}", flush=True)
    if not todo:
        return
    store.truncate_caches()
    executor = load_executor("local-parallel", store, logging.getLogger("pages"))
    with mock.patch.object(type(store), "truncate_caches"):
        executor.run_and_cache(filter_uris=todo, timeout=SECONDS_PER_CELL)


@contextlib.contextmanager
def waiting(command: list) -> Iterator[Callable[[], int]]:
    """Start a command that reads a line before it does anything; gives a function that sends it and waits.

    In the end whatever it leaves behind is ended, too: a failed build forgets the server that renders its maths.
    """
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, stdin=subprocess.PIPE, text=True)

    def go() -> int:
        process.communicate("go\n")
        return process.returncode

    try:
        yield go
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def state(folder: Path) -> str:
    """A hash of all that the finished book depends on."""
    found = [file for name in SOURCES for file in [ROOT / name, *sorted((ROOT / name).rglob("*"))]]
    whole = hashlib.sha256((folder / "keys.json").read_bytes())
    for file in (file for file in found if file.is_file() and file.suffix != ".pyc"):
        whole.update(file.relative_to(ROOT).as_posix().encode() + digest(file))
    return whole.hexdigest()


def main() -> int:
    """Run what has changed, then build with warnings as errors; 0 if the book is whole."""
    os.environ.update(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    folder, files = BUILD / ".jupyter_cache", BUILD / "figures"
    os.environ.update(COURSE_CACHE=str(folder), ERAS_BOOK=str(files))
    files.mkdir(parents=True, exist_ok=True)
    options = ["build", "--warningiserror", "--nitpick", "-q", ROOT]
    with waiting([sys.executable, "-c", SPHINX, *options]) as build:
        failures = run_pages(folder)
        for failure in failures:
            print(failure, file=sys.stderr)
        if failures:
            return 1
        built, now = BUILD / ".built", state(folder)
        if built.exists() and built.read_text() == now and (BUILD / "html" / "index.html").exists():
            print("The book is as it was built: nothing has changed.")
            return 0
        built.unlink(missing_ok=True)
        failed = build()
    if not failed:
        built.write_text(now)
    return failed


if __name__ == "__main__":
    sys.exit(main())
