"""Sphinx extension of this book: its style, its figures, its execution cache, its notebooks."""

import contextlib
import functools
import json
import os
import time
from pathlib import Path
from shutil import copytree

import nbformat
import pybtex.plugin
from jupyter_cache import get_cache
from pybtex.style.formatting import BaseStyle
from sphinxcontrib import katex

ROOT = Path(__file__).resolve().parent.parent
STATIC = Path(__file__).parent / "static"
# What runs in the reader's browser, and what the pages' figures left for it.
FIGURES = (ROOT / "eras" / "figures" / "static", ROOT / "_build" / "figures")
# What docutils, KaTeX and the theme write that a screen reader cannot use, and what it can.
REPAIRS = {
    ' role="doc-biblioentry"': ' role="listitem"',
    '<span class="katex-display">': '<span class="katex-display" tabindex="0">',
    '<table class="table">': '<table class="table" tabindex="0">',  # a phone scrolls it sideways
    '<div id="pst-primary-sidebar"': '<div id="pst-primary-sidebar" role="complementary" aria-label="Book"',
}


def add_static(app, config) -> None:
    """Serve the book's own style sheet and the maths fonts."""
    config.html_static_path.append(str(STATIC))
    app.add_css_file("course.css")
    app.add_css_file("figures/figures.css")


def add_figures(app) -> None:
    """Put the figures' modules and files where pages can load them."""
    for folder in FIGURES:
        if folder.exists():
            copytree(folder, Path(app.outdir) / "_static" / "figures", dirs_exist_ok=True)


def wake_figures(app, pagename, templatename, context, doctree) -> None:
    """Load the script that brings figures to life, on the pages that have one."""
    if 'class="live"' in context.get("body", ""):
        app.add_js_file("figures/host.js", type="module")


def run_again(app, env, added, changed, removed) -> list[str]:
    """Pages that `book/build.py` has run again since they were last read, though their text is the same."""
    keys = Path(app.config.nb_execution_cache_path or ".", "keys.json")
    now = json.loads(keys.read_text()) if keys.exists() else {}
    before, env.course_keys = getattr(env, "course_keys", {}), now
    return [name for name, key in now.items() if before.get(name) != key and name in env.found_docs]


def remember_entries(app) -> None:
    """Let the environment keep every formatted reference: to format hundreds takes longer than to read a page."""
    kept = app.env.course_entries = getattr(app.env, "course_entries", {})
    plain = BaseStyle.format_entry

    def format_entry(style, label, entry, bib_data=None):
        key = type(style).__name__, label, repr(entry)
        if key not in kept:
            kept[key] = plain(style, label, entry, bib_data)
        return kept[key]

    BaseStyle.format_entry = format_entry


def choose_cache(app, config) -> None:
    """Take the execution cache that `book/build.py` filled for this state of the package."""
    if "COURSE_CACHE" in os.environ:
        config.nb_execution_cache_path = os.environ["COURSE_CACHE"]


def offer_notebook(app, pagename, templatename, context, doctree) -> None:
    """Let the page's menu give it as a notebook, with the results that the cache holds."""
    plain = Path(app.outdir).parent / "jupyter_execute" / f"{pagename}.ipynb"
    if not plain.exists():
        return
    notebook = nbformat.read(plain, as_version=4)
    with contextlib.suppress(KeyError):
        _, notebook = get_cache(app.config.nb_execution_cache_path).merge_match_into_notebook(notebook)
    target = Path(app.outdir) / "_sources" / f"{pagename}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)
    context["ipynb_source"] = f"{pagename}.ipynb"


def repair(app, exception) -> None:
    """Make the finished pages readable for screen readers and keyboards."""
    for page in Path(app.outdir).rglob("*.html"):
        before = text = page.read_text("utf-8")
        for wrong, right in REPAIRS.items():
            text = text if right in text else text.replace(wrong, right)
        if text != before:
            page.write_text(text, "utf-8")


def patient(start, pause=0.2):
    """KaTeX's server, asked again where it refuses: its socket is there a moment before it listens."""

    @functools.wraps(start)
    def again(*arguments):
        for _ in range(20):
            with contextlib.suppress(ConnectionRefusedError):
                return start(*arguments)
            time.sleep(pause)
        return start(*arguments)

    return again


def setup(app) -> dict:
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0  # seconds; a busy machine needs more than five
    katex.KaTeXServer.start = patient(katex.KaTeXServer.start)
    # Each of hundreds of citations would look through all installed packages for the same few styles.
    pybtex.plugin._load_entry_point = functools.cache(pybtex.plugin._load_entry_point)
    app.connect("config-inited", add_static)
    app.connect("config-inited", choose_cache)
    app.connect("builder-inited", remember_entries)
    app.connect("builder-inited", add_figures)
    app.connect("env-get-outdated", run_again)
    app.connect("html-page-context", wake_figures, priority=300)
    app.connect("html-page-context", offer_notebook, priority=400)
    app.connect("build-finished", repair, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
