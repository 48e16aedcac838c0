"""Sphinx extension: what a public host needs: the book's address, sitemap, robots.txt, 404 page, first page.

The address comes from the environment variable BOOK_URL; without it the book is where `make serve` shows it.
"""

import os
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

HOME = "http://localhost:8000/"
MISSING = """<h1>There is no such page</h1>
<p>The address may be old, or mistyped. The table of contents lists every page.
<a href="{prefix}search.html">Search the book</a>, or
<a href="{prefix}index.html">start at the beginning</a>.</p>"""
FIRST = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="description" content="{title}">
<link rel="canonical" href="{address}"><meta http-equiv="refresh" content="0; url={page}"></head>
<body><p><a href="{page}">{title}</a></p></body></html>
"""


def address() -> str:
    """Where the book is published. Raises ValueError for anything but http(s)."""
    url = os.environ.get("BOOK_URL") or HOME
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise ValueError(f"BOOK_URL is {url!r}: give a whole address such as https://example.org/book/")
    return url.rstrip("/") + "/"


def tell(app, config) -> None:
    """Give the address to everything that writes whole addresses."""
    prefix = urlsplit(address()).path
    config.html_baseurl = address()
    config.notfound_urls_prefix = prefix
    config.notfound_context = {"title": "There is no such page", "body": MISSING.format(prefix=prefix)}


def write_files(app, exception) -> None:
    """Write sitemap, robots.txt and the page that leads to the first chapter."""
    if exception or app.builder.format != "html":
        return
    pages = [address() + app.builder.get_target_uri(name) for name in sorted(app.env.found_docs)]
    entries = "".join(f"<url><loc>{escape(page)}</loc></url>\n" for page in pages)
    schema = "http://www.sitemaps.org/schemas/sitemap/0.9"
    root = app.builder.get_target_uri(app.config.root_doc)
    first = FIRST.format(title=escape(app.config.html_title), page=root, address=address() + root)
    files = {
        "sitemap.xml": f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="{schema}">\n{entries}</urlset>\n',
        "robots.txt": f"User-agent: *\nAllow: /\nSitemap: {address()}sitemap.xml\n",
        "index.html": first,
        ".nojekyll": "",
    }
    for name, text in files.items():
        (Path(app.outdir) / name).write_text(text, "utf-8")


def setup(app) -> dict:
    app.connect("config-inited", tell, priority=400)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
