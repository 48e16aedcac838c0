"""The attention explorer in Chromium: weights are Python's softmax of the same scores, whatever is set."""

import gzip
import re

import numpy as np
import pytest
import torch

from eras.figures.attention import STEP, attention, softmax
from eras.figures.figure import BOOK, STATIC
from eras.pretraining.attention import causal_mask
from eras.pretraining.attention import softmax as torch_softmax

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
WORDS, CHINESE = ["The", " ship", " and", "\n", " the", " crew"], list("春眠不觉晓，处处")


def scores(T, layers=2, heads=3):
    return np.random.default_rng(T).normal(0, 2, (layers, heads, T, T))


@pytest.fixture
def figure():
    return attention({"ship": (WORDS, scores(6)), "春晓": (CHINESE, scores(8))}, layer=1, head=2)


def drawn(page):
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page


def weights(page):
    """What the page computes for the head and settings of its model."""
    return np.array(
        page.evaluate("""async () => {
      const { weightsOf } = await import("/figures/attention.js");
      const { model } = document.querySelector("figure"), settings = {};
      for (const key of ["step", "causal", "temperature"]) settings[key] = model.get(key);
      return weightsOf(model.get("sentences")[model.get("sentence")].scores[model.get("layer")][model.get("head")], settings);
    }""")  # noqa: E501
    )


def shown(page):
    """The numbers over the sentence; a hidden token counts as None."""
    texts = drawn(page).locator(".sentence small").all_inner_texts()
    return [None if text == "–" else float(text.split()[0]) / 100 for text in texts]


@pytest.mark.parametrize(("causal", "temperature"), [(True, 1.0), (False, 1.0), (True, 0.1), (False, 3.7)])
def test_weights_are_the_softmax_of_the_same_scores(open_figure, figure, causal, temperature):
    page = open_figure(figure)
    page.set("causal", causal)
    page.set("temperature", temperature)
    for sentence, T in ((0, 6), (1, 8)):
        page.set("sentence", sentence)
        stored = figure.state["sentences"][sentence]["scores"][1][2]
        rounded = torch.tensor(stored, dtype=torch.float64).view(T, T) * STEP / temperature
        allowed = causal_mask(T) if causal else torch.ones(T, T, dtype=torch.bool)
        expected = torch_softmax(rounded.masked_fill(~allowed, float("-inf"))).numpy()
        assert np.abs(weights(page) - expected).max() < 1e-12
        assert np.abs(softmax(stored, causal, temperature) - expected).max() < 1e-12
        page.set("focus", 3)
        row = expected[3]
        numbers = shown(page)
        assert numbers == pytest.approx(row, abs=0.0051) if not causal else numbers[4:] == [None] * (T - 4)
        bits = -sum(w * np.log2(w) for w in row if w > 0)
        assert f"Entropy {abs(bits):.2f} bits" in page.locator(".spoken").inner_text()


def test_stored_scores_are_near_the_true_ones():
    true = scores(6)
    stored = attention({"ship": (WORDS, true)}).state["sentences"][0]["scores"]
    assert np.abs(np.array(stored).reshape(true.shape) * STEP - true).max() <= STEP / 2


def test_each_control_changes_what_it_says(open_figure, figure):
    page = open_figure(figure)
    page.get_by_role("combobox", name="sentence").select_option(label="春晓")
    assert drawn(page).locator(".sentence .token").all_inner_texts() == CHINESE
    assert len(shown(page)) == 8
    page.get_by_role("checkbox", name="causal mask").uncheck()
    page.set("focus", 0)
    assert None not in shown(page)
    page.get_by_role("checkbox", name="causal mask").check()
    assert shown(page) == [1, *[None] * 7]
    page.set("focus", 7)
    warm = shown(page)
    page.get_by_role("slider", name="temperature").focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    assert page.get("temperature") == pytest.approx(4)
    hot = shown(page)
    assert max(hot) < max(warm)
    assert hot == pytest.approx(softmax(figure.state["sentences"][1]["scores"][1][2], True, 4)[7], abs=0.0051)


