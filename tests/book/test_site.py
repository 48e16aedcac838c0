"""The built book as files: valid HTML, an address on every page, a card, a sitemap, one small style sheet."""

import re
from pathlib import Path

import html5lib
import pytest
import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
SPACE = "{http://www.w3.org/1999/xhtml}"

pytestmark = [
    pytest.mark.xdist_group("site"),
    pytest.mark.skipif(not (HTML / "index.html").exists(), reason="no book here: run make book first"),
]


def page_names() -> list[str]:
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    return [contents["root"], *(c["file"] for part in contents["parts"] for c in part["chapters"])]


def parsed(name: str):
    """The page as a tree, and what is wrong with its HTML, in words with the line."""
    text = (HTML / f"{name}.html").read_text("utf-8")
    parser = html5lib.HTMLParser()
    tree = parser.parse(text)
    lines = text.split("\n")
    return tree, [f"{error} at: {lines[place[0] - 1][:150]}" for place, error, _ in parser.errors]


def attributes(tree, element: str, key: str) -> list[str]:
    return [each.get(key) for each in tree.iter(SPACE + element) if each.get(key)]


@pytest.mark.parametrize("name", [*page_names(), "index", "404", "search"])
def test_html_is_valid(name):
    tree, errors = parsed(name)
    assert errors == []
    names = [each.get("id") for each in tree.iter() if each.get("id")]
    assert [each for each in set(names) if names.count(each) > 1] == []
    assert tree.get("lang") == "en"


@pytest.mark.parametrize("name", page_names())
def test_every_page_introduces_itself(name):
    tree, _ = parsed(name)
    head = {m.get("name") or m.get("property"): m.get("content") for m in tree.iter(SPACE + "meta")}
    assert 40 <= len(head["description"]) <= 160
    assert head["og:title"]
    assert head["og:description"] == head["description"]
    address = next(link.get("href") for link in tree.iter(SPACE + "link") if link.get("rel") == "canonical")
    assert address == head["og:url"]
    assert address.endswith(f"/{name}.html")
    home = address.removesuffix(f"{name}.html")
    card = HTML / head["og:image"].removeprefix(home)
    assert Image.open(card).size == (1200, 630)


def test_the_sitemap_lists_every_page():
    listed = re.findall("<loc>([^<]+)</loc>", (HTML / "sitemap.xml").read_text("utf-8"))
    assert len(listed) == len(set(listed))
    assert {re.search(r"chapters/.*(?=\.html)", page)[0] for page in listed} == set(page_names())
    robots = (HTML / "robots.txt").read_text("utf-8")
    assert robots.endswith(f"Sitemap: {listed[0].split('chapters/')[0]}sitemap.xml\n")


@pytest.mark.parametrize("name", page_names())
def test_a_page_loads_one_style_sheet_and_waits_for_no_script(name):
    tree, _ = parsed(name)
    styles = [link.get("href") for link in tree.iter(SPACE + "link") if link.get("rel") == "stylesheet"]
    assert [style for style in styles if not re.search(r"book\.css\?v=\w{8}$|katex", style)] == []
    assert any("book.css" in style for style in styles)
    scripts = [each for each in tree.iter(SPACE + "script") if each.get("src")]
    waiting = [each for each in scripts if each.get("defer") is not None or each.get("type") == "module"]
    assert [each.get("src") for each in scripts if each not in waiting] == []


def test_the_style_sheet_has_what_the_pages_need():
    style = (HTML / "_static" / "book.css").read_text("utf-8")
    assert len(style) < 160_000
    for needed in (".bd-sidebar-primary", ".era-badge", ".highlight .k", "@media print", ".fa-download"):
        assert needed in style
    for unused in (".carousel", ".fa-yahoo", "fa-brands-400"):
        assert unused not in style
