"""Word alignment: EM equals nltk's, arrays equal plain Python, the HMM equals trying every alignment."""

import itertools
import math
import random
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.translate import AlignedSent, IBMModel1, IBMModel2
from nltk.translate.gdfa import grow_diag_final_and
from nltk.translate.phrase_based import phrase_extraction

from eras.statistical import alignment, hmm_alignment, ibm, phrases

words = st.lists(st.sampled_from("abcde"), max_size=5)
corpora = st.lists(st.tuples(words, words), min_size=1, max_size=6).filter(lambda c: any(t for _, t in c))


def links(most_i, most_j):
    return st.sets(st.tuples(st.integers(0, most_i - 1), st.integers(0, most_j - 1)))


def random_corpus(seed, repeated=True, pairs=12):
    chance = random.Random(seed)
    draw = (lambda k: chance.choices("vwxyz", k=k)) if repeated else (lambda k: chance.sample("vwxyz", k))
    return [
        (chance.choices("abcdef", k=chance.randint(1, 5)), draw(chance.randint(1, 5))) for _ in range(pairs)
    ]


# Model 1


def steps(pairs, n):
    table = alignment.uniform_table(pairs)
    for _ in range(n):
        table = alignment.model1_step(pairs, table)
    return table


def test_the_toy_corpus_of_nltks_documentation():
    corpus = """klein ist das haus|the house is small;das haus ist ja groß|the house is big
das buch ist ja klein|the book is small;das haus|the house;das buch|the book;ein buch|a book"""
    pairs = [tuple(side.split() for side in pair.split("|")) for pair in corpus.replace("\n", ";").split(";")]
    table = steps([(target, source) for source, target in pairs], 5)
    assert table["book"]["buch"] == pytest.approx(0.889039, abs=1e-6)
    assert table["book"]["das"] == pytest.approx(0.062, abs=5e-4)


@pytest.mark.parametrize("seed", range(6))
def test_model_1_is_nltks_where_no_target_word_repeats(seed):
    pairs = random_corpus(seed, repeated=False)
    theirs = IBMModel1([AlignedSent(t, s) for s, t in pairs], 4).translation_table
    for source, row in steps(pairs, 4).items():
        for target, p in row.items():
            assert p == pytest.approx(theirs[target][source or None], abs=1e-9)


def test_a_repeated_target_word_counts_twice_here_and_once_in_nltk():
    pairs = [(["a"], ["x", "x", "y"]), (["b"], ["y"])]
    ours = alignment.model1_step(pairs, alignment.uniform_table(pairs))
    theirs = IBMModel1([AlignedSent(t, s) for s, t in pairs], 1).translation_table
    assert ours["a"]["x"] == pytest.approx(2 / 3)
    assert theirs["x"]["a"] == pytest.approx(1 / 2)


@given(corpora)
@settings(max_examples=60, deadline=None)
def test_model_1_on_arrays_is_the_plain_one(pairs):
    bitext = ibm.Bitext(pairs)
    trained = ibm.train_model1(bitext, 3)
    plain = steps(pairs, 3)
    made = bitext.table(trained.t)
    for source, row in plain.items():
        assert made[source] == pytest.approx(row)
    best = bitext.links(ibm.best_positions(bitext, trained.shares))
    for (source, target), found in zip(pairs, best, strict=True):
        rounded = {s: {t: round(p, 9) for t, p in row.items()} for s, row in plain.items()}
        assert found == alignment.best_links(source, target, rounded) or _tie(source, target, plain)


def _tie(source, target, table):
    """Some target word has two best explanations, up to rounding."""
    tops = [sorted(table[s][t] for s in ("", *dict.fromkeys(source)))[-2:] for t in target]
    return any(len(top) == 2 and top[1] - top[0] < 1e-9 for top in tops)


@pytest.mark.parametrize("model", ["1", "2"])
def test_the_corpus_never_gets_more_expensive(model):
    bitext = ibm.Bitext(random_corpus(3, pairs=60))
    first = ibm.train_model1(bitext, 8)
    bits = first.bits if model == "1" else ibm.train_model2(bitext, first.t, 8).bits
    assert all(after <= before + 1e-12 for before, after in itertools.pairwise(bits))
    assert bits[-1] < bits[0]


