"""The translator's modules against nltk and against slower or simpler ways of doing the same."""

import random
import re
from itertools import product

import pytest
from nltk import RegexpParser
from nltk.tag.brill import Pos
from nltk.tbl import Rule as NltkRule
from nltk.tokenize import MWETokenizer

from eras.data import load_dictionary
from eras.rules.inflect import inflect
from eras.rules.morphology import Morphology
from eras.rules.transfer import (
    Item,
    Made,
    Node,
    Part,
    Rule,
    TagRule,
    Word,
    apply_rule,
    backward_match,
    better_cut,
    build,
    choose_tags,
    chunk,
    fewest_words,
    finish,
    first_gloss,
    forward_match,
    matches,
    rewrite,
    transfer,
)
from eras.rules.transfer_rules import Grammar, read_lexicon, read_rules, transfer_rule
from eras.rules.translate import Translator, course_grammar, course_lexicon, course_translator, sentences


def random_words(rng):
    return {"".join(rng.choices("甲乙丙", k=rng.randint(2, 4))) for _ in range(rng.randint(0, 8))}


def all_cuts(text, words):
    """Every segmentation into words and single characters."""
    if not text:
        return [[]]
    pieces = [text[:n] for n in range(1, len(text) + 1) if n == 1 or text[:n] in words]
    return [[piece, *rest] for piece in pieces for rest in all_cuts(text[len(piece) :], words)]


@pytest.mark.parametrize("seed", range(30))
def test_longest_match_is_nltks(seed):
    """nltk's MWETokenizer merges the longest run that begins at each place, too."""
    rng = random.Random(seed)
    words = random_words(rng)
    theirs = MWETokenizer([tuple(word) for word in words], separator="")
    back = MWETokenizer([tuple(word[::-1]) for word in words], separator="")
    for size in (0, 1, 2, 9, 20):
        text = "".join(rng.choices("甲乙丙丁", k=size))
        assert forward_match(text, words, 4) == theirs.tokenize(list(text))
        reversed_words = back.tokenize(list(text[::-1]))
        assert backward_match(text, words, 4) == [w[::-1] for w in reversed(reversed_words)]


def test_longest_bounds_what_is_tried():
    words = {"甲乙", "甲乙丙"}
    assert forward_match("甲乙丙", words, 2) == ["甲乙", "丙"]
    assert backward_match("甲乙丙", words, 1) == ["甲", "乙", "丙"]
    for cut in (forward_match, backward_match):
        with pytest.raises(ValueError, match="longest"):
            cut("甲", words, 0)


@pytest.mark.parametrize("seed", range(30))
def test_fewest_words_is_the_best_of_all(seed):
    rng = random.Random(seed)
    words = random_words(rng)
    for size in (0, 1, 5, 9):
        text = "".join(rng.choices("甲乙丙", k=size))
        best = min(all_cuts(text, words), key=lambda cut: (len(cut), [-len(piece) for piece in cut]))
        assert fewest_words(text, words, 4) == best


def test_better_cut_asks_for_segments_then_singles_then_the_back():
    assert better_cut(["甲乙", "丙丁"], ["甲", "乙丙", "丁"]) == ["甲乙", "丙丁"]
    assert better_cut(["甲", "乙丙丁"], ["甲乙", "丙丁"]) == ["甲乙", "丙丁"]
    assert better_cut(["甲乙", "丙丁"], ["甲", "乙丙丁"]) == ["甲乙", "丙丁"]
    assert better_cut(["甲乙", "丙"], ["甲", "乙丙"]) == ["甲", "乙丙"]
    assert better_cut([], []) == []
    with pytest.raises(ValueError, match="different"):
        better_cut(["甲"], ["乙"])


@pytest.mark.parametrize(
    ("senses", "gloss"),
    [
        (["to print; to stamp", "print"], "print"),
        (["CL:個|个[ge4]", "file"], "file"),
        (["(computing) window", "x"], "window"),
        (["variant of 里", "surname Li", "lining"], "lining"),
        (["(classifier)", "to be (somewhere) at"], "be at"),
        (["the year 1990, roughly"], "year 1990"),
        (["(particle)"], ""),
        ([], ""),
        (["apple"], "apple"),
        (["see 表格[biao3 ge2]", "to a degree"], "a degree"),
    ],
)
def test_first_gloss(senses, gloss):
    assert first_gloss(senses) == gloss


