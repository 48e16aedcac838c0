"""N-gram models: every distribution sums to one, the arrays equal plain Python, both equal nltk."""

import itertools
import math
import random
from collections import Counter
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.lm import KneserNeyInterpolated, Lidstone, WittenBellInterpolated

from eras.statistical import ngram
from eras.statistical import ngram_model as fast
from eras.statistical.ngram_table import NgramTable, _ranked
from eras.statistical.ngram_text import ByteNgram, SpelledNgram, words

MODELS = {
    **fast.SMOOTHINGS,
    "maximum likelihood": partial(fast.add_k, k=0),
    "add 0.1": partial(fast.add_k, k=0.1),
}
corpora = st.lists(st.lists(st.integers(0, 4), max_size=30), min_size=1, max_size=5).filter(any)
SIZE = 6  # one symbol more than ever occurs


def contexts(order, seed=0):
    """Random contexts of all lengths: seen and unseen ones, at the start and with a symbol that never occurs."""
    chance = random.Random(seed)
    return [[chance.randrange(SIZE) for _ in range(n % (order + 2))] for n in range(30)]


# Distributions


@given(corpora, st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_every_conditional_distribution_sums_to_one(corpus, order):
    table = NgramTable(corpus, SIZE, order)
    for name, smoothing in MODELS.items():
        model = smoothing(table)
        for context in contexts(order):
            p = model.distribution(context)
            assert p.min() >= 0, (name, context)
            assert p.sum() == pytest.approx(1, abs=1e-9), (name, context)


@given(corpora, st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_smoothing_leaves_nothing_impossible(corpus, order):
    table = NgramTable(corpus, SIZE, order)
    for name in ("add one", "Witten-Bell", "Kneser-Ney", "modified Kneser-Ney"):
        for context in contexts(order):
            assert fast.SMOOTHINGS[name](table).distribution(context).min() > 0, (name, context)


@given(corpora, corpora, st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_probabilities_are_entries_of_the_distributions(corpus, text, order):
    table = NgramTable(corpus, SIZE, order)
    for smoothing in MODELS.values():
        model = smoothing(table)
        single = [model.distribution(s[:i])[s[i]] for s in text for i in range(len(s))]
        assert model.probabilities(text) == pytest.approx(single, abs=1e-12)


@pytest.mark.parametrize("order", range(1, 8))
def test_bytes_of_both_languages_sum_to_one_at_every_order(order):
    texts = "the cat sat on the mat, the end", "天地玄黄，天地"
    table = NgramTable([list(text.encode()) for text in texts], 256, order)
    for smoothing in MODELS.values():
        model = smoothing(table)
        for context in (b"", b"t", b"the c", b"xyz", "天地".encode(), "天".encode()[:2]):
            assert model.distribution(context).sum() == pytest.approx(1)


# Arrays against plain Python

LETTERS = "abcd"
symbols = st.lists(st.text(LETTERS, max_size=25), min_size=1, max_size=5)


def numbered(texts):
    """Texts as sequences of numbers with an end of their own: END is the last number."""
    return [[*map(LETTERS.index, text), len(LETTERS)] for text in texts]


def plain(texts, order):
    """{name: probability(context, symbol)} by the dictionaries."""
    tables = [ngram.count_ngrams(texts, n) for n in range(1, order + 1)]
    continued = ngram.kneser_ney_tables(texts, order)
    size = len(LETTERS) + 1
    return {
        "add one": lambda c, s: ngram.add_k(tables[-1], c, s, size),
        "Witten-Bell": lambda c, s: ngram.witten_bell(tables, c, s, size),
        "Kneser-Ney": lambda c, s: ngram.kneser_ney(continued, c, s, size, 0.6),
    }


@given(symbols, st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_arrays_and_dictionaries_agree(texts, order):
    table = NgramTable(numbered(texts), 5, order)
    arrays = {**fast.SMOOTHINGS, "Kneser-Ney": partial(fast.kneser_ney, discount=0.6)}
    alphabet = [*LETTERS, ngram.END]
    for name, probability in plain(texts, order).items():
        model = arrays[name](table)
        for context in ("", "a", "ab", "dca", "abcd", "dddd"):
            padded = tuple([ngram.START] * (order - 1) + list(context))[len(context) :]
            due = [probability(padded, symbol) for symbol in alphabet]
            assert model.distribution([*map(LETTERS.index, context)]) == pytest.approx(due, abs=1e-12), name


@given(symbols)
@settings(max_examples=60, deadline=None)
def test_counts_and_continuations_agree(texts):
    table = NgramTable(numbered(texts), 5, 3)
    names = [*LETTERS, ngram.END, ngram.START]
    trigrams = ngram.count_ngrams(texts, 3)
    for counted, level in (
        (trigrams, table.levels[2]),
        (ngram.continuation_counts(trigrams), table.with_continuations().levels[1]),
    ):
        n = len(next(iter(counted))) + 1
        found = {}
        for gram in itertools.product(range(6), repeat=n):
            at = table.place(gram)
            if at >= 0 and level.counts[at]:
                *context, symbol = (names[i] for i in gram)
                found.setdefault(tuple(context), Counter())[symbol] = int(level.counts[at])
        assert found == counted


def test_a_smaller_order_need_not_be_counted_again():
    texts = [[0, 1, 2, 0, 1, 1, 2], [2, 0]]
    whole = NgramTable(texts, 3, 5)
    for order in range(1, 6):
        for smoothing in MODELS.values():
            due = smoothing(NgramTable(texts, 3, order)).probabilities([[0, 1, 2, 2, 1]])
            assert smoothing(whole.upto(order)).probabilities([[0, 1, 2, 2, 1]]).tolist() == due.tolist()


@given(st.lists(st.integers(0, 1 << 40), min_size=1))
def test_ranks_are_those_of_numpy(codes):
    keys, places = _ranked(np.array(codes))
    due, inverse = np.unique(codes, return_inverse=True)
    assert keys.tolist() == due.tolist()
    assert places.tolist() == inverse.tolist()


def test_codes_too_large_for_the_fast_sort():
    keys, places = _ranked(np.array([5, 1 << 61, 5]))
    assert (keys.tolist(), places.tolist()) == ([5, 1 << 61], [0, 1, 0])


# Katz


@given(corpora, st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_katz_backs_off_as_the_definition_says(corpus, order):
    """Discounts read off the model, the rest by the definition in plain Python."""
    table = NgramTable(corpus, SIZE, order)
    model = fast.katz(table)
    for context in contexts(order):
        context = context[: order - 1]
        padded = [SIZE] * (order - 1 - len(context)) + context
        at = table.place(padded)
        if at < 0 or not table.levels[-1].sums(table.levels[-1].counts)[at]:
            continue
        here = table.levels[-1].followers(at)
        followed = table.levels[-1].codes[here] % (SIZE + 1)
        p = model.distribution(context)
        lower = fast.katz(NgramTable(corpus, SIZE, order - 1)) if order > 1 else None
        shorter = np.full(SIZE, 1 / SIZE) if order == 1 else lower.distribution(padded[1:])
        others = np.setdiff1d(np.arange(SIZE), followed)
        if len(others):
            scale = (1 - p[followed].sum()) / (1 - shorter[followed].sum())
            assert p[others] == pytest.approx(scale * shorter[others], abs=1e-9)


def test_katz_discounts_are_those_of_the_paper():
    """On counts of counts that fall smoothly, with k = 5."""
    falling = {1: 500, 2: 200, 3: 110, 4: 70, 5: 49, 6: 36}
    counts = np.repeat(list(falling), list(falling.values()))
    kept = dict(zip(counts.tolist(), fast._kept(counts, 5).tolist(), strict=True))
    beyond = 6 * 36 / 500
    for r in range(1, 6):
        star = (r + 1) * falling[r + 1] / falling[r]
        assert kept[r] == pytest.approx((star / r - beyond) / (1 - beyond))
    assert kept[6] == 1
    freed = sum(n * r * (1 - kept[r]) for r, n in falling.items())
    assert freed == pytest.approx(500)  # what Good and Turing give the unseen


# Good–Turing, discounts


def test_good_turing_by_hand():
    adjusted, unseen = ngram.good_turing({1: 10, 2: 3, 4: 1})
    assert adjusted == {1: 0.6, 2: 2.0, 4: 4.0}
    assert unseen == 10 / 20
    assert ngram.good_turing({}) == ({}, 0.0)


def test_back_off_by_hand():
    tables = [ngram.count_ngrams(["ab", "ab", "ac"], n) for n in (1, 2)]
    p = partial(ngram.back_off, tables, ("a",), size=5)
    assert p("b") == pytest.approx(1.5 / 3)
    assert p("c") == pytest.approx(0.5 / 3)
    seen = sum(ngram.back_off(tables, (), s, 5) for s in "bc")
    assert p("a") == pytest.approx(1 / 3 * ngram.back_off(tables, (), "a", 5) / (1 - seen))
    assert ngram.back_off(tables, ("x",), "a", 5) == ngram.back_off(tables, (), "a", 5)
    assert ngram.back_off([{(): {"a": 3, "b": 1}}], (), "a", 2) == 0.75


@given(symbols, st.integers(1, 3), st.floats(0.1, 0.9))
@settings(max_examples=30, deadline=None)
def test_plain_models_sum_to_one(texts, order, kept):
    tables = [ngram.count_ngrams(texts, n) for n in range(1, order + 1)]
    alphabet = [*LETTERS, ngram.END]
    models = {
        **plain(texts, order),
        "back-off": lambda c, s: ngram.back_off(tables, c, s, 5, kept),
    }
    for name, p in models.items():
        for context in {**tables[-1], ("d",) * (order - 1): None}:
            assert sum(p(context, s) for s in alphabet) == pytest.approx(1), name


def test_modified_discounts():
    y = 100 / 180
    due = 1 - 2 * y * 0.4, 2 - 3 * y * 0.5, 3 - 4 * y * 0.6
    assert ngram.modified_discounts({1: 100, 2: 40, 3: 20, 4: 12}) == pytest.approx(due)
    assert ngram.modified_discounts({1: 100, 2: 40}) == (y, y, y)
    assert (
        ngram.modified_discounts({1: 1, 2: 1, 3: 9, 4: 1}) == (1 / 3,) * 3
    )  # 2 - 3Y n3/n2 would be negative
    assert ngram.modified_discounts({1: 7}) == (0.5,) * 3


# Against nltk


def sentences(seed):
    chance = random.Random(seed)
    return [[chance.choice("abcd") for _ in range(chance.randrange(1, 15))] for _ in range(12)]


def theirs(kind, texts, order, *options, **named):
    """nltk's model on n-grams that end in no start, over the letters and END."""
    padded = [["<s>"] * (order - 1) + text + ["</s>"] for text in texts]
    grams = [
        tuple(p[i - n + 1 : i + 1])
        for p in padded
        for i in range(order - 1, len(p))
        for n in range(1, order + 1)
    ]
    model = kind(*options, order=order, **named)
    model.fit([grams], vocabulary_text=[*"abcde", "<s>", "</s>"])
    return model


@pytest.mark.parametrize("order", [2, 3, 4])
@pytest.mark.parametrize("seed", range(3))
def test_interpolated_models_are_nltks(order, seed):
    texts = sentences(seed)
    tables = [ngram.count_ngrams(texts, n) for n in range(1, order + 1)]
    continued = ngram.kneser_ney_tables(texts, order)
    pairs = [
        (
            theirs(KneserNeyInterpolated, texts, order, discount=0.7),
            partial(ngram.kneser_ney, continued, discount=0.7),
        ),
        (theirs(WittenBellInterpolated, texts, order), partial(ngram.witten_bell, tables)),
    ]
    for model, ours in pairs:
        # nltk's models end in the shares of single symbols, ours go on down to uniform: give it ours.
        model.estimator.unigram_score = lambda word, ours=ours: ours((), word, size=5)
        for context in itertools.product(["<s>", *"abcd"], repeat=order - 1):
            padded = tuple(["<s>"] * (order - 1) + [s for s in context if s != "<s>"])[-(order - 1) :]
            for word in [*"abcd", "</s>"]:
                assert ours(padded, word, size=5) == pytest.approx(
                    model.unmasked_score(word, padded), abs=1e-12
                )


@pytest.mark.parametrize("k", [0.1, 1, 3])
def test_add_k_is_nltks_lidstone(k):
    texts = sentences(5)
    counts, model = ngram.count_ngrams(texts, 3), theirs(Lidstone, texts, 3, k)
    size = len(model.vocab)
    for context in itertools.product("abcd", repeat=2):
        for word in "abcde":
            due = model.unmasked_score(word, context)
            assert ngram.add_k(counts, context, word, size, k) == pytest.approx(due)


# Measuring and sampling


def test_evaluate_pays_for_the_end_and_counts_bytes():
    found = ngram.evaluate(lambda context, symbol: 0.25, ["中文", "a"], 3)
    assert found == {"bits": 10.0, "perplexity": 4.0, "bits per byte": 10 / 7}
    assert ngram.evaluate(lambda context, symbol: 0.0, ["a"], 1)["perplexity"] == math.inf


def test_bits_are_the_sum_of_surprises():
    model = fast.witten_bell(NgramTable([[0, 1, 2, 0, 1]], 3, 2))
    due = -math.log2(model.distribution([])[2]) - math.log2(model.distribution([2])[0])
    assert model.bits([[2, 0]]) == pytest.approx(due)
    assert fast.add_k(NgramTable([[0, 1]], 3, 1), 0).bits([[2]]) == math.inf


def test_generate_follows_the_numbers_drawn():
    p = {"a": 0.5, "b": 0.25, ngram.END: 0.25}
    seen = []

    def probability(context, symbol):
        seen.append(context)
        return p[symbol]

    drawn = iter([0.1, 0.5, 0.74, 0.75, 0.0])
    assert ngram.generate(probability, list(p), 3, lambda: next(drawn)) == ["a", "b", "b"]
    assert seen[0] == (ngram.START, ngram.START)
    assert seen[-1] == ("b", "b")
    assert ngram.generate(probability, list(p), 1, lambda: 0.6, 2) == ["b", "b"]


def test_samples_have_the_frequencies_of_the_distribution():
    model = fast.kneser_ney(NgramTable([[0, 1, 0, 2, 0, 1, 1]], 4, 2))
    drawn = model.sample(4000, seed=1)
    after = Counter(b for a, b in itertools.pairwise(drawn) if a == 0)
    share = np.array([after[i] for i in range(4)]) / after.total()
    assert share == pytest.approx(model.distribution([0]), abs=0.04)
    assert model.sample(20, seed=1) == drawn[:20]
    assert 3 not in model.sample(200, seed=2, stop=3)
    assert model.sample(50, seed=2, context=[0], stop=0)[:1] != [0]


# Texts


@given(st.text(max_size=40))
def test_words_joined_are_the_text(text):
    assert "".join(words(text)) == text


def test_unknown_pieces_are_paid_for_in_bytes():
    texts = ["the cat sat. the cat ran.", "the dog 天地 天地 sat"]
    for pieces in (list, words):
        model = SpelledNgram(texts, 3, pieces)
        assert model.cost("the cat") < model.cost("the zyx") < model.cost("the zyxzyxzyx") < math.inf
    unknown = len(model.known)
    first = model.model.distribution([])[unknown]
    spelled = model.spelling.bits([[*b"qq", 256]])
    assert model.cost("qq") == pytest.approx(spelled - math.log2(first))


def test_a_byte_model_charges_its_bytes():
    model = ByteNgram(["abracadabra"], 3)
    assert model.cost("abra") == pytest.approx(-sum(np.log2(model.model.distribution(b"abra"[:i])[b"abra"[i]])
                                                     for i in range(4)))  # fmt: skip
    assert len(model) == 5 + len(set(itertools.pairwise("^abracadabra"))) + 9


# What is refused


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: NgramTable([[0]], 1, 0), "order must be 1 or more"),
        (lambda: NgramTable([[0]], 1, 2).upto(3), "order must be 1…2"),
        (lambda: NgramTable([], 3, 2), "no symbols"),
        (lambda: NgramTable([[], []], 3, 2), "no symbols"),
        (lambda: NgramTable([[3]], 3, 2), "whole numbers from 0 to 2"),
        (lambda: NgramTable([[-1]], 3, 2), "whole numbers from 0 to 2"),
        (lambda: fast.add_k(NgramTable([[0]], 1, 1), -1), "k must not be negative"),
        (lambda: fast.kneser_ney(NgramTable([[0]], 1, 1), 1.5), "discount"),
        (lambda: ngram.count_ngrams(["a"], 0), "n must be 1 or more"),
        (lambda: ngram.continuation_counts({(): {"a": 1}}), "empty context"),
        (lambda: ByteNgram(["a"], 0), "order"),
    ],
)
def test_bad_input_gives_one_clear_line(make, why):
    with pytest.raises(ValueError, match=why):
        make()
