"""Our tensor against torch on random programs; the pieces against finite differences and their definitions."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from eras.deep_learning import autograd as a
from eras.deep_learning.graph import trace
from eras.deep_learning.mlp import MLP, SGD, Settings, dropped, sparse_matmul, train_classifier
from eras.deep_learning.tensor import Tensor
from eras.statistical.bags import Bags

SHAPES = [(), (1,), (3,), (2, 3), (2, 1), (1, 3), (4, 1, 3), (4, 2, 1), (1, 1, 1)]
exact = {"rtol": 1e-9, "atol": 1e-9}


def both(array):
    """The same leaf, ours and torch's."""
    return Tensor(array.copy(), requires_grad=True), torch.tensor(array, requires_grad=True)


def same(ours, theirs):
    np.testing.assert_allclose(np.asarray(ours), theirs.detach().numpy(), **exact)
    assert np.asarray(ours).shape == tuple(theirs.shape)


# Steps of random programs: each takes the tensors made so far and a source of choices. The two lines of a
# pair do the same, ours first.


def binary(x, y, which):
    return [x + y, x * y, x - y, x / (y * y + 1.5)][which]


def unary(x, which, torchs):
    relu = torch.relu if torchs else Tensor.relu
    return [
        lambda: x.tanh(),
        lambda: relu(x),
        lambda: (x * 0.3).exp(),
        lambda: (x * x + 0.7).log(),
        lambda: (x * x + 1) ** -1.5,
        lambda: 1 - x,
        lambda: 2 / (x * x + 1),
        lambda: -x,
    ][which]()


