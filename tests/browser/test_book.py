"""The built book in Chromium: keeps to itself, complains of nothing, suits every reader, is light, is found."""

import functools
import sys
import threading
import urllib.request
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "book"))

from serve import server  # noqa: E402

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(not (HTML / "index.html").exists(), reason="no book here: run make book first"),
]
TEXT, FIGURE = 300_000, 60_000  # bytes that a page, and each live figure on it, may weigh
# Words, and the page that the search has to name among its first three.
QUESTIONS = {
    "注意力": "chapters/pretraining/attention",
    "分词": "chapters/pretraining/tokenizer",
    "beam search": "chapters/llm/decoding",
    "scaled_dot_product_attention": "chapters/pretraining/attention",
}


def page_names() -> list[str]:
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    return [contents["root"], *(c["file"] for part in contents["parts"] for c in part["chapters"])]


@pytest.fixture(scope="module")
def site():
    """The book as `make serve` serves it, on a free local port."""
    host = server(HTML)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{host.server_port}"
    host.shutdown()


@pytest.fixture(scope="module", params=page_names())
def plain(request, visiting, site):
    """Each page in turn as most readers see it, opened once; `name` is its name."""
    with visiting(f"{site}/{request.param}.html") as page:
        page.name = request.param
        yield page


@pytest.fixture
def visit(open_page, site):
    """Open a page of the book; what it asked other hosts for and what it complained about is kept."""
    return lambda name, **choices: open_page(f"{site}/{name}.html", **choices)


def test_page_keeps_to_itself_and_does_not_complain(plain):
    assert plain.foreign == []
    assert plain.complaints == []
    assert plain.locator("h1:visible").count() == 1


def test_axe_finds_nothing(plain):
    assert plain.axe() == []


def test_every_picture_has_a_description(plain):
    assert plain.locator("article img:not([alt]), article img[alt='']").count() == 0
    assert plain.locator("article img[alt^='../'], article img[alt^='_build']").count() == 0


def test_links_inside_the_book_lead_somewhere(plain, site, alive):
    links = plain.eval_on_selector_all("article a[href]", "all => all.map(a => a.href)")
    here = plain.url.split("#")[0] + "#"
    anchors = {link.split("#")[1] for link in links if link.startswith(here)} - {""}
    assert [
        link for link in {link.split("#")[0] for link in links if link.startswith(site)} if not alive(link)
    ] == []
    assert [a for a in anchors if not plain.evaluate("id => document.getElementById(id) !== null", a)] == []


@pytest.fixture(scope="module")
def alive():
    """True for an address that answers; each is asked once."""

    @functools.cache
    def asked(address):
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                return answer.status == 200
        except OSError:
            return False

    return asked


def test_a_page_is_light(plain, site):
    plain.eval_on_selector_all("img[loading=lazy]", "all => all.forEach(image => image.loading = 'eager')")
    plain.wait_for_load_state("networkidle")
    assert plain.weights[f"{site}/{plain.name}.html"] > 0
    assert not [url for url in plain.weights if "/pagefind/" in url]
    heaviest = sorted(plain.weights.items(), key=lambda pair: -pair[1])[:5]
    figures = plain.locator("figure.live").count()
    assert sum(plain.weights.values()) <= TEXT + FIGURE * figures, heaviest


def test_paper_has_no_sidebars(plain):
    plain.emulate_media(media="print")
    aside = ".bd-sidebar-primary, .bd-sidebar-secondary, .bd-header-article, .prev-next-footer, .copybtn"
    assert plain.locator("h1:visible").count() == 1
    assert plain.locator(aside).locator("visible=true").count() == 0
    assert plain.locator(".quiz-answers:visible").count() == 0


@pytest.mark.parametrize("name", page_names())
def test_page_fits_a_phone(visit, name):
    page = visit(name, width=375)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.axe() == []


@pytest.mark.parametrize("name", page_names())
def test_a_dark_page_suits_everyone(visit, name):
    assert visit(name, scheme="dark").axe() == []


