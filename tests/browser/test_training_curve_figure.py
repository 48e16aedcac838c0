"""The training curve in Chromium, against the log it was made from."""

import math

import pytest

from eras.figures.training_curve import training_curve

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
BYTES = 3.0


def log(count=9):
    """A log like a real one: losses fall, the rate rises and falls."""
    return [
        {
            "step": 100 * i,
            "train": 1.6 + 1.5 / i,
            "valid": 1.8 + 1.2 / i,
            "rate": 1e-3 * math.sin(i / count * 3),
            "tokens": 409_600 * i,
            "seconds": 95.0 * i,
        }
        for i in range(1, count + 1)
    ]


def small_curve():
    return training_curve(log(), {"xz": 2.5, "a 5-gram": 2.1, "a dream": 1.0}, BYTES)


def said(page):
    return page.inner_text(".spoken")


def dots(page):
    """Places of the first curve's points."""
    return page.eval_on_selector_all(
        "circle", "all => all.map(c => [+c.getAttribute('cx'), +c.getAttribute('cy')])"
    )[:9]


def line(page):
    points = page.get_attribute("polyline >> nth=0", "points").split()
    return [tuple(map(float, point.split(","))) for point in points]


def test_slider_speaks_the_row(open_figure):
    page = open_figure(small_curve())
    page.get_by_label("row of the log").focus()
    for at in range(1, 4):
        page.keyboard.press("ArrowRight")
        row = log()[at]
        page.wait_for_function(
            f"document.querySelector('.spoken').textContent.startsWith('Step {row['step']}:')"
        )
        words = said(page)
        assert f"Validation {row['valid']:.3f}, training {row['train']:.3f} bits per byte" in words
        sure = 2 ** (row["valid"] * BYTES)
        assert f"choosing among {sure:.0f} equally likely" in words
        assert ("Better than xz" in words) == (row["valid"] <= 2.5)
    assert page.axe() == []


def test_dragging_picks_the_nearest_row(open_figure):
    page = open_figure(small_curve())
    box = page.locator("svg[aria-label*='over the run']").bounding_box()
    places = [box["x"] + x / 700 * box["width"] for x, _ in dots(page)]
    page.mouse.move(places[2] + 4, box["y"] + 100)
    page.mouse.down()
    assert page.get("at") == 2
    page.mouse.move(places[6] - 4, box["y"] + 120)
    assert page.get("at") == 6
    page.mouse.up()
    page.mouse.move(places[1], box["y"] + 100)
    assert page.get("at") == 6


@pytest.mark.parametrize(
    ("label", "option", "words"),
    [
        ("show", "choices", "among"),
        ("show", "rate", "learning rate over the run"),
        ("against", "minutes", "minutes"),
        ("against", "tokens", "million tokens seen"),
    ],
)
def test_choices_change_the_axes(open_figure, label, option, words):
    page = open_figure(small_curve())
    before = page.inner_html(".stage svg[role='img']")
    page.locator("label", has=page.get_by_text(label, exact=True)).locator("select").select_option(option)
    page.wait_for_function(
        "before => document.querySelector('.stage svg[role=img]').innerHTML !== before", arg=before
    )
    assert words in page.locator("svg[aria-label*='over the run']").evaluate("svg => svg.outerHTML")
    assert page.axe() == []


def test_a_logarithmic_axis_is_one(open_figure):
    page = open_figure(small_curve())
    page.get_by_label("logarithmic").select_option("x")
    xs = [x for x, _ in dots(page)]
    for i, row in enumerate(log()):
        due = math.log(row["step"] / 100) / math.log(9)
        assert (xs[i] - xs[0]) / (xs[-1] - xs[0]) == pytest.approx(due, abs=1e-3)
    page.get_by_label("logarithmic").select_option("y")
    ys = [y for _, y in dots(page)]
    heights = [math.log(row["valid"]) for row in log()]
    due = (heights[4] - heights[0]) / (heights[-1] - heights[0])
    assert (ys[4] - ys[0]) / (ys[-1] - ys[0]) == pytest.approx(due, abs=1e-3)


def test_smoothing_is_an_exponential_mean_and_leaves_the_points(open_figure):
    page = open_figure(small_curve())
    raw, points = line(page), dots(page)
    page.get_by_label("smoothing").focus()
    page.keyboard.press("End")
    page.wait_for_function("document.querySelector('output').textContent === '0.9'")
    due = raw[0][1]
    for (_, y), (_, found) in zip(raw, line(page), strict=True):
        due = 0.9 * due + 0.1 * y
        assert found == pytest.approx(due, abs=0.3)
    assert dots(page) == points


def test_it_says_where_the_run_passes_the_others(open_figure):
    page = open_figure(small_curve())
    text = page.inner_text(".stage")
    assert "passes xz (2.50) between steps 100 and 200" in text
    assert "passes a 5-gram (2.10) between steps 300 and 400" in text
    assert "never passes a dream (1.00)" in text


@pytest.mark.parametrize(
    ("rows", "why"),
    [(log(1), "two rows"), ([*log(2)][::-1], "rising"), ([{"step": 1}, {"step": 2}], "lacks rate")],
)
def test_bad_logs_are_refused(rows, why):
    with pytest.raises(ValueError, match=why):
        training_curve(rows, {}, BYTES)
