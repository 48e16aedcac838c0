"""Sphinx extension: light pages. One trimmed style sheet, scripts that wait, no markup that nobody sees."""

import hashlib
import io
import logging
import posixpath
import re
from base64 import b64encode
from pathlib import Path

import tinycss2
from fontTools import subset

# What the theme and its helpers load that no page of this book uses: page search and page menu are our own.
UNUSED = ("thebe", "doctools.js", "sphinx_highlight.js", "require.min.js", "embed-amd.js")
INLINE = ("documentation_options.pagename", "documentation_options.search_as_you_type")
# A helper is loaded where the page holds what it helps with.
HELPERS = {
    "togglebutton": re.compile(r'class="[^"]*\b(?:toggle|dropdown)\b'),
    "design-tabs": re.compile(r'class="[^"]*\bsd-tab-set\b'),
    "katex": re.compile(r'class="katex'),
}
# Scripts that no page loads say nothing about which styles are needed.
SILENT = ("bootstrap", "fontawesome", "searchtools", "language_data", "thebe", "locales")
THEME = ("styles/theme.css", "styles/pydata-sphinx-theme.css")
ICONS = "vendor/fontawesome/webfonts/fa-solid-900.ttf"
# Pygments names every token; these have the colour of plain text.
PLAIN = re.compile(r'<span class="(?:n|p|w|nn)">([^<]*)</span>')
PICTURE = re.compile(r'<img (?=[^>]*src="(?:\.\./)*_images/)')
COMMENT = re.compile(r"/\*.*?\*/", re.S)
IMPORT = re.compile(r'@import\s+(?:url\()?"([^"]+)"\)?;')
ADDRESS = re.compile(r'url\((["\']?)(?!data:|["\'])([^)"\']+)\1\)')
CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
# What stands in these is no class that has to be there: a:not(.b) also counts where no b is.
BRACKETS = re.compile(r":(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\]")
PRIVATE = re.compile(r"[\ue000-\uf8ff]|\\([ef][0-9a-f]{3})\b")
TWICE = '<meta name="viewport" content="width=device-width, initial-scale=1" />'
VERSION = re.compile(r"(_static/book\.css)(?:\?v=\w*)?")


def lighten(app, pagename, templatename, context, doctree) -> None:
    """Take off a page what it does not need, and let its scripts wait for the text."""
    body = context.get("body", "")
    unwanted = (*UNUSED, *INLINE, *(name for name, sign in HELPERS.items() if not sign.search(body)))
    scripts = [file for file in context["script_files"] if not mentions(file, unwanted)]
    for file in scripts:
        if getattr(file, "filename", None):
            file.attributes["defer"] = "defer"
    context["script_files"] = scripts
    styles = [file for file in context["css_files"] if mentions(file, ("katex",))]
    context["css_files"] = [file for file in styles if not mentions(file, unwanted)]
    context["metatags"] = context.get("metatags", "").replace(TWICE, "")
    if body:
        context["body"] = PICTURE.sub('<img loading="lazy" decoding="async" ', PLAIN.sub(r"\1", body))


def mentions(file, words) -> bool:
    """Whether a script or style sheet, or its text on the page, is one of these."""
    name = str(getattr(file, "filename", file) or "")
    body = str(getattr(file, "attributes", {}).get("body", ""))
    return any(word in (name + body).lower() for word in words)


def write_style(app, exception) -> None:
    """Write the book's one style sheet and give its address on every page the digest of its text."""
    if exception or app.builder.format != "html":
        return
    static, pages = Path(app.outdir) / "_static", sorted(Path(app.outdir).rglob("*.html"))
    files = sorted(app.builder._css_files, key=lambda file: file.priority)
    own = [file for file in files if not mentions(file, ("thebe", "katex"))]
    names = [*THEME, *(str(file.filename).removeprefix("_static/") for file in own)]
    whole = "\n".join(gathered(static, name) for name in dict.fromkeys(names))
    style = remembered(static, whole, used(static, pages), Path(app.outdir).parent / ".style")
    (static / "book.css").write_text(style, "utf-8")
    digest = hashlib.sha256(style.encode()).hexdigest()[:8]
    for page in pages:
        before = page.read_text("utf-8")
        after = VERSION.sub(rf"\1?v={digest}", before)
        if after != before:
            page.write_text(after, "utf-8")


