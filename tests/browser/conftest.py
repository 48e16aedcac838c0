"""Chromium, a local server, and pages that remember what they asked for and complained about."""

import contextlib
import functools
import http.server
import shutil
import threading
from pathlib import Path

import pytest

from eras.figures.figure import BOOK, STATIC

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
QUIET += ["--disable-background-networking", "--disable-component-update"]

LOOKS = ["locator", "get_by_role", "get_by_label", "get_by_text", "inner_text", "evaluate"]
LOOKS += ["eval_on_selector", "eval_on_selector_all", "get_attribute"]

SHELL = """<!doctype html><html lang="en" data-theme="{scheme}"><head><meta charset="utf-8"><title>Figure</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<link rel="stylesheet" href="figures/figures.css">
<style>body {{ background: {paper}; color: {ink}; font: 16px sans-serif }}
.visually-hidden {{ position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden }}
html {{ --pst-color-text-base: {ink}; --pst-color-text-muted: {ink}; --pst-color-background: {paper};
--pst-color-surface: {shade} }}</style></head>
<body><main><h1>A figure</h1>{body}</main><script type="module" src="figures/host.js"></script></body></html>"""
COLOURS = {
    "light": {"paper": "#ffffff", "ink": "#222832", "shade": "#f3f4f5"},
    "dark": {"paper": "#14181e", "ink": "#ced6dd", "shade": "#222832"},
}


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium; skipped, and said so, where it is missing."""
    if not CHROMIUM:
        pytest.skip("no Chromium here: install Debian's package chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def serve():
    """serve(folder): the folder on a free local port, until the tests end; gives its address."""
    servers = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    def start(folder):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()


@pytest.fixture(scope="session")
def visiting(browser):
    """`opened` in the browser of these tests, for a `with` block."""
    return functools.partial(opened, browser)


@contextlib.contextmanager
def opened(browser, address, width=1280, scheme="light", javascript=True):
    """A page with `foreign`, `complaints` (lists), `weights` ({address: bytes sent}) and `axe()`."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=javascript
    )
    page = context.new_page()
    page.foreign, page.complaints, page.weights = [], [], {}
    home = "/".join(address.split("/")[:3])
    page.on("request", lambda r: r.url.startswith((home, "data:", "blob:")) or page.foreign.append(r.url))
    page.on("console", lambda m: m.type == "error" and page.complaints.append(m.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("response", lambda r: r.status >= 400 and page.complaints.append(f"{r.status} {r.url}"))
    page.on("response", lambda r: page.weights.update({r.url: int(r.headers.get("content-length", 0))}))
    page.goto(address, wait_until="networkidle")
    page.axe = lambda: violations(page)
    yield page
    context.close()


@pytest.fixture
def open_page(visiting):
    """open_page(address, width, scheme, javascript): `opened`, until the test ends."""
    with contextlib.ExitStack() as stack:
        yield lambda *place, **choices: stack.enter_context(visiting(*place, **choices))


@pytest.fixture
def open_figure(open_page, serve, tmp_path, monkeypatch):
    """open_figure(figure, …): a page with this figure alone, awake, its `model` at hand in the page.

    The page's `get(key)` and `set(key, value)` reach the model, `axe()` lists what axe finds, in words.
    """
    shutil.copytree(STATIC, tmp_path / "figures")
    monkeypatch.setenv(BOOK, str(tmp_path / "figures"))
    address = serve(tmp_path)

    def visit(figure, width=1280, scheme="light", javascript=True):
        body = SHELL.format(body=figure.html(), scheme=scheme, **COLOURS[scheme])
        (tmp_path / "index.html").write_text(body, "utf-8")
        page = open_page(f"{address}/index.html", width, scheme, javascript)
        if javascript:
            page.wait_for_selector("figure.live[data-ready]")
            look_after_drawing(page)
        page.get = lambda key: page.eval_on_selector("figure.live", "(f, key) => f.model.get(key)", key)
        page.set = lambda key, value: page.eval_on_selector(
            "figure.live", "(f, [key, value]) => f.model.set(key, value)", [key, value]
        )
        return page

    return visit


def look_after_drawing(page):
    """Let every look at the page wait a frame: a figure draws in the frame after its control has moved."""
    frame = functools.partial(page.evaluate, "new Promise((done) => requestAnimationFrame(() => done()))")

    def after_a_frame(look):
        return lambda *what, **how: (frame(), look(*what, **how))[1]

    for name in LOOKS:
        setattr(page, name, after_a_frame(getattr(page, name)))


@pytest.fixture(scope="session")
def axe():
    return violations


def violations(page) -> list[str]:
    """What axe finds on the page as it stands."""
    from axe_core_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"]})[
        "violations"
    ]  # the rest takes twice as long
    return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found]
