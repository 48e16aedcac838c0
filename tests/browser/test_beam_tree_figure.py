"""The beam tree in Chromium, against beam search itself."""

import pytest
import torch

from eras.figures.beam_tree import beam_tree
from eras.llm.beam_trace import trace_beams
from eras.llm.decoding import beam_search

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
VOCABULARY = {i: f" w{i}".encode() for i in range(6)} | {3: b"."}
START, EOS, ROUNDS = torch.tensor([[0, 1]]), 3, 5


def step(ids):
    """A small random model that looks at the last two tokens.  (B, T) -> (B, 6)"""
    logits = torch.randn(6, 6, 6, generator=torch.Generator().manual_seed(3)) * 1.5
    return logits[ids[:, -2], ids[:, -1]]


def small_tree():
    """Searches of that model with one to four beams."""
    searches = {beams: trace_beams(step, START, beams, ROUNDS, EOS) for beams in range(1, 5)}
    return beam_tree("a b", searches, VOCABULARY)


def spell(ids):
    return "".join(VOCABULARY[token].decode() for token in ids)


def ranking(page):
    """The table of finished texts: (text, score)."""
    rows = page.locator("[aria-label='Finished texts'] tbody tr").all()
    cells = [row.locator("td").all_text_contents() for row in rows]
    return [(row[0], float(row[3].replace("−", "-"))) for row in cells]


@pytest.mark.parametrize("beams", [1, 2, 4])
@pytest.mark.parametrize("alpha", [0, 1, 2])
def test_the_finished_texts_are_those_of_beam_search(open_figure, beams, alpha):
    page = open_figure(small_tree())
    for key, value in {"beams": beams, "alpha": alpha, "step": ROUNDS}.items():
        page.set(key, value)
    page.wait_for_function("document.querySelector('.spoken').textContent.includes('over')")
    due = beam_search(step, START, beams, ROUNDS, eos=EOS, length_penalty=alpha)[0]
    found = ranking(page)
    assert [text for text, _ in found] == [spell(ids) for _, ids in due]
    assert [score for _, score in found] == pytest.approx([score for score, _ in due], abs=0.0051)


def nodes(page):
    return page.locator("svg g[role='button']")


def test_the_tree_grows_and_shrinks_with_the_buttons(open_figure):
    page = open_figure(small_tree())
    rounds = trace_beams(step, START, 3, ROUNDS, EOS)
    assert nodes(page).count() == len(rounds[0])
    page.get_by_role("button", name="Next round").click()
    page.wait_for_function("document.querySelector('.spoken').textContent.startsWith('Round 2')")
    assert nodes(page).count() == len(rounds[0]) + len(rounds[1])
    kept = sum(c.fate == "kept" for c in rounds[1])
    assert f"{kept} kept" in page.inner_text(".spoken")
    page.get_by_role("button", name="Back").click()
    page.wait_for_function("document.querySelector('.spoken').textContent.startsWith('Round 1')")
    assert nodes(page).count() == len(rounds[0])


def test_controls_by_keyboard(open_figure):
    page = open_figure(small_tree())
    for label, key, press, due in [
        ("beam width", "beams", "End", 4),
        ("round", "step", "ArrowRight", 2),
        ("length penalty α", "alpha", "ArrowLeft", 0.9),
    ]:
        page.get_by_label(label, exact=True).focus()
        page.keyboard.press(press)
        assert page.get(key) == pytest.approx(due)
    page.wait_for_function(
        "document.querySelector('.spoken').textContent.startsWith('Round 2: 8 candidates')"
    )
    assert page.axe() == []


def test_arrow_keys_walk_along_the_tree_and_each_node_is_spoken(open_figure):
    page = open_figure(small_tree())
    page.set("step", 3)
    page.wait_for_function("document.querySelectorAll('svg g').length > 10")
    rounds = trace_beams(step, START, 3, ROUNDS, EOS)
    assert page.locator("svg g[tabindex='0']").count() == 1
    page.locator("svg g[tabindex='0']").focus()
    first = rounds[0][0]
    page.keyboard.press("ArrowRight")
    child = next(c for c in rounds[1] if c.ids[:-1] == first.ids)
    page.wait_for_function("document.querySelector('.spoken').textContent.includes('after “ ')")
    words = page.inner_text(".spoken").replace("−", "-")
    assert f"{child.fate}; log-probability {child.log_probability:.2f}, together {child.total:.2f}" in words
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label.replace("−", "-") in words
    assert page.axe() == []
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.querySelector('.spoken').textContent.includes('after “the prompt”')")
    page.keyboard.press("ArrowDown")
    second = rounds[0][1]
    page.wait_for_function(f"document.querySelector('.spoken').textContent.includes('{spell(second.ids)}')")


def test_kept_cut_and_finished_differ_in_shape(open_figure):
    page = open_figure(small_tree())
    page.set("step", ROUNDS)
    page.wait_for_function("document.querySelector('.spoken').textContent.includes('over')")
    shapes = {
        fate: page.locator(f"g[aria-label*=': {fate};']").first.evaluate(
            "g => [...g.children].map(c => c.tagName + (c.getAttribute('stroke-dasharray') ?? '')).join()"
        )
        for fate in ("kept", "cut", "finished")
    }
    assert len(set(shapes.values())) == 3


@pytest.mark.parametrize(
    ("searches", "why"), [({}, "every width"), ({2: [[]]}, "every width"), ({1: []}, "no round")]
)
def test_bad_searches_are_refused(searches, why):
    with pytest.raises(ValueError, match=why):
        beam_tree("a", searches, VOCABULARY)
