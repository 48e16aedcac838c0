"""The rungs that nobody trained: rules are above words, and words of our own above the general dictionary's."""

from eras.ladder import translation
from eras.rules.translate import course_translator, plain_translator


def test_rules_are_above_words_and_own_words_above_others():
    pairs = translation.held_out("valid")[::6]
    plain, ours = plain_translator(), course_translator()
    words, own, rules = (
        [translate(pair.source) for pair in pairs]
        for translate in (plain.word_for_word, ours.word_for_word, ours.translate)
    )
    assert translation.paired(rules, own, pairs)["low"] > 2
    assert translation.paired(own, words, pairs)["low"] > 5


def test_the_rungs_are_known_to_the_ladder():
    assert {"word_for_word", "own_glosses", "transfer_rules"} <= set(translation.SYSTEMS)