def test_a_question_keeps_its_answer_until_one_has_answered(visit):
    page = visit("chapters/back/notation")
    assert not page.locator(".quiz-answers").first.is_visible()
    page.get_by_label("Your number").first.fill("32")
    page.get_by_role("button", name="Check").first.click()
    assert page.locator(".quiz-answers").first.is_visible()
    assert not page.locator(".quiz-answers").last.is_visible()


@pytest.mark.parametrize("name", page_names())
def test_a_page_reads_without_javascript(visit, name):
    page = visit(name, javascript=False)
    assert page.locator("h1:visible").count() == 1
    hidden = page.eval_on_selector_all(
        "article :is(p, pre, li, table, h2, h3)",
        """all => all.filter(each => !each.closest("details, .MathJax, [hidden]") && !each.checkVisibility())
                     .filter(each => !each.matches(".quiz *"))
                     .map(each => each.outerHTML.slice(0, 120))""",
    )
    assert hidden == []
    # What paper and a plain browser show of a figure: its picture, and its data.
    for figure in page.locator("figure.live").all():
        assert figure.locator(".stage img[alt]").is_visible()
        figure.locator("details > summary").click()
        assert figure.locator("details table").is_visible()


def test_a_dark_page_is_printed_on_white(visit):
    page = visit("chapters/pretraining/attention", scheme="dark")
    theme = lambda: page.evaluate("document.documentElement.dataset.theme")  # noqa: E731
    assert theme() == "dark"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert theme() == "light"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert theme() == "dark"


def test_the_page_menu_offers_the_notebook(visit):
    page = visit("chapters/pretraining/attention")
    page.locator(".page-menu > summary").focus()
    page.keyboard.press("Enter")
    assert page.axe() == []
    notebook = page.get_by_role("link", name="Notebook, with results").get_attribute("href")
    cells = page.request.get(f"{page.url.rsplit('/', 1)[0]}/{notebook}").json()["cells"]
    assert any(cell["cell_type"] == "code" and cell["outputs"] for cell in cells)


def test_code_is_copied(visit):
    page = visit("chapters/pretraining/attention")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    code = page.locator("div.cell_input pre").nth(1)
    code.hover()
    page.locator("div.cell_input button.copybtn").nth(1).click()
    page.wait_for_selector("button.copybtn.success")
    assert page.evaluate("navigator.clipboard.readText()").strip() == code.inner_text().strip()


@pytest.mark.parametrize("words", QUESTIONS)
def test_the_search_finds(open_page, site, words):
    page = open_page(f"{site}/search.html?q={words}")
    page.wait_for_selector("#search-found > li")
    first = page.locator("#search-found > li").all()[:3]
    named = [item.locator("h2 a").get_attribute("href") for item in first]
    assert f"/{QUESTIONS[words]}.html" in named
    assert words.lower() in first[named.index(f"/{QUESTIONS[words]}.html")].inner_text().lower()
    assert (page.foreign, page.complaints) == ([], [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_search_needs_no_mouse(visit, scheme):
    page = visit("chapters/pretraining/attention", scheme=scheme)
    page.keyboard.press("Control+k")
    page.keyboard.type("perplexity")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-found > li")
    assert "perplexity" in page.locator("#search-said").inner_text()
    assert page.axe() == []
    page.keyboard.press("Control+a")
    page.keyboard.type("qqzzqqzz")
    page.wait_for_function("document.getElementById('search-said').textContent.startsWith('No pages')")
    assert page.locator("#search-found > li").count() == 0
    assert page.complaints == []


def test_a_missing_page_is_at_home_at_any_depth(open_page, site):
    page = open_page(f"{site}/no/such/page/at/all.html")
    assert page.request.get(page.url).status == 404
    assert page.complaints.pop(0).startswith("404 ")
    assert [line for line in page.complaints if "status of 404" not in line] == []
    assert page.foreign == []
    assert page.locator("h1:visible").inner_text().startswith("There is no such page")
    assert page.locator(".bd-sidebar-primary a:visible").count() >= len(page_names())
    links = page.eval_on_selector_all("a[href]:not([href^='#'])", "all => all.map(a => a.href)")
    assert [link for link in set(links) if not page.request.get(link).ok] == []
    assert page.axe() == []
