"""The course translator in Chromium: PyTorch's numbers, Python's translations, and every control."""

import numpy as np
import pytest
import torch

from eras.deep_learning.encoder_decoder import Config, EncoderDecoder, log_probabilities
from eras.deep_learning.seq2seq import START
from eras.deep_learning.translator import Translator, Units
from eras.figures.seq2seq import PACKED, pack, seq2seq, unpack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
SENTENCES = ["打开文件 A1。", "选择单元格"]

# Log-probabilities and weights after each of some tokens, from the text on.
STEPS = """async ([text, tokens]) => {
  const { readTranslator } = await import("/figures/translator.js");
  const packed = new Uint8Array(await (await fetch("/figures/course_translator.bin")).arrayBuffer());
  const translator = await readTranslator(packed);
  let state = translator.read(text);
  return tokens.map((token) => {
    const made = translator.step(token, state);
    state = made.state;
    return [Array.from(made.logs, (log) => Math.max(log, -1e9)), [...made.weights]];
  });
}"""


@pytest.fixture(scope="module")
def translator():
    """A random one, loud enough to have preferences."""
    source, target = Units.of([*SENTENCES * 3, "表"]), Units.of(["open the file A1.", "select a cell"] * 3)
    torch.manual_seed(4)
    sizes = {"channels": 12, "encoder": 8, "decoder": 10, "scores": 6}
    model = EncoderDecoder(Config(len(source), len(target), "additive", **sizes))
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.6)
    return Translator(model.eval(), source, target)


def opened(open_figure, translator):
    page = open_figure(seq2seq(translator, SENTENCES, width=3))
    page.get_by_role("button", name="Load the translator").click()
    page.wait_for_function("document.querySelector('figure').model.get('loaded')")
    page.wait_for_selector("[data-row='0']")
    return page


def said(page, words):
    page.wait_for_function("words => document.querySelector('figure').model.get('said') === words", arg=words)


def test_a_packed_translator_is_nearly_the_same(translator):
    small = unpack(pack(translator))
    source = translator.read(SENTENCES)
    with torch.no_grad():
        a, b = (t.model(source, torch.tensor([[START, 5], [START, 6]])) for t in (translator, small))
    assert (a - b).abs().mean() < 0.15 * a.std()
    with pytest.raises(ValueError, match="not a packed"):
        unpack(b"nothing")
    translator_of_another_kind = EncoderDecoder(Config(9, 9, "none"))
    with pytest.raises(ValueError, match="additive"):
        pack(Translator(translator_of_another_kind, translator.source, translator.target))


def test_each_step_is_pytorchs(open_figure, translator):
    page, small = opened(open_figure, translator), unpack(pack(translator))
    tokens = [START, 5, 9, 4]
    for text in (*SENTENCES, "表x7"):
        made = page.evaluate(STEPS, [text, tokens])
        with torch.no_grad():
            source, words = small.read([text]), torch.tensor([tokens])
            logs = log_probabilities(small.model(source, words))[0].clamp(min=-1e9)
            weights = small.model.attention(source, words)[0]
        np.testing.assert_allclose([row for row, _ in made], logs.numpy(), atol=2e-4, rtol=1e-4)
        np.testing.assert_allclose([row for _, row in made], weights.numpy(), atol=1e-5)


def test_it_says_what_python_says_and_each_control_counts(open_figure, translator):
    page, small = opened(open_figure, translator), unpack(pack(translator))
    said(page, small.translate([SENTENCES[0]], 3)[0])
    page.locator("select").select_option(SENTENCES[1])
    said(page, small.translate([SENTENCES[1]], 3)[0])
    page.get_by_label("or your own, in Chinese").fill("打开表")
    said(page, small.translate(["打开表"], 3)[0])
    page.locator("input[type=range]").fill("1")
    said(page, small.translate(["打开表"], 1)[0])
    assert page.locator("ul li").count() == 0
    page.get_by_label("or your own, in Chinese").fill("")
    page.wait_for_function("document.querySelector('.spoken').textContent.includes('Nothing to translate')")
    assert page.axe() == []


def test_a_row_chosen_by_keyboard_says_where_it_looked(open_figure, translator):
    page = opened(open_figure, translator)
    page.locator("[data-row='1']").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('figure').model.get('focus') === 1")
    label = page.locator("[data-row='1']").get_attribute("aria-label")
    unit, places = label.split(": ", 1)
    page.wait_for_function(
        "words => document.querySelector('.spoken').textContent === words",
        arg=f"For “{unit}” it looked at {places}.",
    )
    page.wait_for_function("document.activeElement.dataset.row === '1'")
    assert page.axe() == []


def test_the_file_is_asked_for_only_when_it_is_needed(open_figure, translator):
    page = open_figure(seq2seq(translator, SENTENCES))
    assert (
        page.evaluate("performance.getEntriesByType('resource').filter(e => e.name.endsWith('.bin')).length")
        == 0
    )
    assert PACKED == "course_translator.bin"


def test_no_sentence_is_refused(translator):
    with pytest.raises(ValueError, match="at least one sentence"):
        seq2seq(translator, [])
