"""Tagging: every sum over paths equals the sum over paths; hmmlearn, python-crfsuite, seqeval and torch agree."""

import itertools
import math
import warnings

import numpy as np
import pycrfsuite
import pytest
import torch
from hmmlearn.hmm import CategoricalHMM
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities

from eras import data
from eras.statistical import tagging
from eras.statistical.lattice import Order, posteriors
from eras.statistical.optimise import minimise_by_torch
from eras.statistical.taggers import (
    ALONE,
    HMM,
    Chain,
    Features,
    Tagged,
    as_bio,
    baum_welch,
    bio,
    bmes,
    crf_objective,
    memm_objective,
    train,
    window_features,
)

seeds = st.integers(0, 10_000)


def lattice(seed, T=None, L=None, forbidden=True):
    """A random lattice; some with one pairwise table for all steps, some with forbidden steps."""
    rng = np.random.default_rng(seed)
    T, L = T or int(rng.integers(1, 6)), L or int(rng.integers(1, 4))
    unary = rng.normal(0, 3, (T, L))
    pairwise = rng.normal(0, 3, (L, L) if rng.random() < 0.5 else (T - 1, L, L))
    if forbidden:
        pairwise[rng.random(pairwise.shape) < 0.2] = -math.inf
        pairwise[..., 0] = np.where(np.isinf(pairwise[..., 0]), -1.0, pairwise[..., 0])
    return unary, pairwise


def paths(unary, pairwise):
    """Every path with its score."""
    (T, L), steps = unary.shape, tagging.steps(unary, pairwise)
    for path in itertools.product(range(L), repeat=T):
        moves = sum(steps[t, path[t], path[t + 1]] for t in range(T - 1))
        yield path, sum(unary[t, y] for t, y in enumerate(path)) + moves


def both_ways(unary, pairwise):
    return tagging.forward(unary, pairwise), tagging.backward(unary, pairwise)


# Against all paths, written out


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_the_lattice_knows_every_path(seed):
    unary, pairwise = lattice(seed)
    every = list(paths(unary, pairwise))
    alpha, beta = both_ways(unary, pairwise)
    total = np.logaddexp.reduce([score for _, score in every])
    assert tagging.log_sum_exp(alpha[-1], 0) == pytest.approx(total)
    assert tagging.log_sum_exp(unary[0] + beta[0], 0) == pytest.approx(total)
    nodes, edges = tagging.marginals(unary, pairwise, alpha, beta)
    for t, y in np.ndindex(nodes.shape):
        due = sum(math.exp(score - total) for path, score in every if path[t] == y)
        assert nodes[t, y] == pytest.approx(due, abs=1e-12)
    for t, a, b in np.ndindex(edges.shape):
        due = sum(math.exp(score - total) for path, score in every if path[t : t + 2] == (a, b))
        assert edges[t, a, b] == pytest.approx(due, abs=1e-12)
    path, score = tagging.viterbi(unary, pairwise)
    assert score == pytest.approx(max(s for _, s in every))
    assert dict(every)[tuple(path)] == pytest.approx(score)


def test_ties_go_to_the_smaller_label():
    assert tagging.viterbi(np.zeros((4, 3)), np.zeros((3, 3))) == ([0, 0, 0, 0], 0.0)
    assert tagging.viterbi(np.array([[0.0, 0.0], [0.0, 1.0]]), np.zeros((2, 2)))[0] == [0, 1]


def test_large_scores_do_no_harm():
    unary, pairwise = lattice(4, T=6, L=3, forbidden=False)
    nodes, _ = tagging.marginals(unary, pairwise, *both_ways(unary, pairwise))
    far = unary + 1e4
    moved, _ = tagging.marginals(far, pairwise, *both_ways(far, pairwise))
    assert moved == pytest.approx(nodes)


def test_a_lattice_that_does_not_fit_is_refused():
    for function in (tagging.viterbi, tagging.forward, tagging.backward, tagging.normalise_locally):
        with pytest.raises(ValueError, match="does not fit"):
            function(np.zeros((4, 2)), np.zeros((4, 2, 2)))


