"""The graph in Chromium, against our tensor: values, gradients on their way, and inputs that move."""

import pytest

from eras.deep_learning.graph import trace
from eras.deep_learning.tensor import Tensor
from eras.figures.autograd import graph_figure

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
RUN = """async ([graph, leaves, pulls]) => {
  const { run } = await import(new URL("figures/autograd.js", location));
  const { nodes } = document.querySelector("figure.live").model.get("graphs")[graph];
  return run(nodes, leaves, pulls ?? Infinity);
}"""


def leaf(x):
    return Tensor(float(x), requires_grad=True)


def shared(a, b):
    a, b = leaf(a), leaf(b)
    return a * b + b * b, {"a": a, "b": b}


def everything(a, b):
    a, b = leaf(a), leaf(b)
    return ((a * b).tanh() + (a - 0.5).relu()).exp() / ((b * b + 1.0).log() + 2.0), {"a": a, "b": b}


@pytest.fixture
def figure():
    return graph_figure({"ab + b²": shared(2, -3), "many operations": everything(0.7, -1.2)})


def numbers(nodes, key):
    return [float(node[key]) for node in nodes]


@pytest.mark.parametrize(("a", "b"), [(0.7, -1.2), (0.2, 2.0), (-1.5, 0.0)])
@pytest.mark.parametrize(("graph", "make"), [(0, shared), (1, everything)])
def test_every_number_is_our_tensors(figure, open_figure, graph, make, a, b):
    page, nodes = open_figure(figure), trace(*make(a, b))
    leaves = [float(n["value"]) if not n["operation"] else None for n in nodes]
    found = page.evaluate(RUN, [graph, leaves, None])
    assert found["values"] == pytest.approx(numbers(nodes, "value"))
    assert found["gradients"] == pytest.approx(numbers(nodes, "gradient"))
    for i, node in enumerate(nodes):
        shares = [each["share"] for each in found["shares"].get(str(i), [])]
        assert shares == pytest.approx([float(share) for share in node["shares"]])


def said(page, words):
    page.wait_for_function(f"document.querySelector('.spoken').textContent.includes({words!r})")


def test_steps_go_forward_and_back_and_add_what_arrives_twice(figure, open_figure):
    page = open_figure(figure)
    forward = page.get_by_role("button", name="Next")
    said(page, "The inputs are given")
    forward.click()
    said(page, "Forward: × gives")
    assert page.locator(".back", has_text="∇").count() == 0
    page.get_by_role("button", name="All the way").click()
    said(page, "Every input has its gradient")
    said(page, "was already: together −4.00")
    assert page.get("step") == 7
    forward.click()
    assert page.get("step") == 7
    for _ in range(3):
        page.get_by_role("button", name="Back").click()
    said(page, "with respect to itself is 1")
    page.get_by_label("Step").focus()
    page.keyboard.press("Home")
    said(page, "The inputs are given")
    assert page.axe() == []


def test_inputs_move_by_slider_and_by_their_boxes(figure, open_figure):
    page = open_figure(figure)
    page.get_by_role("button", name="All the way").click()
    boxes = page.locator(".graph svg g[role=button]")
    names = [boxes.nth(i).get_attribute("aria-label").split()[1].rstrip(",") for i in range(boxes.count())]
    boxes.nth(names.index("b")).focus()
    page.keyboard.press("Enter")
    page.get_by_label("its value").fill("1")
    page.wait_for_function("document.querySelector('.graph svg').textContent.includes('∇ 4.00')")
    nodes = trace(*shared(2, 1))
    assert {float(n["gradient"]) for n in nodes if n["name"] == "b"} == {4.0}
    page.get_by_label("Input").select_option(label="a")
    page.get_by_label("its value").fill("-1")
    page.wait_for_function("document.querySelector('.graph svg').textContent.includes('∇ 1.00')")
    assert page.axe() == []


def test_another_computation_begins_at_its_beginning(figure, open_figure):
    page = open_figure(figure)
    page.set("step", 7)
    page.get_by_label("Computation").select_option(label="many operations")
    said(page, "The inputs are given")
    assert page.get("step") == 0
    assert page.get_by_label("Input").locator("option").count() > 2
    page.get_by_role("button", name="All the way").click()
    said(page, "Every input has its gradient")
    assert page.axe() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_on_a_phone(figure, open_figure, scheme):
    page = open_figure(figure, scheme=scheme, width=375)
    page.set("graph", 1)
    page.set("step", 12)
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_bad_input_is_refused():
    x = Tensor([1.0, 2.0], requires_grad=True)
    for graphs, why in [
        ({}, "at least one"),
        ({"arrays": (x * x, {})}, "single numbers"),
        ({"sum": (leaf(2).sum(), {})}, "cannot compute"),
    ]:
        with pytest.raises(ValueError, match=why):
            graph_figure(graphs)
