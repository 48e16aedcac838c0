"""The live ELIZA in Chromium: replies equal to Python's on long conversations, the trace, keyboard, memory."""

import json
import random

import pytest

from eras import data
from eras.figures.eliza import eliza_chat
from eras.rules.eliza import Eliza, join
from eras.rules.eliza_script import load_script, load_talk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
ENGINE = """async ([script, sentences]) => {
  const { conversation } = await import(new URL("figures/eliza_engine.js", location));
  const talk = conversation(script);
  return sentences.map(talk);
}"""
REPLIES = (
    "() => [...document.querySelectorAll('[role=log] .reply p')].slice(1).map((p) => p.lastChild.textContent)"
)


@pytest.fixture(scope="module")
def scripts():
    return {"English": load_script("doctor.en"), "中文": load_script("doctor.zh")}


@pytest.fixture(scope="module")
def figure(scripts):
    return eliza_chat(scripts, {"English": load_talk("en")[:12], "中文": load_talk("zh")[:12]})


@pytest.fixture
def page(open_figure, figure):
    return open_figure(figure)


def python(script, sentences):
    """What Python replies, with the memory as it stands after each reply."""
    eliza, replies = Eliza(script), []
    for text in sentences:
        reply = eliza.respond(text)
        kept = {"count": eliza.memory.count, "queue": [join(words) for words in eliza.memory.queue]}
        replies.append(json.loads(json.dumps({**reply, **kept})))
    return replies


def odd_sentences(script, language):
    """Long conversations: the talk, held-out text, random keywords, and signs that a keyboard has."""
    rng = random.Random(5)
    names = [join(name.split()) for name in script["keys"]]
    corpus = data.load("shakespeare" if language == "en" else "help_zh", "test").text.splitlines()
    strange = [
        "",
        "…",
        "don’t 'quote' naïve ß İ 3.5",
        "constructor __proto__ toString",
        "🙂 我AI你。",
        "a" * 300,
    ]
    mixed = [
        (" " if language == "en" else "").join(rng.choice([*names, ",", "x"]) for _ in range(8))
        for _ in range(300)
    ]
    return [*load_talk(language), *rng.sample(corpus, 300), *strange, *mixed]


@pytest.mark.parametrize(("title", "language"), [("English", "en"), ("中文", "zh")])
def test_replies_and_traces_equal_pythons_on_long_conversations(page, scripts, title, language):
    sentences = odd_sentences(scripts[title], language)
    got = page.evaluate(ENGINE, [scripts[title], sentences])
    for text, ours, theirs in zip(sentences, python(scripts[title], sentences), got, strict=True):
        assert theirs == ours, text


def say(page, text, key="Enter"):
    page.get_by_label("Your sentence").fill(text)
    page.keyboard.press(key)


def until(page, replies):
    for _ in range(50):
        if page.evaluate(REPLIES) == replies:
            return
        page.wait_for_timeout(20)
    assert page.evaluate(REPLIES) == replies


def test_the_reader_talks_with_the_keyboard(page, scripts):
    sentences = [*load_talk("en")[:2], "My bicycle is gone", "I need a rest", "Rain"]
    for text in sentences[2:]:
        say(page, text)
    until(page, [r["text"] for r in python(scripts["English"], sentences)])
    assert page.get("said") == sentences
    assert page.get_by_label("Your sentence").input_value() == ""
    say(page, "   ")
    page.wait_for_timeout(60)
    assert page.get("said") == sentences