def reduced(x, axis, keepdims, mean, torchs):
    names = {"dim": axis, "keepdim": keepdims} if torchs else {"axis": axis, "keepdims": keepdims}
    return x.mean(**names) if mean else x.sum(**names)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_random_programs_are_torchs(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    shapes = data.draw(st.lists(st.sampled_from(SHAPES), min_size=2, max_size=3))
    leaves = [both(rng.normal(size=shape)) for shape in shapes]
    pool = list(leaves)
    for _ in range(data.draw(st.integers(1, 8))):
        (x, u), (y, v) = (pool[data.draw(st.integers(0, len(pool) - 1))] for _ in range(2))
        kind = data.draw(st.sampled_from(["binary", "unary", "reduce", "transpose", "index", "softmax"]))
        if kind == "binary":
            which = data.draw(st.integers(0, 3))
            try:
                np.broadcast_shapes(x.shape, y.shape)
            except ValueError:
                continue
            pool.append((binary(x, y, which), binary(u, v, which)))
        elif kind == "unary":
            which = data.draw(st.integers(0, 7))
            pool.append((unary(x, which, False), unary(u, which, True)))
        elif x.data.ndim == 0:
            continue
        elif kind == "reduce":
            axis = data.draw(st.integers(-x.data.ndim, x.data.ndim - 1))
            keep, mean = data.draw(st.booleans()), data.draw(st.booleans())
            pool.append((reduced(x, axis, keep, mean, False), reduced(u, axis, keep, mean, True)))
        elif kind == "transpose":
            order = data.draw(st.permutations(range(x.data.ndim)))
            pool.append((x.transpose(*order), u.permute(*order)))
        elif kind == "index":
            chosen = rng.integers(len(x), size=3)
            pool.append((x[chosen], u[chosen.tolist()]))
        else:
            pool.append((x.log_softmax(axis=0), F.log_softmax(u, dim=0)))
    for ours, theirs in pool:
        same(ours.data, theirs)
    ours, theirs = sum((x.sum() for x, _ in pool[1:]), pool[0][0].sum()), sum(u.sum() for _, u in pool)
    ours.backward()
    theirs.backward()
    for x, u in leaves:
        same(x.grad, u.grad)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((2, 3), (3, 4)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((4, 1, 2, 3), (5, 3, 1)),
        ((1, 2, 3), (6, 3, 2)),
        ((1, 1), (1, 1)),
        ((0, 3), (3, 2)),
    ],
)
def test_products_of_batches_are_torchs(left, right):
    rng = np.random.default_rng(1)
    (x, u), (y, v) = both(rng.normal(size=left)), both(rng.normal(size=right))
    ours, theirs = (x @ y).tanh(), (u @ v).tanh()
    weight = rng.normal(size=ours.shape)
    ours.backward(weight)
    theirs.backward(torch.tensor(weight))
    same(ours.data, theirs)
    same(x.grad, u.grad)
    same(y.grad, v.grad)


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (-1, 0), (0, 1, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_sums_and_means_over_axes(axis, keepdims):
    (x, u), dims = both(np.random.default_rng(2).normal(size=(2, 3, 4))), (0, 1, 2) if axis is None else axis
    for name in ("sum", "mean"):
        ours = getattr(x * x, name)(axis=axis, keepdims=keepdims)
        theirs = getattr(u * u, name)(dim=dims, keepdim=keepdims)
        same(ours.data, theirs)
        x.grad = u.grad = None
        (ours**2.0).sum().backward()
        (theirs**2).sum().backward()
        same(x.grad, u.grad)


@pytest.mark.parametrize("index", [1, (0, 2), slice(1, None), ([0, 0, 1], [2, 2, 0]), (slice(None), [1, 1])])
def test_what_is_taken_twice_gets_both_gradients(index):
    x, u = both(np.random.default_rng(3).normal(size=(2, 3)))
    (x[index] * x[index]).sum().backward()
    (u[index] * u[index]).sum().backward()
    same(x.grad, u.grad)
    y, v = both(np.arange(6.0))
    (y.reshape(2, 3).T.reshape(6)[[4, 4, 0]] * 2).sum().backward()
    (v.reshape(2, 3).T.reshape(6)[[4, 4, 0]] * 2).sum().backward()
    same(y.grad, v.grad)


@pytest.mark.parametrize("shape", [(5, 3), (2, 4, 3), (1, 1), (3,)])
def test_cross_entropy_is_torchs_and_survives_large_scores(shape):
    rng = np.random.default_rng(4)
    for scale in (1, 1e4):
        x, u = both(rng.normal(size=shape) * scale)
        y = rng.integers(shape[-1], size=shape[:-1])
        ours = x.cross_entropy(y)
        theirs = F.cross_entropy(u.reshape(-1, shape[-1]), torch.tensor(y).reshape(-1))
        by_hand = -x.log_softmax().reshape(-1, shape[-1])[np.arange(y.size), y.reshape(-1)].mean()
        assert ours.data == pytest.approx(theirs.item())
        assert by_hand.data == pytest.approx(theirs.item())
        ours.backward()
        theirs.backward()
        same(x.grad, u.grad)


def test_gradients_add_up_in_leaves_and_not_inside():
    x, u = both(np.array([1.0, -2.0]))
    y, v = x * x, u * u
    for _ in range(2):
        y.sum().backward()
        v.sum().backward(retain_graph=True)
        np.testing.assert_array_equal(y.grad, 1.0)
    same(x.grad, u.grad)
    z = y.sum()
    z.backward()
    z.backward()  # the same pass twice: no gradient inside counts twice
    np.testing.assert_array_equal(x.grad, 4 * 2 * x.data)


def test_a_chain_deeper_than_pythons_stack():
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(10_000):
        y = y + x
    y.backward()
    assert x.grad == 10_001


def test_a_graph_with_very_many_paths_is_walked_once():
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(60):
        y = y + y
    y.backward()
    assert x.grad == 2.0**60


def test_constants_remember_nothing():
    x, c = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0])
    assert (c * c + 1).parents == ()
    y = x.detach() * c
    assert not y.requires_grad
    with pytest.raises(ValueError, match="constants"):
        y.backward()
    (np.array([5.0, 6.0]) * x - c).sum().backward()
    np.testing.assert_array_equal(x.grad, [5.0, 6.0])
    assert c.grad is None


