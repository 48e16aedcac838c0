"""The translator's figure in Chromium: every combination of switches against the translator itself."""

from itertools import product

import pytest

from eras.figures.transfer import SWITCHES, part_of, pipeline_figure, runs, shown
from eras.rules.translate import course_translator

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
PAIRS = [
    ("打印文档中的所有批注。", "Prints all comments in the document."),
    ("将图像移动到页面的底部。", "Moves the image to the bottom of the page."),
]
STAGES = """async ([sentence, values]) => {
  const { stages } = await import(new URL("figures/transfer.js", location));
  const model = document.querySelector("figure.live").model;
  return stages({ strips: model.get("strips"), runs: model.get("runs") }, sentence, values);
}"""


@pytest.fixture(scope="module")
def figure():
    return pipeline_figure(PAIRS)


def test_every_combination_is_the_translators(figure, open_figure):
    page = open_figure(figure)
    for values in list(product((True, False), repeat=len(SWITCHES)))[::7]:
        part = part_of(course_translator(), dict(zip(SWITCHES, values, strict=True)))
        for i, (source, _) in enumerate(PAIRS):
            trace = part.trace(source)
            found = page.evaluate(STAGES, [i, list(values)])
            assert found["english"] == trace.english
            assert found["strips"] == [shown(n) for n in (trace.tagged, trace.chunks, trace.transferred)]


@pytest.mark.parametrize("key", SWITCHES)
def test_each_switch_does_something(figure, key):
    on = dict.fromkeys(SWITCHES, True)
    changed = 0
    for source, _ in [*PAIRS, ("选中要打印的单元格。", "")]:
        changed += part_of(course_translator(), on | {key: False}).trace(source) != course_translator().trace(
            source
        )
    assert changed


def test_switches_change_the_strips_and_the_sentence(figure, open_figure):
    page = open_figure(figure)
    said = page.locator(".spoken")
    assert said.inner_text() == course_translator().translate(PAIRS[0][0])
    assert page.locator("li.other").count() == 0
    page.get_by_label("own dictionary").uncheck()
    page.wait_for_function("document.querySelector('.spoken').textContent.toLowerCase().includes('seal')")
    assert page.locator("li.other").count() > 0
    assert "With everything on: Prints all comments" in page.locator(".aside").inner_text()
    page.get_by_label("own dictionary").check()
    page.get_by_label("Sentence").select_option("1")
    page.wait_for_function("document.querySelector('.spoken').textContent.includes('bottom')")
    assert page.locator("ol[aria-label='Chunks'] li").count() > 3
    for label in SWITCHES.values():
        page.get_by_label(label, exact=True).uncheck()
        page.wait_for_function(
            "label => document.querySelector('.aside').textContent.match(/^Without [^.]*/)?.[0].includes(label)",
            arg=label,
        )
    page.wait_for_function("!document.querySelector('.spoken').textContent.includes('Moves')")
    assert said.inner_text() == figure.state["runs"][1][-1][3]


def test_more_than_a_sentence_is_refused():
    with pytest.raises(ValueError, match="one sentence"):
        runs(course_translator(), ["甲。乙。"])
    with pytest.raises(ValueError, match="pair"):
        pipeline_figure([])
