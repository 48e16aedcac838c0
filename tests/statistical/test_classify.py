"""Classifiers against scikit-learn and SciPy on random inputs, and against their own definitions."""

import math

import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.optimize import minimize as scipy_minimize
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB, MultinomialNB
from sklearn.svm import LinearSVC

from eras.statistical import classify as c
from eras.statistical.bags import Bags, Vocabulary, binary, rarity, tf_idf
from eras.statistical.calibrate import platt, reliability
from eras.statistical.optimise import line_search, minimise, minimise_by_torch, steepest


def problem(seed, N=60, V=15, classes=3, sparse=True):
    """Random counts (N, V), some rows empty, labels that depend on them."""
    rng = np.random.default_rng(seed)
    X = rng.poisson(0.4, (N, V)).astype(float)
    X[3] = 0
    y = (X @ rng.normal(size=(V, classes)) + rng.normal(0, 0.5, (N, classes))).argmax(axis=1)
    y[:classes] = np.arange(classes)
    return (bags(X) if sparse else X), y


def bags(X):
    rows, columns = np.nonzero(X)
    return Bags(rows, columns, X[rows, columns], X.shape)


@pytest.mark.parametrize("seed", range(3))
def test_sparse_products_are_the_dense_ones(seed):
    X, _ = problem(seed)
    A, G = (np.random.default_rng(seed).normal(size=shape) for shape in [(15, 4), (60, 2)])
    np.testing.assert_allclose(X @ A, X.dense() @ A)
    np.testing.assert_allclose(X @ A[:, 0], X.dense() @ A[:, 0])
    np.testing.assert_allclose(X.T @ G, X.dense().T @ G)
    chosen = np.array([59, 3, 3, 0])
    np.testing.assert_array_equal(X.take(chosen).dense(), X.dense()[chosen])
    np.testing.assert_array_equal(X.with_constant().dense(), np.hstack([X.dense(), np.ones((60, 1))]))
    np.testing.assert_array_equal(binary(X).dense(), (X.dense() > 0).astype(float))
    with pytest.raises(ValueError, match="do not fit"):
        X @ A.T


def test_no_rows_and_empty_rows():
    assert Bags.stack([], 3).dense().shape == (0, 3)
    vocabulary = Vocabulary([{"a": 2}])
    assert vocabulary.counts([{}, {"b": 1}, {"a": 3}]).dense().tolist() == [[0], [0], [3]]


def test_a_vocabulary_drops_the_rare_and_orders_by_frequency():
    vocabulary = Vocabulary([{"b": 5, "a": 1}, {"b": 1, "c": 1}, {"a": 1}], least=2)
    assert vocabulary.names == ["a", "b"]
    assert vocabulary.presence([{"b": 9, "c": 1}]).dense().tolist() == [[0, 1]]
    with pytest.raises(ValueError, match="no feature"):
        Vocabulary([{"a": 1}], least=2)


TEXTS = ["a good film", "not a good film , but a film", "bad", "good good good"]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_ngrams_and_tf_idf_are_scikit_learns(n):
    theirs = CountVectorizer(tokenizer=str.split, token_pattern=None, ngram_range=(1, n))
    counts = theirs.fit_transform(TEXTS)
    ours = Vocabulary([c.ngrams(text.split(), n) for text in TEXTS])
    X = ours.counts([c.ngrams(text.split(), n) for text in TEXTS])
    order = [ours.column[name] for name in theirs.get_feature_names_out()]
    np.testing.assert_array_equal(X.dense()[:, order], counts.toarray())
    weighted = tf_idf(X, rarity(X)).dense()[:, order]
    np.testing.assert_allclose(weighted, TfidfTransformer().fit_transform(counts).toarray())


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("I don't like it. It is good", "i don't not_like not_it . it is good"),
        ("not not good", "not not not_good"),
        ("no, never mind", "no , never not_mind"),
        ("without a :( today", "without not_a not_:( not_today"),
        ("it isn’t?!", "it isn’t ? !"),
        ("", ""),
    ],
)
def test_negation_reaches_to_the_end_of_the_clause(text, marked):
    assert c.mark_negation(c.tokens(text)) == marked.split()


