"""The n-gram figure in Chromium: what it counts and draws is what the package's models say."""

import gzip
from itertools import accumulate

import pytest

from eras import data
from eras.figures.figure import STATIC
from eras.figures.ngram import SMOOTHINGS, following, ngram_figure, show_symbol

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
CONTEXTS = ["", "t", "the wor", "q", "zzz", "the 中x", "\n", "Enter", "王"]
ASK = """async ([text, order, smoothing, context]) => {
  const { count, prepare, distribution } = await import(new URL("figures/ngram.js", location));
  const model = prepare(count(text), order, smoothing);
  return Object.fromEntries(distribution(model, context).p.map((p, i) => [model.symbols[i], p]));
}"""


@pytest.fixture(scope="module")
def texts():
    play = data.load("shakespeare", "train")[0].text[2000:10_000]
    poems = data.load("tang", "train")[0].text[:1500]
    return {"Shakespeare": (play, "the wor"), "Tang": (poems, "天")}


@pytest.fixture
def figure(texts, open_figure):
    return lambda **how: open_figure(ngram_figure(texts), **how)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("order", [1, 2, 4, 6])
def test_every_probability_is_the_packages(figure, texts, order, smoothing):
    page = figure()
    for text, _ in texts.values():
        for context in CONTEXTS:
            found = page.evaluate(ASK, [text, order, smoothing, context])
            due = dict(following(text, context, order, smoothing))
            assert found == pytest.approx(due, abs=1e-12), (order, smoothing, context)
            assert sum(found.values()) == pytest.approx(1)


def shown(page):
    """Characters and probabilities of the first table."""
    rows = page.locator(".stage table").first.locator("tbody tr")
    cells = [row.locator("td").all_inner_texts() for row in rows.all()]
    return [(c[0], c[2]) for c in cells]


def test_the_table_shows_the_best_and_follows_what_is_typed(figure, texts):
    page = figure()
    text = texts["Shakespeare"][0]
    for context in ("the wor", "th", "I "):
        page.get_by_label("context", exact=True).fill(context)
        last = "".join(show_symbol(s) for s in context)
        page.wait_for_function(
            "(c) => document.querySelector('.spoken').textContent.includes(`“${c}”`)", arg=last
        )
        due = following(text, context, 4)
        assert shown(page)[0][0] == show_symbol(due[0][0])
        assert f"“{show_symbol(due[0][0])}” with {100 * due[0][1]:.0f} %" in page.inner_text(".spoken")


def test_order_and_smoothing_change_what_is_possible(figure, texts):
    page = figure()
    page.get_by_label("smoothing").select_option("none")
    slider = page.get_by_label("order", exact=True)
    slider.focus()
    for order in (5, 6):
        page.keyboard.press("ArrowRight")
        possible = sum(p > 0 for _, p in following(texts["Shakespeare"][0], "the wor", order, "none"))
        page.wait_for_function(
            "(n) => document.querySelector('.spoken').textContent.includes(`; ${n} of`)", arg=possible
        )
        assert page.get("order") == order
    assert page.locator("tr", has_text="the␣wor"[-5:]).count() == 1
    page.get_by_label("smoothing").select_option("add one")
    every = len(set(texts["Shakespeare"][0]))
    page.wait_for_function(
        "(n) => document.querySelector('.spoken').textContent.includes(`; ${n} of ${n}`)", arg=every
    )
    assert page.axe() == []


def test_another_text_brings_its_own_context(figure):
    page = figure()
    page.get_by_label("counted in").select_option(label="Tang")
    page.wait_for_function("document.querySelector('.spoken').textContent.includes('“天”')")
    assert page.get("context") == "天"


def mulberry(seed):
    """The kit's random numbers."""
    state, mask = seed, 0xFFFFFFFF
    while True:
        state = (state + 0x6D2B79F5) & mask
        mixed = ((state ^ state >> 15) * (state | 1)) & mask
        mixed ^= (mixed + (((mixed ^ mixed >> 7) * (mixed | 61)) & mask)) & mask
        yield ((mixed ^ mixed >> 14) & mask) / 2**32


def written(text, context, order, seed, length):
    """What the package's model writes with the page's random numbers."""
    drawn, points = "", mulberry(seed)
    while len(drawn) < length:
        ordered = sorted(following(text, context + drawn, order))
        reached, point = accumulate(p for _, p in ordered), next(points)
        drawn += ordered[next(i for i, sum_ in enumerate(reached) if sum_ > point)][0]
    return drawn


def test_it_writes_what_the_package_would_write(figure, texts):
    page = figure()
    assert page.locator(".written").count() == 0
    page.get_by_role("button", name="Write 200 characters").click()
    page.wait_for_selector(".written")
    first = page.locator(".written").text_content()
    assert len(first) == len("the wor") + 200
    assert first[7:37] == written(texts["Shakespeare"][0], "the wor", 4, 1, 30)
    page.get_by_role("button", name="Another seed").click()
    page.wait_for_function("(t) => document.querySelector('.written').textContent !== t", arg=first)
    assert page.get("seed") == 2
    page.get_by_label("seed", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("(t) => document.querySelector('.written').textContent === t", arg=first)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_on_a_phone_with_everything_shown(figure, scheme):
    page = figure(scheme=scheme, width=375)
    page.set("length", 200)
    page.set("order", 6)
    page.wait_for_selector(".written")
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.complaints == []


def test_it_weighs_little(texts):
    whole = data.load("shakespeare", "train")[0].text[2000:52_000]
    poems = data.load("tang", "train").text[:9000]
    page = ngram_figure({"Shakespeare": (whole, "the wor"), "Tang": (poems, "明月")}).html()
    code = (STATIC / "ngram.js").read_bytes() + (STATIC / "kit.js").read_bytes()
    assert len(gzip.compress(page.encode())) + len(gzip.compress(code)) < 60_000


@pytest.mark.parametrize(
    ("texts", "order", "why"),
    [
        ({}, 3, "at least one text"),
        ({"a": ("", "")}, 3, "is empty"),
        ({"a": ("b", "")}, 7, "order must be 1…6"),
    ],
)
def test_bad_texts_are_refused(texts, order, why):
    with pytest.raises(ValueError, match=why):
        ngram_figure(texts, order)
