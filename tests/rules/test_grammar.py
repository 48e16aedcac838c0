"""Grammars against nltk on random grammars and sentences; forests and finite states on cases by hand."""

import math
import random
from itertools import islice, product

import nltk
import pytest
from nltk.featstruct import TYPE, FeatStruct, Variable
from nltk.featstruct import unify as nltk_unify

from eras.rules import grammar
from eras.rules.features import parse_features, read_feature_grammar, read_features, sentences, write_category
from eras.rules.grammar import (
    binarise,
    cky,
    count_parses,
    drop_empty,
    drop_units,
    earley,
    earley_forest,
    next_words,
    read_grammar,
    recognises,
    resolve,
    restore,
    to_cnf,
    transduce,
    trees,
    unify,
)

PREPOSITIONS = "S -> NP VP\nNP -> 'I' | 'it' | NP PP\nVP -> 'saw' NP | VP PP\nPP -> 'near' NP"


def random_grammar(rng, empty=False):
    """A few rules over at most four categories and the words a and b; every category has a rule."""
    categories = ["S", "A", "B", "C"][: rng.randint(1, 4)]
    rules = {}
    for left in categories:
        for _ in range(rng.randint(1, 3)):
            length = rng.choice([0, 1, 2, 2, 3] if empty else [1, 2, 2, 3])
            right = tuple(rng.choice([*categories, "a", "b"]) for _ in range(length))
            rules[left, ("a",) if right == (left,) else right] = None
    return list(rules)


def as_nltk(rules):
    categories, symbol = {left for left, _ in rules}, nltk.Nonterminal
    productions = [
        nltk.Production(symbol(left), [symbol(s) if s in categories else s for s in right])
        for left, right in rules
    ]
    return nltk.CFG(symbol("S"), productions)


def bare(tree):
    return tree if isinstance(tree, str) else (tree.label(), *map(bare, tree))


def theirs(parser, rules, words):
    known = {symbol for _, right in rules for symbol in right}
    return sorted({repr(bare(t)) for t in parser(as_nltk(rules)).parse(words)}) if known >= set(words) else []


def cases(seed, count, empty):
    rng = random.Random(seed)
    for _ in range(count):
        rules = random_grammar(rng, empty)
        yield rules, [rng.choice("ab") for _ in range(rng.randint(0 if empty else 1, 5))]


def count_or_none(forest, node):
    try:
        return count_parses(forest, node)
    except ValueError:
        return None


@pytest.mark.parametrize("parser", [nltk.EarleyChartParser, nltk.BottomUpLeftCornerChartParser])
def test_trees_and_counts_are_nltks(parser):
    seen = 0
    for rules, words in cases(1, 1200, parser is nltk.EarleyChartParser):
        node = ("S", 0, len(words))
        forest = earley_forest(rules, words)
        count = count_or_none(forest, node)
        if count is None or count > 100:
            continue
        wanted = theirs(parser, rules, words)
        assert sorted(map(repr, trees(forest, node))) == wanted
        assert count == len(wanted)
        seen += count > 1
        if all(right for _, right in rules):
            packed = cky(binarise(rules), words)
            assert count_parses(packed, node) == count
            assert sorted(repr(restore(t)) for t in trees(packed, node)) == wanted
    assert seen > 5


def test_all_roads_recognise_the_same():
    accepted = 0
    for rules, words in cases(2, 400, True):
        node = ("S", 0, len(words))
        by_earley = recognises(earley(rules, words))
        assert (node in earley_forest(rules, words)) == by_earley
        if words:
            assert (node in cky(to_cnf(rules), words)) == by_earley
            assert (node in cky(drop_empty(binarise(rules)), words)) == by_earley
        accepted += by_earley
    assert 50 < accepted < 350


def test_chomsky_normal_form_is_one():
    for rules, _ in cases(3, 200, True):
        normal = to_cnf(rules)
        categories = {left for left, _ in rules} | {left for left, _ in normal}
        assert len(set(normal)) == len(normal)
        for _, right in normal:
            assert len(right) in (1, 2)
            assert (right[0] in categories) == (len(right) == 2)


def test_binarise_names_what_is_left():
    rules = [("S", ("NP", "saw", "NP", "PP")), ("NP", ("it",)), ("PP", ("NP",))]
    assert set(binarise(rules)) == {
        ("S", ("NP", "'saw' NP PP")),
        ("'saw' NP PP", ("'saw'", "NP PP")),
        ("NP PP", ("NP", "PP")),
        ("'saw'", ("saw",)),
        ("NP", ("it",)),
        ("PP", ("NP",)),
    }


def test_categories_left_without_rules_take_others_along():
    assert drop_empty([("S", ("A", "b")), ("S", ("A",)), ("A", ())]) == [("S", ("b",))]
    assert drop_empty([("S", ("A", "A")), ("A", ("E",)), ("E", ())]) == []
    assert drop_units([("S", ("A",)), ("A", ("S",)), ("S", ("b",))]) == [("A", ("b",)), ("S", ("b",))]
    assert drop_units([("S", ("A",)), ("A", ("A",)), ("S", ("A", "S"))]) == []


