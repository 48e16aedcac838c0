"""The ladder in Chromium, against rows made for it: order, places, cards."""

import pytest

from eras.figures.ladder import ladder
from eras.ladder.results import Row, read

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]


def row(task, system, era, metric, value, **facts):
    return Row(task, system, era, metric, {"all": value, "a part": value + 1}, commit="abc1234", **facts)


ROWS = [
    row("bits", "middling", "statistical", "bits per byte", 2.5, parameters=1000, seconds=10.0),
    row("bits", "best", "pretraining", "bits per byte", 2.0, parameters=100_000, seconds=1000.0, seeds=[7]),
    row("bits", "worst", "rules", "bits per byte", 5.0, parameters=10),
    row("words", "low", "rules", "chrF", 30.0, intervals={"all": [28.0, 32.0]}, also={"BLEU": 4.25}),
    row("words", "high", "statistical", "chrF", 60.0, training_data="its own pairs"),
    row("words", "drawn", "deep_learning", "chrF", 50.0, seeds=[1, 2, 3], spread={"all": 0.512}),
]


def opened(open_figure):
    return open_figure(ladder(ROWS, "bits"))


def places(page):
    """{system: (x, y) of its dot}."""
    return page.eval_on_selector_all(
        "[data-system]",
        """all => Object.fromEntries(all.map(g => [g.dataset.system,
        ['cx', 'cy'].map(key => Number(g.querySelector('circle').getAttribute(key)))]))""",
    )


def control(page, label):
    return page.locator("label", has=page.get_by_text(label, exact=True)).locator("select")


def said(page, words):
    page.wait_for_function(
        "words => document.querySelector('.spoken').textContent.includes(words)", arg=words
    )


def test_the_best_is_on_top_and_to_the_right_also_where_less_is_better(open_figure):
    page = opened(open_figure)
    at = places(page)
    assert sorted(at, key=lambda name: at[name][1]) == ["best", "middling", "worst"]
    assert sorted(at, key=lambda name: at[name][0]) == ["worst", "middling", "best"]
    control(page, "task").select_option("words")
    page.wait_for_selector("[data-system='high']")
    at = places(page)
    assert at["high"][1] < at["low"][1]
    assert at["high"][0] > at["low"][0]
    said(page, "From low, 30.0, to high, 60.0 (chrF).")


def test_size_and_time_are_drawn_where_they_were_recorded(open_figure):
    page = opened(open_figure)
    control(page, "against").select_option("parameters")
    page.wait_for_selector("svg[aria-label='bits per byte against stored numbers']")
    at = places(page)
    assert at["best"][0] - at["middling"][0] == pytest.approx(at["middling"][0] - at["worst"][0], abs=0.1)
    assert at["best"][1] < at["middling"][1] < at["worst"][1]
    control(page, "against").select_option("seconds")
    page.wait_for_selector("svg[aria-label='bits per byte against seconds of training']")
    assert set(places(page)) == {"best", "middling"}
    assert "was not recorded: worst." in page.inner_text(".stage")
    assert page.axe() == []


def test_a_part_moves_the_points(open_figure):
    page = opened(open_figure)
    control(page, "on").select_option("a part")
    said(page, "From worst, 6.000, to best, 3.000")
    control(page, "task").select_option("words")
    said(page, "to high, 61.0")


def test_a_rung_pressed_by_keyboard_shows_its_card_and_keeps_the_focus(open_figure):
    page = opened(open_figure)
    page.locator("[data-system='best']").focus()
    page.keyboard.press("Enter")
    said(
        page, "best (Pretraining): 2.000 bits per byte; 100,000 stored numbers; 1,000 s of training; seed 7."
    )
    page.wait_for_function("document.activeElement.dataset.system === 'best'")
    control(page, "task").select_option("words")
    page.locator("[data-system='low']").click()
    said(page, "low (Rules): 30.0 chrF; 95 % interval 28.0 to 32.0; BLEU 4.25.")
    page.locator("[data-system='high']").click()
    said(page, "Trained on: its own pairs. Recorded at commit abc1234.")
    page.locator("[data-system='drawn']").click()
    said(page, "50.0 chrF; mean over seeds 1, 2, 3; standard deviation over them 0.512.")
    assert page.axe() == []


def test_every_recorded_row_is_drawn(open_figure):
    rows = read()
    page = open_figure(ladder(rows, "sentiment"))
    for task in sorted({row.task for row in rows}):
        control(page, "task").select_option(task)
        names = sorted(row.system for row in rows if row.task == task)
        page.wait_for_function(
            "names => names.every(n => document.querySelector(`[data-system='${CSS.escape(n)}']`))",
            arg=names,
        )
        assert sorted(places(page)) == names


def test_no_name_lies_on_another(open_figure):
    rows = read()
    page = open_figure(ladder(rows, "translation"))
    control(page, "against").select_option("seconds of training")
    page.wait_for_selector("svg[aria-label='chrF against seconds of training']")
    boxes = page.eval_on_selector_all(
        "[data-system] text",
        "all => all.map(t => t.getBoundingClientRect()).map(b => [b.x, b.y, b.right, b.bottom])",
    )
    assert len(boxes) == sum(row.task == "translation" and row.seconds is not None for row in rows)
    for i, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[:i]:
            apart = other[2] <= left or right <= other[0] or other[3] <= top + 3 or bottom <= other[1] + 3
            assert apart, (boxes[i], other)


def test_rows_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="no row is about 'chess'"):
        ladder(ROWS, "chess")
    with pytest.raises(ValueError, match="no era called 'stone'"):
        ladder([row("bits", "axe", "stone", "chrF", 1.0)], "bits")