@given(st.lists(st.integers(1, 7), min_size=1, max_size=6), seeds)
@settings(max_examples=40, deadline=None)
def test_many_sequences_at_a_time_are_the_same_as_one_by_one(sizes, seed):
    rng = np.random.default_rng(seed)
    parts, pairwise = [rng.normal(0, 3, (T, 3)) for T in sizes], rng.normal(0, 3, (3, 3))
    pairwise[0, 2] = -math.inf
    order = Order.of(sizes)
    total, nodes, edges = posteriors(order, np.concatenate(parts)[order.sources], pairwise)
    single = [(u, pairwise, *both_ways(u, pairwise)) for u in parts]
    each = [tagging.marginals(*one) for one in single]
    assert total == pytest.approx(sum(tagging.log_sum_exp(one[2][-1], 0) for one in single))
    assert order.restore(nodes) == pytest.approx(np.concatenate([n for n, _ in each]))
    assert edges == pytest.approx(sum(e.sum(axis=0) for _, e in each))
    assert sorted(order.sources) == list(range(sum(sizes)))


def test_an_empty_sequence_has_no_place_in_an_order():
    for sizes in ([], [2, 0]):
        with pytest.raises(ValueError, match="at least one"):
            Order.of(sizes)


# Against hmmlearn


def random_hmm(seed, L=3, V=5):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(L)), rng.dirichlet(np.ones(L), L), rng.dirichlet(np.ones(V), L)


def theirs(tables, **how):
    model = CategoricalHMM(n_components=len(tables[0]), n_features=tables[2].shape[1], **how)
    model.startprob_, model.transmat_, model.emissionprob_ = tables
    return model


@pytest.mark.parametrize("seed", range(12))
def test_hmmlearn_has_the_same_probability_path_and_posteriors(seed):
    tables, rng = random_hmm(seed, L=2 + seed % 3), np.random.default_rng(seed)
    seen = rng.integers(5, size=1 + 4 * seed)
    scores = tagging.hmm_lattice(tables, seen)
    alpha, beta = both_ways(*scores)
    value, posterior = theirs(tables).score_samples(seen[:, None])
    assert tagging.log_sum_exp(alpha[-1], 0) == pytest.approx(value)
    assert tagging.marginals(*scores, alpha, beta)[0] == pytest.approx(posterior)
    best, path = theirs(tables).decode(seen[:, None])
    assert tagging.viterbi(*scores) == (path.tolist(), pytest.approx(best))


@pytest.mark.parametrize("rounds", [1, 2, 7])
def test_hmmlearn_learns_the_same_by_baum_welch(rounds):
    tables, rng = random_hmm(3), np.random.default_rng(1)
    sequences = [rng.integers(5, size=n) for n in (1, 9, 20, 4)]
    model = theirs(tables, n_iter=rounds, tol=-math.inf, init_params="", implementation="scaling")
    model.fit(np.concatenate(sequences)[:, None], [len(s) for s in sequences])
    found, values = baum_welch(sequences, tables, rounds)
    for ours, due in zip(found, (model.startprob_, model.transmat_, model.emissionprob_), strict=True):
        assert ours == pytest.approx(due, abs=1e-10)
    assert values[:-1] == pytest.approx(list(model.monitor_.history))
    assert np.diff(values).min() > -1e-9


def test_reestimate_is_one_round_and_fills_what_nothing_is_known_of():
    tables, sequences = random_hmm(5), [[0, 1, 2, 2], [4], [3, 3]]
    scored = [tagging.hmm_lattice(tables, seen) for seen in sequences]
    each = [tagging.marginals(*one, *both_ways(*one)) for one in scored]
    found = tagging.reestimate(sequences, [n for n, _ in each], [e for _, e in each], 5)
    for ours, due in zip(found, baum_welch(sequences, tables, 1)[0], strict=True):
        assert ours == pytest.approx(due)
    sure = np.array([[1.0, 0.0]])
    start, transitions, emissions = tagging.reestimate([[2]], [sure], [np.zeros((0, 2, 2))], 3)
    assert start.tolist() == [1, 0]
    assert (transitions == 0.5).all()
    assert emissions == pytest.approx(np.array([[0, 0, 1], [1 / 3] * 3]))


