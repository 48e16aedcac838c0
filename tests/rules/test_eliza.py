"""ELIZA: each mechanism of the 1966 paper, the matcher against regular expressions, scripts and their errors."""

import copy
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eras.rules import eliza as eliza_module
from eras.rules.eliza import (
    MOST_STEPS,
    Eliza,
    Memory,
    choose,
    decompose,
    join,
    reassemble,
    scan,
    tokenize,
    transform,
)  # fmt: skip
from eras.rules.eliza_script import VERBS, ScriptError, load_script, load_talk, read_script

TEXT = (Path(__file__).parent / "mechanisms.txt").read_text("utf-8")
SCRIPT = read_script(TEXT)
NAMES = ("doctor.en", "doctor.zh")


@pytest.fixture
def eliza():
    return Eliza(SCRIPT)


def replies(eliza, *texts):
    return [eliza.respond(text)["text"] for text in texts]


# ---------------------------------------------------------------- what the paper describes


def test_the_keyword_of_highest_rank_answers(eliza):
    reply = eliza.respond("I see my odd mother alike")
    assert reply["stack"] == ["ALIKE", "ODD", "MY", "I"]
    assert reply["text"] == "HOW ALIKE?"


def test_of_equal_rank_the_first_answers(eliza):
    assert eliza.respond("are dit")["stack"] == ["ARE", "DIT"]
    assert eliza.respond("dit are")["text"] == "HOW ALIKE?"


def test_words_are_replaced_while_scanning_but_not_twice(eliza):
    assert eliza.respond("You want my mom")["words"] == ["I", "WANT", "YOUR", "MOTHER"]


def test_a_delimiter_ends_the_sentence_once_a_keyword_is_found(eliza):
    assert eliza.respond("Well, my cat, my dog.")["words"] == ["YOUR", "CAT"]
    assert eliza.respond("my cat but my dog")["words"] == ["YOUR", "CAT"]
    assert eliza.respond("It rains. Hm, yes.")["words"] == []


def test_reassembly_rules_take_turns_for_each_pattern(eliza):
    said = replies(eliza, "my mom sings", "my cat", "my father", "my mother", "my dog")
    assert said == ["FAMILY: MOTHER, THEN SINGS.", "PLAIN CAT.", "YOUR FATHER.", "FAMILY: MOTHER, THEN.",
                    "PLAIN DOG."]  # fmt: skip


def test_a_link_goes_on_with_the_other_keywords_rules_and_turns(eliza):
    assert replies(eliza, "alike", "dit", "alike") == ["HOW ALIKE?", "AGAIN ALIKE?", "HOW ALIKE?"]


def test_newkey_leaves_it_to_the_next_keyword(eliza):
    assert replies(eliza, "I sleep are", "I sleep are", "I sleep are") == ["TWO: SLEEP ARE."] * 3
    assert replies(eliza, "I are", "I are") == ["ARE.", "YOU ARE."]


def test_newkey_without_a_next_keyword_is_as_good_as_none(eliza):
    assert eliza.respond("I sleep")["source"] == "none"


def test_pre_puts_the_words_into_another_form_first(eliza):
    reply = eliza.respond("You're late")
    assert [step[0] for step in reply["steps"]] == ["YOU'RE", "YOU"]
    assert reply["text"] == "AM I LATE?"


def test_a_keyword_whose_patterns_do_not_fit_leaves_it_to_the_next(eliza):
    assert eliza.respond("odd, but are")["text"] == "ONLY ODD."
    assert eliza.respond("are so odd")["text"] == "ARE."


def test_memory_comes_back_when_nothing_is_found_and_the_counter_stands_at_four(eliza):
    assert eliza.respond("my cat is ill")["stored"] == ["BACK", "TO", "YOUR", "CAT", "IS", "ILL", "."]
    rest = [eliza.respond("rain") for _ in range(6)]
    assert [r["source"] for r in rest] == ["none", "memory", "none", "none", "none", "none"]
    assert rest[1]["text"] == "BACK TO YOUR CAT IS ILL."


def test_the_last_word_picks_the_memorys_rule(eliza):
    for last in ("ILL", "SAD", "OLD", "IN"):
        rule = "BACK" if sum(map(ord, last)) % 2 else "EARLIER"
        assert eliza.respond(f"my cat is {last}")["stored"][0] == rule


