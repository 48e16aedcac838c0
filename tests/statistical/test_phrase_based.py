"""Decoding and tuning: the beam equals trying everything, the line search equals looking everywhere."""

import itertools
import json
import math
import random

import numpy as np
import pytest
from nltk.translate import PhraseTable as NltkTable
from nltk.translate import StackDecoder

from eras.statistical import alignment, cutting, metrics, tuning
from eras.statistical import phrase_based as whole
from eras.statistical.decoder import FEATURES, Decoder
from eras.statistical.ngram_model import modified_kneser_ney
from eras.statistical.ngram_table import NgramTable
from eras.statistical.phrases import Scored
from eras.statistical.word_model import WordModel

SENTENCES = [line.split() for line in ["x y z", "y x", "z z y x", "w x", "x y y z", "w"]]


def random_phrases(seed):
    chance = random.Random(seed)
    phrases = {}
    for source in [*"abcd", "ab", "bc", "cd", "abc"]:
        for _ in range(2):
            target = tuple(chance.choices("wxyz", k=chance.randint(1, 2)))
            phrases.setdefault(tuple(source), {})[target] = -chance.random() * 3
    return phrases


def random_language(seed):
    def language(history, word):
        return -random.Random(f"{seed} {history} {word}").random() * 4

    return language


def everything(source, phrases, language, limit, distortion):
    """The best of all translations: every way to cut, every order, every choice."""
    best, size = (-math.inf, None), len(source)
    for cuts in itertools.product([0, 1], repeat=size - 1):
        edges = [0, *(i + 1 for i, cut in enumerate(cuts) if cut), size]
        pieces = list(itertools.pairwise(edges))
        choices = [list(phrases.get(tuple(source[a:b]), {}).items()) for a, b in pieces]
        for order in itertools.permutations(range(len(pieces))):
            ends = [0, *(pieces[k][1] for k in order)]
            jumps = [abs(pieces[k][0] - end) for k, end in zip(order, ends, strict=False)]
            if max(jumps) > limit:
                continue
            for chosen in itertools.product(*(choices[k] for k in order)):
                words = [word for phrase, _ in chosen for word in phrase]
                padded = ["<s>", "<s>", *words, "</s>"]
                total = sum(value for _, value in chosen) + distortion * sum(jumps)
                total += sum(language(tuple(padded[i - 2 : i]), padded[i]) for i in range(2, len(padded)))
                best = max(best, (total, words), key=lambda found: found[0])
    return best


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("limit", [0, 1, 4])
def test_a_wide_beam_finds_the_best_of_all_translations(seed, limit):
    phrases, language = random_phrases(seed), random_language(seed)
    wanted = everything("abcd", phrases, language, limit, -0.7)
    found = alignment.stack_decode("abcd", phrases, language, 10_000, limit, -0.7)
    assert found[0] == pytest.approx(wanted[0])
    assert found[1] == wanted[1]


def test_a_narrow_beam_may_miss_it_and_never_finds_better():
    missed = 0
    for seed in range(12):
        phrases, language = random_phrases(seed), random_language(seed)
        narrow, wide = (alignment.stack_decode("abcd", phrases, language, beam)[0] for beam in (1, 10_000))
        assert narrow <= wide + 1e-12
        missed += narrow < wide - 1e-9
    assert missed


def test_no_translation_is_an_error():
    with pytest.raises(ValueError, match="no way to translate"):
        alignment.stack_decode("ab", {("a",): {("x",): 0.0}}, lambda history, word: 0.0)
    assert alignment.stack_decode("", {}, lambda history, word: -1.0) == (-1.0, [])


def fast(phrases, language, limit, distortion=0.7, **settings):
    table = {
        source: [Scored(target, (value, 0, 0, 0)) for target, value in found.items()]
        for source, found in phrases.items()
    }
    weights = (1, 1, 0, 0, 0, distortion, 0, 0)
    return Decoder(table, language, weights, limit=limit, margin=1e9, **settings)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("limit", [0, 2, 4])