def test_the_trace_shows_stack_pattern_parts_and_action(page, scripts):
    page.set("said", ["I think my old mother sings"])
    page.get_by_text("How reply 1 was made").wait_for()
    how = page.locator(".how")
    assert how.locator(".chips li").all_inner_texts() == ["MY 2", "I 0"]
    cells = [row.locator("td").all_inner_texts() for row in how.locator("tr").all()]
    assert cells[0] == ["1", "2", "3", "4", "5"]
    assert cells[1][:3] == ["0", "YOUR", "0"]
    assert "MOTHER|FATHER" in cells[1][3]
    assert cells[2] == ["YOU THINK", "YOUR", "OLD", "MOTHER", "SINGS"]
    assert "Step 1: MY, say: WHO IN YOUR FAMILY KNOWS ABOUT THIS?" in how.inner_text()
    assert page.locator(".spoken").inner_text() == "Reply 1 comes from keyword MY."
    stored = python(scripts["English"], ["I think my old mother sings"])[0]["stored"]
    assert f"Put into memory: {join(stored)}" in how.inner_text()


def test_links_newkeys_and_pre_are_told(page):
    page.set("said", ["I need a rest", "I need a holiday", "How are things"])
    page.get_by_text("How reply 3 was made").wait_for()
    assert "link: go on with WHAT" in page.locator(".how").inner_text()
    page.get_by_role("button", name="Why reply 2?").press("Enter")
    page.get_by_text("pre: go on with WANT, the words now YOU WANT 4").wait_for()
    assert page.get("chosen") == 1
    assert page.get_by_role("button", name="Why reply 2?").get_attribute("aria-pressed") == "true"


def test_memory_waits_and_comes_back(page, scripts):
    sentences = ["My bicycle is gone", "Rain", "Rain"]
    page.set("said", sentences[:2])
    page.get_by_text("The counter stands at 3").wait_for()
    kept = python(scripts["English"], sentences[:2])[-1]["queue"]
    assert page.locator(".how ol li").all_inner_texts() == kept
    page.set("said", sentences)
    page.get_by_text("the oldest entry of the memory is the reply").wait_for()
    assert page.evaluate(REPLIES)[-1] == kept[0]
    assert page.get_by_text("Nothing is waiting.").is_visible()


def test_the_script_can_be_changed_and_begun_again(page, scripts):
    page.get_by_label("Script").select_option("1")
    until(page, [])
    assert page.get_by_role("log").get_attribute("lang") == "zh"
    page.get_by_role("button", name="Let a made-up person speak").click()
    page.get_by_role("button", name="Let a made-up person speak").click()
    say(page, "我的自行车坏了")
    sentences = [*load_talk("zh")[:2], "我的自行车坏了"]
    until(page, [r["text"] for r in python(scripts["中文"], sentences)])
    page.get_by_role("button", name="Start again").click()
    until(page, [])
    assert page.get_by_text("Say something, and you will see here").is_visible()


def test_the_log_only_grows_so_that_a_screen_reader_hears_new_replies_alone(page):
    page.evaluate("document.querySelector('[role=log] .reply').dataset.old = 'yes'")
    say(page, "Rain")
    page.get_by_role("button", name="Why reply 3?").wait_for()
    assert page.locator("[role=log] .reply[data-old]").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_it_also_on_a_phone(open_figure, figure, scheme):
    page = open_figure(figure, width=375, scheme=scheme)
    for text in ("I need a rest and a " + "very " * 30 + "long holiday", "Rain", "supercalifragilistic" * 10):
        say(page, text)
    page.get_by_role("button", name="Why reply 5?").wait_for()
    page.get_by_role("button", name="Why reply 3?").click()
    page.get_by_text("How reply 3 was made").wait_for()
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.get_by_label("Script").select_option("1")
    until(page, [])
    assert page.axe() == []
    assert page.foreign == []
    assert page.complaints == []


def test_what_a_reader_without_javascript_gets(figure, scripts):
    ours = python(scripts["English"], load_talk("en")[:12])
    assert [row[2] for row in figure.data.rows[:12]] == [r["text"] for r in ours]
    assert ours[0]["text"] in figure.picture
    assert figure.widget.said == load_talk("en")[:2]


def test_bad_input_is_named(scripts):
    with pytest.raises(ValueError, match="at least one script"):
        eliza_chat({}, {})
    with pytest.raises(ValueError, match="the talk for 'English' needs 2"):
        eliza_chat(scripts, {"English": ["one"]})
