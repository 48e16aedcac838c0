"""Sphinx extension of this book: its style, its execution cache, and no script that a page does not need."""

import os
from pathlib import Path
from shutil import copy2

STATIC = Path(__file__).parent / "static"
# sphinx-thebe is loaded though unused; fontawesome.js is 527 kB and the web font draws the same icons.
UNWANTED = ("thebe", "fontawesome.js", "require.min.js", "embed-amd.js")


def add_static(app, config) -> None:
    """Serve the book's own style sheet."""
    config.html_static_path.append(str(STATIC))
    app.add_css_file("course.css")


def choose_cache(app) -> None:
    """Take the execution cache that `book/build.py` filled for this state of the package."""
    if "COURSE_CACHE" in os.environ:
        app.config.nb_execution_cache_path = os.environ["COURSE_CACHE"]


def drop_unwanted(app, pagename, templatename, context, doctree) -> None:
    """Take scripts and styles off the page that nothing on it uses."""
    for key in ("script_files", "css_files"):
        context[key][:] = [file for file in context.get(key, []) if not _unwanted(file)]


def offer_notebook(app, pagename, templatename, context, doctree) -> None:
    """Let the download button give the executed page as a notebook."""
    executed = Path(app.outdir).parent / "jupyter_execute" / f"{pagename}.ipynb"
    if executed.exists():
        target = Path(app.outdir) / "_sources" / f"{pagename}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        copy2(executed, target)
        context["ipynb_source"] = f"{pagename}.ipynb"


def _unwanted(file) -> bool:
    name = str(getattr(file, "filename", file) or "")
    body = str(getattr(file, "attributes", {}).get("body", ""))
    return any(word in (name + body).lower() for word in UNWANTED)


def setup(app) -> dict:
    app.connect("config-inited", add_static)
    app.connect("builder-inited", choose_cache, priority=100)
    app.connect("html-page-context", offer_notebook, priority=400)
    app.connect("html-page-context", drop_unwanted, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
