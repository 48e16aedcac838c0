"""The book on paper: pages in order, an outline, links between pages, numbers."""

import sys
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book"))

import pdf  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGE = """<!doctype html><html lang="en"><title>{title}</title>
<h1>{title}</h1><h2 id="here">Inside {title}</h2><p>{links}</p>
<p style="break-before: page">{title}, on its second sheet</p>"""


@pytest.fixture(scope="module")
def book(browser, tmp_path_factory):
    """Two pages of two sheets that name each other, as a PDF that was written and read again."""
    folder = tmp_path_factory.mktemp("book")
    host = pdf.server(folder)
    home = f"http://127.0.0.1:{host.server_port}/"
    pdf.threading.Thread(target=host.serve_forever, daemon=True).start()
    links = '<a href="{other}.html#here">across</a> <a href="#here">near</a> <a href="https://example.org/">far</a>'
    for name, other in (("one", "two"), ("two", "one")):
        text = PAGE.format(title=name.title(), links=links.format(other=other))
        (folder / f"{name}.html").write_text(text, "utf-8")
    page = browser.new_context(java_script_enabled=False).new_page()
    joined = pdf.joined({name: pdf.printed(page, f"{home}{name}.html") for name in ("one", "two")}, home)
    pdf.number(joined, page)
    page.context.close()
    host.shutdown()
    written = BytesIO()
    joined.write(written)
    return PdfReader(written)


def test_pages_in_order_with_numbers(book):
    texts = [" ".join(sheet.extract_text().split()) for sheet in book.pages]
    assert [text.split()[-1] for text in texts] == ["1", "2", "3", "4"]
    assert texts[1].startswith("One, on its second sheet")
    assert texts[2].startswith("Two")


def test_outline(book):
    first, inside, second, _ = book.outline
    assert [first.title, inside[0].title, second.title] == ["One", "Inside One", "Two"]
    assert book.get_destination_page_number(second) == 2


def test_links_lead_to_sheets_and_only_foreign_ones_outside(book):
    links = [link.get_object() for sheet in (book.pages[0], book.pages[2]) for link in sheet["/Annots"]]
    outside = [link["/A"]["/URI"] for link in links if "/URI" in link.get("/A", {})]
    assert outside == ["https://example.org/"] * 2
    sheets = {sheet.indirect_reference.idnum: n for n, sheet in enumerate(book.pages)}
    inside = [link["/Dest"] for link in links if "/Dest" in link]
    assert [sheets[list.__getitem__(place, 0).idnum] for place in inside] == [2, 0, 0, 2]
