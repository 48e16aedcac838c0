"""The neighbours explorer in Chromium: what it finds and where it draws is what NumPy says."""

import gzip
import re

import numpy as np
import pytest

from eras.deep_learning.train_embeddings import load_course_vectors
from eras.figures.figure import STATIC
from eras.figures.neighbours import nearest, neighbours_figure, projected, quantised

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
ASK = """async ([text, count, chosen, near]) => {
  const { unpack, nearest, project } = await import(new URL("figures/neighbours.js", location));
  const rows = unpack(text, count);
  return { rows: rows.map((row) => Array.from(row)), near: nearest(rows, chosen, near), places: project(rows) };
}"""


@pytest.fixture(scope="module")
def course():
    words, vectors = load_course_vectors()
    return words[40:340], vectors[40:340]


@pytest.fixture
def figure(course, open_figure):
    return lambda **how: open_figure(neighbours_figure(*course, chosen="king", skip=0), **how)


def test_neighbours_and_map_are_numpys(figure, course):
    page, (words, vectors) = figure(), course
    coded, _ = quantised(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    for chosen in (0, words.index("king"), 299):
        found = page.evaluate(ASK, [page.get("vectors"), 300, chosen, 10])
        np.testing.assert_array_equal(found["rows"], coded)
        due = nearest(coded, chosen, 10)
        assert [each["row"] for each in found["near"]] == [i for i, _ in due]
        assert [each["cosine"] for each in found["near"]] == pytest.approx([c for _, c in due])
    places = projected(coded.astype(float))
    np.testing.assert_allclose(found["places"], places, atol=1e-3 * np.abs(places).max())


def says(page, words):
    page.wait_for_function("(w) => document.querySelector('.spoken').textContent.includes(w)", arg=words)


def test_a_word_is_searched_by_typing(figure, course):
    page, (words, _) = figure(), course
    says(page, "Nearest to “king”")
    page.get_by_label("word", exact=True).fill("Men")
    says(page, "Nearest to “men”")
    assert page.get("chosen") == "men"
    page.get_by_label("word", exact=True).fill("xyzzy")
    says(page, "“xyzzy” is not among these 300 words. Nearest to “men”")
    page.get_by_label("word", exact=True).fill("th")
    begun = [word for word in words if word.startswith("th")][:6]
    offered = page.locator(".stage .controls").nth(1).get_by_role("button")
    page.wait_for_function(
        "document.querySelectorAll('.stage .controls')[1].querySelectorAll('button').length > 0"
    )
    assert offered.all_inner_texts() == begun
    offered.first.click()
    says(page, f"Nearest to “{begun[0]}”")
    assert page.get_by_label("word", exact=True).input_value() == begun[0]


def test_a_neighbour_is_visited_by_keyboard(figure):
    page = figure()
    first = page.locator(".stage tbody button").first
    word = first.inner_text()
    first.focus()
    page.keyboard.press("Enter")
    says(page, f"Nearest to “{word}”")
    assert page.get("chosen") == word
    assert page.get("query") == word


def test_the_slider_says_how_many(figure):
    page = figure()
    assert page.locator(".stage tbody tr").count() == 8
    page.get_by_label("neighbours", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelectorAll('.stage tbody tr').length === 9")
    assert page.get("count") == 9
    assert page.locator(".stage svg circle[r='3.6']").count() == 9


def test_any_word_and_a_click_on_the_map_choose_another(figure):
    page = figure()
    page.get_by_role("button", name="Any word").click()
    page.wait_for_function("!document.querySelector('.spoken').textContent.includes('“king”')")
    before = page.get("chosen")
    page.locator(".stage svg").click(position={"x": 20, "y": 20})
    page.wait_for_function(
        "(w) => !document.querySelector('.spoken').textContent.includes(`“${w}”`)", arg=before
    )


def test_set_from_outside(figure):
    page = figure()
    page.set("chosen", "men")
    says(page, "Nearest to “men”")
    assert re.search(r"(\w+ 0\.\d\d, ){7}", page.inner_text(".spoken"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_on_a_phone(figure, scheme):
    page = figure(scheme=scheme, width=375)
    page.set("query", "th")
    page.set("count", 10)
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.complaints == []


def test_it_weighs_little():
    code = (STATIC / "neighbours.js").read_bytes() + (STATIC / "kit.js").read_bytes()
    assert len(gzip.compress(code)) < 60_000
    assert len(neighbours_figure(*load_course_vectors(), chosen="king").html()) < 600_000


def test_a_word_that_is_not_shown_is_refused(course):
    with pytest.raises(ValueError, match="not among"):
        neighbours_figure(*course, chosen="xyzzy", skip=0)
