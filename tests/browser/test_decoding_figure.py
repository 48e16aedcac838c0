"""The decoding playground in Chromium, against the package's own processors on the same logits."""

import math

import pytest
import torch

from eras.figures.decoding import OFF, decoding_playground, spell
from eras.llm import decoding as ours
from eras.pretraining.gpt import course_gpt

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
TEXTS = {"English": "The whale, the great white whale, and the", "Chinese": "潼关口号\n河曲回千里，关门"}
SETTINGS = [
    {},
    {"temperature": 0.6, "k": 7},
    {"repetition": 1.4, "temperature": 1.5, "p": 0.85, "m": 0.04},
    {"frequency": 1.2, "t": 0.5},
    {"repetition": 1.2, "frequency": 0.5, "temperature": 2, "order": "last"}
    | {"k": 50, "p": 0.9, "m": 0.02, "t": 0.7},
]
DECIDE = """async ([logits, said, settings]) => {
  const { decide, bits } = await import(new URL("figures/decoding.js", location));
  const { shares, fate, uncut } = decide(logits, said, settings);
  return { shares, fate, uncut, bits: bits(shares) };
}"""


@pytest.fixture(scope="module")
def places():
    """(title, ids, logits) at the end of an English and of a Chinese text; the vocabulary."""
    model, tokenizer = course_gpt()
    found = []
    for title, text in TEXTS.items():
        ids = tokenizer.encode(text)
        with torch.no_grad():
            found.append((title, ids, model(torch.tensor([ids]))[0, -1].tolist()))
    vocabulary = dict(tokenizer.vocab) | {i: t.encode() for t, i in tokenizer.special_tokens.items()}
    return found, vocabulary


@pytest.fixture
def playground(places, open_figure):
    """open(**how): the figure in a page."""
    return lambda **how: open_figure(decoding_playground(*places), **how)


def stored(place):
    """Logits of a stored place, best first, and what was said, by rank.  -> (1, V) float64, (1, T)"""
    drops = torch.tensor([0, *place["drops"]], dtype=torch.float64).cumsum(0)
    ids = [rank for rank, count in place["said"] for _ in range(count)]
    return (place["top"] - drops)[None] / 1000, torch.tensor([ids])


def expected(logits, ids, settings):
    """Final logits (1, V) by the package's processors, in the figure's order."""
    chosen = {**OFF, **settings}
    counts = torch.zeros_like(logits).scatter_add(1, ids, torch.ones_like(ids, dtype=logits.dtype))
    logits = ours.repetition_penalty(ids, logits, chosen["repetition"]) - chosen["frequency"] * counts
    heat = [ours.Temperature(chosen["temperature"])]
    known = {"k": ours.TopK, "p": ours.TopP, "m": ours.MinP, "t": ours.Typical}
    cuts = [known[key](chosen[key]) for key in known if chosen[key] != OFF[key]]
    return ours.process(heat + cuts if chosen["order"] == "first" else cuts + heat, ids, logits)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("which", [0, 1])
def test_every_number_is_the_packages(playground, which, settings):
    page = playground()
    logits, ids = stored(page.get("places")[which])
    due = expected(logits, ids, settings)
    found = page.evaluate(
        DECIDE, [logits[0].tolist(), page.get("places")[which]["said"], {**OFF, **settings}]
    )
    shares = torch.tensor(found["shares"], dtype=torch.float64)
    # Tokens with equal logits are told apart by nobody: compare the shares in order.
    assert torch.allclose(shares.sort().values, due.softmax(-1)[0].sort().values, atol=1e-12)
    assert sum(name is None for name in found["fate"]) == int(due.isfinite().sum())
    entropy = torch.distributions.Categorical(logits=due).entropy() / math.log(2)
    assert found["bits"] == pytest.approx(float(entropy), abs=1e-9)


def test_stored_logits_are_the_models_to_a_thousandth(places):
    found, vocabulary = places
    state = decoding_playground(found, vocabulary).state
    for (_, ids, logits), place in zip(found, state["places"], strict=True):
        assert stored(place)[0][0].tolist() == pytest.approx(sorted(logits, reverse=True), abs=5.1e-4)
        best = max(range(len(logits)), key=logits.__getitem__)
        assert place["names"]["0"] == spell(vocabulary[best])
        assert sum(count for _, count in place["said"]) == len(ids)


def kept(page):
    """How many tokens the spoken line says are kept."""
    words = page.inner_text(".spoken").replace(",", "").split()
    return int(words[0])


