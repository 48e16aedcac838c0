"""The scales in Chromium, against the package's tokens, negations and weights."""

import numpy as np
import pytest

from eras.figures.classify import classify_figure, weigh
from eras.statistical.classify import mark_negation, softmax, tokens

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
NAMES = [
    "good",
    "not_good",
    "bad",
    "film",
    "it",
    "not_it",
    "isn't",
    "isn’t",
    ":)",
    "not_:(",
    "<3",
    "!",
    ".",
    "café",
    "a",
]
SENTENCES = [
    "It isn't a GOOD film. It isn’t bad! :)",
    "Never say it :( ; <3 <3 XD 8) x2 café can't it: good",
    "",
    "Don't'x — nothing, 18 :-) naïve ﬁlm :D5 :Dé",
]
WEIGH = """async ([text, name, step]) => {
  const { weigh, probability, tokens, markNegation } = await import(new URL("figures/classify.js", location));
  const model = document.querySelector("figure.live").model;
  const keys = ["words", "models", "path", "negations", "ends", "mark"];
  const state = Object.fromEntries(keys.map((key) => [key, model.get(key)]));
  const found = weigh(state, text, name, step);
  return { ...found, marked: markNegation(tokens(text), state), probability: probability(found.score) };
}"""


@pytest.fixture(scope="module")
def figure():
    rng = np.random.default_rng(1)
    models = {name: (rng.normal(size=15), 0.3) for name in ("naive Bayes", "SVM")}
    path = {s: (rng.normal(size=15), -0.2) for s in (0.1, 0.01, 0.001)}
    return classify_figure(SENTENCES, NAMES, np.arange(15) + 1.0, models, path, 0.01, most=14)


@pytest.mark.parametrize("text", SENTENCES)
def test_every_number_is_the_packages(figure, open_figure, text):
    page = open_figure(figure)
    for name, step in [("naive Bayes", 0), ("SVM", 1), ("MaxEnt", 0), ("MaxEnt", 2)]:
        found = page.evaluate(WEIGH, [text, name, step])
        parts, score = weigh(figure.state, text, name, step)
        assert found["marked"] == mark_negation(tokens(text))
        assert [word for word, _ in found["parts"]] == [word for word, _ in parts]
        assert [weight for _, weight in found["parts"]] == pytest.approx([weight for _, weight in parts])
        assert found["score"] == pytest.approx(score)
        assert found["probability"] == pytest.approx(softmax(np.array([[0, score]]))[0, 1])


def test_the_page_holds_the_words_that_carry_most(figure):
    state = figure.state
    assert len(state["words"]) == 14
    assert [entry["strength"] for entry in state["path"]] == [0.1, 0.01, 0.001]
    assert state["step"] == 1
    assert all(isinstance(weight, int) for entry in state["path"] for weight in entry["weights"])


def shows(page, due):
    """Wait until the row of the sum has this number: the figure draws a moment after its controls have moved."""
    said = "() => Number([...document.querySelectorAll('tr.sum td')].at(-1).textContent.replace('−', '-'))"
    page.wait_for_function(f"due => Math.abs(({said})() - due) <= 0.006", arg=due)


def test_typing_changes_the_sum_and_what_is_said(figure, open_figure):
    page = open_figure(figure)
    shows(page, weigh(figure.state, SENTENCES[0], "MaxEnt")[1])
    page.get_by_label("Your sentence").fill("a good film, unheard")
    parts, score = weigh(figure.state, "a good film, unheard", "MaxEnt")
    unknown = f"{5 - len(parts)} of 5"
    page.wait_for_function(f"document.querySelector('.spoken').textContent.includes('{unknown}')")
    shows(page, score)
    assert page.locator(".scales tbody tr").count() == len(parts) + 2
    assert ("says good" if score > 0 else "says bad") in page.inner_text(".spoken")
    assert page.axe() == []


def test_models_and_strengths_by_keyboard(figure, open_figure):
    page = open_figure(figure)
    page.get_by_label("Regularisation", exact=True).focus()
    page.keyboard.press("ArrowRight")
    due = weigh(figure.state, SENTENCES[0], "MaxEnt", 2)[1]
    page.wait_for_function("document.querySelector('output').textContent.includes('10⁻³')")
    shows(page, due)
    page.get_by_label("Model").select_option("SVM")
    page.wait_for_function("document.querySelector('.spoken').textContent.includes('margin')")
    assert page.get_by_label("Regularisation", exact=True).is_disabled()
    shows(page, weigh(figure.state, SENTENCES[0], "SVM")[1])
    page.get_by_label("Show").select_option("1")
    page.wait_for_function("document.querySelector('textarea').value.startsWith('Never')")
    assert page.axe() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_on_a_phone_with_a_long_sentence(figure, open_figure, scheme):
    page = open_figure(figure, scheme=scheme, width=375)
    page.set("text", "good bad film it a . ! :) isn't good it " * 6 + "w" * 80)
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"sentences": []}, "at least one"),
        ({"models": {}}, "at least one"),
        ({"chosen": 0.5}, "not on the path"),
    ],
)
def test_bad_input_is_refused(change, why):
    weights = (np.ones(2), 0.0)
    given = {"sentences": ["a"], "names": ["a", "b"], "often": np.ones(2), "models": {"SVM": weights}}
    with pytest.raises(ValueError, match=why):
        classify_figure(**{**given, "path": {0.1: weights}, "chosen": 0.1, **change})
