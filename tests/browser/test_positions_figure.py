"""The positions figure in Chromium against the package: the same scores, slopes, cosines and buckets."""

import math
import re

import pytest
import torch

from eras.figures.positions import HEADS, mean_cosine, positions_figure
from eras.pretraining.positions import alibi_bias, alibi_slopes, rope, t5_bucket

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
torch.manual_seed(3)
Q, K = torch.randn(2, 16).round(decimals=4)

# Set the model to each of many settings; read the view's words.
TRY = """async (settings) => {
    const figure = document.querySelector("figure.live"), seen = [];
    for (const setting of settings) {
        for (const [key, value] of Object.entries(setting)) figure.model.set(key, value);
        for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
        seen.push([...figure.querySelectorAll(".places > div:not([hidden])")].at(-1).innerText);
    }
    return seen;
}"""


@pytest.fixture
def page(open_figure):
    return open_figure(positions_figure(Q, K))


def number(pattern, text):
    return float(re.search(pattern + r"(−?\d+(?:\.\d+)?(?:e−\d+)?)", text)[1].replace("−", "-"))


def products(m, n, base):
    """Each pair's share of the score of the query at m and the key at n.  -> (D/2,)"""
    q, k = (rope(x.double()[None], torch.tensor([p]), 10**base)[0] for x, p in ((Q, m), (K, n)))
    return (q * k).view(2, -1).sum(0)


def test_scores_are_the_packages(page):
    cases = [(7, 5, 0, 4.0), (0, 0, 0, 4.0), (64, 0, 2000, 2.0), (3, 60, 17, 7.0), (20, 41, 999, 5.7)]
    settings = [dict(zip(("m", "n", "shift", "base"), case, strict=True)) for case in cases]
    for (m, n, shift, base), text in zip(cases, page.evaluate(TRY, settings), strict=True):
        expected = products(m + shift, n + shift, base)
        assert number("Score, the sum of the products: ", text) == pytest.approx(
            expected.sum().item(), abs=6e-5
        )
        shown = [float(p.replace("−", "-")) for p in re.findall(r"^product (\S+)$", text, re.M)]
        assert shown == pytest.approx(expected.tolist(), abs=6e-4)
        assert f"Query at {m + shift}, key at {n + shift}: distance {m - n}." in text


def test_a_shift_turns_the_hands_and_not_the_score(page):
    score, hand = page.locator(".score"), page.locator(".clocks line").first
    before, at = score.text_content(), hand.get_attribute("x2")
    shift = page.get_by_role("slider", name="Shift of both")
    shift.press("End")
    page.wait_for_function("document.querySelector('.places').textContent.includes('Query at 2007')")
    assert score.text_content() == before
    assert hand.get_attribute("x2") != at
    page.get_by_role("slider", name="Query at m").press("ArrowRight")
    page.wait_for_function("document.querySelector('.places').textContent.includes('distance 3')")
    assert score.text_content() != before


def test_the_base_slows_the_hands(page):
    page.get_by_role("slider", name="Base θ").first.press("End")
    page.wait_for_function("document.querySelector('.clocks').textContent.includes('7.5e−7 rad')")
    assert pytest.approx(7.5e-7, rel=0.01) == 10_000_000 ** (-14 / 16)


def test_slopes_and_biases_are_the_packages(page):
    page.get_by_role("button", name="ALiBi’s slopes").press("Enter")
    cases = [(heads, head, d) for heads in HEADS for head in (1, heads) for d in (0, 1, 17, 128)]
    texts = page.evaluate(
        TRY, [dict(zip(("heads", "head", "distance"), case, strict=True)) for case in cases]
    )
    for (heads, head, distance), text in zip(cases, texts, strict=True):
        slopes = [float(s) for s in re.findall(r"^head \d+: (\S+)$", text, re.M)]
        assert slopes == pytest.approx(alibi_slopes(heads).tolist(), rel=1e-3)
        bias = alibi_bias(heads, 1, 129)[head - 1, 0, 128 - distance].item()
        assert number(f"a key {distance} back gets ", text) == pytest.approx(bias, abs=6e-4)
        assert number("multiplied by ", text) == pytest.approx(math.exp(bias), rel=0.05, abs=6e-4)


def test_fewer_heads_take_the_chosen_one_along(page):
    page.get_by_role("button", name="ALiBi’s slopes").click()
    page.get_by_role("slider", name="Head", exact=True).press("End")
    assert page.get("head") == 8
    page.get_by_label("Heads").select_option("4")
    page.wait_for_function("document.querySelector('.stage').textContent.includes('Head 4, slope 0.003906')")
    assert page.get_by_role("slider", name="Head", exact=True).get_attribute("max") == "4"
    page.get_by_role("slider", name="Distance").first.press("Home")
    page.wait_for_function("document.querySelector('.stage').textContent.includes('a key 0 back gets 0.000')")


def test_everything_over_the_distance_is_the_packages(page):
    page.get_by_role("button", name="Over the distance").press("Enter")
    cases = [(d, 128, 4.0, 4) for d in [*range(1, 140), 1000, 10_000]]
    cases += [
        (d, width, base, sight) for d in (3, 77, 2500) for width, base, sight in ((16, 2.0, 1), (256, 7.0, 8))
    ]
    settings = [{"far": math.log10(d), "width": w, "base": b, "sight": s} for d, w, b, s in cases]
    for (d, width, base, sight), text in zip(cases, page.evaluate(TRY, settings), strict=True):
        expected = mean_cosine(torch.tensor([d]), width, 10**base).item()
        assert number(f"{d:,} back: RoPE ", text) == pytest.approx(expected, abs=6e-4)
        factor = math.exp(-alibi_slopes(8)[sight - 1].item() * d)
        assert number("factor ", text) == pytest.approx(factor, rel=0.05, abs=6e-4)
        assert f"bucket {t5_bucket(torch.tensor(-d), bidirectional=False).item()}." in text


def test_one_view_at_a_time(page):
    names = ("Rotations", "ALiBi’s slopes", "Over the distance")
    for name in (*names[1:], names[0]):
        page.get_by_role("button", name=name).press(" ")
        page.wait_for_selector(f"button[aria-pressed=true]:has-text('{name}')")
        assert page.locator("button[aria-pressed=true]").count() == 1
        assert page.locator(".places > div:not([hidden])").count() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_every_view(open_figure, scheme):
    page = open_figure(positions_figure(Q, K), width=375, scheme=scheme)
    for view in ("rope", "alibi", "decay"):
        page.set("view", view)
        assert page.axe() == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_the_table_holds_the_packages_numbers():
    figure = positions_figure(Q, K, theta=500_000.0, width=64)
    row = next(row for row in figure.data.rows if row[0] == "100")
    assert float(row[1]) == pytest.approx(mean_cosine(torch.tensor([100]), 64, 5e5).item(), abs=6e-4)
    assert row[-1] == str(t5_bucket(torch.tensor(-100), bidirectional=False).item())
    assert figure.widget.view == "rope"


@pytest.mark.parametrize("wrong", [{"key": [1.0]}, {"view": "sines"}, {"theta": 1.0}, {"width": 10}])
def test_bad_input_is_named(wrong):
    with pytest.raises(ValueError, match=r"even length|no such"):
        positions_figure(**{"query": [1.0, 2.0], "key": [2.0, 1.0], **wrong})