@pytest.mark.parametrize("seed", range(4))
def test_model_2_is_nltks_where_no_target_word_repeats(seed):
    pairs = random_corpus(seed, repeated=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = IBMModel2([AlignedSent(t, s) for s, t in pairs], 3)
    bitext = ibm.Bitext(pairs)
    ours = ibm.train_model2(bitext, ibm.train_model1(bitext, 6).t, 3)
    for source, row in bitext.table(ours.t).items():
        for target, p in row.items():
            assert p == pytest.approx(theirs.translation_table[target][source or None], abs=1e-9)
    at = 0
    i, j = bitext.positions()
    for word, width in enumerate(bitext.width):
        pair = bitext.sentence[word]
        l, m = bitext.source_lengths[pair], bitext.target_lengths[pair]
        for link in range(at, at + width):
            a = theirs.alignment_table[i[link]][j[word] + 1][l][m]
            assert ours.extra["a"][ours.extra["place"][link]] == pytest.approx(a, abs=1e-9)
        at += width


def test_best_links_prefer_words_to_null_and_first_to_later_ones():
    table = {"": {"x": 0.5, "y": 0.6}, "a": {"x": 0.5, "y": 0.5}, "b": {"x": 0.5}}
    assert alignment.best_links(["b", "a"], ["x", "y", "z"], table) == {(0, 0)}
    assert alignment.best_links([], ["x"], table) == set()


def test_on_arrays_null_loses_a_tie_and_the_first_word_wins_it():
    bitext = ibm.Bitext([(["a"], ["x"]), (["b", "b"], ["y"]), ([], ["z"])])
    shares = ibm.train_model1(bitext, 0).shares  # all equal
    assert ibm.best_positions(bitext, shares).tolist() == [1, 1, 0]


def test_nothing_to_align_is_refused():
    with pytest.raises(ValueError, match="no target words"):
        ibm.Bitext([(["a"], [])])


# HMM


def every_alignment(t, moves, p0, words, length):
    """{alignment: probability} by trying all of them; position 0 is NULL."""
    found = {}
    for chosen in itertools.product(range(length + 1), repeat=len(words)):
        p, here = 1.0, 0
        for word, i in zip(words, chosen, strict=True):
            p *= p0 * t[0][word] if i == 0 else (1 - p0) * moves[here][i - 1] * t[i][word]
            here = i or here
        found[chosen] = p
    return found


@pytest.mark.parametrize("seed", range(8))
def test_the_hmm_equals_trying_every_alignment(seed):
    rng = np.random.default_rng(seed)
    length, count = int(rng.integers(1, 4)), int(rng.integers(1, 5))
    t = rng.dirichlet(np.ones(count), length + 1)
    moves = hmm_alignment.transitions(rng.dirichlet(np.ones(61)), length)
    np.testing.assert_allclose(moves.sum(1), 1)
    every = every_alignment(t, moves, 0.3, range(count), length)
    total = sum(every.values())
    emission = np.ones((2, count + 2, length + 1))  # the second sentence has two words of padding less
    emission[0, :count] = t.T
    emission[1] = rng.random(emission[1].shape)
    real = np.ones((2, count + 2), bool)
    real[0, count:] = False
    link, jumps, scale = hmm_alignment.posteriors(emission, moves, 0.3, real)
    assert np.log(scale[0, :count]).sum() == pytest.approx(math.log(total))
    for j, i in itertools.product(range(count), range(length + 1)):
        share = sum(p for chosen, p in every.items() if chosen[j] == i) / total
        assert link[0, j, i] == pytest.approx(share)
    best = hmm_alignment.best_path(emission, moves, 0.3)[0, :count]
    assert every[tuple(best.tolist())] == pytest.approx(max(every.values()))
    alone = hmm_alignment.posteriors(emission[1:], moves, 0.3, real[1:])[1]
    np.testing.assert_allclose(jumps - alone, _jumps(every, total, length), atol=1e-12)


def _jumps(every, total, length):
    moved = np.zeros((length + 1, length))
    for chosen, p in every.items():
        here = 0
        for i in chosen:
            if i:
                moved[here, i - 1] += p / total
                here = i
    return moved


def test_the_hmm_learns_a_shifted_order():
    rng = np.random.default_rng(0)
    sources = [[f"s{w}" for w in rng.integers(0, 12, 6)] for _ in range(150)]
    pairs = [(s, [w.replace("s", "t") for w in s]) for s in sources]
    bitext = ibm.Bitext(pairs)
    trained = hmm_alignment.train_hmm(bitext, ibm.train_model1(bitext, 3).t, 5)
    assert trained.extra["s"].argmax() == hmm_alignment.WIDEST + 1
    found = bitext.links(hmm_alignment.align(bitext, trained))
    assert np.mean([links == {(i, i) for i in range(6)} for links in found]) > 0.95
    assert trained.bits[-1] < trained.bits[0]


def test_sentences_without_words_do_no_harm():
    pairs = [(["a"], ["x"]), ([], ["x"]), (["a"], []), (["a", "b"], ["y", "x"])]
    bitext = ibm.Bitext(pairs)
    trained = hmm_alignment.train_hmm(bitext, ibm.train_model1(bitext, 2).t, 2)
    found = bitext.links(hmm_alignment.align(bitext, trained))
    assert found[1] == found[2] == set()
    assert len(found) == 4


# Symmetrisation and phrases


@given(links(5, 5), links(5, 5))
@settings(max_examples=200, deadline=None)
def test_symmetrised_links_lie_between_intersection_and_union(forward, backward):
    found = alignment.symmetrise(forward, backward)
    assert forward & backward <= found <= forward | backward
    for i, j in (forward | backward) - found:  # what was left out has a word that is linked already
        assert any(i == a or j == b for a, b in found)
    assert found == by_matrix(forward, backward)


def by_matrix(forward, backward):
    """Grow-diag-final-and again, on a 5 by 5 matrix, as the specification reads."""
    both, either = np.zeros((5, 5), bool), np.zeros((5, 5), bool)
    for link in forward | backward:
        either[link] = True
        both[link] = link in forward and link in backward
    while True:
        begun = both.copy()
        for i, j in np.argwhere(begun):
            for a, b in [(i - 1, j), (i, j - 1), (i + 1, j), (i, j + 1), (i - 1, j - 1), (i - 1, j + 1),
                         (i + 1, j - 1), (i + 1, j + 1)]:  # fmt: skip
                if 0 <= a < 5 and 0 <= b < 5 and either[a, b] and not (both[a].any() and both[:, b].any()):
                    both[a, b] = True
        if (both == begun).all():
            break
    for i, j in sorted(forward) + sorted(backward):
        if not both[i].any() and not both[:, j].any():
            both[i, j] = True
    return {(int(i), int(j)) for i, j in np.argwhere(both)}


def test_nltks_grow_diag_final_and_gives_the_union():
    """It asks whether a position is a key of its table, and the table's keys are "e" and "f"."""
    rng = random.Random(0)
    differs = 0
    for _ in range(50):
        forward, backward = ({(rng.randrange(5), rng.randrange(5)) for _ in range(6)} for _ in range(2))
        written = (" ".join(f"{i}-{j}" for i, j in sorted(side)) for side in (forward, backward))
        assert set(grow_diag_final_and(5, 5, *written)) == forward | backward
        differs += alignment.symmetrise(forward, backward) != forward | backward
    assert differs > 25


@given(st.integers(0, 5), st.integers(0, 5), st.integers(1, 5), st.data())
@settings(max_examples=200, deadline=None)
def test_phrases_are_those_of_the_definition(l, m, longest, data):
    found = data.draw(links(l, m)) if l and m else set()
    wanted = {
        (i1, i2, j1, j2)
        for i1, i2 in itertools.combinations(range(l + 1), 2)
        for j1, j2 in itertools.combinations(range(m + 1), 2)
        if max(i2 - i1, j2 - j1) <= longest
        and any(i1 <= i < i2 and j1 <= j < j2 for i, j in found)
        and all((i1 <= i < i2) == (j1 <= j < j2) for i, j in found)
    }
    assert alignment.extract_phrases(l, m, found, longest) == wanted
    fast = list(phrases.consistent_spans(l, m, found, longest))
    assert len(fast) == len(set(fast))
    assert set(fast) == wanted


@given(links(5, 6))
@settings(max_examples=60, deadline=None)
def test_phrases_are_nltks(found):
    theirs = phrase_extraction("a b c d e", "u v w x y z", sorted(found), 6)
    ours = alignment.extract_phrases(5, 6, found, 6)
    assert ours == {(*source, *target) for source, target, *_ in theirs}


def test_lexical_weights():
    table = {"": {"z": 0.1}, "a": {"x": 0.5, "y": 0.2}, "b": {"x": 0.3}}
    weight = alignment.lexical_weight(["a", "b"], ["x", "y", "z"], {(0, 0), (1, 0), (0, 1)}, table)
    assert weight == pytest.approx((0.5 + 0.3) / 2 * 0.2 * 0.1)
    assert alignment.lexical_weight(["b"], ["y"], {(0, 0)}, table) == 0
    assert alignment.lexical_weight([], [], set(), table) == 1


def test_a_phrase_table_of_two_sentences():
    pairs = [(["a", "b"], ["x", "y"]), (["a"], ["z"])]
    table = phrases.phrase_table(pairs, [{(0, 0), (1, 1)}, {(0, 0)}])
    assert set(table) == {("a",), ("b",), ("a", "b")}
    scores = {one.target: np.exp(one.scores) for one in table["a",]}
    assert scores["x",] == pytest.approx([0.5, 1, 0.5, 1])
    assert scores["z",] == pytest.approx([0.5, 1, 0.5, 1])
    assert np.exp(table["a", "b"][0].scores) == pytest.approx([1, 1, 0.5, 1])


def test_a_table_of_the_wanted_phrases_is_a_part_of_the_whole():
    pairs = random_corpus(5, pairs=30)
    chance = random.Random(5)
    aligned = [{(chance.randrange(len(s)), j) for j in range(len(t))} for s, t in pairs]
    table = phrases.phrase_table(pairs, aligned)
    wanted = phrases.phrases_of([s for s, _ in pairs[:5]])
    part = phrases.phrase_table(pairs, aligned, wanted=wanted)
    assert part == {phrase: found for phrase, found in table.items() if phrase in wanted}
    assert 0 < len(part) < len(table)
    assert phrases.phrases_of([["a", "b", "c"]], 2) == {("a",), ("b",), ("c",), ("a", "b"), ("b", "c")}