def test_memory_is_a_queue(eliza):
    replies(eliza, "my cat is ill", "my dog is sad")
    said = [eliza.respond("rain")["text"] for _ in range(5)]
    assert [text.split()[-1] for text in said if "YOUR" in text] == ["ILL.", "SAD."]


def test_memory_keeps_only_what_its_keyword_answers(eliza):
    assert eliza.respond("my cat and I are alike")["stored"] is None
    assert eliza.respond("I and my cat")["stored"] is not None


def test_none_takes_turns_too(eliza):
    assert replies(eliza, "rain", "", "...", "snow") == ["GO ON.", "YES.", "GO ON.", "YES."]


def test_two_conversations_do_not_share_anything():
    first, second = Eliza(SCRIPT), Eliza(SCRIPT)
    before = copy.deepcopy(SCRIPT)
    replies(first, "my cat", "alike")
    assert replies(second, "rain", "alike") == ["GO ON.", "HOW ALIKE?"]
    assert before == SCRIPT


# ---------------------------------------------------------------- the matcher against regular expressions

PATTERNS = st.lists(
    st.one_of(st.integers(0, 2), st.sampled_from("AB"), st.just(["A B", "B", "C"])), max_size=6
)


def as_regex(pattern):
    one, parts = "(?:[ABC] )", []
    for e in pattern:
        if isinstance(e, int):
            parts.append(f"({one}*?)" if e == 0 else f"({one}{{{e}}})")
        else:
            parts.append("(" + "|".join(f"{p} " for p in ([e] if isinstance(e, str) else e)) + ")")
    return re.compile("".join(parts))


@settings(max_examples=400, deadline=None)
@given(PATTERNS, st.lists(st.sampled_from("ABC"), max_size=7))
def test_decompose_is_what_a_lazy_regular_expression_does(pattern, words):
    found = as_regex(pattern).fullmatch("".join(f"{w} " for w in words))
    assert decompose(pattern, words) == (found and [part.split() for part in found.groups()])


@settings(max_examples=200, deadline=None)
@given(PATTERNS, st.lists(st.sampled_from("ABC"), max_size=7))
def test_parts_put_together_are_the_sentence(pattern, words):
    parts = decompose(pattern, words)
    if parts is not None:
        assert reassemble(range(1, len(pattern) + 1), parts) == words


def test_a_hopeless_pattern_is_not_tried_again_and_again(monkeypatch):
    calls, lengths = [], eliza_module.lengths

    def counted(*arguments):
        calls.append(1)
        assert len(calls) < 10_000, "a hundred million million ways to cut, and they are all being tried"
        return lengths(*arguments)

    monkeypatch.setattr(eliza_module, "lengths", counted)
    assert decompose([0, "A"] * 12 + ["B"], ["A"] * 200) is None


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I can’t, really!", ["I", "CAN'T", ",", "REALLY", "!"]),
        ("'Yes' (no) 3.5", ["YES", "NO", "3", ".", "5"]),
        ("我觉得AI很好。", ["我", "觉", "得", "AI", "很", "好", "。"]),
        ("naïve cafe\u0301 straße", ["NAÏVE", "CAFE\u0301", "STRASSE"]),
        (" \t\n", []),
    ],
)
def test_tokenize(text, words):
    assert tokenize(text) == words


@pytest.mark.parametrize(
    "text", ["I SEE, MY FRIEND. WHY?", "你好，朋友。为什么？", "我用PYTHON写", "OK, 好。 GO"]
)
def test_join_gives_back_the_text(text):
    assert join(tokenize(text)).replace(" ", "") == text.replace(" ", "")
    assert join(tokenize(join(tokenize(text)))) == join(tokenize(text))


def test_the_longest_name_wins():
    keys = {name: {"becomes": [name[0]], "rank": 0, "rules": []} for name in ("我", "我 们", "我 们 的")}
    assert scan(list("我们的我们我"), keys, ())[0] == ["我", "我", "我"]


# ---------------------------------------------------------------- the scripts