def test_bad_calls_are_refused():
    x = Tensor([1.0, 2.0], requires_grad=True)
    for match, call in [
        ("one number", lambda: x.backward()),
        ("shape", lambda: x.backward(np.ones(3))),
        ("two dimensions", lambda: x @ x),
        ("two sizes", lambda: MLP([3], np.random.default_rng(0))),
        ("scheme", lambda: a.initial_deviation("zero", 1, 1)),
    ]:
        with pytest.raises(ValueError, match=match):
            call()
    with pytest.raises(TypeError, match="number"):
        x**x


def test_single_precision_stays_single():
    x = Tensor(np.ones((2, 2), np.float32), requires_grad=True)
    loss = ((x @ x) * 0.5 + 1).mean() / 3 - x.cross_entropy(np.array([0, 1]))
    loss.backward()
    assert loss.data.dtype == x.grad.dtype == np.float32


def network(seed=0, bend=Tensor.tanh, sizes=(4, 5, 6, 3)):
    return MLP(sizes, np.random.default_rng(seed), bend)


@pytest.mark.parametrize("bend", ["tanh", "relu"])
def test_a_network_is_torchs(bend):
    rng = np.random.default_rng(5)
    ours = network(bend=getattr(Tensor, bend))
    x, y = rng.normal(size=(7, 4)), rng.integers(3, size=7)
    W, b = ([torch.tensor(p.data, requires_grad=True) for p in each] for each in (ours.weights, ours.biases))
    h = torch.tensor(x)
    for n in range(3):
        h = h @ W[n] + b[n]
        h = getattr(torch, bend)(h) if n < 2 else h
    ours(x).cross_entropy(y).backward()
    F.cross_entropy(h, torch.tensor(y)).backward()
    for p, q in zip(ours.parameters, W + b, strict=True):
        same(p.grad, q.grad)


def test_backpropagation_by_hand_is_the_automatic_one():
    rng = np.random.default_rng(6)
    ours = network(bend=Tensor.relu)
    x, y = rng.normal(size=(7, 4)), rng.integers(3, size=7)
    layers = ours.layers(x)
    layers[-1].cross_entropy(y).backward()
    inputs = [x, *(h.data for h in layers[:-1])]
    by_weights, by_biases = a.mlp_backward(layers[-1].grad, inputs, [w.data for w in ours.weights])
    for found, p in zip(by_weights + by_biases, ours.parameters, strict=True):
        np.testing.assert_allclose(found, p.grad, **exact)


def test_gradients_are_the_differences():
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(7, 4)), rng.integers(3, size=7)
    ours = network()
    ours(x).cross_entropy(y).backward()
    for p in ours.parameters:

        def loss(value, p=p):
            kept, p.data = p.data, value
            found = float(ours(x).cross_entropy(y).data)
            p.data = kept
            return found

        np.testing.assert_allclose(a.numerical_gradient(loss, p.data), p.grad, atol=1e-8)


def test_central_differences_are_exact_for_parabolas_and_leave_the_point_alone():
    x = np.random.default_rng(8).normal(size=(2, 3))
    before = x.copy()
    np.testing.assert_allclose(a.numerical_gradient(lambda z: (z**2).sum(), x, 0.5), 2 * x)
    np.testing.assert_array_equal(x, before)
    assert a.numerical_gradient(lambda z: float(z) ** 2, np.array(3.0)) == pytest.approx(6)


@pytest.mark.parametrize(("momentum", "decay"), [(0.0, 0.0), (0.9, 0.0), (0.5, 0.1)])
def test_descent_is_torchs(momentum, decay):
    start = np.random.default_rng(9).normal(size=(3, 2))
    x, u = both(start)
    ours = SGD([x], 0.1, momentum, decay)
    theirs = torch.optim.SGD([u], 0.1, momentum=momentum, weight_decay=decay)
    for _ in range(5):
        (x**4.0).sum().backward()
        ours.step()
        theirs.zero_grad()
        (u**4).sum().backward()
        theirs.step()
    same(x.data, u)


