"""Sphinx extension of this book: its style, its execution cache, and no script that a page does not need."""

import os
from pathlib import Path
from shutil import copy2

STATIC = Path(__file__).parent / "static"
# sphinx-thebe is loaded though unused; fontawesome.js is 527 kB and the web font draws the same icons.
UNWANTED = ("thebe", "fontawesome.js", "require.min.js", "embed-amd.js")
# What docutils, KaTeX and the theme write that a screen reader cannot use, and what it can.
REPAIRS = {
    ' role="doc-biblioentry"': ' role="listitem"',
    '<span class="katex-display">': '<span class="katex-display" tabindex="0">',
    '<div id="pst-primary-sidebar"': '<div id="pst-primary-sidebar" role="complementary" aria-label="Book"',
}


def add_static(app, config) -> None:
    """Serve the book's own style sheet and the maths fonts."""
    config.html_static_path.append(str(STATIC))
    app.add_css_file("course.css")


def choose_cache(app) -> None:
    """Take the execution cache that `book/build.py` filled for this state of the package."""
    if "COURSE_CACHE" in os.environ:
        app.config.nb_execution_cache_path = os.environ["COURSE_CACHE"]


def drop_unwanted(app, pagename, templatename, context, doctree) -> None:
    """Take scripts and styles off the page that nothing on it uses."""
    unwanted = UNWANTED if "katex" in context.get("body", "") else (*UNWANTED, "katex")
    for key in ("script_files", "css_files"):
        context[key][:] = [file for file in context.get(key, []) if not _mentions(file, unwanted)]


def offer_notebook(app, pagename, templatename, context, doctree) -> None:
    """Let the download button give the executed page as a notebook."""
    executed = Path(app.outdir).parent / "jupyter_execute" / f"{pagename}.ipynb"
    if executed.exists():
        target = Path(app.outdir) / "_sources" / f"{pagename}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        copy2(executed, target)
        context["ipynb_source"] = f"{pagename}.ipynb"


def repair(app, exception) -> None:
    """Make the finished pages readable for screen readers and keyboards."""
    for page in Path(app.outdir).rglob("*.html"):
        before = text = page.read_text("utf-8")
        for wrong, right in REPAIRS.items():
            text = text if right in text else text.replace(wrong, right)
        if text != before:
            page.write_text(text, "utf-8")


def _mentions(file, words) -> bool:
    name = str(getattr(file, "filename", file) or "")
    body = str(getattr(file, "attributes", {}).get("body", ""))
    return any(word in (name + body).lower() for word in words)


def setup(app) -> dict:
    app.connect("config-inited", add_static)
    app.connect("builder-inited", choose_cache, priority=100)
    app.connect("html-page-context", offer_notebook, priority=400)
    app.connect("html-page-context", drop_unwanted, priority=900)
    app.connect("build-finished", repair, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