def test_prepositional_phrases_give_catalan_numbers():
    rules = binarise(read_grammar(PREPOSITIONS))
    for n in range(9):
        words = ["I", "saw", "it"] + ["near", "it"] * n
        catalan = math.comb(2 * n + 2, n + 1) // (n + 2)
        assert count_parses(cky(rules, words), ("S", 0, len(words))) == catalan
    words = ["I", "saw", "it"] + ["near", "it"] * 40
    forest = cky(rules, words)
    assert count_parses(forest, ("S", 0, len(words))) == math.comb(82, 41) // 42
    assert len({repr(t) for t in islice(trees(forest, ("S", 0, len(words))), 50)}) == 50


def test_ways_of_the_most_ambiguous_grammar_are_cubic():
    rules = [("S", ("S", "S")), ("S", ("a",))]
    for n in (1, 2, 5, 12):
        forest = cky(rules, ["a"] * n)
        assert grammar.forest_size(forest) == {"nodes": n * (n + 1) // 2, "ways": n + math.comb(n + 1, 3)}


def test_infinitely_many_parses_are_refused():
    rules = [("S", ("A",)), ("A", ("S",)), ("A", ("a",))]
    for forest in (cky(rules, ["a"]), earley_forest(rules, ["a"])):
        assert ("S", 0, 1) in forest
        with pytest.raises(ValueError, match="infinitely many"):
            count_parses(forest, ("S", 0, 1))
        with pytest.raises(ValueError, match="infinitely many"):
            list(trees(forest, ("S", 0, 1)))
    assert count_parses({}, ("S", 0, 1)) == 0
    assert list(trees({}, ("S", 0, 1))) == []


def items_by_definition(rules, words):
    """The smallest sets closed under the three steps, by trying everything again and again."""
    categories, chart = {left for left, _ in rules}, [set() for _ in range(len(words) + 1)]
    chart[0] |= {("S", right, 0, 0) for left, right in rules if left == "S"}
    before = None
    while before != sum(map(len, chart)):
        before = sum(map(len, chart))
        for k, items in enumerate(chart):
            for left, right, dot, origin in list(items):
                if dot == len(right):
                    for a, b, d, o in list(chart[origin]):
                        if b[d : d + 1] == (left,):
                            items.add((a, b, d + 1, o))
                elif right[dot] in categories:
                    items |= {(name, new, 0, k) for name, new in rules if name == right[dot]}
                elif words[k : k + 1] == [right[dot]]:
                    chart[k + 1].add((left, right, dot + 1, origin))
    return chart


def test_earleys_items_are_those_of_the_definition():
    for rules, words in cases(4, 200, True):
        assert earley(rules, words) == items_by_definition(rules, words)


def test_the_words_that_may_come_next():
    rules = read_grammar(PREPOSITIONS)
    assert next_words(rules, []) == {"I", "it"}
    assert next_words(rules, ["I", "saw", "it"]) == {"", "near"}
    assert next_words(rules, ["saw"]) == set()
    everything = read_grammar("S -> 'a' B | \nB -> 'b' | S 'c'")
    good = {w for n in range(7) for w in product("abc", repeat=n) if recognises(earley(everything, list(w)))}
    for n in range(5):
        for start in product("abc", repeat=n):
            wanted = {w[n] if len(w) > n else "" for w in good if w[:n] == start}
            assert wanted <= next_words(everything, list(start))


def test_transducers():
    arcs = {(0, "a"): [("x", 1), ("y", 2)], (1, ""): [("!", 2)], (2, "b"): [("", 0)]}
    assert transduce(arcs, 0, {2}, "a") == {"x!", "y"}
    assert transduce(arcs, 0, {0}, "abab") == {"x!x!", "x!y", "yx!", "yy"}
    assert transduce(arcs, 0, {0}, "") == {""}
    assert transduce(arcs, 0, {1}, "b") == set()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("S -> NP\nNP 'a'", "line 2: no ->"),
        ("S -> NP 'a'", "line 1: no rule for NP"),
        ("S -> 'a\n", "line 1: a quotation mark"),
        ("S -> 'S' S | 'a'", "line 1: the word 'S'"),
        ("\n3S -> 'a'", "line 2: '3S' is no name"),
        ("A -> 'a'", "no rule for S"),
        ("S -> 'a'\nS -> 'a'", "line 2: S -> 'a' stands in line 1"),
        ("S -> 'a' -> 'b'", "line 1: a quotation mark or an arrow"),
    ],
)
def test_a_bad_grammar_gets_one_line(text, says):
    with pytest.raises(ValueError, match=says) as raised:
        read_grammar(text)
    assert "\n" not in str(raised.value)


def test_reading_a_grammar():
    text = "# small\nS -> NP 'sat' |  # two\nNP -> \"it's\" | 'cat'"
    assert read_grammar(text) == [("S", ("NP", "sat")), ("S", ()), ("NP", ("it's",)), ("NP", ("cat",))]


