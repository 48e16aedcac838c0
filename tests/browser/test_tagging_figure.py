"""The lattice figure in Chromium: what it computes is what the package computes, and each control shows it."""

import math

import numpy as np
import pytest

from eras.figures.tagging import lattice_figure
from eras.statistical.tagging import backward, forward, marginals, steps, viterbi

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
ASK = """async (model) => {
  const f = await import(new URL("figures/tagging.js", location));
  const network = f.lattice(model), whole = f.best(network), sums = f.marginals(network);
  return { path: f.pathTo(whole, network.unary.length - 1), ...sums };
}"""


def example(seed, T=4, L=3, forbid=True):
    rng = np.random.default_rng(seed)
    unary, pairwise = rng.normal(0, 2, (T, L)).round(3), rng.normal(0, 2, (T - 1, L, L)).round(3)
    if forbid:
        pairwise[:, 1, 2] = -math.inf
    return unary, pairwise


@pytest.fixture
def sequences():
    models = {"one": example(0), "two": example(1)}
    return {
        "点击插入": (["O", "B", "E"], ["O", "O", "B", "E"], models),
        "rib": (["0", "1", "2"], ["0", "1", "2"], {"alone": example(5, T=3)}),
    }


@pytest.fixture
def page(sequences, open_figure):
    return open_figure(lattice_figure(sequences))


def path_of(sequences, text, model):
    labels, _, lattices = sequences[text]
    return [labels[y] for y in viterbi(*lattices[model])[0]]


@pytest.mark.parametrize("seed", range(6))
def test_the_page_computes_what_the_package_computes(page, seed):
    unary, pairwise = example(seed, T=2 + seed, L=1 + seed % 3, forbid=seed % 3 == 2)
    stored = lattice_figure(
        {"x" * len(unary): (list("abc")[: unary.shape[1]], "a" * len(unary), {"m": (unary, pairwise)})}
    )
    found = page.evaluate(ASK, stored.state["sequences"][0]["models"][0])
    alpha, beta = forward(unary, pairwise), backward(unary, pairwise)
    nodes, edges = marginals(unary, pairwise, alpha, beta)
    assert found["path"] == viterbi(unary, pairwise)[0]
    assert np.array(found["nodes"]) == pytest.approx(nodes)
    assert np.array(found["edges"]) == pytest.approx(edges)
    assert found["total"] == pytest.approx(np.logaddexp.reduce(alpha[-1]))


def test_position_is_stepped_by_buttons_keys_and_clicks(page, sequences):
    page.get_by_role("button", name="Back").click()
    assert page.get("position") == 2
    page.wait_for_function("document.querySelector('.spoken').textContent.startsWith('Up to “插”')")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    assert page.get("position") == 3
    slider = page.get_by_label("position", exact=True)
    slider.focus()
    page.keyboard.press("Home")
    assert page.get("position") == 0
    page.wait_for_function("document.querySelector('.spoken').textContent.startsWith('Up to “点”')")
    page.get_by_role("button", name="Position 2, 击").click()
    assert page.get("position") == 1
    column = page.get_by_role("button", name="Position 3, 插")
    column.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.spoken').textContent.startsWith('Up to “插”')")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Position 3, 插"


def test_the_arithmetic_is_that_of_the_position(page, sequences):
    unary, pairwise = sequences["点击插入"][2]["one"]
    page.set("position", 1)
    page.wait_for_function("document.querySelector('.spoken').textContent.startsWith('Up to “击”')")
    reached = unary[0][:, None] + steps(unary, pairwise)[0]
    rows = [row.locator("td").all_inner_texts() for row in page.locator(".arithmetic tbody tr").all()]
    for given, due in zip(rows[:3], reached, strict=True):
        assert given == ["−∞" if math.isinf(x) else f"{x:.1f}".replace("-", "−") for x in due]
    best = reached.max(axis=0) + unary[1]
    assert rows[-1] == [f"{x:.1f}".replace("-", "−") for x in best]


def test_models_texts_and_views(page, sequences):
    said = "(words) => document.querySelector('.spoken').textContent.includes(words)"
    page.wait_for_function(said, arg=f"the best path is {' '.join(path_of(sequences, '点击插入', 'one'))},")
    page.get_by_label("model").select_option("two")
    page.wait_for_function(said, arg=f"the best path is {' '.join(path_of(sequences, '点击插入', 'two'))},")
    page.get_by_label("show").select_option("marginals of all paths")
    unary, pairwise = sequences["点击插入"][2]["two"]
    nodes, _ = marginals(unary, pairwise, forward(unary, pairwise), backward(unary, pairwise))
    page.wait_for_function(said, arg=f"with {100 * nodes[3].max():.0f} %")
    page.get_by_label("text").select_option("rib")
    assert (page.get("model"), page.get("position")) == (0, 2)
    page.get_by_label("show").select_option("best scores, step by step")
    page.wait_for_function(said, arg=f"the best path is {' '.join(path_of(sequences, 'rib', 'alone'))},")
    assert page.locator(".stage svg rect").count() == 3


def test_what_does_not_fit_is_refused():
    good = (["a", "b"], ["a"], {"m": (np.zeros((1, 2)), np.zeros((2, 2)))})
    for wrong, words in (
        ({}, "at least one"),
        ({"": good}, "0 characters"),
        ({"x" * 25: good}, "25 characters"),
        ({"xy": good}, "a label for each"),
        ({"x": (["a", "b"], ["a"], {})}, "at least one model"),
        ({"x": (["a"], ["a"], good[2])}, "does not fit"),
    ):
        with pytest.raises(ValueError, match=words):
            lattice_figure(wrong)