def gathered(static: Path, name: str) -> str:
    """A style sheet with what it imports, its addresses as seen from the static folder."""
    folder = posixpath.dirname(name)
    near = lambda address: posixpath.normpath(posixpath.join(folder, address))  # noqa: E731
    text = COMMENT.sub("", (static / name.split("?")[0]).read_text("utf-8"))
    text = IMPORT.sub(lambda found: gathered(static, near(found[1])), text)
    return ADDRESS.sub(lambda found: f'url("{near(found[2])}")', text) if folder else text


def used(static: Path, pages: list[Path]) -> set[str]:
    """Every class on a page, and every word of a script that might be one."""
    words, scripts = set(), set()
    for page in pages:
        text = page.read_text("utf-8")
        words.update(name for classes in re.findall(r'class="([^"]*)"', text) for name in classes.split())
        scripts.update(re.findall(r"<script>(.*?)</script>", text, re.S))
    for script in static.rglob("*.js"):
        if not any(name in script.as_posix() for name in SILENT):
            scripts.add(script.read_text("utf-8"))
    return words.union(*(re.findall(r"[A-Za-z][\w-]+", script) for script in scripts))


def remembered(static: Path, whole: str, words: set[str], folder: Path) -> str:
    """The trimmed style sheet, from last time if nothing that it depends on has changed."""
    wanted = sorted(words & set(CLASS.findall(whole)))
    key = hashlib.sha256("\n".join([Path(__file__).read_text("utf-8"), whole, *wanted]).encode())
    file = folder / f"{key.hexdigest()[:16]}.css"
    if not file.exists():
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        rules = tinycss2.parse_stylesheet(whole, skip_comments=True, skip_whitespace=True)
        file.write_text(with_icons(static, trimmed(rules, words)), "utf-8")
    return file.read_text("utf-8")


def trimmed(rules: list, words: set[str]) -> str:
    """The rules whose classes are in use, as text; at-rules with what is left in them."""
    parts = []
    for rule in rules:
        if rule.type == "qualified-rule":
            chosen = [one for one in selectors(rule.prelude) if classes_of(one) <= words]
            parts.append(f"{','.join(chosen)}{{{plain(rule.content)}}}" if chosen else "")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports", "layer"):
            inside = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            inner = trimmed(inside, words)
            parts.append(f"{head(rule)}{{{inner}}}" if inner else "")
        elif rule.type == "at-rule" and rule.content is not None:
            parts.append(f"{head(rule)}{{{plain(rule.content)}}}")
    return "\n".join(part for part in parts if part)


def head(rule) -> str:
    """An at-rule's name and what it is about."""
    return f"@{rule.at_keyword} {plain(rule.prelude)}".strip()


def selectors(prelude: list) -> list[str]:
    """The selectors of a rule, one by one."""
    found = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            found.append([])
        else:
            found[-1].append(token)
    return [plain(tokens) for tokens in found]


def classes_of(selector: str) -> set[str]:
    """The classes without which a selector finds nothing."""
    return set(CLASS.findall(BRACKETS.sub("", selector)))


def plain(tokens: list) -> str:
    """Tokens as text on one line."""
    return re.sub(r"\s+", " ", tinycss2.serialize(tokens)).strip()


def with_icons(static: Path, style: str) -> str:
    """The style sheet with an icon font of the icons that it names, in the sheet itself."""
    points = {int(found[1], 16) if found[1] else ord(found[0]) for found in PRIVATE.finditer(style)}
    style = re.sub(r"@font-face ?\{[^}]*Font ?Awesome[^}]*\}\n?", "", style)
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    font = subset.load_font(static / ICONS, subset.Options())
    chooser = subset.Subsetter(subset.Options(notdef_outline=True, name_IDs=[]))
    chooser.populate(unicodes=points)
    chooser.subset(font)
    family = re.search(r"--fa-style-family-classic: ?([^;}]+)", style)
    font.flavor, packed = "woff", io.BytesIO()
    font.save(packed)
    data = b64encode(packed.getvalue()).decode()
    return f"@font-face{{font-family:{family[1]};font-weight:900;src:url(data:font/woff;base64,{data})}}\n{style}"


def setup(app) -> dict:
    app.connect("html-page-context", lighten, priority=950)
    app.connect("build-finished", write_style, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
