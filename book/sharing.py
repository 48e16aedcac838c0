"""Sphinx extension: what others show of a page: its first words, and a card in its era's colour."""

import hashlib
import textwrap
from html import escape
from pathlib import Path

from docutils import nodes

WORDS = 155  # characters of a description that search engines show
SIZE = (1200, 630)
PAPER, INK, GREY = "#ffffff", "#222832", "#48566b"


def share(app, pagename, templatename, context, doctree) -> None:
    """Describe the page in its head; draw its card if nobody has."""
    if doctree is None:
        return
    first = next(iter(doctree.findall(nodes.paragraph)), None)
    said = textwrap.shorten(first.astext() if first else context["title"], WORDS, placeholder=" …")
    title = doctree.next_node(nodes.title).astext()
    part = context.get("part") or app.config.html_title
    card = draw(Path(app.outdir), title, part, context.get("colour") or INK)
    named = {"description": said, "twitter:card": "summary_large_image"}
    shown = {"title": title, "description": said, "type": "article", "site_name": app.config.html_title}
    shown |= {"url": context["pageurl"], "image": app.config.html_baseurl + card, "image:alt": title}
    tags = [f'<meta name="{key}" content="{escape(value)}">' for key, value in named.items()]
    tags += [f'<meta property="og:{key}" content="{escape(value)}">' for key, value in shown.items()]
    context["metatags"] = "\n".join([context.get("metatags", ""), *tags])


def draw(html: Path, title: str, part: str, colour: str) -> str:
    """The page's card below the book's folder; drawn once for the same words."""
    digest = hashlib.sha256("\n".join([title, part, colour]).encode()).hexdigest()[:12]
    name = f"_static/cards/{digest}.png"
    if (html / name).exists():
        return name
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    fonts = Path(matplotlib.get_data_path(), "fonts", "ttf")
    large = ImageFont.truetype(fonts / "DejaVuSans-Bold.ttf", 68)
    small = ImageFont.truetype(fonts / "DejaVuSans.ttf", 34)
    card = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(card)
    pen.rectangle((0, 0, 28, SIZE[1]), fill=colour)
    pen.text((90, 90), part, font=small, fill=colour)
    pen.multiline_text((90, 180), textwrap.fill(title, 25), font=large, fill=INK, spacing=18)
    pen.text((90, SIZE[1] - 100), "From Rules to LLMs", font=small, fill=GREY)
    (html / name).parent.mkdir(parents=True, exist_ok=True)
    card.quantize(32).save(html / name, optimize=True)
    return name


def setup(app) -> dict:
    app.connect("html-page-context", share, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
