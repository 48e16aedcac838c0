"""The transducer of English inflection, and the grammar of real sentences."""

import re

import pytest

from eras import data
from eras.rules.english import (
    GRAMMAR,
    irregular,
    lexical_rules,
    lookup,
    morphology,
    short_sentences,
    stems,
)
from eras.rules.features import parse_features, read_feature_grammar, sentences
from eras.rules.grammar import count_parses
from eras.rules.morphology import ENDINGS, RULES, Machine, Morphology, compose, invert, trim

FORMS = """
fly+V: flies flew flying | play+V: plays played playing | stop+V: stops stopped stopping
begin+V: begins began beginning | visit+V: visits visited visiting | make+V: makes made making
agree+V: agrees agreed agreeing | die+V: dies died dying | fix+V: fixes fixed fixing | see+V: sees saw seeing
love+V: loves loved loving | squat+V: squats squatted squatting | read+V: reads read reading
try+V: tries tried trying | pass+V: passes passed passing | hoe+V: hoes hoed hoeing
offer+V: offers offered offering
watch+V: watches watched watching | argue+V: argues argued arguing
"""


def lexicon():
    listed = [entry.strip() for entry in re.split(r"\||\n", FORMS) if entry.strip()]
    return [(entry.partition("+")[0], *entry.partition(": ")[2].split()) for entry in listed]


def test_spelling():
    marked = [("be'gin" if lemma == "begin" else lemma, "+V") for lemma, *_ in lexicon()]
    special = {"fly": "flew", "begin": "began", "make": "made", "see": "saw", "read": "read"}
    machine = Morphology(marked, {(lemma, "+V", "+PAST"): past for lemma, past in special.items()})
    for lemma, third, past, ing in lexicon():
        for form, wanted in (("+3SG", third), ("+PAST", past), ("+ING", ing), ("+BASE", lemma)):
            assert machine.generate(f"{lemma}+V{form}") == {wanted}
            assert f"{lemma}+V{form}" in machine.analyse(wanted)
    for lemma, ending in (
        ("fly", "s"),
        ("stop", "ed"),
        ("make", "ing"),
        ("die", "ing"),
        ("begin", "ing"),
        ("visit", "ting"),
    ):
        assert machine.analyse(lemma + ending) == set()
    assert machine.analyse("") == set()


def test_every_form_comes_back():
    english = morphology()
    for stem, kind in stems():
        lemma = stem.replace("'", "")
        for form in ENDINGS[kind]:
            made = english.generate(lemma + kind + form)
            assert len(made) == 1, (lemma, form, made)
            assert lemma + kind + form in english.analyse(*made)


def test_rules_are_needed_and_attested():
    words = set(
        re.findall(r"[a-z]+", " ".join(data.load(n, "train").text for n in ("sotu", "moby_dick")).lower())
    )
    with_rules, without = morphology(), Morphology(stems(), irregular(), ["e insertion"])
    wanted = [
        "stop+V+PAST",
        "try+V+3SG",
        "make+V+ING",
        "die+V+ING",
        "begin+V+ING",
        "big+A+CMP",
        "country+N+PL",
    ]
    assert all(with_rules.generate(analysis) <= words for analysis in wanted)
    assert not any(without.generate(analysis) & words for analysis in wanted)


def test_composition_and_inversion():
    first = Machine([(0, "a", "b", 0), (0, "c", "", 0), (0, "x", "y", 1)], 0, frozenset([0]))
    second = Machine([(0, "b", "d", 1), (1, "", "e", 0)], 0, frozenset([0]))
    both = compose(first, second)
    from eras.rules.grammar import transduce

    assert transduce(both.table(), *both[1:], "aca") == {"dede"}
    turned = invert(Machine([(0, "a", "b", 1)], 0, frozenset([1])))
    assert transduce(turned.table(), *turned[1:], "b") == {"a"}
    assert trim(first).arcs == [(0, "a", "b", 0), (0, "c", "", 0)]


def test_an_unknown_rule_is_an_error():
    with pytest.raises(KeyError):
        Morphology([("a", "+N")], {}, ["no such rule"])
    assert set(RULES) == {"doubling", "e deletion", "y rule", "e insertion"}


@pytest.mark.parametrize(
    ("text", "parses"),
    [
        ("he sees the whale", 1),
        ("he see the whale", 0),
        ("the men see he", 0),
        ("I know the man who saw the whale", 1),
        ("the whale that the captain hunts is white", 1),
        ("the whale that the captain hunts it is white", 0),
        ("what did he see", 1),
        ("what did he see the whale", 0),
        ("he gave", 0),
        ("he sleeps the whale", 0),
        ("select the cells in the table", 2),
        ("open the file with the mouse in the window on the screen", 14),
    ],
)
def test_english(text, parses):
    words = text.split()
    forest = parse_features(read_feature_grammar(GRAMMAR) + lexical_rules(words), words)
    assert sum(count_parses(forest, top) for top in sentences(forest, words)) == parses


def test_lookup():
    assert lookup("zyzzyva") == ()
    assert ("N", {"count": "yes", "agr": "pl"}) in lookup("Children")
    assert {features["takes"] for _, features in lookup("slept")} == {"nothing"}


def test_short_sentences():
    text = "He sees the whale. Call me, now. Go! Select the\ncells?\n\nA heading of it\n\n1 of the three"
    assert short_sentences(text) == [
        ("he", "sees", "the", "whale"), ("select", "the", "cells"), ("a", "heading", "of", "it")
    ]  # fmt: skip