def test_an_order_has_parents_first_and_everyone_once():
    graph = {"e": "dac", "d": "bc", "c": "ab", "b": "a", "a": ""}
    order = a.topological_order("e", graph.get)
    assert sorted(order) == sorted(graph)
    assert order[-1] == "e"
    assert all(order.index(parent) < order.index(node) for node in graph for parent in graph[node])


def test_each_node_is_pulled_once_when_everything_has_arrived():
    graph, pulled = {"e": "dc", "d": "cc", "c": "a", "a": ""}, []

    def pull(node, gradient):
        pulled.append((node, float(gradient)))
        return [2 * gradient] * len(graph[node])

    found = a.backpropagate(list("acde"), np.array(1.0), graph.get, pull)
    assert found == {"e": 1, "d": 2, "c": 2 + 4 + 4, "a": 20}
    assert pulled == [("e", 1), ("d", 2), ("c", 10)]


def test_initial_weights_keep_the_size_of_signals():
    rng = np.random.default_rng(10)
    for bend, scheme in [(Tensor.relu, "he"), (Tensor.tanh, "xavier")]:
        model = MLP([256] * 11, rng, bend, lambda m, n, s=scheme: a.initial_deviation(s, m, n))
        spread = [float((h.data**2).mean()) for h in model.layers(rng.normal(size=(50, 256)))]
        assert 0.02 < spread[-1] < 4


def bags(dense):
    rows, columns = np.nonzero(dense)
    return Bags(rows, columns, dense[rows, columns], dense.shape)


def test_sparse_products_are_the_dense_ones():
    rng = np.random.default_rng(11)
    dense = rng.poisson(0.3, (6, 8)).astype(float)
    (x, _), (y, _) = both(rng.normal(size=(8, 3))), both(np.zeros(1))
    y.data, y.grad = x.data, None
    sparse_matmul(bags(dense), x).tanh().sum().backward()
    y = Tensor(x.data, requires_grad=True)
    (dense @ y).tanh().sum().backward()
    np.testing.assert_allclose(x.grad, y.grad, **exact)


def test_dropping_keeps_the_mean():
    rows = [(np.arange(4000), np.ones(4000))]
    (columns, values), *_ = dropped(rows, 0.25, np.random.default_rng(12))
    assert set(values) == {1 / 0.75}
    assert values.sum() == pytest.approx(4000, rel=0.05)
    assert len(columns) == len(values)


def test_a_classifier_learns_what_no_line_separates_and_a_seed_repeats_it():
    rng = np.random.default_rng(13)
    dense = rng.integers(2, size=(400, 2)).astype(float)
    X, y = bags(np.hstack([dense, np.ones((400, 1))])), (dense[:, 0] != dense[:, 1]).astype(int)
    how = Settings(hidden=8, epochs=25, batch=20, rate=0.2, momentum=0.9, decay=0.0, dropout=0.0)
    seen = []
    model = train_classifier(X, y, 2, 0, how, lambda model, epoch, loss: seen.append((epoch, loss)))
    assert (model(X).data.argmax(axis=1) == y).all()
    assert [epoch for epoch, _ in seen] == list(range(1, 26))
    assert seen[-1][1] < 0.1
    again = train_classifier(X, y, 2, 0, how)
    np.testing.assert_array_equal(again.weights[0].data, model.weights[0].data)


def test_a_trace_tells_the_whole_story():
    x, y = Tensor(2.0, requires_grad=True), Tensor(-3.0, requires_grad=True)
    end = x * y + x * x
    before = copy.copy((x.grad, y.grad))
    nodes = trace(end, {"x": x, "y": y})
    assert (x.grad, y.grad) == before
    by_name = {node["name"]: node for node in nodes}
    assert by_name["x"]["gradient"] == -3 + 2 * 2
    assert by_name["y"]["gradient"] == 2
    assert [node["operation"] for node in nodes].count("×") == 2
    assert nodes[-1]["value"] == -2
    for node in nodes:
        sent = [zip(other["parents"], other["shares"], strict=True) for other in nodes]
        if node is not nodes[-1]:
            assert sum(s for pairs in sent for p, s in pairs if nodes[p] is node) == node["gradient"]
