"""The ladder's third task: does a sentence speak well or ill? Accuracy on documents no system was trained on.

Every system gets the labelled sentences of the train split, all domains together, and is asked about the test
split. Settings were chosen on the valid split. Higher is better.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from eras import data
from eras.data import Rated
from eras.deep_learning import recurrent_classifier, train_mlp
from eras.deep_learning.mlp import train_classifier
from eras.ladder.results import Row, current_commit, mean_and_spread
from eras.statistical import metrics
from eras.statistical.bags import Vocabulary
from eras.statistical.classify import (
    Linear,
    as_linear,
    dual_coordinate_descent,
    features,
    multinomial_naive_bayes,
    tokens,
    train_maxent,
)

TASK, METRIC = "sentiment", "accuracy"
RESAMPLES, SEED = 2000, 1961
Classifier = Callable[[Sequence[str]], np.ndarray]

# Out of our heads and not out of the training data, in the manner of the rules era.
GOOD_WORDS = """good great best better love loved lovely like liked nice happy glad fun funny enjoy enjoyed
beautiful wonderful excellent perfect amazing awesome brilliant charming fresh clever easy works recommend
thanks hope win won success peace smart strong warm moving delightful superb yay :) :d ;) <3"""
BAD_WORDS = """bad worst worse hate hated ugly sad angry boring dull stupid awful terrible horrible poor poorly
broken fail failed failure problem problems waste wrong weak lame mess ridiculous annoying disappointing slow
cheap war death killed crime fear threat hard sick tired useless crap ugh :( :/"""
GOOD, BAD = frozenset(GOOD_WORDS.split()), frozenset(BAD_WORDS.split())


def training() -> list[Rated]:
    """The labelled sentences every system may learn from."""
    return [rated for rated in data.load_ratings("train") if rated.label is not None]


def held_out(split: str = "test") -> list[Rated]:
    """The labelled sentences every system is asked about. Raises SplitError for the train split."""
    if split == "train":
        raise data.SplitError("systems are trained on the train split; ask about valid or test")
    return [rated for rated in data.load_ratings(split) if rated.label is not None]


def labels(rated: Sequence[Rated]) -> np.ndarray:
    """1 for positive, 0 for negative, (N,)."""
    return np.array([row.label for row in rated])


def interval(correct: np.ndarray, documents: Sequence[str]) -> list[float]:
    """A 95 % interval of an accuracy: bootstrap over documents, whose sentences are not independent.

    correct (N,) of 0 and 1, documents (N,) names -> [low, high].
    """
    counts = np.stack([correct, np.ones(len(correct))], 1)
    return metrics.interval(
        metrics.resampled(counts, documents, lambda total: total[0] / total[1], RESAMPLES, SEED)
    )


def macro_f1(predicted: np.ndarray, y: np.ndarray) -> float:
    """The mean over both classes of F1, 2 · right / (predicted + true); 0 for a class nobody is given."""
    both = [
        ((predicted == c) & (y == c)).sum() * 2 / ((predicted == c).sum() + (y == c).sum()) for c in (0, 1)
    ]
    return float(np.mean(both))


def measure(classifiers: Sequence[Classifier], rated: Sequence[Rated]) -> dict[str, dict]:
    """Accuracy, its interval and macro-F1 of a classifier (texts -> 0 or 1, (N,)), per domain and of all.

    Several classifiers are one system from several seeds: means, and the spread of accuracies over the seeds.
    """
    y, domains = labels(rated), np.array([row.domain for row in rated])
    documents = np.array([row.document for row in rated])
    predicted = np.stack([classify([row.text for row in rated]) for classify in classifiers])
    parts = {"all": np.full(len(y), True)} | {name: domains == name for name in data.RATED}
    right = (predicted == y).astype(float)
    accuracies = [{name: float(one[part].mean()) for name, part in parts.items()} for one in right]
    shares = right.mean(axis=0)
    found = {
        "values": {name: float(shares[part].mean()) for name, part in parts.items()},
        "also": {
            f"macro-F1, {name}": float(np.mean([macro_f1(one[part], y[part]) for one in predicted]))
            for name, part in parts.items()
        },
        "spread": mean_and_spread(accuracies)[1],
    }
    intervals = {
        name: [round(end, 4) for end in interval(shares[part], documents[part])]
        for name, part in parts.items()
    }
    rounded = {key: {name: round(value, 4) for name, value in row.items()} for key, row in found.items()}
    return rounded | {"intervals": intervals}


def _row(system: str, era: str, makers: Sequence[Callable[[], tuple[Classifier, int]]], **facts) -> Row:
    """A rung from one maker of a classifier, or from one for each seed."""
    start = time.perf_counter()
    made = [make() for make in makers]
    seconds = round((time.perf_counter() - start) / len(made), 1)
    what = {"training_data": "labelled sentences of the train split", "commit": current_commit()}
    return Row(
        TASK,
        system,
        era,
        METRIC,
        parameters=made[0][1],
        seconds=seconds,
        **measure([classify for classify, _ in made], held_out()),
        **what,
        **facts,
    )


def _trained(train: Callable, n: int = 2) -> tuple[Classifier, int]:
    """A classifier on the presence of 1- to n-grams with negation marked, those of two texts or more.

    `train(X, y)` gives a model with `predict` and `size`, a `Linear` for instance.
    """
    rated = training()
    bags = [features(row.text, n, negation=True) for row in rated]
    vocabulary = Vocabulary(bags, least=2)
    model = train(vocabulary.presence(bags), labels(rated))

    def classify(texts):
        return model.predict(vocabulary.presence([features(text, n, negation=True) for text in texts]))

    return classify, model.size


def majority() -> Row:
    """The more frequent class of the train split, whatever the sentence."""
    most = int(np.bincount(labels(training())).argmax())
    return _row("majority class", "statistical", [lambda: (lambda texts: np.full(len(texts), most), 1)])


def word_lists() -> Row:
    """More words of the one list than of the other; a tie goes to the good ones."""

    def classify(texts):
        found = [tokens(text) for text in texts]
        return np.array([sum((t in GOOD) - (t in BAD) for t in words) >= 0 for words in found]).astype(int)

    return _row("two word lists", "rules", [lambda: (classify, len(GOOD) + len(BAD))])


def naive_bayes() -> Row:
    """Multinomial naive Bayes, one added to each count."""
    made = lambda X, y: Linear(*multinomial_naive_bayes(X, y, 1.0, 2))  # noqa: E731
    return _row("naive Bayes", "statistical", [lambda: _trained(made)])


def maxent() -> Row:
    """Logistic regression by L-BFGS."""
    made = lambda X, y: train_maxent(X, y, 3e-4, tolerance=1e-4)[0]  # noqa: E731
    return _row("MaxEnt", "statistical", [lambda: _trained(made)])


def svm() -> Row:
    """Linear support-vector machine by dual coordinate descent."""

    def made(X, y):
        generator = np.random.default_rng(SEED)
        w, _ = dual_coordinate_descent(
            X.with_constant(), 2.0 * y - 1, 1e-3, generator, tolerance=0.01, most=60
        )
        return as_linear(w)

    return _row("linear SVM", "statistical", [lambda: _trained(made)], seeds=[SEED])


def mlp() -> Row:
    """One hidden layer on the same features, by gradient descent on our own tensor: the mean over seeds."""
    made = lambda seed: lambda X, y: train_classifier(X, y, 2, seed, train_mlp.CHOSEN)  # noqa: E731
    makers = [partial(_trained, made(seed)) for seed in train_mlp.SEEDS]
    return _row("MLP", "deep_learning", makers, seeds=list(train_mlp.SEEDS))


def _read_both_ways(seed: int) -> tuple[Classifier, int]:
    """A bidirectional LSTM trained from a seed, with its settings' defaults."""
    rated, config = training(), recurrent_classifier.ClassifierConfig()
    *_, (_, model) = recurrent_classifier.train([row.text for row in rated], labels(rated), config, seed)
    return model.predict, sum(p.numel() for p in model.parameters())


def bilstm() -> Row:
    """Word embeddings and a bidirectional LSTM, all from the labelled sentences: the mean over seeds."""
    makers = [partial(_read_both_ways, seed) for seed in recurrent_classifier.SEEDS]
    return _row("BiLSTM", "deep_learning", makers, seeds=list(recurrent_classifier.SEEDS))


SYSTEMS = {f.__name__: f for f in (majority, word_lists, naive_bayes, maxent, svm, mlp, bilstm)}
