"""The pages around the chapters: openers, glossary, notation, claims, and the timeline's sources."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

import eras
from eras.figures import ERA_COLOURS
from eras.figures.timeline import MILESTONES

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
PAGES = [CONTENTS["root"], *(c["file"] for part in CONTENTS["parts"] for c in part["chapters"])]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def source(page: str) -> str:
    return (ROOT / f"{page}.md").read_text("utf-8")


def load(name: str):
    """A module of the book's folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "book" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def glossary() -> list[tuple[str, str, str]]:
    """(English, Chinese, definition) for each entry, in the order of the page."""
    body = re.search(r"```\{glossary\}\n(.*?)\n```", source("chapters/back/glossary"), re.S)[1]
    entries = [entry.split("\n") for entry in body.split("\n\n")]
    assert all(len(entry) == 3 for entry in entries), "an entry is English, Chinese and one line"
    return [tuple(line.strip() for line in entry) for entry in entries]


def test_each_part_begins_with_its_opener():
    parts = [part for part in CONTENTS["parts"] if part["caption"].startswith("Part ")]
    assert [part["chapters"][0]["file"] for part in parts] == [f"chapters/{era}/{era}" for era in ERA_COLOURS]
    for part, era in zip(parts, ERA_COLOURS, strict=True):
        assert {Path(chapter["file"]).parent.name for chapter in part["chapters"]} == {era}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_one_title_and_three_questions(page):
    fences = re.compile(r"^(`{3,})(.*?)\n.*?^\1$", re.M | re.S)
    assert len(re.findall(r"^# ", fences.sub("", source(page)), re.M)) == 1
    if not page.endswith("/glossary"):
        assert [info for _, info in fences.findall(source(page))].count("{quiz}") >= 3


def test_the_glossary_is_bilingual_sorted_and_without_doubles():
    entries = glossary()
    assert len(entries) >= 120
    for english, chinese, definition in entries:
        assert CHINESE.search(chinese), english
        assert not CHINESE.search(english), english
        assert re.fullmatch(r"[A-Z0-9].*\.", definition), english
    for names in zip(*[entry[:2] for entry in entries], strict=True):
        assert len({name.lower() for name in names}) == len(names)
    names = [english.lower() for english, _, _ in entries]
    assert names == sorted(names)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_a_term_in_chinese_as_the_glossary_does(page):
    known = {english.lower(): chinese for english, chinese, _ in glossary()}
    rows = re.findall(r"^\| ([^|\n]+) \| ([^|\n]+) \| [^|\n]+ \|$", source(page), re.M)
    inline = re.findall(r"\*\*([^*\n]+)\*\*\s\(([^();,]+)\)", source(page))
    said = [(english.lower().strip(), chinese.strip()) for english, chinese in rows + inline]
    for english, chinese in said:
        for name in (english, english.removesuffix("s")):
            if name in known and CHINESE.search(chinese):
                assert chinese == known[name], english


def test_the_notations_letters_are_the_packages():
    letters = dict(re.findall(r"\b([A-Z]) ([a-z][^,.]*)[,.]", eras.__doc__))
    rows = re.findall(r"^\| ([A-Z]) \| ([^|]+) \| ", source("chapters/back/notation"), re.M)
    assert len(letters) >= 7
    assert dict(rows) == {letter: " ".join(meaning.split()) for letter, meaning in letters.items()}


TRIAL = """
```{admonition} Claim on trial
:class: important
:name: claim-swans

"All swans are
white."

What would have to be true: no swan is black. What we measured: one.

**Verdict: wrong.** And more.
```
"""


def test_a_claim_is_read_from_its_box():
    claims = load("claims")
    expected = claims.Claim("claim-swans", "All swans are white.", "no swan is black.", "wrong.")
    assert claims.claims(f"before\n{TRIAL}between\n{TRIAL}") == [expected, expected]
    assert claims.claims("```{admonition} Something else\nx\n```\n") == []


@pytest.mark.parametrize(
    "part", [":name: claim-swans\n", '"All swans are\nwhite."', "What would have to be true:", "**Verdict:"]
)
def test_a_box_without_one_of_its_parts_is_an_error(part):
    claims = load("claims")
    with pytest.raises(claims.ClaimError, match="has no"):
        claims.claims(TRIAL.replace(part, ""))


def test_every_trial_in_the_book_can_be_read():
    claims, names = load("claims"), []
    for page in PAGES:
        found = claims.claims(source(page))
        assert len(found) == len(re.findall(r"\{admonition\} Claim on trial", source(page))), page
        assert all(re.match(r"(holds|loose|wrong)\b", claim.verdict) for claim in found), page
        names += [claim.name for claim in found]
    assert len(names) == len(set(names)) >= 2


@pytest.mark.skipif(
    not (HTML / "chapters/back/claims.html").exists(), reason="no book here: run make book first"
)
def test_the_record_has_a_row_for_every_trial_and_leads_to_it():
    names = [claim.name for page in PAGES for claim in load("claims").claims(source(page))]
    record = HTML / "chapters/back/claims.html"
    links = re.findall(r'href="(\S+?)#(claim-[\w-]+)"', record.read_text("utf-8"))
    assert [anchor for _, anchor in links] == names
    for page, anchor in links:
        assert f'id="{anchor}"' in (record.parent / page).read_text("utf-8")


def test_the_timelines_works_are_in_the_bibliography():
    entries = dict(
        re.findall(r"^@\w+\{(\S+),\n(.*?)^\}", (ROOT / "references.bib").read_text("utf-8"), re.M | re.S)
    )
    for work in MILESTONES:
        year = int(re.search(r"year\s*=\s*\{(\d{4})\}", entries[work.key])[1])
        assert year - work.year in (0, 1), work.name  # a preprint may come a year before
        assert work.by.split()[0] in entries[work.key], work.name
        assert work.era in ERA_COLOURS