@pytest.mark.parametrize("seed", range(20))
def test_tags_change_as_nltks_brill_rules_change_them(seed):
    rng = random.Random(seed)
    tags = ["N", "V", "A", "P"]
    for _ in range(20):
        choices = [rng.sample(tags, 4) for _ in range(rng.randint(0, 8))]
        side = lambda: frozenset(rng.sample(tags, rng.randint(0, 2)))  # noqa: E731
        rules = [TagRule(*rng.sample(tags, 2), side(), side()) for _ in range(4)]
        tokens = [("w", options[0]) for options in choices]
        for rule in rules:
            conditions = []
            if rule.left:
                conditions.append((Pos([-1]), rule.left))
            if rule.right:
                conditions.append((Pos([1]), rule.right))
            ways = [()]
            for feature, allowed in conditions:  # nltk's rules ask for one value, so a set is several rules
                ways = [(*way, (feature, tag)) for way in ways for tag in allowed]
            places = set()
            for way in ways:
                theirs = NltkRule("0", rule.old, rule.new, way)
                places |= {i for i in range(len(tokens)) if theirs.applies(tokens, i)}
            tokens = [("w", rule.new) if i in places else token for i, token in enumerate(tokens)]
        assert choose_tags(choices, rules) == [tag for _, tag in tokens]


def test_tags_know_the_ends_and_the_choices():
    at_start = TagRule("N", "V", frozenset("#"))
    assert choose_tags([["N", "V"], ["N", "V"]], [at_start]) == ["V", "N"]
    assert choose_tags([["N", "A"], ["N", "V"]], [at_start]) == ["N", "N"]
    assert choose_tags([["N", "V"]], [TagRule("N", "V", frozenset(), frozenset("#"))]) == ["V"]


@pytest.mark.parametrize("pattern", ["D? A* N+", "(A|N)* N", "(A DE?)+ N", "(D|NUM) CL? N?", "N*"])
def test_chunks_are_nltks(pattern):
    rng = random.Random(pattern)
    theirs = re.sub(r"[A-Z]+", lambda tag: f"<{tag[0]}>", pattern)
    parser = RegexpParser(f"X: {{{theirs}}}")
    for _ in range(60):
        tags = rng.choices(["D", "A", "N", "DE", "NUM", "CL", "V"], k=rng.randint(1, 9))
        tree, at, due = parser.parse([("w", tag) for tag in tags]), 0, []
        for child in tree:
            size = len(child) if hasattr(child, "label") else 1
            due += [(at, at + size)] if hasattr(child, "label") else []
            at += size
        assert chunk(tags, pattern) == due, tags


def test_a_tag_is_a_whole_word():
    assert chunk(["NUM", "N"], "N") == [(1, 2)]
    assert chunk([], "N*") == []


A, B = Node("A", "甲", (Word("a"),)), Node("B", "乙", (Word("b", "N", "SG"), Word("c")))


def test_matches_tags_sources_and_ends():
    rule = transfer_rule("^ A|C B=乙 $ -> X(1)")
    assert matches(rule, [A, B], 0)
    assert matches(rule, [A, B, Node("PU", "，")], 0)
    assert not matches(rule, [A, B, A], 0)
    assert not matches(rule, [A, A, B], 1)
    assert not matches(rule, [A], 0)
    assert not matches(rule, [A, B._replace(source="丙")], 0)
    assert matches(transfer_rule("=乙 -> X(1)"), [A, B], 1)
    assert not matches(transfer_rule("^ A -> X(1)"), [Node("PU", "，"), A], 1), "a mark is no beginning"


def test_build_puts_parts_in_order_and_forms_on_heads():
    made = Made("X", (Part(2, form="PL"), Part(0, "of"), Part(1)), 0)
    node = build(made, [A, B])
    assert node == Node("X", "甲乙", (Word("b", "N", "PL"), Word("c"), Word("of"), Word("a")), 0)
    assert build(made._replace(head=2), [A, B]).head == 3
    late = Node("NP", "丙", (Word("the"), Word("cell", "N")), 1)
    assert build(Made("X", (Part(1), Part(2)), 1), [A, late]).head == 2
    assert build(Made("X", (Part(1, form="PL"),)), [late]).words == (Word("the"), Word("cell", "N", "PL"))