def slide(page, label, presses):
    """Press arrow keys on a slider."""
    page.get_by_label(label, exact=True).focus()
    for _ in range(abs(presses)):
        page.keyboard.press("ArrowRight" if presses > 0 else "ArrowLeft")


@pytest.mark.parametrize(
    ("label", "key", "presses"),
    [("top-k", "k", 5), ("top-p", "p", -2), ("min-p", "m", 3), ("typical", "t", -4)],
)
def test_a_cut_by_keyboard_keeps_what_the_package_keeps(playground, label, key, presses):
    page = playground()
    slide(page, label, presses)
    logits, ids = stored(page.get("places")[0])
    due = int(expected(logits, ids, {key: page.get(key)}).isfinite().sum())
    page.wait_for_function(f"document.querySelector('.spoken').textContent.startsWith('{due:,} ')")
    cut = page.locator("tbody td", has_text=label).count()
    assert cut == max(0, min(14, len(logits[0])) - due)
    assert page.axe() == []


def test_place_and_order_and_penalty_change_what_is_shown(playground):
    page = playground()
    page.get_by_label("In the text").select_option(label="Chinese")
    page.wait_for_function("document.querySelector('.stage').textContent.includes('关门')")
    slide(page, "temperature", 20)
    slide(page, "top-p", -4)
    page.wait_for_function(
        "document.querySelector('.stage').textContent.includes('temperature 2.00 → top-p 0.80')"
    )
    first = kept(page)
    page.get_by_label("applied").select_option("last")
    page.wait_for_function(
        "document.querySelector('.stage').textContent.includes('→ temperature 2.00 → draw')"
    )
    assert kept(page) < first  # a flatter distribution needs more tokens for the same mass
    page.get_by_label("In the text").select_option(label="English")
    shares = page.locator("tr", has_text="×2").first.inner_text()
    slide(page, "repetition penalty", 1)
    page.wait_for_function("document.querySelector('.stage').textContent.includes('penalties')")
    assert page.locator("tr", has_text="×2").first.inner_text() != shares
    page.get_by_role("button", name="All off").click()
    assert {key: page.get(key) for key in OFF} == OFF


def mulberry(seed):
    """The kit's random numbers, for a second look at the draws."""
    state, mask = seed, 0xFFFFFFFF
    while True:
        state = (state + 0x6D2B79F5) & mask
        mixed = ((state ^ state >> 15) * (state | 1)) & mask
        mixed ^= (mixed + (((mixed ^ mixed >> 7) * (mixed | 61)) & mask)) & mask
        yield ((mixed ^ mixed >> 14) & mask) / 2**32


def counts(page):
    """The numbers in the last column."""
    return [int(text or 0) for text in page.locator("tbody tr td:last-child").all_inner_texts()]


def test_draws_follow_the_seed_and_the_distribution(playground):
    page = playground()
    slide(page, "top-k", 9)
    page.get_by_role("button", name="Draw 100").click()
    page.wait_for_function("document.querySelector('.spoken').textContent.includes('100 drawn')")
    logits, ids = stored(page.get("places")[0])
    reached = expected(logits, ids, {"k": 9}).softmax(-1)[0].cumsum(0)
    numbers = mulberry(page.get("seed"))
    points = torch.tensor([next(numbers) for _ in range(100)], dtype=torch.float64)
    drawn = torch.searchsorted(reached, points, right=True)
    first = counts(page)
    assert first[:14] == torch.bincount(drawn, minlength=14).tolist()[:14]
    slide(page, "seed", 1)
    assert counts(page) != first
    slide(page, "seed", -1)
    assert counts(page) == first
    assert page.axe() == []
    page.get_by_role("button", name="Put draws back").click()
    page.get_by_role("button", name="Draw a token").click()
    page.wait_for_function("document.querySelector('.spoken').textContent.includes('Drawn: “')")
    assert sum(counts(page)) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_with_everything_on(playground, scheme):
    page = playground(scheme=scheme, width=375)
    for key, value in {**SETTINGS[-1], "drawn": 200}.items():
        page.set(key, value)
    page.wait_for_function("document.querySelector('.spoken').textContent.includes('200 drawn')")
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.parametrize(
    ("places", "why"),
    [
        ([], "at least one place"),
        ([("a", [], [0.0, 1.0])], "no ids"),
        ([("a", [0], [0.0])], "1 logits"),
        ([("a", [0], [0.0, -math.inf])], "not all finite"),
    ],
)
def test_bad_places_are_refused(places, why):
    with pytest.raises(ValueError, match=why):
        decoding_playground(places, {0: b"a", 1: b"b"})
