"""A live ELIZA: the reader talks to it in two languages and sees how each reply is made."""

from collections.abc import Mapping, Sequence
from html import escape

import regex

from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table
from eras.rules.eliza import Eliza, Script, join

BEGUN = 2  # sentences of the made-up person that have been said when the figure appears


def eliza_chat(scripts: Mapping[str, Script], talks: Mapping[str, Sequence[str]]) -> Figure:
    """A conversation by each script, to choose by title; `talks` says what a made-up person would say.

    Raises ValueError for no script or a talk that is missing or too short.
    """
    if not scripts:
        raise ValueError("give at least one script")
    for title in scripts:
        if len(talks.get(title, ())) < BEGUN:
            raise ValueError(f"the talk for {title!r} needs {BEGUN} sentences or more")
    first = next(iter(scripts))
    rows = [row for title, script in scripts.items() for row in _rows(title, script, talks[title])]
    return Figure(
        module="eliza",
        title="ELIZA with the scripts of this course. “Why?” tells which keyword, pattern and template replied.",
        state={
            "scripts": [
                {"title": title, "lang": _language(script), "talk": list(talks[title]), "script": script}
                for title, script in scripts.items()
            ],
            **{"language": 0, "said": list(talks[first][:BEGUN]), "text": "", "chosen": -1},
        },
        picture=_picture([row[1:3] for row in rows if row[0] == first][:4]),
        description="A conversation: a person's sentences, and below each the reply of the program in capitals.",
        data=table(rows, ("script", "person", "ELIZA", "source", "keyword")),
        height=37,
    )


def _language(script: Script) -> str:
    return "zh" if regex.search(r"\p{Han}", script["greeting"]) else "en"


def _rows(title: str, script: Script, talk: Sequence[str]) -> list[tuple[str, ...]]:
    eliza, rows = Eliza(script), []
    for text in talk:
        reply = eliza.respond(text)
        key = join(reply["steps"][-1][0].split()) if reply["source"] == "keyword" else ""
        rows.append((title, text, reply["text"], reply["source"], key))
    return rows


def _picture(exchanges: Sequence[tuple[str, str]]) -> str:
    """The first exchanges as they would stand on paper."""
    lines = []
    for i, (person, reply) in enumerate(exchanges):
        lines.append(f'<text x="16" y="{30 + 56 * i}" fill="#222">{escape(person)}</text>')
        style = f'fill="{ERA_COLOURS["rules"]}" font-family="monospace"'
        lines.append(f'<text x="16" y="{52 + 56 * i}" {style}>{escape(reply)}</text>')
    height = 56 * len(exchanges) + 16
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 {height}" width="640" height="{height}" '
        f'font-family="sans-serif" font-size="15"><rect width="640" height="{height}" fill="#fff"/>'
        f"{''.join(lines)}</svg>"
    )