def test_cky_names_a_rule_it_cannot_use():
    for right in [(), ("S", "S", "S"), ("S", "a")]:
        with pytest.raises(ValueError, match="binarise first"):
            cky([("S", right), ("S", ("a",))], ["a"])


def random_structure(rng, depth, variables):
    structure = {}
    for feature in rng.sample("fgh", rng.randint(1, 3)):
        if depth and rng.random() < 0.4:
            structure[feature] = random_structure(rng, depth - 1, variables)
        else:
            structure[feature] = rng.choice([*"ab", *variables])
    return structure


def to_nltk(value):
    if isinstance(value, dict):
        return FeatStruct({name: to_nltk(v) for name, v in value.items()})
    return Variable(value) if value.startswith("?") else value


def plain(value, names):
    """A structure of either kind with its variables numbered."""
    if hasattr(value, "items"):
        return {name: plain(value[name], names) for name in sorted(value)}
    text = value.name if isinstance(value, Variable) else value
    return names.setdefault(text, f"?{len(names)}") if text.startswith("?") else text


def each_its_own(value, fresh):
    """Every variable another one: nltk's structures do not share what a variable learns after it was copied."""
    if isinstance(value, dict):
        return {name: each_its_own(v, fresh) for name, v in value.items()}
    return f"?x{next(fresh)}" if value.startswith("?") else value


def test_unification_is_nltks():
    rng, clashes, fresh = random.Random(5), 0, iter(range(99_999))
    for trial in range(3000):
        a = random_structure(rng, 2 * (trial % 2), [] if trial % 2 else ["?x", "?y", "?z"])
        b = random_structure(rng, 2 * (trial % 2), ["?x"] if trial % 2 else [])
        b = each_its_own(b, fresh)
        ours, wanted = unify(a, b), nltk_unify(to_nltk(a), to_nltk(b), rename_vars=False)
        assert (plain(resolve(*ours), {}) if ours else None) == (
            plain(wanted, {}) if wanted is not None else None
        )
        turned = unify(b, a)
        assert (plain(resolve(*ours), {}) if ours else None) == (
            plain(resolve(*turned), {}) if turned else None
        )
        clashes += ours is None
    assert 500 < clashes < 2500


def test_variables_share_what_they_learn():
    _, known = unify({"f": "?x", "g": "?y"}, {"f": {"a": "1"}, "g": {"b": "2"}})
    _both, known = unify("?x", "?y", known)
    assert resolve("?x", known) == resolve("?y", known) == {"a": "1", "b": "2"}
    _, known = unify("?y", {"c": "3"}, known)
    assert resolve("?x", known) == {"a": "1", "b": "2", "c": "3"}
    assert unify("?x", {"f": "?x"}) is None
    assert unify("?x", "?x") == ("?x", {})
    assert unify({"f": "?x", "g": "?x"}, {"f": "?y", "g": {"h": "?y"}}) is None


AGREEMENT = """
S -> NP[num=?n, gap=no] VP[num=?n, gap=no]
S -> Wh Aux NP[num=?n, gap=no] VP[num=pl, gap=np]
NP[num=sg, gap=no] -> 'John' | 'it'
NP[num=pl, gap=no] -> 'they' | NP[gap=no] 'and' NP[gap=no]
NP[gap=np] ->
VP[num=?n, gap=?g] -> V[num=?n] NP[gap=?g]
V[num=sg] -> 'sees'
V[num=pl] -> 'see'
V -> 'saw'
Wh -> 'whom'
Aux -> 'does' | 'do'
"""


FEATURED = (
    "John sees it|they see it|they sees it|John and it see they|whom does John see|whom does John sees|whom do "
    "they see it|they and John and it saw John and they and it|it saw|John saw they"
)


def test_feature_parses_are_nltks():
    rules = read_feature_grammar(AGREEMENT)
    parser = nltk.parse.FeatureEarleyChartParser(nltk.grammar.FeatureGrammar.fromstring(AGREEMENT))

    def names(tree):
        if isinstance(tree, str):
            return tree
        if isinstance(tree, tuple):
            return (tree[0].partition("[")[0], *map(names, tree[1:]))
        return (tree.label()[TYPE], *map(names, tree))

    counts = []
    for text in FEATURED.split("|"):
        words = text.split()
        forest = parse_features(rules, words)
        ours = sorted(repr(names(t)) for top in sentences(forest, words) for t in trees(forest, top))
        assert ours == sorted({repr(names(t)) for t in parser.parse(words)}), text
        counts.append(len(ours))
    assert counts == [1, 1, 0, 1, 1, 0, 0, 4, 0, 1]


def test_reading_and_writing_features():
    category = read_features("N[agr=[per=3, num=?n], case=nom]")
    assert category == ("N", {"agr": {"per": "3", "num": "?n"}, "case": "nom"})
    assert write_category(*category) == "N[agr=[num=?n, per=3], case=nom]"
    for text in ("N[", "N[a", "N[a=b", "[a=b]", "N M", "N[a=b c=d]"):
        with pytest.raises(ValueError, match=r"."):
            read_features(text)
    with pytest.raises(ValueError, match="line 2"):
        read_feature_grammar("S -> NP\nNP[num -> 'a'")
