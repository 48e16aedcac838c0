"""Word vectors: every piece against torch's autograd, scipy, scikit-learn, gensim or plain loops."""

import math
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import torch
from gensim.models import KeyedVectors, Word2Vec
from sklearn.utils.extmath import randomized_svd
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from eras import data
from eras.deep_learning import embeddings as e
from eras.deep_learning import glove
from eras.deep_learning.cooccurrence import Counts, cooccurrences, randomised_svd, sparse_ppmi
from eras.deep_learning.similarity import analogy_accuracy, answer, covered_analogies, word_similarity
from eras.deep_learning.train_embeddings import load_course_vectors, load_log
from eras.deep_learning.word2vec import BLOCK, Config, Trainer, Vocabulary, band, thinned, train, words


def tensors(rng, *shapes):
    return [torch.from_numpy(rng.normal(size=shape)).requires_grad_() for shape in shapes]


def close(got, want, tolerance=1e-9):
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance)


# Losses and gradients by hand against torch's autograd, float64


@pytest.mark.parametrize(("size", "noise"), [(1, 1), (5, 3), (7, 0), (3, 20)])
def test_skipgram_loss_and_gradients_are_autograds(size, noise):
    centre, context, others = tensors(np.random.default_rng(size), (size,), (size,), (noise, size))
    loss = -logsigmoid(centre @ context) - logsigmoid(-others @ centre).sum()
    loss.backward()
    got = e.sgns_loss(*(x.detach().numpy() for x in (centre, context, others)))
    close(got[0], loss.item())
    for mine, theirs in zip(got[1:], (centre, context, others), strict=True):
        close(mine, theirs.grad)


@pytest.mark.parametrize(("contexts", "noise"), [(1, 1), (4, 3), (6, 0)])
def test_cbow_loss_and_gradients_are_autograds(contexts, noise):
    around, centre, others = tensors(np.random.default_rng(contexts), (contexts, 5), (5,), (noise, 5))
    mean = around.mean(0)
    scores = torch.cat([(mean @ centre)[None], others @ mean])
    right = torch.zeros(noise + 1, dtype=torch.float64)
    right[0] = 1
    loss = binary_cross_entropy_with_logits(scores, right, reduction="sum")
    loss.backward()
    got = e.cbow_loss(*(x.detach().numpy() for x in (around, centre, others)))
    close(got[0], loss.item())
    for mine, theirs in zip(got[1:], (around, centre, others), strict=True):
        close(mine, theirs.grad)


def test_large_scores_do_not_overflow():
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, *slopes = e.sgns_loss(np.array([1e3]), np.array([-1.0]), np.array([[1.0]]))
    assert loss == pytest.approx(2000)
    assert np.isfinite(np.concatenate([s.ravel() for s in slopes])).all()


def test_glove_loss_and_gradients_are_autograds():
    rng = np.random.default_rng(3)
    a, b = tensors(rng, (4, 3), (5, 3))
    counts = torch.from_numpy(rng.poisson(2, (4, 5)) * 40.0)
    met = counts > 0
    weight = (counts / 100).clamp(max=1) ** 0.75
    loss = (weight * (a @ b.T - counts.log().where(met, torch.tensor(0.0).double())) ** 2 * met).sum()
    loss.backward()
    got = e.glove_loss(a.detach().numpy(), b.detach().numpy(), counts.numpy())
    close(got[0], loss.item())
    close(got[1], a.grad)
    close(got[2], b.grad)


def test_a_batch_of_glove_with_its_biases_is_autograds():
    rng = np.random.default_rng(4)
    a, b, bias_a, bias_b = tensors(rng, (6, 3), (6, 3), (6,), (6,))
    counts = torch.from_numpy(rng.uniform(0.5, 300, 6))
    loss = glove.weights(counts) * ((a * b).sum(1) + bias_a + bias_b - counts.log()) ** 2
    loss.sum().backward()
    one = torch.ones(6, dtype=torch.float64)
    words_, contexts = (
        torch.cat([a, bias_a[:, None], one[:, None]], 1),
        torch.cat([b, one[:, None], bias_b[:, None]], 1),
    )
    got, to_words, to_contexts = glove.batch_loss(words_.detach(), contexts.detach(), counts)
    close(got, loss.detach())
    close(to_words, torch.cat([a.grad, bias_a.grad[:, None], 0 * one[:, None]], 1))
    close(to_contexts, torch.cat([b.grad, 0 * one[:, None], bias_b.grad[:, None]], 1))