@pytest.mark.parametrize("name", NAMES)
def test_a_long_conversation_with_the_courses_scripts(name):
    eliza = Eliza(load_script(name))
    sources = set()
    for text in load_talk(name[-2:]) * 3:
        reply = eliza.respond(text)
        assert reply["text"]
        assert not re.search(r"(?<!\d)\d(?!\d)", reply["text"]), "a part's number was said aloud"
        sources.add(reply["source"])
    assert sources == {"keyword", "memory", "none"}


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_of_the_scripts_can_be_reached_by_its_keyword(name):
    """What a rule says must not be hidden by a pattern before it that fits whenever it does."""
    for key in load_script(name)["keys"].values():
        seen = []
        for rule in key["rules"]:
            assert [0] not in seen, f"nothing gets past a lone 0: {rule}"
            assert rule["match"] not in seen
            seen.append(rule["match"])


def test_names_of_verbs_are_what_the_reader_knows():
    assert set(VERBS) == {
        m for m in VERBS if re.search(rf"^ *{m}\b|\s{m} ", read_script.__globals__["__doc__"], re.M)
    }


FAULTS = [
    ("kez a", "line 1: 'kez' is no statement"),
    ("greeting", "line 1: there is nothing after 'greeting'"),
    ("say hello", "line 1: 'say' belongs below a 'match'"),
    ("key a\nkey A", "line 2: the keyword A stands twice"),
    ("key a\nmatch 0\nsay 2", "line 3: there is no part 2: the pattern has 1 elements"),
    ("key a\nmatch /b 0", "line 2: there is no list 'b' above"),
    ("key a\nmatch 0\nkey b", "line 2: nothing to do below this 'match'"),
    ("key a\nlink b\nnone\nsay x", "line 2: a link to B, which is no keyword with rules"),
    ("memory a\nmatch 0\nsay x\nsay y", "line 4: a rule of the memory has one 'say'"),
    ("memory a\nmatch 0\nsay x\nnone\nsay y", "line 6: memory needs rules"),
    ("key a\nmatch 0\nsay x", "line 4: a script ends with 'none'"),
    ("none\nnewkey", "line 3: a script ends with 'none'"),
    ("none\nmatch 0", "line 2: 'match' belongs below a 'key' or 'memory'"),
    ("key a\nmatch 0\nsay a “quote”", "line 3: '“' is no part of a word"),
    ("key a rank high", "line 1: 'rank' is followed by a whole number"),
    ("delimiters but\nkey but\nnone\nsay x", "line 5: BUT is a delimiter and a keyword"),
    ("key a\nmatch 0\npre x", "line 3: write: pre TEXT = WORD"),
    ("list x", "line 1: the list x is empty"),
    ("none\nsay x\nnone", "line 3: 'none' stands twice"),
    ("", "line 1: a script ends with 'none'"),
]


@pytest.mark.parametrize(("text", "message"), FAULTS)
def test_a_fault_in_a_script_is_told_in_one_line_with_its_number(text, message):
    with pytest.raises(ScriptError) as caught:
        read_script(text)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_links_in_a_circle_are_named():
    script = read_script("key a\nlink b\nkey b\nlink a\nnone\nsay x")
    with pytest.raises(ValueError, match="round in a circle at"):
        Eliza(script).respond("a")
    assert MOST_STEPS < 100


def test_a_part_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="there is no part 2"):
        reassemble(["A", 2], [["B"]])
    with pytest.raises(ValueError, match="there is no part 0"):
        reassemble([0], [["B"]])


def test_choose_and_transform_change_only_the_turns():
    turns, words = {}, ["YOUR", "CAT"]
    assert choose(SCRIPT["keys"]["ODD"]["rules"], words, turns) is None
    assert turns == {}
    assert transform([], words, SCRIPT["keys"], turns) == (None, [])
    transform(["MY"], words, SCRIPT["keys"], turns)
    assert words == ["YOUR", "CAT"]
    assert list(turns.values()) == [1]


def test_the_memory_counts_to_four():
    memory, counts = Memory(SCRIPT["memory"]["rules"]), []
    for _ in range(5):
        memory.tick()
        counts.append(memory.count)
    assert counts == [2, 3, 4, 1, 2]
    assert memory.store(["NOTHING"]) is None
    assert memory.recall() is None