def test_tokens_keep_smileys_and_words_apart():
    assert c.tokens("Café don't :-) :D <3 8) 18 x2 well:done") == [
        *("café", "don't", ":-)", ":d", "<3", "8)", "x", "well", ":", "done")
    ]


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize(("alpha", "seed"), [(1.0, 0), (0.1, 1), (3.0, 2)])
def test_naive_bayes_is_scikit_learns(alpha, seed, sparse):
    X, y = problem(seed, sparse=sparse)
    dense = X.dense() if sparse else X
    theirs = MultinomialNB(alpha=alpha).fit(dense, y)
    ours = c.Linear(*c.multinomial_naive_bayes(X, y, alpha, 3))
    np.testing.assert_allclose(ours.weights.T, theirs.feature_log_prob_)
    np.testing.assert_allclose(ours.probabilities(X), theirs.predict_proba(dense), atol=1e-12)
    seen = binary(X) if sparse else (X > 0).astype(float)
    theirs = BernoulliNB(alpha=alpha).fit(dense > 0, y)
    ours = c.Linear(*c.bernoulli_naive_bayes(seen, y, alpha, 3))
    np.testing.assert_allclose(ours.scores(seen), theirs.predict_joint_log_proba(dense > 0))


@pytest.mark.parametrize("fit", [c.multinomial_naive_bayes, c.bernoulli_naive_bayes])
def test_naive_bayes_refuses_what_it_cannot_count(fit):
    X = np.eye(3)
    with pytest.raises(ValueError, match="alpha"):
        fit(X, np.array([0, 1, 1]), 0.0, 2)
    with pytest.raises(ValueError, match="class 2 has no examples"):
        fit(X, np.array([0, 1, 1]), 1.0, 3)
    with pytest.raises(ValueError, match="labels run from 0 to 0"):
        fit(X, np.array([0, 1, 1]), 1.0, 1)


def test_the_gradients_are_those_of_the_losses():
    X, y = problem(5)
    rng = np.random.default_rng(1)

    def value(point):
        return c.softmax_loss(point[:45].reshape(15, 3), point[45:], X, y, 0.1)[0]

    def slope(point):
        _, by_weights, by_bias = c.softmax_loss(point[:45].reshape(15, 3), point[45:], X, y, 0.1)
        return np.concatenate([by_weights.ravel(), by_bias])

    assert check_grad(value, slope, rng.normal(size=48)) < 1e-5
    signs = np.where(y > 0, 1.0, -1.0)
    hinge = [lambda w, i=i: c.hinge_loss(w, X, signs, 0.1)[i] for i in (0, 1)]
    assert check_grad(*hinge, rng.normal(size=15)) < 1e-5


def test_large_scores_do_no_harm():
    loss, by_weights, _ = c.softmax_loss(
        np.array([[1e4, -1e4]]), np.zeros(2), np.array([[1.0]]), np.array([1]), 0
    )
    assert loss == pytest.approx(2e4)
    assert np.isfinite(by_weights).all()
    assert c.softmax(np.array([[1e4, 0.0]])).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("l2", [0.01, 0.3])
def test_maxent_of_three_classes_is_scikit_learns(l2):
    X, y = problem(7)
    ours, found = c.train_maxent(X, y, l2, classes=3, tolerance=1e-9)
    theirs = LogisticRegression(C=1 / (l2 * len(y)), tol=1e-10, max_iter=5000).fit(X.dense(), y)
    assert found.converged
    np.testing.assert_allclose(ours.weights.T, theirs.coef_, atol=1e-5)
    assert np.ptp(ours.bias - theirs.intercept_) < 1e-5  # a bias added to all classes changes nothing
    np.testing.assert_allclose(ours.probabilities(X), theirs.predict_proba(X.dense()), atol=1e-6)