def test_the_fast_decoder_is_the_plain_one(seed, limit):
    model, phrases = WordModel(SENTENCES, 3), random_phrases(seed)

    def language(history, word):
        state = tuple(model.size if w == "<s>" else model.number[w] for w in history)
        return model.step(state, model.end if word == "</s>" else model.number[word])[0]

    wanted = everything("abcd", phrases, language, limit, -0.7)
    decoder = fast(phrases, model, limit, beam=10_000)
    found = decoder.translate("abcd")
    # both go by the distance of a jump; the fast one also stays near the first gap
    assert found.score <= wanted[0] + 1e-9
    if limit != 2:
        assert found.score == pytest.approx(wanted[0])
        assert list(found.words) == wanted[1]
    assert np.dot(found.features, decoder.weights) == pytest.approx(found.score)


def test_n_best_lists_are_sorted_and_different():
    model = WordModel(SENTENCES, 3)
    best = fast(random_phrases(1), model, 4).n_best("abcd", 200)
    assert len(best) == 200
    assert len({(one.options, tuple(o.first for o in one.options)) for one in best}) == 200
    assert all(a.score >= b.score - 1e-12 for a, b in itertools.pairwise(best))
    for one in best:
        assert np.dot(one.features, (1, 1, 0, 0, 0, 0.7, 0, 0)) == pytest.approx(one.score)
        assert sorted(i for o in one.options for i in range(o.first, o.last)) == [0, 1, 2, 3]


def test_unknown_words_are_copied_if_they_are_latin():
    decoder = Decoder({("a",): [Scored(("x",), (0, 0, 0, 0))]}, WordModel(SENTENCES, 2))
    assert decoder.translate(["a", "LibreOffice", "猫"]).words == ("x", "LibreOffice")
    assert decoder.translate([]).words == ()


def test_monotone_decoding_is_nltks():
    """nltk's decoder with a high price for every jump; its language model sees a phrase at a time."""
    phrases, model = random_phrases(3), {}
    table = NltkTable()
    for source, found in phrases.items():
        for target, value in found.items():
            table.add(source, target, value)
    chance = random.Random(0)

    class Unigrams:
        def probability(self, phrase):
            return sum(model.setdefault(word, -chance.random()) for word in phrase)

        def probability_change(self, hypothesis, phrase):
            return self.probability(phrase)

    theirs = StackDecoder(table, Unigrams())
    theirs.distortion_factor, theirs.word_penalty = 1e-30, 0.0
    wanted = theirs.translate(list("abcd"))
    found = alignment.stack_decode(
        "abcd", phrases, lambda history, word: 0.0 if word == "</s>" else model[word], 10_000, limit=0
    )
    assert found[1] == wanted


# The language model


def test_the_word_model_is_the_one_on_arrays():
    model = WordModel(SENTENCES, 3)
    coded = [[*model.encode(sentence), model.end] for sentence in SENTENCES]
    arrays = modified_kneser_ney(NgramTable(coded, model.size, 3))
    chance = random.Random(0)
    for _ in range(40):
        words = [chance.randrange(model.size) for _ in range(chance.randint(1, 6))]
        state, total = model.start, 0.0
        for word in words:
            p, state = model.step(state, word)
            total += p
        assert total == pytest.approx(np.log(arrays.probabilities([words])).sum())
    assert len(model) == len(arrays.table)


# Tuning


@pytest.mark.parametrize("seed", range(5))
def test_the_envelope_is_the_maximum(seed):
    rng = np.random.default_rng(seed)
    slopes, heights = rng.integers(-3, 4, 12).astype(float), rng.normal(size=12)
    tops, since = tuning.envelope(slopes, heights)
    assert since == sorted(since)
    for x in rng.normal(size=200) * 3:
        on_top = tops[np.searchsorted(since, x) - 1]
        assert heights[on_top] + slopes[on_top] * x == pytest.approx((heights + slopes * x).max())


def some_candidates(seed):
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(8):
        counts = np.zeros((6, 10), int)
        counts[:, 0], counts[:, 1] = rng.integers(5, 12, 6), 8
        for n in range(4):
            counts[:, 6 + n] = counts[:, 0] - n
            counts[:, 2 + n] = rng.binomial(counts[:, 6 + n], 0.6 / (n + 1))
        made.append(tuning.Candidates(rng.normal(size=(6, 3)), counts))
    return made


@pytest.mark.parametrize("seed", range(5))
def test_a_line_search_is_as_good_as_looking_everywhere(seed):
    pool, rng = some_candidates(seed), np.random.default_rng(seed)
    weights, direction = rng.normal(size=(2, 3))
    step, value = tuning.line_search(pool, weights, direction, metrics.bleu)
    assert value == pytest.approx(tuning.now(pool, weights + step * direction, metrics.bleu))
    everywhere = [tuning.now(pool, weights + x * direction, metrics.bleu) for x in np.linspace(-20, 20, 4001)]
    assert value >= max(everywhere) - 1e-9


