"""The live tokenizer in Chromium against the package: presets, the reader's own text, ids, what Chinese costs."""

import pytest

from eras import data
from eras.figures.live_tokenizer import live_tokenizer
from eras.figures.tokenizer_stepper import spell
from eras.pretraining.gpt import course_gpt
from eras.pretraining.tokenizer import Tokenizer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
PAIRS = [("文档已保存。", "The document has been saved."), ("生存还是毁灭", "To be, or not to be")]
READ = """() => [...document.querySelectorAll("[role=listbox]")].map((list) => [...list.children].map(
    (token) => [token.textContent, Number(token.getAttribute("aria-label").split("id ").at(-1))]))"""


@pytest.fixture(scope="module")
def tokenizers():
    gpt2 = Tokenizer.from_tiktoken(data.path("tok/r50k_base.tiktoken"), ["<|endoftext|>"])
    return {"GPT-2": gpt2, "Our GPT": course_gpt()[1]}


@pytest.fixture
def page(open_figure, tokenizers):
    return open_figure(live_tokenizer(PAIRS, tokenizers))


def fetched(page):
    names = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    return sorted(name.split("/")[-1] for name in names if name.endswith(".bpe"))


def tokens(tokenizer, text):
    return [[spell(tokenizer.vocab[i]).replace("\t", "⇥"), i] for i in tokenizer.encode(text)]


def until_read(page, tokenizers, text):
    """Wait for the text's tokens in both lists; fails with what is there instead."""
    expected = [tokens(tokenizer, text) for tokenizer in tokenizers.values()]
    for _ in range(50):
        if page.evaluate(READ) == expected:
            return
        page.wait_for_timeout(20)
    assert page.evaluate(READ) == expected


def load(page):
    page.get_by_role("button", name="Write your own").press("Enter")
    page.wait_for_selector("textarea:not([readonly])")


@pytest.mark.parametrize("which", range(4))
def test_presets_need_no_vocabulary(page, tokenizers, which):
    page.get_by_label("Show").select_option(str(which))
    until_read(page, tokenizers, PAIRS[which // 2][1 - which % 2])
    assert fetched(page) == []
    assert page.locator("textarea").get_attribute("readonly") is not None


@pytest.mark.parametrize(
    "text", ["Hello 世界! 👍 strawberry 12345", "a\tb\n\n  c<|endoftext|>d", "\ufeffé ﬁ 𠮷", "生存还是毁灭"]
)
def test_the_readers_own_text(page, tokenizers, text):
    load(page)
    assert fetched(page) == ["v4096.bpe", "v50257.bpe"]
    page.get_by_label("Text").fill(text)
    until_read(page, tokenizers, text)
    for title, tokenizer in tokenizers.items():
        n, size = len(tokenizer.encode(text)), len(text.encode())
        head = page.locator(".columns > div", has_text=title)
        assert (
            f"{n} tokens: {size / n:.2f} bytes a token, {n / len(text):.2f} tokens a character"
            in head.text_content()
        )
        assert f"{title}: {n} tokens." in page.locator(".spoken").text_content()


def test_a_row_of_its_own_for_the_readers_text(page, tokenizers):
    load(page)
    page.get_by_label("Text").fill("two words")
    row = page.get_by_role("row", name="your text")
    row.wait_for()
    counts = [str(len(tokenizer.encode("two words"))) for tokenizer in tokenizers.values()]
    assert row.get_by_role("cell").all_text_contents() == ["9", "9", *counts]
    page.get_by_label("Text").fill("")
    page.wait_for_function("document.querySelector('[role=listbox]').hidden")


def test_what_chinese_costs(page, tokenizers):
    for pair, (chinese, english) in enumerate(PAIRS):
        page.get_by_label("Show").select_option(str(2 * pair + 1))
        expected = [len(chinese) / len(english), len(chinese.encode()) / len(english.encode())]
        expected += [len(t.encode(chinese)) / len(t.encode(english)) for t in tokenizers.values()]
        row = page.get_by_role("row", name="Chinese ÷ English")
        row.get_by_text(f"{expected[2]:.2f}").first.wait_for()
        assert row.get_by_role("cell").all_text_contents() == [f"{ratio:.2f}" for ratio in expected]


def test_arrows_go_from_token_to_token(page, tokenizers):
    text, tokenizer = PAIRS[0][1], tokenizers["GPT-2"]
    ids = tokenizer.encode(text)
    options = page.get_by_role("listbox", name="Tokens of GPT-2").get_by_role("option")
    options.first.focus()
    for key, at in (
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("End", len(ids) - 1),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        assert page.get("chosen_v50257") == at
        raw = tokenizer.vocab[ids[at]].hex(" ").upper()
        assert page.get_by_text(f"Token {at + 1} of {len(ids)}: id {ids[at]}, bytes {raw}.").is_visible()
    options.nth(3).click()
    assert options.nth(3).get_attribute("aria-selected") == "true"
    assert page.get("chosen_v4096") == 0


def test_a_file_that_does_not_come_is_told_and_asked_for_again(page, tokenizers):
    page.route("**/*.bpe", lambda route: route.abort())
    page.get_by_role("button", name="Write your own").click()
    page.get_by_text("did not load").wait_for()
    page.unroute("**/*.bpe")
    load(page)
    page.get_by_label("Text").fill("again")
    until_read(page, tokenizers, "again")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_it_before_and_after(open_figure, tokenizers, scheme):
    page = open_figure(live_tokenizer(PAIRS, tokenizers), width=375, scheme=scheme)
    page.get_by_label("Show").select_option("1")
    until_read(page, tokenizers, PAIRS[0][0])
    assert page.axe() == []
    load(page)
    for text in ("", "supercalifragilisticexpialidocious" * 20):
        page.get_by_label("Text").fill(text)
        until_read(page, tokenizers, text)
        assert page.axe() == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.foreign == []


def test_the_table_counts(tokenizers):
    figure = live_tokenizer(PAIRS, tokenizers)
    chinese, english = PAIRS[0]
    assert figure.data.rows[1] == [
        "Chinese", chinese, str(len(chinese)), str(len(chinese.encode())),
        *(str(len(tokenizer.encode(chinese))) for tokenizer in tokenizers.values()),
    ]  # fmt: skip
    assert figure.widget.text == english


def test_bad_input_is_named(tokenizers):
    for pairs, chosen in (([], tokenizers), ([("", "x")], tokenizers), (PAIRS, {})):
        with pytest.raises(ValueError, match="at least one pair"):
            live_tokenizer(pairs, chosen)
