"""The sentiment task: rows are measured again, the intervals are what they claim to be."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from eras import data
from eras.ladder import sentiment
from eras.ladder.results import read


def recorded(system):
    return next(row for row in read() if (row.task, row.system) == (sentiment.TASK, system))


@pytest.mark.parametrize("measure", [sentiment.majority, sentiment.word_lists, sentiment.naive_bayes])
def test_recorded_rows_are_measured_again(measure):
    row = measure()
    assert row.values == pytest.approx(recorded(row.system).values, abs=1e-4)
    assert row.intervals == recorded(row.system).intervals
    assert row.also == pytest.approx(recorded(row.system).also, abs=1e-4)


def test_what_counted_is_far_above_the_lists():
    lists = recorded("two word lists").intervals["all"]
    for system in ("naive Bayes", "MaxEnt", "linear SVM"):
        assert recorded(system).intervals["all"][0] > lists[1]


def test_every_value_lies_in_its_interval():
    for row in read():
        for name, (low, high) in row.intervals.items():
            assert low <= row.values[name] <= high
    assert set(recorded("MaxEnt").values) == {"all", *data.RATED}


def test_an_interval_of_single_sentences_is_the_binomial_one():
    correct = np.random.default_rng(0).random(2000) < 0.8
    low, high = sentiment.interval(correct.astype(float), [str(i) for i in range(2000)])
    half = 1.96 * np.sqrt(0.8 * 0.2 / 2000)
    assert (low, high) == pytest.approx((correct.mean() - half, correct.mean() + half), abs=0.003)
    grouped = sentiment.interval(np.repeat(correct[:200], 10).astype(float), np.repeat(np.arange(200), 10))
    assert grouped[1] - grouped[0] > 2 * (high - low)  # ten copies are no ten witnesses


def test_macro_f1_is_scikit_learns():
    rng = np.random.default_rng(1)
    predicted, y = rng.integers(2, size=(2, 300))
    assert sentiment.macro_f1(predicted, y) == pytest.approx(f1_score(y, predicted, average="macro"))


def test_the_train_split_is_not_asked_about():
    with pytest.raises(data.SplitError):
        sentiment.held_out("train")
    assert all(row.label is not None for row in sentiment.held_out() + sentiment.training())


def test_several_seeds_are_one_row_of_means_with_their_spread():
    rated = sentiment.held_out("valid")
    y, n = sentiment.labels(rated), len(rated)
    generator = np.random.default_rng(2)
    answers = [np.where(generator.random(n) < 0.8, y, 1 - y) for _ in range(3)]
    found = sentiment.measure([lambda texts, a=a: a for a in answers], rated)
    accuracies = [(a == y).mean() for a in answers]
    assert found["values"]["all"] == pytest.approx(np.mean(accuracies), abs=1e-4)
    assert found["spread"]["all"] == pytest.approx(np.std(accuracies, ddof=1), abs=1e-4)
    tweets = np.array([row.domain == "tweets" for row in rated])
    expected = np.mean([f1_score(y[tweets], a[tweets], average="macro") for a in answers])
    assert found["also"]["macro-F1, tweets"] == pytest.approx(expected, abs=1e-4)
    single = sentiment.measure([lambda texts: answers[0]], rated)
    assert single["spread"] == {}
    narrow, wide = (end[1] - end[0] for end in (found["intervals"]["all"], single["intervals"]["all"]))
    assert narrow < wide  # three independent coins a sentence are surer than one


def test_the_networks_row_has_three_seeds_and_their_spread():
    row = recorded("MLP")
    assert len(row.seeds) == 3
    assert set(row.spread) == set(row.values)
    assert row.intervals["all"][0] > recorded("two word lists").intervals["all"][1]
