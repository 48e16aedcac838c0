"""The built book in Chromium: no request to another host, no console error, no axe finding, fits a phone."""

import functools
import http.server
import shutil
import threading
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
CHROMIUM = shutil.which("chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
QUIET += ["--disable-background-networking", "--disable-component-update"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium here: install Debian's package chromium"),
    pytest.mark.skipif(not (HTML / "index.html").exists(), reason="no book here: run make book first"),
]


def page_names() -> list[str]:
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    return [contents["root"], *(c["file"] for part in contents["parts"] for c in part["chapters"])]


@pytest.fixture(scope="module")
def site():
    """The book served on a free local port."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=HTML)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, site):
    """Open a page of the book; what it asked other hosts for and what it complained about is kept."""
    opened = []

    def open_page(name, width=1280, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        opened.append(context)
        page = context.new_page()
        page.foreign, page.complaints = [], []
        page.on("request", lambda r: r.url.startswith((site, "data:", "blob:")) or page.foreign.append(r.url))
        page.on("console", lambda m: m.type == "error" and page.complaints.append(m.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("response", lambda r: r.status >= 400 and page.complaints.append(f"{r.status} {r.url}"))
        page.goto(f"{site}/{name}.html", wait_until="networkidle")
        return page

    yield open_page
    for context in opened:
        context.close()


@pytest.mark.parametrize("name", page_names())
def test_page_keeps_to_itself_and_does_not_complain(visit, name):
    page = visit(name)
    assert page.foreign == []
    assert page.complaints == []
    assert page.locator("h1:visible").count() == 1


@pytest.mark.parametrize("name", page_names())
def test_page_fits_a_phone(visit, name):
    page = visit(name, width=375)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", page_names())
def test_axe_finds_nothing(visit, name, scheme):
    from axe_core_python.sync_playwright import Axe

    page = visit(name, scheme=scheme)
    found = Axe().run(page)["violations"]
    assert [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found] == []


@pytest.mark.parametrize("name", page_names())
def test_every_picture_has_a_description(visit, name):
    page = visit(name)
    assert page.locator("article img:not([alt]), article img[alt='']").count() == 0
    assert page.locator("article img[alt^='../'], article img[alt^='_build']").count() == 0


def test_links_inside_the_book_lead_somewhere(visit, site):
    broken = []
    for name in page_names():
        page = visit(name)
        links = page.eval_on_selector_all("article a[href]", "all => all.map(a => a.href)")
        for link in {link.split("#")[0] for link in links if link.startswith(site)}:
            if not page.request.get(link).ok:
                broken.append((name, link))
        for anchor in {link.split("#")[1] for link in links if link.startswith(page.url.split("#")[0] + "#")}:
            if anchor and not page.evaluate("id => document.getElementById(id) !== null", anchor):
                broken.append((name, anchor))
    assert broken == []
