"""The book as one PDF, all pages in order, printed by Chromium: `python book/pdf.py`, after `make book`."""

import shutil
import sys
import threading
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urldefrag

import yaml
from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject
from serve import HTML, server

ROOT = Path(__file__).resolve().parent.parent
PDF = ROOT / "_build" / "from-rules-to-llms.pdf"
PAPER = {"prefer_css_page_size": True, "print_background": True, "tagged": True, "outline": True}
NUMBERS = """<style>@page { size: A4; margin: 0 } body { margin: 0 }
p { box-sizing: border-box; height: 296mm; margin: 0; padding-top: 283mm; break-after: page;
    font: 9pt sans-serif; text-align: center }</style>"""


def main() -> int:
    """Print every page, join them, number the sheets."""
    if not (HTML / "index.html").is_file():
        raise SystemExit("there is no book yet: run `make book` first")
    names = pages()
    host = server(HTML)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    home = f"http://127.0.0.1:{host.server_port}/"
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        # Without scripts figures are the pictures that paper can show, and nothing is answered.
        page = chromium.new_context(java_script_enabled=False).new_page()
        chapters = {name: printed(page, f"{home}{name}.html") for name in names}
        book = joined(chapters, home)
        number(book, page)
        chromium.close()
    host.shutdown()
    book.add_metadata({"/Title": "From Rules to LLMs"})
    book.write(PDF)
    print(f"{PDF.relative_to(ROOT)}: {len(book.pages)} pages, {PDF.stat().st_size / 1e6:.1f} MB")
    return 0


def pages() -> list[str]:
    """Every page of the book, in order."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    return [contents["root"], *(page["file"] for part in contents["parts"] for page in part["chapters"])]


def printed(page, address: str) -> PdfReader:
    """One page of the book on paper."""
    page.goto(address, wait_until="networkidle")
    return PdfReader(BytesIO(page.pdf(**PAPER)))


def joined(chapters: dict[str, PdfReader], home: str) -> PdfWriter:
    """The chapters one after another; links between them lead to sheets of this book."""
    book, places, homes = PdfWriter(), {}, []
    for name, chapter in chapters.items():
        address, start = f"{home}{name}.html", len(book.pages)
        places[address] = start
        for anchor, place in chapter.named_destinations.items():
            places[f"{address}#{anchor.lstrip('/')}"] = start + chapter.get_destination_page_number(place)
        book.append(chapter)
        homes += [address] * len(chapter.pages)
    for sheet, address in zip(book.pages, homes, strict=True):
        for link in sheet.get("/Annots") or ():
            redirect(book, link.get_object(), places, address)
    return book


def redirect(book: PdfWriter, link, places: dict[str, int], address: str) -> None:
    """Let a link on a page of this address lead to its sheet: names are a page's own, and pages share names.

    A link to a file of the book, such as a picture, leads nowhere on paper; links to other hosts stay.
    """
    if isinstance(link.get("/Dest"), str):
        wanted = f"{address}#{link['/Dest'].lstrip('/')}"
    else:
        wanted = unquote(str(link["/A"].get("/URI", "") if "/A" in link else ""))
    target = places.get(wanted, places.get(urldefrag(wanted).url))
    if wanted.startswith("/".join(address.split("/")[:3])):
        link.pop("/A", None)
    if target is not None:
        link[NameObject("/Dest")] = ArrayObject([book.pages[target].indirect_reference, NameObject("/Fit")])


def number(book: PdfWriter, page) -> None:
    """Print a number at the foot of every sheet."""
    page.set_content(NUMBERS + "".join(f"<p>{n}</p>" for n in range(1, len(book.pages) + 1)))
    stamps = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
    for sheet, stamp in zip(book.pages, stamps.pages, strict=False):
        sheet.merge_page(stamp)


if __name__ == "__main__":
    sys.exit(main())