def test_maxent_of_two_classes_is_scikit_learns_with_twice_the_cost():
    """One weight vector there, two opposite ones here, each of which pays its penalty."""
    X, y = problem(8, classes=2)
    ours, _ = c.train_maxent(X, y, 0.05, tolerance=1e-9)
    theirs = LogisticRegression(C=2 / (0.05 * len(y)), tol=1e-10, max_iter=5000).fit(X.dense(), y)
    np.testing.assert_allclose(ours.weights[:, 1] - ours.weights[:, 0], theirs.coef_[0], atol=1e-5)
    with pytest.raises(ValueError, match="l2"):
        c.train_maxent(X, y, -1.0)


def test_maxent_keeps_the_features_expectations():
    """Without a penalty, each feature is expected in each class as often as it was seen there."""
    X, y = problem(9, N=400, V=4)
    model, _ = c.train_maxent(X, y, 0.0, classes=3, tolerance=1e-9)
    np.testing.assert_allclose(X.T @ model.probabilities(X), X.T @ c.one_hot(y, 3), atol=1e-5)


def rosenbrock(x):
    value = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
    gradient = np.zeros_like(x)
    gradient[:-1] = -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    gradient[1:] += 200 * (x[1:] - x[:-1] ** 2)
    return value, gradient


def test_lbfgs_finds_what_scipy_finds_and_gradient_descent_is_slower():
    start = np.full(6, -1.2)
    theirs = scipy_minimize(rosenbrock, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-9, "ftol": 0})
    ours = minimise(rosenbrock, start, c.two_loop, tolerance=1e-8)
    np.testing.assert_allclose(ours.point, theirs.x, atol=1e-6)
    assert ours.converged
    assert ours.evaluations < 2 * theirs.nfev
    assert ours.values == sorted(ours.values, reverse=True)
    slow = minimise(rosenbrock, start, steepest, tolerance=1e-8, most=300)
    assert not slow.converged
    assert slow.value > ours.value


def test_torch_goes_the_same_way():
    start = np.full(6, -1.2)
    ours = minimise(rosenbrock, start, c.two_loop, tolerance=1e-8)
    theirs = minimise_by_torch(rosenbrock, start, tolerance=1e-8)
    np.testing.assert_allclose(theirs.point, ours.point, atol=1e-7)
    assert start.tolist() == [-1.2] * 6
    assert theirs.converged
    assert theirs.values[-1] == theirs.value == rosenbrock(theirs.point)[0]
    assert theirs.values == sorted(theirs.values, reverse=True)
    short = minimise_by_torch(rosenbrock, start, tolerance=1e-8, most=3)
    assert short.values == theirs.values[:4]
    assert not short.converged
    there = minimise_by_torch(rosenbrock, ours.point, tolerance=1e-6)
    assert (len(there.values), there.evaluations, there.converged) == (1, 1, True)


def test_the_two_loops_are_the_matrix_they_stand_for():
    """H = (I - ρ s yᵀ) H (I - ρ y sᵀ) + ρ s sᵀ for each pair, from γ·I."""
    rng = np.random.default_rng(2)
    A = rng.normal(size=(7, 7))
    A = A @ A.T + np.eye(7)
    steps = list(rng.normal(size=(4, 7)))
    changes = [A @ s for s in steps]
    H = np.eye(7) * (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1])
    for s, y in zip(steps, changes, strict=True):
        left = np.eye(7) - np.outer(s, y) / (s @ y)
        H = left @ H @ left.T + np.outer(s, s) / (s @ y)
    g = rng.normal(size=7)
    np.testing.assert_allclose(c.two_loop(g, steps, changes), -H @ g)
    np.testing.assert_allclose(c.two_loop(changes[-1], steps, changes), -steps[-1])
    assert c.two_loop(g, [], []).tolist() == (-g).tolist()