def test_a_head_is_chosen_in_the_overview_by_mouse_and_keyboard(open_figure, figure):
    page = open_figure(figure)
    page.get_by_role("button", name=re.compile("layer 0, head 1")).click()
    assert (page.get("layer"), page.get("head")) == (0, 1)
    page.set("focus", 5)
    assert shown(page) == pytest.approx(softmax(figure.state["sentences"][0]["scores"][0][1])[5], abs=0.0051)
    page.get_by_role("button", name=re.compile("layer 1, head 0")).focus()
    page.keyboard.press("Enter")
    assert (page.get("layer"), page.get("head")) == (1, 0)
    chosen = drawn(page).locator(".overview [aria-pressed='true']")
    assert chosen.count() == 1
    assert chosen.evaluate("tile => tile === document.activeElement")
    label = chosen.get_attribute("aria-label")
    w = softmax(figure.state["sentences"][0]["scores"][1][0])
    assert f"{100 * w.diagonal(-1).mean():.0f} % on the token before" in label
    assert f"{100 * w[1:, 0].mean():.0f} % on the first" in label


def test_a_token_is_chosen_by_click_and_arrow_keys(open_figure, figure):
    page = open_figure(figure)
    page.locator("[data-key='2']").click()
    assert page.get("focus") == 2
    for key, focus in (("ArrowRight", 3), ("ArrowLeft", 2), ("End", 5), ("ArrowRight", 5), ("Home", 0)):
        page.keyboard.press(key)
        assert page.get("focus") == focus
    pressed = drawn(page).locator(".sentence [aria-pressed='true']")
    assert pressed.get_attribute("data-key") == "0"
    assert pressed.evaluate("token => token === document.activeElement")


def test_the_map_tells_its_cells_and_chooses_rows(open_figure, figure):
    page = open_figure(figure)
    box = page.locator(".map .hit").bounding_box()
    side = box["width"] / 6
    page.mouse.move(box["x"] + 1.5 * side, box["y"] + 4.5 * side)
    share = softmax(figure.state["sentences"][0]["scores"][1][2])[4][1]
    assert page.locator(".under").inner_text().startswith("From “␣the” to “␣ship”: ")
    number = float(page.locator(".under").inner_text().split(": ")[1].split()[0])
    assert number == pytest.approx(100 * share, abs=0.51)
    page.mouse.move(box["x"] + 5.5 * side, box["y"] + 0.5 * side)
    assert "hidden by the mask" in page.locator(".under").inner_text()
    page.mouse.click(box["x"] + 0.5 * side, box["y"] + 3.5 * side)
    assert page.get("focus") == 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_suits_everyone_in_every_state(open_figure, figure, scheme):
    page = open_figure(figure, scheme=scheme)
    assert page.axe() == []
    page.get_by_role("checkbox", name="causal mask").uncheck()
    page.get_by_role("combobox", name="sentence").select_option(label="春晓")
    page.get_by_role("button", name=re.compile("layer 0, head 0")).click()
    assert drawn(page).axe() == []
    assert page.foreign == []
    assert page.complaints == []


def test_it_fits_a_phone(open_figure):
    page = open_figure(attention({"long": ([f"word{i}" for i in range(24)], scores(24, 6, 4))}), width=375)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_the_chapters_three_sentences_weigh_little(monkeypatch, tmp_path):
    """Random scores, which pack worse than a model's, of the sizes that the page shows."""
    monkeypatch.setenv(BOOK, str(tmp_path))
    sentences = {f"{T} tokens": (["token"] * T, scores(T, 6, 4)) for T in (14, 20, 12)}
    code = sum(len(gzip.compress((STATIC / name).read_bytes())) for name in ("attention.js", "kit.js"))
    assert len(gzip.compress(attention(sentences).html().encode())) + code < 60_000


@pytest.mark.parametrize(
    ("sentences", "options", "message"),
    [
        ({}, {}, "at least one sentence"),
        ({"long": (["a"] * 25, scores(25))}, {}, "1 to 24"),
        ({"empty": ([], np.zeros((1, 1, 0, 0)))}, {}, "1 to 24"),
        ({"odd": (WORDS, scores(5))}, {}, "finite scores"),
        ({"masked": (WORDS, np.full((1, 1, 6, 6), -np.inf))}, {}, "finite scores"),
        ({"a": (WORDS, scores(6)), "b": (WORDS, scores(6, layers=1))}, {}, "as many layers"),
        ({"a": (WORDS, scores(6))}, {"layer": 2}, "there is no layer 2"),
        ({"a": (WORDS, scores(6))}, {"head": -1}, "head -1"),
        ({"a": (WORDS, scores(6))}, {"focus": 6}, "token 6"),
    ],
)
def test_what_cannot_be_shown_is_refused(sentences, options, message):
    with pytest.raises(ValueError, match=message):
        attention(sentences, **options)
