"""The evolutionary tree in Chromium: filters, search, zoom, lineage, card, bars, views, against Python."""

import gzip
from collections import Counter
from dataclasses import replace
from itertools import combinations, pairwise
from statistics import median

import pytest

from eras import data
from eras.figures.evolution_tree import SIZES, evolution_tree, size_class
from eras.figures.figure import STATIC

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
MODELS = data.language_models()
BY_NAME = {model.name: model for model in MODELS}
NODES = "figure.live [data-name]"


@pytest.fixture
def tree(open_figure):
    page = open_figure(evolution_tree(MODELS))
    page.wait_for_selector(f"{NODES}[data-shown]", state="attached")
    return page


def shown(page) -> set[str]:
    return set(page.eval_on_selector_all(f"{NODES}[data-shown]", "all => all.map((one) => one.dataset.name)"))


def lit(page) -> set[str]:
    return set(page.eval_on_selector_all(f"{NODES}[data-lit]", "all => all.map((one) => one.dataset.name)"))


def place(page, name) -> tuple[float, float]:
    """The middle of a model's mark on the screen."""
    box = page.locator(f'{NODES}[data-name="{name}"] path').bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def places(page) -> dict[str, tuple[float, float]]:
    """The middle of every model's mark, all at once."""
    return page.eval_on_selector_all(
        NODES,
        """all => Object.fromEntries(all.map((one) => {
            const box = one.querySelector("path").getBoundingClientRect();
            return [one.dataset.name, [(box.left + box.right) / 2, (box.top + box.bottom) / 2]];
        }))""",
    )