# The fast trainer takes the steps that the plain losses say


def plain_step(trainer, ids, noise, rate):
    """One step by `sgns_loss` and `cbow_loss`, pair by pair, on copies of the two tables."""
    config, size = trainer.config, trainer.config.window
    centre, context = trainer.centre.numpy().copy(), trainer.context.numpy().copy()
    old, old_context = centre.copy(), context.copy()
    share = config.negatives / len(noise)
    for i in range(size, len(ids) - size):
        around = [(ids[j], (size - abs(i - j) + 1) / size) for j in range(i - size, i + size + 1) if j != i]
        around = [(w, weight) for w, weight in around if w >= 0]
        if ids[i] < 0 or not around:
            continue
        if config.model == "skip-gram":
            for w, weight in around:
                _, to_centre, to_context, _ = e.sgns_loss(
                    old[ids[i]], old_context[w], np.zeros((0, old.shape[1]))
                )
                centre[ids[i]] -= rate * weight * to_centre
                context[w] -= rate * weight * to_context
                push = e.sigmoid(old_context[noise] @ old[ids[i]]) * weight * share
                centre[ids[i]] -= rate * push @ old_context[noise]
                np.subtract.at(context, noise, rate * np.outer(push, old[ids[i]]))
            continue
        total = sum(weight for _, weight in around)
        mean = sum(weight / total * old[w] for w, weight in around)
        pull, push = e.sigmoid(mean @ old_context[ids[i]]) - 1, e.sigmoid(old_context[noise] @ mean) * share
        error = pull * old_context[ids[i]] + push @ old_context[noise]
        for w, weight in around:
            centre[w] -= rate * weight / total * error
        context[ids[i]] -= rate * pull * mean
        np.subtract.at(context, noise, rate * np.outer(push, mean))
    return centre, context


@pytest.mark.parametrize("model", ["skip-gram", "cbow"])
@pytest.mark.parametrize("window", [1, 3])
def test_a_step_is_the_sum_of_its_pairs(model, window):
    rng = np.random.default_rng(window)
    trainer = Trainer(np.arange(9, 0, -1), Config(model, 6, window, shared=4, seed=3), torch.float64)
    trainer.context[:-1] = torch.from_numpy(rng.normal(size=(9, 6)))
    ids = rng.integers(-1, 9, 2 * BLOCK + 2 * window)
    noise = torch.tensor([0, 2, 2, 7])
    trainer.draw = lambda: noise
    want = plain_step(trainer, ids, noise.numpy(), 0.3)
    trainer.step(torch.from_numpy(ids), 0.3)
    close(trainer.centre, want[0])
    close(trainer.context, want[1])
    assert not trainer.centre[-1].any(), "no word keeps the zero vector"


def test_the_window_is_the_expectation_of_a_random_one():
    window = 4
    mean = np.mean(
        [[1.0 if 0 < abs(j - 4) <= reach else 0.0 for j in range(9)] for reach in range(1, window + 1)],
        axis=0,
    )
    close(band(window)[0, :9], mean, 1e-7)
    assert band(window).shape == (BLOCK, BLOCK + 2 * window)
    assert band(window)[3].argmax() in (window + 2, window + 4)


def test_frequent_words_are_thinned_and_documents_kept_apart():
    rng, documents = np.random.default_rng(0), [np.zeros(4000, int), np.ones(50, int)]
    text = thinned(documents, np.array([0.25, 1.0]), 3, rng)
    assert (text == 1).sum() == 50
    assert 900 < (text == 0).sum() < 1100
    assert (text == -1).sum() == 9
    ones = np.flatnonzero(text == 1)
    assert (np.diff(ones) == 1).all()
    assert set(text[[ones[0] - 1, ones[-1] + 1]]) == {-1}


def test_noise_words_come_as_often_as_they_should():
    counts = np.array([1000, 200, 30, 4])
    trainer = Trainer(counts, Config(shared=40_000))
    found = np.bincount(trainer.draw(), minlength=4) / 40_000
    close(found, counts**0.75 / (counts**0.75).sum(), 0.01)