@pytest.mark.parametrize(
    ("subject", "form"),
    [(Word("cell", "N"), "3SG"), (Word("cell", "N", "PL"), "3PL"), (Word("you"), "3PL")],
)
def test_verbs_agree_with_the_first_node(subject, form):
    rule = transfer_rule("NP V -> S(1 2.agr)")
    nodes = [Node("NP", "甲", (Word("the"), subject), 1), Node("V", "乙", (Word("be", "V"),))]
    assert apply_rule(nodes, rule)[0].words[-1].form == form


def as_text(nodes):
    return "".join(node.tag for node in nodes)


@pytest.mark.parametrize("seed", range(20))
def test_rewriting_is_a_scan_from_left_to_right(seed):
    """With one-letter tags a rule is a replacement in a string, tried again where it made it shorter."""
    rng = random.Random(seed)
    for _ in range(40):
        left, new = "".join(rng.choices("AB", k=rng.randint(1, 3))), rng.choice("ABC")
        nodes = [Node(tag, tag.lower(), (Word(tag),)) for tag in rng.choices("AB", k=rng.randint(0, 9))]
        text, at = as_text(nodes), 0
        while at < len(text):
            if text.startswith(left, at):
                text = text[:at] + new + text[at + len(left) :]
                at += len(left) == 1
            else:
                at += 1
        rule = transfer_rule(f"{' '.join(left)} -> {new}({' '.join(str(i + 1) for i in range(len(left)))})")
        found = apply_rule(nodes, rule)
        assert as_text(found) == text
        assert "".join(node.source for node in found) == "".join(node.source for node in nodes)
        assert [w for node in found for w in node.words] == [w for node in nodes for w in node.words]


def test_rewriting_tries_a_shortened_place_again():
    def step(items, at):
        return ["a"] if items[at : at + 2] == ["a", "a"] else None

    assert rewrite(list("aaabaa"), 2, step) == ["a", "b", "a"]
    assert rewrite(list("aab"), 1, lambda items, at: [items[at], "-"]) == list("a-a-b-")
    assert rewrite([], 1, step) == []


def test_kept_nodes_stay_and_keep_their_chinese():
    found = apply_rule([A, B, A], transfer_rule("B A -> X(1* of 2) 2"))
    assert [(n.tag, n.source) for n in found] == [("A", "甲"), ("X", "乙"), ("A", "甲")]
    assert apply_rule([A, B], transfer_rule("A B -> 2 1")) == [B, A]


def test_transfer_goes_round_until_nothing_changes():
    rules = [transfer_rule("C A -> D(1 2)"), transfer_rule("A B -> C(1 2)")]
    assert [n.tag for n in transfer([A, B, A], rules)] == ["D"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["open", "a", "index", "."], "Open an index."),
        (["a", "(", "user", ")", ",", "a", "hour"], "A (user), an hour"),
        (["an", "SQL", "a", "XML", "a", "unit"], "An SQL an XML a unit"),
        ([], ""),
        (["LibreOffice"], "LibreOffice"),
    ],
)
def test_finish(words, text):
    assert finish(words) == text


def test_endings_are_those_of_the_grammar_chapters_machine():
    stems = [("copy", "+V"), ("box", "+N"), ("make", "+V"), ("agree", "+V"), ("stop", "+V"), ("play", "+V")]
    machine = Morphology(stems, {})
    for (stem, kind), form in product(stems, ("3SG", "ING", "PL")):
        due = machine.generate(f"{stem}{kind}+{form}")
        if due:
            assert {inflect(Word(stem, kind[1:], form))} == due