def settle(page) -> None:
    """Two frames: one for the figure to draw what has changed, one to be sure."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def arrive(page) -> None:
    """The marks have travelled to where the other view wants them."""
    before = None
    while before != (before := places(page)):  # on a busy machine they may set out late
        page.wait_for_timeout(200)
        page.wait_for_function(
            f"[...document.querySelectorAll('{NODES}')].every((one) => !one.style.transition)"
        )


def lineage(name) -> set[str]:
    up = [name]
    while BY_NAME[up[-1]].parent:
        up.append(BY_NAME[up[-1]].parent)
    family, before = {name}, set()
    while family != before:
        before = set(family)
        family |= {model.name for model in MODELS if model.parent in family}
    return family | set(up)


PASSES = {
    "branch": lambda model, value: model.branch == value,
    "organisation": lambda model, value: value in model.organisation.split("/"),
    "weights": lambda model, value: model.open_weights == (value == "open"),
    "kind": lambda model, value: model.kind == value,
    "size": lambda model, value: size_class(model.parameters) == value,
    "from": lambda model, value: model.date.year >= int(value),
    "to": lambda model, value: model.date.year <= int(value),
}
CHOICES = [
    ("Branch", "branch", "encoder-only"),
    ("Branch", "branch", "attention-free"),
    ("Organisation", "organisation", "Google"),
    ("Weights", "weights", "closed"),
    ("Weights", "weights", "open"),
    ("Kind", "kind", "reasoning"),
    *(("Size", "size", name) for name, _ in SIZES),
    ("Size", "size", "not published"),
    ("From", "from", "2023"),
    ("To", "to", "2019"),
]


def test_each_filter_shows_what_python_would_and_says_how_many(tree):
    for label, key, value in CHOICES:
        tree.get_by_role("combobox", name=label, exact=True).select_option(value)
        settle(tree)
        expected = [model for model in MODELS if PASSES[key](model, value)]
        assert 0 < len(expected) < len(MODELS)
        assert shown(tree) == {model.name for model in expected}
        is_open = sum(model.open_weights for model in expected)
        words = f"{len(expected)} of {len(MODELS)} models: {is_open} open, {len(expected) - is_open} closed."
        assert tree.locator(".spoken").inner_text() == words
        tree.get_by_role("button", name="Show all").click()


def test_filters_add_up_and_go_away_together(tree):
    tree.get_by_role("combobox", name="Organisation", exact=True).select_option("Google")
    tree.get_by_role("combobox", name="Weights", exact=True).select_option("open")
    tree.get_by_role("combobox", name="To", exact=True).select_option("2022")
    settle(tree)
    wanted = {"organisation": "Google", "weights": "open", "to": "2022"}
    assert shown(tree) == {m.name for m in MODELS if all(PASSES[key](m, v) for key, v in wanted.items())}
    tree.get_by_role("button", name="Show all").click()
    settle(tree)
    assert shown(tree) == set(BY_NAME)
    assert tree.get_by_role("button", name="Show all").is_disabled()


def test_headings_count_the_branches_that_are_shown(tree):
    headings = tree.eval_on_selector_all(
        "[data-heading]", "all => all.map((t) => [t.dataset.heading, t.textContent])"
    )
    counts = Counter(model.branch for model in MODELS)
    assert len(headings) == 4
    assert all(words.endswith(f" · {counts[name]}") for name, words in headings)


def test_search_finds_by_name_with_the_keyboard(tree):
    box = tree.get_by_role("combobox", name="Find")
    box.fill("llama")
    found = sorted(
        (m for m in MODELS if "llama" in m.name.lower()),
        key=lambda m: (m.name.lower().index("llama"), m.date),
    )
    options = tree.locator("[data-found]").all_inner_texts()
    assert [text.split(" · ")[0] for text in options] == [model.name for model in found[:8]]
    box.press("ArrowDown")
    box.press("ArrowDown")
    box.press("ArrowUp")
    box.press("Enter")
    assert tree.get("chosen") == found[1].name
    assert tree.locator("[data-found]").count() == 0
    assert box.get_attribute("aria-expanded") == "false"


def test_search_finds_by_mouse_and_closes_with_escape(tree):
    box = tree.get_by_role("combobox", name="Find")
    box.fill("bert")
    tree.locator('[data-found="DistilBERT"]').click()
    assert tree.get("chosen") == "DistilBERT"
    box.fill("gpt")
    box.press("Escape")
    assert tree.locator("[data-found]").count() == 0
    box.fill("no such model")
    box.press("Enter")
    assert tree.get("chosen") == "DistilBERT"


def labels(page) -> list[dict]:
    return page.eval_on_selector_all(
        f"{NODES} text[visibility=visible]",
        "all => all.map((one) => one.getBoundingClientRect()).map((b) => [b.left, b.top, b.right, b.bottom])",
    )


def overlap(a, b) -> bool:
    """Do two labels touch by more than the empty rim above and below letters?"""
    return a[0] < b[2] and b[0] < a[2] and a[1] + 2 < b[3] - 1 and b[1] + 2 < a[3] - 1


@pytest.mark.parametrize("view", ["tree", "size"])
def test_zooming_in_brings_labels_that_never_collide(tree, view):
    tree.set("view", view)
    arrive(tree)
    numbers = []
    for zoom in (1, 2, 7):
        tree.set("zoom", zoom)
        settle(tree)
        boxes = labels(tree)
        assert not [pair for pair in combinations(boxes, 2) if overlap(*pair)]
        numbers.append(len(boxes))
    assert numbers[0] < numbers[1] <= numbers[2]
    assert numbers[0] > 40
    assert numbers[2] > 0.95 * len(MODELS)


def test_zoom_by_button_key_and_wheel_with_control_only(tree):
    tree.get_by_role("button", name="Zoom in").click()
    assert tree.get("zoom") == 1.5
    tree.get_by_role("region", name="The drawing").press("+")
    assert tree.get("zoom") == 2
    tree.get_by_role("region", name="The drawing").press("-")
    assert tree.get("zoom") == 1.5
    tree.locator("figure.live svg").first.scroll_into_view_if_needed()
    tree.mouse.move(*place(tree, "GPT-3"))
    tree.mouse.wheel(0, 10)
    settle(tree)
    assert tree.get("zoom") == 1.5
    tree.keyboard.down("Control")
    tree.mouse.wheel(0, -10)
    tree.keyboard.up("Control")
    tree.wait_for_function("document.querySelector('figure.live').model.get('zoom') === 2")
    tree.get_by_role("button", name="Whole drawing").click()
    assert tree.get("zoom") == 1
    assert tree.get_by_role("button", name="Zoom out").is_disabled()


def test_dragging_pans_and_does_not_choose(tree):
    tree.set("zoom", 3)
    settle(tree)
    area = tree.get_by_role("region", name="The drawing")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 300
    before = area.evaluate("area => [area.scrollLeft, area.scrollTop]")
    tree.mouse.move(x, y)
    tree.mouse.down()
    tree.mouse.move(x - 80, y - 60, steps=4)
    tree.mouse.up()
    after = area.evaluate("area => [area.scrollLeft, area.scrollTop]")
    assert [b - a for a, b in zip(before, after, strict=True)] == [80, 60]
    assert tree.get("chosen") == ""


def test_in_the_tree_later_is_higher_and_branches_stand_apart(tree):
    at = places(tree)
    for earlier, later in pairwise(MODELS):
        assert at[later.name][1] <= at[earlier.name][1] + 0.2
    spans = {
        branch: [at[m.name][0] for m in MODELS if m.branch == branch and m.name != "Transformer"]
        for branch in ("encoder-only", "decoder-only", "encoder-decoder", "attention-free")
    }
    for left, right in pairwise(spans.values()):
        assert max(left) < min(right)


def test_size_over_time_places_marks_by_date_and_parameters(tree):
    tree.get_by_role("button", name="Size over time").click()
    arrive(tree)
    at = places(tree)
    for earlier, later in pairwise(MODELS):
        assert at[later.name][0] >= at[earlier.name][0] - 0.2
    known = sorted((m for m in MODELS if m.parameters), key=lambda m: m.parameters)
    for smaller, larger in pairwise(known):
        assert at[larger.name][1] <= at[smaller.name][1] + 0.2
    assert min(at[m.name][1] for m in MODELS if not m.parameters) > max(at[m.name][1] for m in known)


def test_medians_and_records_are_pythons(tree):
    tree.get_by_role("combobox", name="Weights", exact=True).select_option("open")
    tree.set("view", "size")
    settle(tree)
    found = tree.eval_on_selector_all(
        "[data-median]", "all => all.map((p) => [p.dataset.median, p.dataset.value])"
    )
    sizes = {}
    for model in MODELS:
        if model.open_weights and model.parameters:
            sizes.setdefault(model.date.year, []).append(model.parameters)
    assert {int(year): float(value) for year, value in found} == pytest.approx(
        {year: median(values) for year, values in sizes.items()}
    )
    steps = tree.locator('[data-line="largest"]').get_attribute("d").count("V")
    known = [m.parameters for m in MODELS if m.open_weights and m.parameters]
    assert steps == sum(size > max(known[:i]) for i, size in enumerate(known) if i)


def test_pointing_at_a_model_lights_its_ancestors_and_descendants(tree):
    tree.locator("figure.live svg").first.scroll_into_view_if_needed()
    assert lit(tree) == set()
    for name in ("GPT-3", "T5", "LLaMA", "RWKV-4"):
        tree.mouse.move(*place(tree, name))
        settle(tree)
        assert lit(tree) == lineage(name)
        edges = tree.eval_on_selector_all(
            "path[data-child][data-lit]", "all => all.map((p) => p.dataset.child)"
        )
        inside = {m.name for m in MODELS if m.name in lineage(name) and m.parent in lineage(name)}
        assert set(edges) == {child for child in inside if BY_NAME[child].parent != "Transformer"}
    tree.mouse.move(2, 2)
    settle(tree)
    assert lit(tree) == set()


def test_a_click_opens_the_card_and_another_closes_it(tree):
    tree.locator("figure.live svg").first.scroll_into_view_if_needed()
    tree.mouse.click(*place(tree, "Llama 2"))
    settle(tree)
    card = tree.get_by_role("region", name="The chosen model")
    model = BY_NAME["Llama 2"]
    words = card.inner_text()
    for part in (
        model.organisation,
        model.date.isoformat(),
        f"{model.parameters:g} billion",
        model.licence,
        model.source,
    ):
        assert part in words
    assert "Llama 2 succeeds LLaMA." in words
    tree.mouse.click(*place(tree, "Llama 2"))
    settle(tree)
    assert tree.get("chosen") == ""
    assert "No model chosen" in card.inner_text()


def test_the_cards_lineage_is_a_path_of_buttons(tree):
    tree.set("chosen", "GPT-3")
    settle(tree)
    path = tree.locator("[data-path] button").all_inner_texts()
    assert path == ["Transformer", "GPT-1", "GPT-2"]
    children = set(tree.locator("[data-children] button").all_inner_texts())
    assert children == {model.name for model in MODELS if model.parent == "GPT-3"}
    tree.locator("[data-path] button", has_text="GPT-1").click()
    assert tree.get("chosen") == "GPT-1"


def test_a_mixture_of_experts_says_what_is_active(tree):
    model = next(m for m in MODELS if m.active and m.parameters > 100)
    tree.set("chosen", model.name)
    settle(tree)
    words = tree.get_by_role("region", name="The chosen model").inner_text()
    assert f"{model.active:g} billion of them active" in words


def rows(page) -> dict[str, str]:
    found = page.eval_on_selector_all(
        "[data-owner]", "all => all.map((b) => [b.dataset.owner, b.textContent])"
    )
    return {owner: words.removeprefix(owner) for owner, words in found}


def owners(models) -> dict[str, str]:
    counts = {}
    for model in models:
        for owner in model.organisation.split("/"):
            counts.setdefault(owner, [0, 0])[not model.open_weights] += 1
    return {owner: f"{is_open} + {closed}" for owner, (is_open, closed) in counts.items()}


def test_bars_count_open_and_closed_by_organisation_under_the_filters(tree):
    assert len(rows(tree)) == 10
    tree.get_by_label("all organisations").check()
    tree.get_by_role("combobox", name="Branch", exact=True).select_option("encoder-only")
    settle(tree)
    assert rows(tree) == owners(m for m in MODELS if m.branch == "encoder-only")


def test_a_bar_filters_and_frees_again(tree):
    bar = tree.locator('[data-owner="Meta"]')
    bar.click()
    settle(tree)
    assert shown(tree) == {m.name for m in MODELS if "Meta" in m.organisation.split("/")}
    assert bar.get_attribute("aria-pressed") == "true"
    assert len(rows(tree)) == 10
    bar.press("Enter")
    settle(tree)
    assert shown(tree) == set(BY_NAME)


def test_marks_grow_with_size_when_asked(tree):
    def width(name):
        return tree.locator(f'{NODES}[data-name="{name}"] path').bounding_box()["width"]

    assert width("DistilBERT") == width("Llama 3.1")
    tree.get_by_label("marks by size").check()
    settle(tree)
    assert width("DistilBERT") < width("Llama 2") < width("Llama 3.1")


def focused(page) -> str | None:
    return page.evaluate("document.activeElement.dataset.name ?? null")


def test_the_whole_way_by_keyboard(tree):
    tree.get_by_role("combobox", name="Find").focus()
    for _ in range(30):
        tree.keyboard.press("Tab")
        if focused(tree):
            break
    assert focused(tree) == "Word2Vec"
    tree.keyboard.press("ArrowRight")
    assert BY_NAME[focused(tree)].branch == "encoder-only"
    tree.keyboard.press("ArrowRight")
    assert BY_NAME[focused(tree)].branch == "decoder-only"
    here = [m.name for m in MODELS if m.branch == "decoder-only"]
    at = here.index(focused(tree))
    tree.keyboard.press("ArrowUp")
    assert focused(tree) == here[at + 1]
    settle(tree)
    assert lit(tree) == lineage(here[at + 1])
    tree.keyboard.press("ArrowDown")
    assert focused(tree) == here[at]
    tree.keyboard.press("End")
    assert focused(tree) == MODELS[-1].name
    tree.keyboard.press("Enter")
    assert tree.get("chosen") == MODELS[-1].name
    tree.keyboard.press("+")
    assert tree.get("zoom") == 1.5
    assert focused(tree) == MODELS[-1].name
    tree.keyboard.press("Escape")
    assert tree.get("chosen") == ""
    tree.keyboard.press("Tab")
    assert focused(tree) is None


def test_what_has_the_focus_is_brought_into_view(tree):
    tree.set("zoom", 7)
    settle(tree)
    tree.eval_on_selector(f"{NODES}[tabindex='0']", "one => one.focus()")
    tree.keyboard.press("End")
    area = tree.get_by_role("region", name="The drawing").bounding_box()
    x, y = place(tree, MODELS[-1].name)
    assert area["x"] < x < area["x"] + area["width"]
    assert area["y"] < y < area["y"] + area["height"]


STATES = [
    {},
    {"chosen": "GPT-2"},
    {"view": "size", "zoom": 2},
    {"organisation": "Google", "everyone": True},
]
EARLY = [model for model in MODELS if model.date.year < 2021]  # few rows: axe looks at each of them


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(open_figure, scheme):
    page = open_figure(evolution_tree(EARLY), scheme=scheme)
    for state in STATES:
        for key, value in state.items():
            page.set(key, value)
        settle(page)
        assert page.axe() == []
    page.get_by_role("combobox", name="Find").fill("gp")
    assert page.axe() == []
    assert page.complaints == []


@pytest.mark.parametrize("view", ["tree", "size"])
def test_on_a_phone_it_fits_and_can_be_tapped(open_figure, view):
    page = open_figure(evolution_tree(MODELS), width=375)
    page.set("view", view)
    arrive(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert len(labels(page)) > 20
    assert not page.locator("figure.live details").first.get_attribute("open")
    page.locator("figure.live svg").first.scroll_into_view_if_needed()
    page.mouse.click(*place(page, "BART"))
    assert page.get("chosen") == "BART"


def test_the_height_kept_free_is_that_of_the_live_figure(open_figure):
    page = open_figure(evolution_tree(MODELS), width=736)  # as wide as a page's column
    page.wait_for_selector(f"{NODES}[data-shown]", state="attached")
    kept, real = page.evaluate(
        "(s => [parseFloat(getComputedStyle(s).minHeight), s.firstElementChild.offsetHeight])"
        "(document.querySelector('.stage'))"
    )
    assert real <= kept <= real + 80


def test_state_picture_table_and_code_stay_light():
    code = [
        gzip.compress((STATIC / name).read_bytes()) for name in ("evolution_tree.js", "evolution_layout.js")
    ]
    assert sum(map(len, code)) + len(gzip.compress(evolution_tree(MODELS).html().encode())) < 60_000


def test_what_is_no_tree_is_refused():
    first = MODELS[0]
    with pytest.raises(ValueError, match="at least one"):
        evolution_tree([])
    with pytest.raises(ValueError, match="twice"):
        evolution_tree([first, first])
    with pytest.raises(ValueError, match="branch"):
        evolution_tree([replace(first, branch="twig")])
    with pytest.raises(ValueError, match="not in the table"):
        evolution_tree([replace(first, parent="nobody", relation="design")])
    with pytest.raises(ValueError, match="relation"):
        evolution_tree([first, replace(MODELS[1], parent=first.name, relation="cousin")])
    with pytest.raises(ValueError, match="no model named"):
        evolution_tree(MODELS, chosen="GPT-0")


@pytest.mark.parametrize(
    ("billions", "name"),
    [(0.1, "small"), (1, "small"), (1.1, "medium"), (10, "medium"), (100, "large"), (101, "very large")],
)
def test_size_classes_include_their_upper_end(billions, name):
    assert size_class(billions) == name
    assert size_class(None) == "not published"
