"""BLEU and chrF: sacrebleu's numbers, on odd texts and on random ones; the bootstrap is what it claims to be."""

import numpy as np
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

from eras.statistical import metrics

ODD = [
    "",
    " ",
    "a",
    "e.g. 3.14, 1,000.5 or 10-20; co-op &amp; &quot;it's&quot;",
    "A\tB \u3000 选择「是」\nnew-\nline <skipped> 5-",
    "(x)[y]{z}/w\\v|u~^`_<=>@#$%&*+!?",
    "...,,,.5.,a.b,c.1,2",
    "don't -- won't ''",
    "the the the the the",
    "&lt;&amp;lt;&gt; &amp;quot;",
]
texts = st.text("ab c.,-'1&;é中\n\t", max_size=30)
corpora = st.lists(st.tuples(texts, texts), min_size=1, max_size=6)


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_are_cut_as_sacrebleu_cuts_them(text):
    assert metrics.tokenize_13a(text) == Tokenizer13a()(text.rstrip()).split()


@given(texts)
@settings(max_examples=300, deadline=None)
def test_words_are_cut_as_sacrebleu_cuts_them(text):
    assert metrics.tokenize_13a(text) == Tokenizer13a()(text.rstrip()).split()


@given(corpora)
@settings(max_examples=300, deadline=None)
def test_both_metrics_are_sacrebleus(corpus):
    hypotheses, references = zip(*corpus, strict=True)
    theirs = sacrebleu.corpus_bleu(hypotheses, [references]).score
    assert metrics.corpus_bleu(hypotheses, references) == pytest.approx(theirs, abs=1e-6)
    theirs = sacrebleu.corpus_chrf(hypotheses, [references]).score
    assert metrics.corpus_chrf(hypotheses, references) == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_both_metrics_are_sacrebleus_on_longer_sentences(seed):
    rng = np.random.default_rng(seed)
    words = ["the", "cat", "sat", "on", "a", "mat", ".", "it's", "3.5", "(so)"]
    references = [" ".join(rng.choice(words, 12)) for _ in range(30)]
    hypotheses = [
        " ".join(w for w in (r.split() if i % 3 else r.split()[::-1]) if rng.random() < 0.9)
        for i, r in enumerate(references)
    ]
    assert metrics.corpus_bleu(hypotheses, references) == pytest.approx(
        sacrebleu.corpus_bleu(hypotheses, [references]).score, abs=1e-6
    )
    assert metrics.corpus_chrf(hypotheses, references) == pytest.approx(
        sacrebleu.corpus_chrf(hypotheses, [references]).score, abs=1e-6
    )


def test_perfect_and_useless_translations():
    same = ["a whole sentence of words", "and another one of them"]
    assert metrics.corpus_bleu(same, same) == pytest.approx(100)
    assert metrics.corpus_chrf(same, same) == pytest.approx(100)
    assert metrics.corpus_bleu(["x"], ["y"]) == metrics.corpus_chrf(["x"], ["y"]) == 0


def test_unequal_numbers_are_refused():
    for score in (metrics.corpus_bleu, metrics.corpus_chrf):
        with pytest.raises(ValueError, match="as many"):
            score(["a"], ["a", "b"])
        with pytest.raises(ValueError, match="as many"):
            score([], [])


def test_the_bootstrap_redraws_whole_groups():
    rng = np.random.default_rng(0)
    right = rng.integers(0, 2, 400)
    table = np.stack([right, np.ones(400, int)], 1)
    share = lambda sums: sums[0] / sums[1]  # noqa: E731
    scores = metrics.resampled(table, range(400), share, 4000)
    assert scores.std() == pytest.approx(np.sqrt(right.mean() * (1 - right.mean()) / 400), rel=0.1)
    ten = np.repeat(table[:40], 10, 0)
    grouped = metrics.resampled(ten, np.repeat(np.arange(40), 10), share, 4000)
    assert grouped.std() > 2.5 * scores.std()  # ten copies are no ten witnesses
    again = metrics.resampled(table, range(400), share, 4000)
    np.testing.assert_array_equal(scores, again)