def test_a_line_on_which_nothing_changes():
    one = tuning.Candidates(np.array([[1.0, 0.0]]), np.array([[5, 5, 5, 4, 3, 2, 5, 4, 3, 2]]))
    assert tuning.line_search([one], np.ones(2), np.ones(2), metrics.bleu) == (0.0, pytest.approx(100))


def test_tuning_climbs():
    pool = some_candidates(9)
    start = np.array([0.2, -0.5, 0.3])
    weights, value = tuning.climb(pool, start, metrics.bleu, np.random.default_rng(0))
    assert value > tuning.now(pool, start, metrics.bleu)
    assert value == pytest.approx(tuning.now(pool, weights, metrics.bleu))
    found, history = tuning.tune(
        lambda w: [tuning.Candidates(c.features[o], c.counts[o]) for c, o in _ordered(pool, w)],
        start,
        metrics.bleu,
        rounds=4,
        log=lambda line: None,
    )
    assert history[0] == pytest.approx(tuning.now(pool, start, metrics.bleu))
    assert max(history) == pytest.approx(tuning.now(pool, found, metrics.bleu))
    assert max(history) > history[0]


def _ordered(pool, weights):
    return [(one, np.argsort(-(one.features @ weights))) for one in pool]


# Words and sentences


def test_words_are_cut_and_joined():
    assert cutting.cut_chinese("打开LibreOffice的「文件」，3.5 版", {"打开", "文件"}) == [
        "打开", "LibreOffice", "的", "「", "文件", "」", "，", "3.5", "版",
    ]  # fmt: skip
    assert cutting.cut_chinese("打开") == ["打", "开"]
    for text in (
        'Don\'t press "OK" (or Shift+Enter): 16,000 cells, 3.5%.',
        "Delete entire row(s) at -1",
        "",
        'Choose "A", "B"; C!',
    ):
        assert cutting.join_english(cutting.cut_english(text)) == text
    assert cutting.common_words(["打开文件", "打开表"], {"打开", "文件", "无"}) == {"打开"}


def test_sentence_starts_lose_their_capital_where_it_is_not_their_own():
    usual = cutting.usual_case([["A", "the", "LibreOffice"], ["B", "the"]])
    assert cutting.plain_start(["The", "The"], usual) == ["the", "The"]
    assert cutting.plain_start(["Libreoffice"], usual) == ["LibreOffice"]
    assert cutting.plain_start(["Unknown"], usual) == ["Unknown"]
    assert cutting.plain_start([], usual) == []
    assert cutting.capitalised("the") == "The"


def test_a_translator_of_a_toy_language():
    chance = random.Random(1)
    nouns = {"表格": "table", "文件": "file", "图片": "image", "按钮": "button"}
    verbs = {"打开": "Open", "保存": "Save", "删除": "Delete"}
    pairs = [
        (f"{v}{n}。", f"{verbs[v]} the {nouns[n]}.")
        for v, n in (chance.choice([(v, n) for v in verbs for n in nouns]) for _ in range(60))
        if (v, n) != ("打开", "图片")
    ]
    system = whole.train(pairs, order=3)
    assert system.translate(["打开图片。"], (1, 0.5, 0.5, 0.3, 0.3, 0.3, 0, 0)) == ["Open the image."]
    assert len(system) > 100


def test_the_tuned_weights_and_their_log():
    log = json.loads(whole.TUNED.read_text(encoding="utf-8"))
    assert whole.tuned() == tuple(log["weights"][name] for name in FEATURES)
    assert sum(map(abs, whole.tuned())) == pytest.approx(1, abs=1e-3)
    assert max(log["history"]) > log["history"][0]
    assert log["rest"]["after"]["chrF"] > log["rest"]["before"]["chrF"]


def test_word_by_word_is_model_1s_best_word():
    pairs = [("打开文件", "open file"), ("打开窗口", "open window"), ("关闭窗口", "close window")]
    translate, size = whole.word_by_word(3 * pairs, steps=20)
    assert translate(["关闭文件", "窗口 OK 龘", ""]) == ["Close file", "Window OK", ""]
    assert size > 9
