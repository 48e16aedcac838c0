"""The BPE stepper in Chromium against the package: the same merges, counts and pieces at every step."""

import re
from collections import Counter
from itertools import pairwise

import pytest

from eras import data
from eras.figures.tokenizer_stepper import spell, tokenizer_stepper
from eras.pretraining.tokenizer import PATTERN, count_words, learn_merges, merge_piece

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
MERGES = 60
SHOWN = [b" the", b" CITIZEN", "春眠不觉晓".encode()]

# Every step in turn: what the figure says, the pairs, the words in pieces.
WALK = """async (last) => {
    const frame = () => new Promise(requestAnimationFrame);
    const figure = document.querySelector("figure.live"), seen = [];
    const pieces = (node) => [...node.querySelectorAll(".piece")].map((piece) => piece.textContent);
    for (let step = 0; step <= last; step++) {
        figure.model.set("step", step);
        await frame(); await frame();
        seen.push({
            said: figure.querySelector(".spoken").textContent,
            pairs: [...figure.querySelectorAll(".pairs li")].map(
                (row) => [...pieces(row), row.lastChild.textContent]),
            words: [...figure.querySelectorAll(".words li")].map(pieces),
            note: figure.querySelector(".note").textContent,
        });
    }
    return seen;
}"""


@pytest.fixture(scope="module")
def words():
    text = data.load("shakespeare", "valid").text[:4000]
    poem = "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。"
    return count_words(f"{text}\n{poem}\n春眠不觉晓 aaaa aaaaaaa")


@pytest.fixture
def page(open_figure, words):
    return open_figure(tokenizer_stepper(words, MERGES, SHOWN, " another"))


def in_pieces(words, merges):
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    return {word: merge_piece(word, ranks) for word in words}


def counted(words, pieces):
    pairs = Counter()
    for word, count in words.items():
        for pair in pairwise(pieces[word]):
            pairs[pair] += count
    return sorted(pairs.items(), key=lambda item: (item[1], item[0]), reverse=True)


def test_every_step_is_the_packages(page, words):
    learned, seen = learn_merges(words, MERGES), page.evaluate(WALK, MERGES)
    for step in range(MERGES + 1):
        pieces = in_pieces(words, learned[:step])
        total = sum(count * len(pieces[word]) for word, count in words.items())
        assert f"Vocabulary {256 + step}; the text is {total:,} tokens." in seen[step]["said"]
        expected = [[*map(spell, pair), f"{count:,}"] for pair, count in counted(words, pieces)[:8]]
        assert seen[step]["pairs"] == expected
        assert seen[step]["words"] == [[spell(t) for t in pieces[w]] for w in words if w in SHOWN]
        if step:
            left, right = map(spell, learned[step - 1])
            assert seen[step]["said"].startswith(f"Merge {step}: {left} + {right}, ")
    assert any("greatest in byte order" in moment["note"] for moment in seen)


def test_steps_by_button_and_by_keyboard(page):
    page.get_by_role("button", name="Next merge").click()
    page.get_by_role("button", name="Next merge").press("Enter")
    assert page.get("step") == 2
    page.get_by_role("button", name="Back").click()
    page.wait_for_function("document.querySelector('.spoken').textContent.startsWith('Merge 1:')")
    page.get_by_role("slider", name="Merges").press("End")
    assert page.get("step") == MERGES
    page.get_by_role("button", name="Next merge").click()
    assert page.get("step") == MERGES


def test_play_goes_on_until_pause(page):
    page.get_by_role("button", name="Play").press("Enter")
    page.wait_for_function("document.querySelector('figure.live').model.get('step') >= 2")
    page.get_by_role("button", name="Pause").press("Enter")
    before = page.get("step")
    page.wait_for_timeout(1000)
    assert page.get("step") == before
    assert page.get_by_role("button", name="Play").is_visible()


def test_no_play_where_motion_is_unwanted(page):
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    page.wait_for_selector("figure.live[data-ready]")
    assert page.get_by_role("button", name="Next merge").is_visible()
    assert page.get_by_role("button", name="Play").count() == 0


@pytest.mark.parametrize("text", [" another", "they're the CITIZENS 春眠不觉晓", "aaaaaaa aaa", ""])
@pytest.mark.parametrize("step", [0, 7, MERGES])
def test_encoding_is_the_packages(page, words, text, step):
    page.set("step", step)
    page.get_by_label("A word of yours").fill(text)
    page.get_by_role("button", name="Apply all").press("Enter")
    ranks = {pair: rank for rank, pair in enumerate(learn_merges(words, MERGES)[:step])}
    tokens = [token for piece in PATTERN.findall(text) for token in merge_piece(piece.encode(), ranks)]
    fits = len(text.encode()) - len(tokens)
    page.wait_for_function(f"document.querySelector('.stage').textContent.includes('of the {fits} merges')")
    rows = [row.locator(".piece").all_text_contents() for row in page.locator(".replay li").all()]
    assert rows[0] == [spell(bytes([b])) for b in text.encode()]
    assert rows[-1] == [spell(token) for token in tokens]
    assert [len(row) for row in rows] == list(range(len(rows[0]), len(rows[-1]) - 1, -1))


def test_encoding_goes_one_merge_at_a_time(page, words):
    page.set("step", MERGES)
    rows = page.locator(".replay li")
    page.get_by_role("button", name="Apply one").press("Enter")
    page.get_by_role("button", name="Apply one").click()
    page.wait_for_function("document.querySelectorAll('.replay li').length === 3")
    numbers = [int(re.search(r"merge (\d+)", rows.nth(i).text_content())[1]) for i in (1, 2)]
    assert numbers == sorted(numbers)
    page.get_by_role("button", name="Undo one").click()
    page.wait_for_function("document.querySelectorAll('.replay li').length === 2")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_it_at_every_step(open_figure, words, scheme):
    page = open_figure(tokenizer_stepper(words, MERGES, SHOWN, " another"), width=375, scheme=scheme)
    for step in (0, MERGES):
        page.get_by_role("slider", name="Merges").press("End" if step else "Home")
        page.get_by_role("button", name="Apply all").press("Enter")
        assert page.axe() == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_data_and_picture_hold_the_merges(words):
    figure = tokenizer_stepper(words, MERGES, SHOWN)
    pieces = in_pieces(words, learn_merges(words, MERGES))
    total = sum(count * len(pieces[word]) for word, count in words.items())
    assert figure.data.rows[-1][0] == str(MERGES)
    assert figure.data.rows[-1][-1] == f"{total:,}"
    assert f"{total:,}" in figure.description
    assert figure.widget.step == 0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"words": {}}, "1 to"), ({"shown": [b"zebra"]}, "none of the words"), ({"step": 9}, "step must lie")],
)
def test_bad_input_is_named(wrong, says):
    with pytest.raises(ValueError, match=says):
        tokenizer_stepper(**{"words": {b"low": 5, b"lower": 2}, "merges": 3, **wrong})
