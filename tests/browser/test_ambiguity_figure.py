"""The chart in Chromium against the package: the same cells, counts and trees for every sentence."""

import re

import pytest

from eras.figures.ambiguity import ambiguity, brackets, parses
from eras.rules.grammar import binarise, cky, count_parses, read_grammar, restore, trees

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
RULES = read_grammar("""
S -> NP VP | VP
NP -> Det Nom | Pron | NP PP
Nom -> N | A Nom
VP -> V NP | V NP PP | V | VP PP | 'look' 'up' NP
PP -> P NP
Det -> 'the'
N -> 'man' | 'hill' | 'glass' | 'saw'
A -> 'old'
V -> 'saw' | 'see'
Pron -> 'I' | 'it'
P -> 'on' | 'with'
""")
SENTENCES = [
    "I saw the man with the glass",
    "I saw the old man on the hill with the glass",
    "look up the man on the hill",
    "see it",
]
# Every cell and every tree of the sentence that is chosen.
READ = """async (count) => {
    const frame = () => new Promise(requestAnimationFrame);
    const figure = document.querySelector("figure.live"), shown = [];
    figure.model.set("step", 999);
    for (let tree = 0; tree < count; tree++) {
        figure.model.set("tree", tree);
        await frame(); await frame();
        shown.push(figure.querySelector(".tree svg").getAttribute("aria-label"));
    }
    const cells = [...figure.querySelectorAll(".chart tr")].slice(1).map(
        (row) => [...row.querySelectorAll("td:not(.none)")].map((cell) => cell.textContent));
    return [cells, shown];
}"""


@pytest.fixture
def page(open_figure):
    return open_figure(ambiguity(RULES, SENTENCES))


def said(page, text):
    page.wait_for_function(
        "text => [...document.querySelectorAll('.spoken')].some(p => p.textContent.includes(text))", arg=text
    )


@pytest.mark.parametrize("sentence", [*SENTENCES, "the saw saw it on it on it on it on it"])
def test_cells_counts_and_trees_are_the_packages(page, sentence):
    page.get_by_label("or your own").fill(sentence)
    words, count = sentence.split(), parses(RULES, sentence)
    said(page, f"{count} parse")
    cells, shown = page.evaluate(READ, count)
    forest = cky(binarise(RULES), words)
    for length, row in enumerate(cells, 1):
        for i, cell in enumerate(row):
            nodes = [n for n in forest if n[1:] == (i, i + length) and " " not in n[0] and n[0][0] != "'"]
            numbers = {n[0]: count_parses(forest, n) for n in nodes}
            assert set(cell.replace("–", "").split()) == {
                s + (f"×{n}" if n > 1 else "") for s, n in numbers.items()
            }
    assert shown == [brackets(restore(tree)) for tree in trees(forest, ("S", 0, len(words)))]
    assert len(set(shown)) == count


def test_cells_fill_by_button_keyboard_and_slider(page):
    page.get_by_role("button", name="Next cell").click()
    page.get_by_role("button", name="Next cell").press("Enter")
    assert page.get("step") == 2
    said(page, "Cell 2 of 28, “saw”: N, V")
    assert page.locator(".chart td.now").inner_text().startswith("N V")
    page.get_by_role("button", name="Back").press("Space")
    assert page.get("step") == 1
    page.get_by_role("slider", name="Cells filled").press("End")
    said(page, "Cell 28 of 28")
    page.get_by_role("slider", name="Cells filled").press("Home")
    said(page, "Nothing yet: 28 cells")
    page.get_by_role("button", name="Fill all").click()
    assert page.get("step") == 28
    assert page.locator(".chart td.later").count() == 0


def test_trees_turn_and_stop_at_the_ends(page):
    page.get_by_role("button", name="Previous tree").click()
    assert page.get("tree") == 0
    for _ in range(5):
        page.get_by_role("button", name="Next tree").press("Enter")
    assert page.get("tree") == parses(RULES, SENTENCES[0]) - 1
    said(page, "tree 3 is shown")


def test_choosing_and_typing(page):
    page.set("step", 9)
    page.get_by_label("Sentence").select_option("see it")
    said(page, "1 parse;")
    assert page.get("step") == 0
    page.get_by_label("or your own").fill("see the zebra")
    said(page, "“zebra” is not in the lexicon")
    page.get_by_label("or your own").fill("the the")
    said(page, "No parse")
    page.get_by_label("or your own").fill("it " * 15)
    said(page, "At most 14 words")
    page.get_by_label("or your own").fill("")
    said(page, "Type a sentence")
    assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_it(open_figure, scheme):
    page = open_figure(ambiguity(RULES, SENTENCES), width=375, scheme=scheme)
    for text, step in ((SENTENCES[1], 999), ("no such", 0)):
        page.get_by_label("or your own").fill(text)
        page.set("step", step)
        assert page.axe() == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_data_and_picture():
    figure = ambiguity(RULES, SENTENCES)
    assert figure.data.rows[0] == [SENTENCES[0], "3"]
    assert figure.description.count("(") == len(re.findall(r"\(", brackets_of(SENTENCES[0])))
    assert figure.widget.text == SENTENCES[0]
    assert figure.picture.count("<text") == 1 + figure.description.count("(") - 1 + len(SENTENCES[0].split())


def brackets_of(sentence):
    words = sentence.split()
    return brackets(restore(next(trees(cky(binarise(RULES), words), ("S", 0, len(words))))))


@pytest.mark.parametrize(
    ("rules", "sentences", "says"),
    [
        (RULES, [], "at least one"),
        (RULES, ["see the"], "no parse"),
        (RULES, ["it " * 15], "more than 14"),
        ([*RULES, ("NP", ())], ["see it"], "empty"),
    ],
)
def test_bad_input_is_named(rules, sentences, says):
    with pytest.raises(ValueError, match=says):
        ambiguity(rules, sentences)