def test_counts_by_hand():
    start, transitions, emissions = tagging.count_hmm([[0, 1, 1], [1], []], [[0, 1, 1], [1], []], 2, 2, 1.0)
    assert start.tolist() == [0.5, 0.5]
    assert transitions == pytest.approx(np.array([[1 / 3, 2 / 3], [1 / 3, 2 / 3]]))
    assert emissions == pytest.approx(np.array([[2 / 3, 1 / 3], [1 / 5, 4 / 5]]))
    for wrong in ([[0, 1]], [[0]], 2, 2, 1.0), ([[0]], [[0]], 2, 2, 0.0):
        with pytest.raises(ValueError, match=r"labels|above 0"):
            tagging.count_hmm(*wrong)


# Against python-crfsuite, with its weights


@pytest.fixture(scope="module")
def crfsuite(tmp_path_factory):
    """A model that python-crfsuite trained, its text data, and its weights in our arrays."""
    rng = np.random.default_rng(2)
    texts = [["".join(rng.choice(list("abcd"), 2)) for _ in range(n)] for n in (1, 6, 4, 9, 3, 7, 5, 8)]
    rows = [[[f"w={w}", f"first={w[0]}"] for w in text] for text in texts]
    labels = [["x" if "a" in w else "y" if i % 3 else "z" for i, w in enumerate(text)] for text in texts]
    trainer = pycrfsuite.Trainer(verbose=False)
    for row, label in zip(rows, labels, strict=True):
        trainer.append(row, label)
    trainer.set_params({"c2": 0.1, "feature.possible_transitions": True, "feature.possible_states": True})
    path = str(tmp_path_factory.mktemp("crf") / "model")
    trainer.train(path)
    tagger = pycrfsuite.Tagger()
    tagger.open(path)
    names = tagger.labels()
    features = Features(rows, least=1)
    weights, transitions = np.zeros((len(features), len(names))), np.zeros((len(names), len(names)))
    for (feature, label), weight in tagger.info().state_features.items():
        weights[features.number[feature], names.index(label)] = weight
    for (a, b), weight in tagger.info().transitions.items():
        transitions[names.index(a), names.index(b)] = weight
    return tagger, rows, labels, features, weights, transitions, names


def test_crfsuite_has_the_same_path_probability_and_marginals(crfsuite):
    tagger, rows, labels, features, weights, transitions, names = crfsuite
    for row, label in zip(rows, labels, strict=True):
        unary = weights[features(row)].sum(axis=1)
        tagger.set(row)
        path, _ = tagging.viterbi(unary, transitions)
        assert [names[y] for y in path] == tagger.tag()
        alpha, beta = both_ways(unary, transitions)
        loss, _, _ = tagging.crf_loss(unary, transitions, path, alpha, beta)
        assert math.exp(-loss) == pytest.approx(tagger.probability(tagger.tag()), rel=1e-6)
        gold = [names.index(y) for y in label]
        loss, _, _ = tagging.crf_loss(unary, transitions, gold, alpha, beta)
        assert math.exp(-loss) == pytest.approx(tagger.probability(label), rel=1e-6)
        nodes, _ = tagging.marginals(unary, transitions, alpha, beta)
        for (t, y), p in np.ndenumerate(nodes):
            assert p == pytest.approx(tagger.marginal(names[y], t), abs=1e-6)


def test_our_training_ends_where_crfsuites_does(crfsuite):
    """Its c2 · |w|² beside the sum over sequences is our l2 / 2 · |w|² beside the mean over positions."""
    _, rows, labels, features, weights, transitions, names = crfsuite
    gold = [[names.index(y) for y in label] for label in labels]
    tagged = Tagged.of([features(row) for row in rows], gold, len(features), len(names))
    model, found = train(tagged, False, 2 * 0.1 / len(tagged.labels), tolerance=1e-7)
    assert found.converged
    assert model.weights == pytest.approx(weights, abs=5e-3)
    assert model.transitions == pytest.approx(transitions, abs=5e-3)
    theirs, _ = train(tagged, False, 2 * 0.1 / len(tagged.labels), minimise_by_torch, tolerance=1e-7)
    assert theirs.weights == pytest.approx(model.weights, abs=1e-4)