@pytest.mark.parametrize("first", [1e-3, 1.0, 300.0])
def test_a_line_search_keeps_wolfes_conditions(first):
    def bowl(x):
        return float((x**4).sum()), 4 * x**3

    point, along = np.array([2.0, -1.0]), np.array([-1.0, 0.3])
    value, gradient = bowl(point)
    (length, there, new), calls = line_search(bowl, point, value, gradient, along, first)
    assert there <= value + 1e-4 * length * (gradient @ along)
    assert abs(new @ along) <= 0.9 * abs(gradient @ along)
    assert calls >= 1
    assert line_search(bowl, point, value, gradient, -along, first)[0] is None


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("l2", [0.02, 0.2])
def test_the_support_vector_machine_is_liblinears(squared, l2):
    X, y = problem(11, N=80)
    signs = np.where(y > 0, 1.0, -1.0)
    w, looks = c.dual_coordinate_descent(
        X.with_constant(), signs, l2, np.random.default_rng(0), squared, tolerance=1e-9, most=5000
    )
    kind = {"loss": "squared_hinge" if squared else "hinge", "tol": 1e-10, "max_iter": 500_000}
    theirs = LinearSVC(C=1 / (l2 * 80), random_state=0, **kind).fit(csr_matrix(X.dense()), signs)
    np.testing.assert_allclose(w, [*theirs.coef_[0], theirs.intercept_[0]], atol=1e-4)
    assert looks < 5000
    np.testing.assert_array_equal(c.as_linear(w).predict(X), theirs.predict(X.dense()) > 0)


def test_pegasos_comes_near_the_least_loss():
    X, y = problem(12, N=200)
    X, signs = X.with_constant(), np.where(y > 0, 1.0, -1.0)
    best, _ = c.dual_coordinate_descent(X, signs, 0.05, np.random.default_rng(0), tolerance=1e-6)
    least = c.hinge_loss(best, X, signs, 0.05)[0]
    reached = [
        c.hinge_loss(c.pegasos(X, signs, 0.05, n, np.random.default_rng(0)), X, signs, 0.05)[0]
        for n in (1, 100)
    ]
    assert least < reached[1] < 1.02 * least
    assert reached[1] < reached[0]


def test_one_dual_step_is_the_best_on_a_grid():
    rng = np.random.default_rng(3)
    for squared in (False, True):
        w, x, cost = rng.normal(size=4), rng.normal(size=4), 0.7
        alpha = 0.3

        def dual(a, w=w, x=x, squared=squared, cost=cost):
            v = w + (a - 0.3) * -1.0 * x
            return v @ v / 2 - a + (a * a / (4 * cost) if squared else 0)

        grid = np.linspace(0, 50 if squared else cost, 20_001)
        best = grid[np.argmin([dual(a) for a in grid])]
        assert c.dual_step(alpha, w, x, -1.0, cost, squared) == pytest.approx(best, abs=3e-3)
    assert c.dual_step(0.0, np.zeros(2), np.zeros(2), 1.0, 0.5) == 0.5


def test_calibration_error_by_hand():
    confidence = np.array([0.0, 0.25, 0.3, 0.5, 1.0])
    correct = np.array([False, False, True, False, True])
    expected = (0.25 + abs(1 - 0.8) + 0) / 5  # the first two bins err in opposite directions
    assert c.calibration_error(confidence, correct, bins=4) == pytest.approx(expected)
    rows = reliability(confidence, correct, bins=4)
    assert [row[0] for row in rows] == [2, 2, 1]
    assert rows[0][1:] == pytest.approx((0.125, 0.0))


def test_temperature_and_platt_repair_what_was_bent():
    rng = np.random.default_rng(4)
    scores = rng.normal(0, 2, (4000, 2))
    y = (rng.random(4000) < c.softmax(scores)[:, 1]).astype(int)
    assert c.temperature(scores * 3, y) == pytest.approx(3, rel=0.1)
    assert c.temperature(scores, y) == pytest.approx(1, rel=0.1)
    margin = scores[:, 1] - scores[:, 0]
    slope, shift = platt(margin * 5 + 2, y)
    assert (slope, shift) == pytest.approx((0.2, -0.4), abs=0.04)
    theirs = LogisticRegression(C=1e9, tol=1e-10).fit(margin[:, None], y)
    slope, shift = platt(margin, y)
    assert (slope, shift) == pytest.approx((theirs.coef_[0, 0], theirs.intercept_[0]), abs=0.01)
    assert math.isfinite(platt(np.array([-1.0, 1.0]), np.array([0, 1]))[0])
