"""The gradient figure in Chromium: its numbers are the package's, and each control does its work."""

import gzip

import pytest
import torch

from eras.deep_learning.recurrent import gradient_norms
from eras.figures.figure import STATIC
from eras.figures.recurrent import BIASES, INPUTS, SCALES, fading, gradients_figure, initial

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
STEPS = 24


@pytest.fixture(scope="module")
def made():
    return gradients_figure(STEPS)


@pytest.fixture
def figure(made, open_figure):
    return lambda **how: open_figure(made, **how)


def said(page, words):
    page.wait_for_function("(w) => document.querySelector('.spoken').textContent.includes(w)", arg=words)


def test_the_curves_are_the_cells_gradients(made):
    for name in ("RNN", "GRU", "LSTM"):
        cell = initial(name, 1.5, 2.0)
        bias = BIASES.index(2.0) if name == "LSTM" else 0
        curve = made.state["curves"][name][SCALES.index(1.5)][bias]
        assert curve == fading(cell, STEPS)
        assert curve[0] == 0
        x = torch.randn(8, STEPS, INPUTS, generator=torch.Generator().manual_seed(STEPS), dtype=torch.float64)
        norms = gradient_norms(cell, x)
        assert 10 ** curve[5] == pytest.approx(float(norms[-6] / norms[-1]), rel=0.01)


def test_cell_scale_bias_and_distance(figure, made):
    page = figure()
    said(page, "RNN, spectral radius")
    assert page.locator("polyline").count() == 3
    drawn = page.locator("polyline[data-cell=LSTM]").get_attribute("points")
    page.get_by_label("forget bias").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "(p) => document.querySelector('polyline[data-cell=LSTM]').getAttribute('points') !== p", arg=drawn
    )
    assert page.get("bias") == BIASES.index(2.0)
    page.get_by_role("combobox").select_option("LSTM")
    said(page, "LSTM, forget bias 2")
    said(page, "(the candidate's block only)")
    page.get_by_role("slider", name="steps back").focus()
    page.keyboard.press("Home")
    said(page, "0 steps back the gradient is 1 times")
    page.get_by_role("combobox").select_option("RNN")
    page.get_by_label("recurrent weights").focus()
    page.keyboard.press("End")
    said(page, "explodes")
    assert page.get("scale") == len(SCALES) - 1
    assert page.complaints == []


def test_a_curve_that_ends_near_its_beginning_keeps_its_size(open_figure):
    made = gradients_figure(60)
    end = made.state["curves"]["LSTM"][SCALES.index(1.0)][BIASES.index(5.0)][-1]
    assert 0.98 < 10 ** (end / 59) < 1.02
    page = open_figure(made)
    page.get_by_label("forget bias").focus()
    page.keyboard.press("End")
    page.get_by_role("combobox").select_option("LSTM")
    said(page, "LSTM, forget bias 5")
    said(page, "about keeps its size")


def test_a_press_on_the_picture_chooses_the_step(figure):
    page = figure()
    box = page.locator(".stage svg").bounding_box()
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.wait_for_function("!document.querySelector('.spoken').textContent.includes(' 8 steps back')")
    assert abs(page.get("back") - STEPS / 2) <= 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_on_a_phone(figure, scheme):
    page = figure(scheme=scheme, width=375)
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.complaints == []


def test_it_weighs_little():
    page = gradients_figure(60).html()
    code = (STATIC / "recurrent.js").read_bytes() + (STATIC / "kit.js").read_bytes()
    assert len(gzip.compress(page.encode())) + len(gzip.compress(code)) < 60_000


def test_too_few_steps_are_refused():
    with pytest.raises(ValueError, match="three steps"):
        gradients_figure(2)