# Against torch


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_autograd_agrees_with_the_gradients(seed):
    unary, pairwise = lattice(seed, forbidden=False)
    T, L = unary.shape
    gold = np.random.default_rng(seed).integers(L, size=T).tolist()
    loss, by_unary, by_pairwise = tagging.crf_loss(unary, pairwise, gold, *both_ways(unary, pairwise))
    u = torch.tensor(unary, requires_grad=True)
    p = torch.tensor(tagging.steps(unary, pairwise).copy(), requires_grad=True)
    alpha = u[0]
    for t in range(1, T):
        alpha = u[t] + torch.logsumexp(alpha[:, None] + p[t - 1], dim=0)
    score = sum(u[t, y] for t, y in enumerate(gold))
    score = score + sum(p[t, gold[t], gold[t + 1]] for t in range(T - 1))
    due = torch.logsumexp(alpha, 0) - score
    due.backward()
    assert loss == pytest.approx(due.item())
    assert by_unary == pytest.approx(u.grad.numpy(), abs=1e-9)
    assert by_pairwise == pytest.approx(np.zeros((0, L, L)) if T == 1 else p.grad.numpy(), abs=1e-9)


@pytest.fixture(scope="module")
def sequences():
    """Features (T, K) and labels (T,) of four sequences; some features are unknown, some stand twice."""
    rng = np.random.default_rng(0)
    features = [rng.integers(0, 9, (T, 2)) for T in (4, 1, 6, 3)]
    return features, [rng.integers(3, size=len(x)) for x in features]


@pytest.fixture(scope="module")
def tagged(sequences):
    return Tagged.of(*sequences, 9, 3)


@pytest.mark.parametrize("objective", [crf_objective, memm_objective])
def test_gradients_of_the_training_objectives_are_differences_of_their_values(tagged, objective):
    rng = np.random.default_rng(1)
    weights, transitions = rng.normal(size=(9, 3)), rng.normal(size=(3, 3))
    _, by_weights, by_transitions = objective(tagged, weights, transitions)
    for array, gradient in ((weights, by_weights), (transitions, by_transitions)):
        for place in np.ndindex(array.shape):
            kept, values = array[place], []
            for change in (1e-5, -1e-5):
                array[place] = kept + change
                values.append(objective(tagged, weights, transitions)[0])
            array[place] = kept
            assert gradient[place] == pytest.approx((values[0] - values[1]) / 2e-5, abs=1e-6)


@pytest.mark.parametrize("local", [True, False])
def test_the_objectives_are_minus_log_probability_of_the_gold_paths(tagged, sequences, local):
    """The training's vectors against the lattice of each sequence alone."""
    rng = np.random.default_rng(3)
    weights, transitions, due = rng.normal(size=(9, 3)), rng.normal(size=(3, 3)), 0.0
    weights[0] = 0
    for features, gold in zip(*sequences, strict=True):
        lattice = Chain(weights, transitions, local).lattice(features)
        due += tagging.crf_loss(*lattice, gold, *both_ways(*lattice))[0]
    objective = memm_objective if local else crf_objective
    assert objective(tagged, weights, transitions)[0] == pytest.approx(due)


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_a_local_lattice_sums_to_one_whatever_the_scores(seed):
    unary, pairwise = tagging.normalise_locally(*lattice(seed, forbidden=False))
    assert tagging.log_sum_exp(tagging.forward(unary, pairwise)[-1], 0) == pytest.approx(0, abs=1e-9)
    assert tagging.backward(unary, pairwise)[0] == pytest.approx(0, abs=1e-9)


