"""The alignment figure in Chromium: its links, joins and phrases are the package's."""

import gzip
import random

import pytest

from eras.figures.alignment import alignment_figure, joined, strongest
from eras.figures.figure import STATIC
from eras.statistical.alignment import extract_phrases, symmetrise
from eras.statistical.hmm_alignment import train_hmm
from eras.statistical.ibm import Bitext, train_model1

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
TEXT = """打开 文件 。|open the file .;打开 窗口 。|open the window .;关闭 窗口|close the window;
关闭 文件 。|close a file .;文件 的 名称|the name of the file;窗口 的 名称 。|the name of the window ."""


def corpus():
    pairs = [tuple(side.split() for side in pair.split("|")) for pair in TEXT.replace("\n", "").split(";")]
    return pairs, Bitext(pairs), Bitext([(target, source) for source, target in pairs])


def made():
    pairs, *bitexts = corpus()
    stages = {}
    for rounds in (0, 1, 4):
        stages[f"Model 1, round {rounds}"] = tuple(train_model1(b, rounds).shares for b in bitexts)
    stages["HMM"] = tuple(train_hmm(b, train_model1(b, 4).t, 3).shares for b in bitexts)
    return alignment_figure(pairs, [0, 4, 5], tuple(bitexts), stages)


@pytest.fixture
def figure(open_figure):
    return lambda **how: open_figure(made(), **how)


def links_shown(page):
    """The marked cells of the matrix."""
    rows = page.locator(".grid tbody tr")
    return {
        (i, j)
        for i in range(rows.count())
        for j in range(rows.nth(i).locator("td").count())
        if rows.nth(i).locator("td").nth(j).locator(".mark").count()
    }


@pytest.mark.parametrize("seed", range(6))
def test_joins_and_phrases_are_the_packages(figure, seed):
    rng = random.Random(seed)
    forward, backward = ({(rng.randrange(5), rng.randrange(6)) for _ in range(7)} for _ in range(2))
    ask = """async ([forward, backward]) => {
      const { symmetrise, extractPhrases } = await import(new URL("figures/alignment.js", location));
      const links = symmetrise(forward, backward);
      return [links, extractPhrases(5, 6, links, 4)];
    }"""
    links, phrases = figure().evaluate(ask, [list(map(list, forward)), list(map(list, backward))])
    due = symmetrise(forward, backward)
    assert {tuple(link) for link in links} == due
    assert {tuple(phrase) for phrase in phrases} == extract_phrases(5, 6, due, 4)


def test_every_stage_and_join_shows_the_packages_links(figure):
    page, state = figure(), made().state
    slider = page.get_by_label("Model", exact=True)
    slider.focus()
    for stage in reversed(range(len(state["stages"]))):
        name = state["stages"][stage]
        page.wait_for_function("(n) => document.querySelector('.spoken').textContent.startsWith(n)", arg=name)
        assert links_shown(page) == joined(state["sentences"][0], stage)
        page.keyboard.press("ArrowLeft")
    assert page.get("stage") == 0
    page.set("stage", 2)
    sentence = state["sentences"][0]
    size = len(sentence["source"]), len(sentence["target"])
    front, back = sentence["weights"][2]
    sides = strongest(front, *size, True), strongest(back, *size, False)
    for join, due in (
        ("Chinese to English", sides[0]),
        ("English to Chinese", sides[1]),
        ("intersection", sides[0] & sides[1]),
        ("union", sides[0] | sides[1]),
        ("grow-diag-final-and", symmetrise(*sides)),
    ):
        page.get_by_label("Links").select_option(join)
        page.wait_for_function("(j) => document.querySelector('.spoken').textContent.includes(j)", arg=join)
        assert links_shown(page) == due


def test_a_word_shows_its_phrases_and_a_sentence_begins_anew(figure):
    page, state = figure(), made().state
    page.get_by_label("Sentence").select_option(label=" ".join(state["sentences"][1]["target"]))
    page.get_by_role("button", name="名称").press("Enter")
    page.wait_for_function("document.querySelector('.what').textContent.includes('名称')")
    assert page.get("word") == 2
    sentence, links = state["sentences"][1], joined(state["sentences"][1], 3)
    due = {
        f"{''.join(sentence['source'][a:b])} – {' '.join(sentence['target'][c:d])}"
        for a, b, c, d in extract_phrases(3, 5, links)
        if a <= 2 < b
    }
    assert set(page.locator(".aligned li").all_inner_texts()) == due
    page.get_by_label("Sentence").select_option(label=" ".join(state["sentences"][2]["target"]))
    page.wait_for_function("document.querySelector('.what').textContent.includes('窗口')")
    assert page.get("word") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_on_a_phone(figure, scheme):
    page = figure(scheme=scheme, width=375)
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.complaints == []


def test_it_weighs_little():
    code = (STATIC / "alignment.js").read_bytes() + (STATIC / "kit.js").read_bytes()
    assert len(gzip.compress(made().html().encode())) + len(gzip.compress(code)) < 30_000


def test_bad_input_is_refused():
    pairs, *bitexts = corpus()
    share = train_model1(bitexts[0], 1).shares
    with pytest.raises(ValueError, match="at least one"):
        alignment_figure(pairs, [], tuple(bitexts), {})
    with pytest.raises(ValueError, match="HMM: "):
        alignment_figure(pairs, [0], tuple(bitexts), {"HMM": (share, share)})
