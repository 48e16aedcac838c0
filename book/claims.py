"""Sphinx extension: the directive `claims`, a table of all claims that the book's chapters have put on trial.

A trial is an admonition titled "Claim on trial" with a `:name:`. Its first quotation is the claim, what follows
"What would have to be true:" is the test, and the bold "Verdict: …" closes it.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

BOX = re.compile(r"^(?P<fence>[`:]{3,})\{admonition\} Claim on trial\n(?P<body>.*?)^(?P=fence)$", re.M | re.S)
PARTS = {
    "name": re.compile(r"^:name: (\S+)$", re.M),
    "claim": re.compile(r"[\"“](.+?)[\"”]", re.S),
    "test": re.compile(r"What would have to be true: (.+?\.)(?=\s|$)", re.S),
    "verdict": re.compile(r"\*\*Verdict: (.+?)\*\*", re.S),
}


class ClaimError(ValueError):
    """A trial lacks one of its parts."""


@dataclass(frozen=True)
class Claim:
    """A trial: the label of its box, the claim as it circulates, what it would take, and the verdict."""

    name: str
    claim: str
    test: str
    verdict: str


def claims(text: str) -> list[Claim]:
    """The trials on a page, given its source. Raises ClaimError naming the part that is missing."""
    found = []
    for box in BOX.finditer(text):
        parts = {}
        for part, pattern in PARTS.items():
            match = pattern.search(box["body"])
            if not match:
                raise ClaimError(f"the claim on trial {parts.get('name', '(unnamed)')} has no {part}")
            parts[part] = " ".join(match[1].split())
        found.append(Claim(**parts))
    return found


class Claims(SphinxDirective):
    """The directive: one row for each trial, in the order of the book, linked to its box."""

    def run(self) -> list[nodes.Node]:
        lines = ["| as it circulates | what would have to be true | verdict |", "|---|---|---|"]
        for page in self.pages():
            self.env.note_dependency(str(page))
            try:
                trials = claims(page.read_text("utf-8"))
            except ClaimError as error:
                raise self.error(f"{page.name}: {error}") from None
            lines += [f"| {{ref}}`“{c.claim}” <{c.name}>` | {c.test} | **{c.verdict}** |" for c in trials]
        parent = nodes.Element()
        self.state.nested_parse(StringList(lines), self.content_offset, parent)
        return parent.children

    def pages(self) -> list[Path]:
        """The book's pages in the order of its contents."""
        files = [Path(self.env.srcdir, f"{name}.md") for name in self.env.external_site_map]
        return [file for file in files if file.exists()]


def setup(app) -> dict:
    app.add_directive("claims", Claims)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