def test_label_bias():
    """rib and rob: where a state has one successor, a local model does not look at what it reads there."""
    words = ["rib", "rob", "rob", "rob"] * 5
    labels = {"rib": [0, 1, 2], "rob": [3, 4, 5]}
    features = Features([window_features(w, ALONE, False) for w in words])
    encoded = {w: features(window_features(w, ALONE, False)) for w in labels}
    seen = Tagged.of([encoded[w] for w in words], [labels[w] for w in words], len(features), 6)
    for local in (True, False):
        model, _ = train(seen, local, 1e-4, tolerance=1e-6)
        assert model.tag(encoded["rob"]) == [3, 4, 5]
        assert (model.tag(encoded["rib"]) == [0, 1, 2]) is not local


# Against seqeval


@given(st.lists(st.sampled_from(["O", "B-a", "I-a", "B-b", "I-b"]), max_size=12))
@settings(max_examples=300, deadline=None)
def test_seqeval_finds_the_same_spans(labels):
    due = [(kind, start, end + 1) for kind, start, end in get_entities(labels)]
    assert tagging.spans(labels) == due


@given(st.integers(1, 5), seeds)
@settings(max_examples=60, deadline=None)
def test_seqeval_gives_the_same_scores(n, seed):
    rng = np.random.default_rng(seed)
    names = ["O", "O", "B-a", "I-a", "B-b", "I-b"]
    sizes = rng.integers(1, 9, n)
    gold, predicted = ([[names[i] for i in rng.integers(6, size=s)] for s in sizes] for _ in range(2))
    ours = tagging.span_scores(*([tagging.spans(row) for row in side] for side in (gold, predicted)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        due = [score(gold, predicted) for score in (precision_score, recall_score, f1_score)]
    assert ours == pytest.approx(due)


def test_spans_and_labels_are_each_other():
    terms = ((1, 2), (2, 5), (7, 8))
    assert bio(9, terms) == ["O", "B-TERM", "B-TERM", "I-TERM", "I-TERM", "O", "O", "B-TERM", "O"]
    assert [(a, b) for _, a, b in tagging.spans(bio(9, terms))] == list(terms)
    assert "".join(bmes(9, terms)) == "OSBMEOOSO"
    assert as_bio(bmes(9, terms)) == bio(9, terms)


# The rest


def test_sampled_paths_come_as_often_as_they_should():
    unary, pairwise = lattice(8, T=3, L=2, forbidden=False)
    total = tagging.log_sum_exp(tagging.forward(unary, pairwise)[-1], 0)
    points, counts = np.random.default_rng(0).random((4000, 3)), {}
    for row in points:
        path = tuple(tagging.sample_path(unary, pairwise, row))
        counts[path] = counts.get(path, 0) + 1
    for path, score in paths(unary, pairwise):
        assert counts.get(path, 0) / 4000 == pytest.approx(math.exp(score - total), abs=0.03)


def test_features_are_windows_and_unknown_ones_are_zero():
    rows = window_features("ab", ((-1, 0),), kinds=True)
    assert rows == [["(-1, 0)□a", "kinds||a|a|"], ["(-1, 0)ab", "kinds|a|a||"]]
    number = Features([rows, rows[:1]], least=2)
    assert number(rows).tolist() == [[1, 2], [0, 0]]
    with pytest.raises(ValueError, match="no feature"):
        Features([rows], least=2)


def test_an_hmm_tags_what_it_counted():
    model = HMM(tagging.count_hmm([[0, 1, 0]], [[0, 1, 0]], 2, 2, 0.01))
    assert model.tag([0, 1, 0, 1]) == [0, 1, 0, 1]


def test_the_marked_paragraphs_are_split_by_page_and_keep_their_terms():
    parts = {split: data.load_terms(split) for split in data.SPLITS}
    pages = [{row.page for row in rows} for rows in parts.values()]
    assert not (pages[0] & pages[1] | pages[0] & pages[2] | pages[1] & pages[2])
    assert not {r.text for r in parts["train"]} & {r.text for r in parts["test"]}
    for row in itertools.chain.from_iterable(parts.values()):
        assert not set("「」") & set(row.text)
        ends = [0, *itertools.chain.from_iterable(row.terms), len(row.text)]
        assert ends == sorted(ends)
        assert all(row.text[a:b].strip() == row.text[a:b] != "" for a, b in row.terms)
    with pytest.raises(ValueError, match="split"):
        data.load_terms("dev")