def two_topics(size=3000):
    """A text in which numbers below 10 keep to themselves, and so do those from 10 to 19."""
    rng = np.random.default_rng(5)
    return [rng.integers(0, 10, 30) + 10 * (i % 2) for i in range(size // 30)]


@pytest.mark.parametrize("model", ["skip-gram", "cbow"])
def test_words_of_one_company_come_close(model):
    documents = two_topics()
    config = Config(model, 12, 3, epochs=10, threshold=1.0, rate=0.03, batch=32, shared=8)
    vectors = train(documents, np.bincount(np.concatenate(documents)), config)
    cosines = e.unit(vectors) @ e.unit(vectors).T
    within = (cosines[:10, :10].sum() - 10) / 90
    assert within > cosines[:10, 10:].mean() + 0.3
    again = train(documents, np.bincount(np.concatenate(documents)), config)
    np.testing.assert_array_equal(vectors, again)


def test_glove_brings_the_same_words_together():
    counts = cooccurrences(two_topics(), 20, 3, "harmonic")
    seen = []
    vectors = glove.fit(counts, 8, epochs=8, batch=64, report=lambda epoch, loss: seen.append(loss))
    assert seen[-1] < 0.2 * seen[0]
    assert vectors.shape == (20, 8)
    other = cooccurrences([np.array([0, 1] * 40), np.array([2, 3] * 40)], 4, 1)
    assert glove.fit(other, 2, epochs=1).shape == (4, 2)


def test_an_unknown_model_is_refused():
    with pytest.raises(ValueError, match="skip-gram or cbow"):
        Trainer(np.ones(3), Config("glove"))


# Counting


def test_subsampling_is_gensims():
    documents = [["a"] * 900 + ["b"] * 90 + ["c"] * 9 + ["d"]]
    model = Word2Vec(documents, min_count=1, sample=1e-2, epochs=1, vector_size=2)
    vocabulary = Vocabulary(documents)
    theirs = [model.wv.get_vecattr(w, "sample_int") / (2**32 - 1) for w in vocabulary.words]
    close(e.keep_probabilities(vocabulary.counts, 1e-2), theirs, 1e-6)
    with pytest.raises(ValueError, match="above 0"):
        e.keep_probabilities(vocabulary.counts, 0)


def test_the_noise_is_gensims():
    documents = [["a"] * 900 + ["b"] * 90 + ["c"] * 9 + ["d"]]
    model = Word2Vec(documents, min_count=1, epochs=1, vector_size=2)
    steps = np.diff(model.cum_table, prepend=0) / model.cum_table[-1]
    close(e.noise_distribution(np.array([900, 90, 9, 1])), steps, 1e-6)
    close(e.noise_distribution(np.array([3, 1]), 1), [0.75, 0.25])


def test_pairs_are_those_within_reach():
    pairs = e.skipgram_pairs([5, 6, 7, 5], [1, 2, 0, 9])
    assert pairs.tolist() == [[5, 6], [6, 5], [6, 7], [6, 5], [5, 5], [5, 6], [5, 7]]
    assert e.skipgram_pairs([], []).shape == (0, 2)
    assert e.skipgram_pairs([1], [4]).shape == (0, 2)
    with pytest.raises(ValueError, match="reaches"):
        e.skipgram_pairs([1, 2], [1])


@pytest.mark.parametrize("weight", ["linear", "harmonic", "flat"])
def test_cooccurrences_are_counted_like_pairs(weight):
    rng = np.random.default_rng(1)
    documents, window = [rng.integers(0, 5, n) for n in (0, 1, 2, 30)], 4
    worth = {"linear": lambda d: (window - d + 1) / window, "harmonic": lambda d: 1 / d, "flat": lambda d: 1}[
        weight
    ]
    want = np.zeros((5, 5))
    for document in documents:
        for i, a in enumerate(document):
            for j, b in enumerate(document):
                if 0 < abs(i - j) <= window:
                    want[a, b] += worth(abs(i - j))
    counts = cooccurrences(documents, 5, window, weight)
    close(counts.dense(), want)
    close(counts.sums(0), want.sum(0))
    close(counts.sums(1), want.sum(1))
    with pytest.raises(ValueError, match="linear, harmonic or flat"):
        cooccurrences(documents, 5, window, "other")


@pytest.mark.parametrize(("shift", "power"), [(1, 1), (5, 1), (1, 0.75), (2, 0.5)])
def test_information_is_that_of_the_definition(shift, power):
    rng = np.random.default_rng(2)
    counts = rng.poisson(1, (6, 6)).astype(float)
    want = np.zeros((6, 6))
    share = counts.sum(0) ** power / (counts.sum(0) ** power).sum()
    for i in range(6):
        for j in range(6):
            if counts[i, j]:
                joint, row = counts[i, j] / counts.sum(), counts[i].sum() / counts.sum()
                want[i, j] = max(0, math.log(joint / (row * share[j])) - math.log(shift))
    close(e.ppmi(counts, shift, power), want)
    rows, columns = np.nonzero(counts)
    sparse = sparse_ppmi(Counts(rows, columns, counts[rows, columns], 6), shift, power)
    close(sparse.dense(), want)
    for function in (lambda: e.ppmi(counts, 0.5), lambda: sparse_ppmi(sparse, 0.5)):
        with pytest.raises(ValueError, match="1 or more"):
            function()


def test_a_word_that_met_nobody_has_no_information():
    counts = np.array([[0.0, 2, 0], [2, 0, 0], [0, 0, 0]])
    assert not e.ppmi(counts)[2].any()
    assert np.isfinite(e.ppmi(counts)).all()


def test_singular_vectors_are_those_of_the_definition():
    matrix = np.random.default_rng(6).normal(size=(7, 5))
    values, left = np.linalg.eigh(matrix @ matrix.T)
    for power in (0, 0.5, 1):
        got = e.svd_vectors(matrix, 3, power)
        want = (left * np.maximum(values, 0) ** (power / 2))[:, ::-1][:, :3]
        close(np.abs(got), np.abs(want), 1e-8)
        assert (got[np.abs(got).argmax(0), range(3)] > 0).all()
    for wrong in (0, 6):
        with pytest.raises(ValueError, match="1 to 5"):
            e.svd_vectors(matrix, wrong)


def test_the_sparse_factorisation_is_near_the_exact_one_and_scikit_learns():
    rng = np.random.default_rng(7)
    full = np.maximum(
        rng.normal(size=(60, 4)) @ rng.normal(size=(4, 60)) + 0.1 * rng.normal(size=(60, 60)), 0
    )
    rows, columns = np.nonzero(full)
    got = randomised_svd(Counts(rows, columns, full[rows, columns], 60), 4)
    exact = e.svd_vectors(full, 4)
    close(np.abs(got @ got.T), np.abs(exact @ exact.T), 1e-2)
    left, values, _ = randomized_svd(full, 4, random_state=0)
    theirs = left * values**0.5
    close(got @ got.T, theirs @ theirs.T, 1e-2)


# Asking


def keyed(vectors):
    theirs = KeyedVectors(vectors.shape[1])
    theirs.add_vectors([str(i) for i in range(len(vectors))], vectors)
    return theirs


def test_neighbours_are_gensims():
    vectors = np.random.default_rng(8).normal(size=(30, 5))
    theirs = keyed(vectors).most_similar("4", topn=6)
    got = e.neighbours(vectors, vectors[4], 6, exclude=[4])
    assert [str(i) for i, _ in got] == [word for word, _ in theirs]
    close([c for _, c in got], [c for _, c in theirs], 1e-6)
    assert e.neighbours(vectors, vectors[4], 1)[0][0] == 4
    assert len(e.neighbours(vectors, vectors[4], 99)) == 30
    assert e.neighbours(np.array([[0.0, 0], [1, 0]]), np.array([0.0, 0]), 2) == [(0, 0.0), (1, 0.0)]


def test_analogies_are_gensims():
    vectors = np.random.default_rng(9).normal(size=(40, 4)) * np.linspace(0.5, 3, 40)[:, None]
    theirs = keyed(vectors)
    questions = np.array([[0, 1, 2, 0], [5, 5, 7, 0], [9, 3, 9, 0], [30, 11, 4, 0]])
    for a, b, c, _ in questions:
        due = int(theirs.most_similar(positive=[str(b), str(c)], negative=[str(a)], topn=1)[0][0])
        if b != c and a not in (b, c):
            assert e.analogy(vectors, a, b, c) == due
    assert answer(vectors, questions).tolist() == [e.analogy(vectors, *q[:3]) for q in questions]
    assert answer(vectors, questions, offset=False, exclude=False).tolist() == questions[:, 2].tolist()


@pytest.mark.parametrize("values", [5, 1000])
def test_rank_correlation_is_scipys(values):
    rng = np.random.default_rng(values)
    for size in (2, 3, 50):
        x, y = rng.integers(0, values, size).astype(float), rng.normal(size=size)
        want = scipy.stats.spearmanr(x, y).statistic if len(set(x)) > 1 else math.nan
        assert e.spearman(x, y) == pytest.approx(want, nan_ok=True)
    assert math.isnan(e.spearman([1, 1], [1, 2]))
    with pytest.raises(ValueError, match="one length"):
        e.spearman([1, 2], [1])
    with pytest.raises(ValueError, match="two values"):
        e.spearman([1], [1])


# Text and the course's own vectors


def test_words_and_vocabulary():
    assert words("The whale's tail — DON’T! 'tis 42 co-op") == [
        "the",
        "whale's",
        "tail",
        "don't",
        "tis",
        "co",
        "op",
    ]
    vocabulary = Vocabulary([["b", "a", "b"], ["c", "a", "b"]], least=2)
    assert (vocabulary.words, vocabulary.counts.tolist()) == (["b", "a"], [3, 2])
    assert [ids.tolist() for ids in vocabulary.encode([["a", "c", "b"], []])] == [[1, 0], []]
    with pytest.raises(ValueError, match="no word"):
        Vocabulary([["a"]], 2)


def test_evaluation_data_are_what_was_published():
    pairs, groups = data.load_similarities(), data.load_analogies()
    assert len(pairs) == 353
    assert ("tiger", "cat", 7.35) in pairs
    assert len(groups) == 14
    assert sum(map(len, groups.values())) == 19_544
    assert groups["family"][0] == ("boy", "girl", "brother", "sister")


@pytest.fixture(scope="module")
def course():
    names, vectors = load_course_vectors()
    return {word: i for i, word in enumerate(names)}, vectors


def test_the_committed_vectors_measure_what_the_log_says(course):
    ids, vectors = course
    row = load_log()["rows"][0]
    found = word_similarity(ids, vectors)
    assert found.correlation == pytest.approx(row["wordsim"], abs=2e-3)
    assert [found.covered, found.of] == load_log()["pairs covered"]
    questions = covered_analogies(ids)
    assert {group: len(q) for group, q in questions.items()} == load_log()["questions covered"]
    assert analogy_accuracy(questions, vectors)["all"] == pytest.approx(row["analogies"], abs=2e-3)


def test_wordsim_is_gensims(course, tmp_path):
    ids, vectors = course
    theirs = KeyedVectors(vectors.shape[1])
    theirs.add_vectors(list(ids), vectors)
    _, spearman, missing = theirs.evaluate_word_pairs(data.path("vec/wordsim353.tsv"), case_insensitive=True)
    found = word_similarity(ids, vectors)
    assert found.correlation == pytest.approx(spearman.statistic, abs=1e-6)
    assert found.covered == pytest.approx(353 * (1 - missing / 100))


def test_similarity_is_within_three_hundredths_of_gensims():
    scores = defaultdict(list)
    for row in load_log()["rows"]:
        scores[row["system"]].append(row["wordsim"])
    for name in ("skip-gram", "CBOW"):
        assert len(scores[name]) == len(scores[f"gensim's {name}"]) == 3
        assert np.mean(scores[name]) > np.mean(scores[f"gensim's {name}"]) - 0.03


def test_too_little_is_refused():
    with pytest.raises(ValueError, match="too few"):
        word_similarity({"tiger": 0}, np.ones((1, 2)))
    assert covered_analogies({"tiger": 0}) == {}
    assert replace(Config(), seed=4).seed == 4