@pytest.mark.parametrize(
    ("word", "form"),
    [
        (Word("be", "V", "3SG"), "is"),
        (Word("be", "V", "3PL"), "are"),
        (Word("choose", "V", "PART"), "chosen"),
        (Word("click", "U", "3SG"), "click"),
        (Word("click", "U", "ING"), "clicking"),
        (Word("refer", "V", "PART"), "referred"),
        (Word("axis", "N", "PL"), "axes"),
        (Word("LibreOffice", "N", ""), "LibreOffice"),
        (Word("AutoText", "N", "PL"), "AutoTexts"),
        (Word("SQL", "N", "PL"), "SQL"),
        (Word("right-click", "U", "ING"), "right-clicking"),
    ],
)
def test_inflect(word, form):
    assert inflect(word) == form


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[x]\nNP NP", "line 2"),
        ("[x]\nNP -> VP(2)", "no node 2"),
        ("[x]\nNP -> VP(1", "not understood"),
        ("[tags]\nA -> B", "line 2"),
        ("[chunks]\nNP : (", "line 2"),
        ("NP -> VP(1)", "line 1"),
    ],
)
def test_rules_say_what_is_wrong(text, what):
    with pytest.raises(ValueError, match=what):
        read_rules(text)


@pytest.mark.parametrize(
    ("text", "what"), [("甲 N a\n甲 N b", "line 2"), ("甲", "line 1"), ("甲 n a", "reading")]
)
def test_the_dictionary_says_what_is_wrong(text, what):
    with pytest.raises(ValueError, match=what):
        read_lexicon(text)


def test_the_first_rules_are_those_written_first():
    grammar = course_grammar()
    assert len(grammar.first(len(grammar))) == len(grammar)
    assert [len(grammar.first(n)) for n in (0, 5, 18, 40)] == [0, 5, 18, 40]
    assert grammar.first(3).tags == grammar.tags[:3]
    assert not grammar.first(3).chunks


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("显示单元格的内容。", "Displays the contents of the cell."),
        ("选择包含公式的单元格。", "Select the cell that contains the formula."),
        ("将文字插入到文档中。", "Inserts the text into the document."),
        ("选择「编辑 - 撤消」。", "Choose Edit - Undo."),
        ("如果要删除两个文件，请点击「确定」。", "If you want to delete two files, click OK."),
        ("", ""),
    ],
)
def test_translations(chinese, english):
    assert course_translator().translate(chinese) == english


def test_word_for_word_keeps_the_order():
    translator = Translator({"甲": [("N", "cat"), ("V", "see")], "乙": [("V", "see")]}, {}, Grammar())
    assert translator.word_for_word("甲乙甲。") == "Cat see cat."


def test_an_added_word_is_cut_out_and_translated():
    mine, senses = {"甲": [("N", "cat")]}, {"乙": ["dog"]}
    translator = Translator(mine, senses, Grammar())
    assert translator.segments("甲乙丙") == ["甲", "乙", "丙"]
    translator.add("甲乙丙", [("N", "owl")])
    assert translator.segments("甲乙丙甲") == ["甲乙丙", "甲"]
    assert translator.word_for_word("甲乙丙甲") == "Owl cat"
    translator.add("乙", [("NOT", "")])
    assert "乙" not in translator.words
    assert set(mine) == {"甲"}


def test_no_gloss_says_what_a_word_is_short_for():
    assert not [w for w, senses in load_dictionary().items() if first_gloss(senses).startswith("abbr. ")]
    assert "五笔" not in course_translator().segments("上述五笔付款")


def test_sentences_keep_their_marks():
    assert sentences("甲。 乙！丙") == ["甲。", "乙！", "丙"]


def test_a_trace_keeps_the_chinese():
    sentence = "在「选项」区域中选中两个复选框。"
    trace = course_translator().trace(sentence)
    for nodes in (trace.tagged, trace.chunks, trace.transferred):
        assert "".join(node.source for node in nodes) == sentence
    assert "".join(trace.segments) == sentence


def test_every_entry_is_used_as_written():
    lexicon = course_lexicon()
    assert len(lexicon) > 1000
    tags = {tag for readings in lexicon.values() for tag, _ in readings}
    asked = {t for r in course_grammar().tags for t in {r.old, r.new, *r.left, *r.right}}
    assert asked - tags <= {"#", "VA", "VM", "PU"}
    assert isinstance(Rule((Item(),), (1,)), Rule)
