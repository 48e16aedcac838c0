"""Sphinx extension: each page wears the colour of its era, and its headings carry their own addresses."""

import re
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
COLOUR = re.compile(r"--era-([\w-]+): (#\w{6});")

HEADING = re.compile(r'(<section[^>]*?) id="([^"]+)">(\s*(?:<span id="[^"]*"></span>\s*)*)<h([1-6])>')


def parts(root: Path) -> list[tuple[str, str]]:
    """The parts of the book: caption, and folder of the first chapter."""
    contents = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    return [(part["caption"], Path(part["chapters"][0]["file"]).parent.name) for part in contents["parts"]]


@cache
def colours() -> dict[str, str]:
    """Each era's folder and its colour on paper, from the figures' style sheet (dark ones come second)."""
    found = COLOUR.findall((ROOT / "eras" / "figures" / "static" / "figures.css").read_text("utf-8"))
    return {name.replace("-", "_"): colour for name, colour in reversed(found)}


def dress(app, pagename, templatename, context, doctree) -> None:
    """Tell the page's template its era and part; put the part above the title."""
    folder = Path(pagename).parent.name
    part = next((caption for caption, name in parts(Path(app.srcdir)) if name == folder), "")
    context["era"] = folder.replace("_", "-") if folder in colours() else ""
    context["part"], context["colour"] = part, colours().get(folder)
    context["page_file"] = f"{pagename}{context.get('page_source_suffix') or ''}"
    if context.get("body"):
        body = HEADING.sub(r'\1>\3<h\4 id="\2">', context["body"])
        badge = f'<p class="era-badge">{part}</p>\n<h1 ' if part and context["era"] else "<h1 "
        context["body"] = body.replace("<h1 ", badge, 1)
    context["painted"] = lambda contents: paint(str(contents), Path(app.srcdir))


def paint(contents: str, root: Path) -> str:
    """The table of contents with each part's caption in the colour of its era."""
    for caption, folder in parts(root):
        if folder in colours():
            era = f' style="--era: var(--era-{folder.replace("_", "-")})"'
            contents = contents.replace(f'"caption-text">{caption}<', f'"caption-text"{era}>{caption}<')
    return contents


def setup(app) -> dict:
    app.connect("html-page-context", dress, priority=300)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
