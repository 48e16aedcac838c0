"""Three taggers: a hidden Markov model, a maximum entropy Markov model, a conditional random field.

The last two have the same features, the same weights and the same optimiser. The one divides at every step, the
other once for the whole sequence: that is all the difference there is.

Letters: T positions of a sequence, P of all, K features at each, F features in all, L labels, V symbols.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from eras.statistical.classify import two_loop
from eras.statistical.lattice import Order, posteriors
from eras.statistical.optimise import Minimum, minimise
from eras.statistical.tagging import (
    Tables,
    hmm_lattice,
    log,
    normalise_locally,
    reestimate,
    viterbi,
)

NOTHING = ""  # what stands before the first character and behind the last
WINDOW = ((-2,), (-1,), (0,), (1,), (2,), (-2, -1), (-1, 0), (0, 1), (1, 2), (-1, 1))
ALONE = ((0,),)
L_BFGS = partial(minimise, direction=two_loop)


def bio(length: int, terms: Iterable[tuple[int, int]], kind: str = "TERM") -> list[str]:
    """BIO labels of a text of this length with these (start, end)."""
    labels = ["O"] * length
    for start, end in terms:
        labels[start:end] = [f"B-{kind}"] + [f"I-{kind}"] * (end - start - 1)
    return labels


def bmes(length: int, terms: Iterable[tuple[int, int]]) -> list[str]:
    """Each character's place in its term: B at the beginning, M inside, E at the end, S alone; O outside."""
    labels = ["O"] * length
    for start, end in terms:
        inside = ["M"] * (end - start - 2)
        labels[start:end] = ["B", *inside, "E"] if end - start > 1 else ["S"]
    return labels


def as_bio(places: Iterable[str], kind: str = "TERM") -> list[str]:
    """BMES labels as BIO labels, which also say where an impossible row of them has its terms."""
    names = {"O": "O", "B": f"B-{kind}", "S": f"B-{kind}", "M": f"I-{kind}", "E": f"I-{kind}"}
    return [names[place] for place in places]


def character_kind(character: str) -> str:
    """H for Chinese characters, a for other letters, 0 for digits, else the character itself."""
    if "一" <= character <= "鿿":
        return "H"
    return "a" if character.isalpha() else "0" if character.isdigit() else character[:1]


def window_features(
    text: str, templates: Sequence[tuple[int, ...]] = WINDOW, kinds: bool = True
) -> list[list[str]]:
    """For each character its features (T, K): the characters at each template's offsets, as one string each.

    With `kinds` also what kinds of characters the five around it are.
    """
    around = [text[i] if 0 <= i < len(text) else NOTHING for i in range(-2, len(text) + 2)]
    classes = [character_kind(c) for c in around]
    rows = []
    for t in range(2, len(text) + 2):
        row = [f"{offsets}{''.join(around[t + o] or '□' for o in offsets)}" for offsets in templates]
        rows.append([*row, "kinds" + "|".join(classes[t - 2 : t + 3])] if kinds else row)
    return rows


class Features:
    """A number for every feature that occurs `least` times or more in training; 0 for all others.

    Raises ValueError if none is left.
    """

    def __init__(self, sequences: Iterable[Sequence[Sequence[str]]], least: int = 2):
        seen = Counter(name for rows in sequences for row in rows for name in row)
        names = sorted(name for name, count in seen.items() if count >= least)
        if not names:
            raise ValueError(f"no feature occurs {least} times or more")
        self.number = {name: i for i, name in enumerate(names, 1)}

    def __len__(self) -> int:
        return len(self.number) + 1

    def __call__(self, rows: Sequence[Sequence[str]]) -> np.ndarray:
        """Feature names (T, K) as numbers (T, K)."""
        return np.array([[self.number.get(name, 0) for name in row] for row in rows], int)


@dataclass(frozen=True)
class HMM:
    """A hidden Markov model: start (L,), transitions (L, L), emissions (L, V)."""

    tables: Tables

    def lattice(self, observations: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        return hmm_lattice(self.tables, observations)

    def tag(self, observations: Sequence[int]) -> list[int]:
        return viterbi(*self.lattice(observations))[0]


@dataclass(frozen=True)
class Chain:
    """A MaxEnt Markov model (`local`) or a conditional random field: weights (F, L), transitions (L, L).

    Feature 0, the unknown one, has the weight 0.
    """

    weights: np.ndarray
    transitions: np.ndarray
    local: bool

    def lattice(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The lattice of a sequence's features (T, K)."""
        unary = self.weights[features].sum(axis=1)
        return normalise_locally(unary, self.transitions) if self.local else (unary, self.transitions)

    def tag(self, features: np.ndarray) -> list[int]:
        return viterbi(*self.lattice(features))[0]


@dataclass(frozen=True)
class Tagged:
    """Tagged sequences laid out for training: a sparse matrix of features (P, F) and its transposed one, labels.

    Labels (P,) and positions lie as `order` says. Feature 0, the unknown one, is left out.
    """

    matrix: torch.Tensor
    transposed: torch.Tensor
    labels: np.ndarray
    order: Order
    L: int

    @staticmethod
    def of(features: Sequence[np.ndarray], labels: Sequence[Sequence[int]], F: int, L: int) -> "Tagged":
        """From features (T, K) and labels (T,) of each sequence; raises ValueError where lengths differ."""
        if any(len(x) != len(y) for x, y in zip(features, labels, strict=True)):
            raise ValueError("a sequence has not as many labels as positions")
        order = Order.of([len(y) for y in labels])
        table = np.concatenate(features)[order.sources]
        rows, places = np.nonzero(table)
        columns = table[rows, places]
        by_feature = columns.argsort(kind="stable")
        joined = np.concatenate([np.asarray(y, int) for y in labels])
        return Tagged(
            _sparse(rows, columns, (len(table), F)),
            _sparse(columns[by_feature], rows[by_feature], (F, len(table))),
            joined[order.sources],
            order,
            L,
        )

    def scores(self, weights: np.ndarray) -> np.ndarray:
        """Weights (F, L) -> unary scores (P, L)."""
        return (self.matrix @ torch.from_numpy(weights)).numpy()

    def gathered(self, by_unary: np.ndarray) -> np.ndarray:
        """Gradients for unary scores (P, L) -> gradients for the weights (F, L)."""
        return (self.transposed @ torch.from_numpy(by_unary)).numpy()


def _sparse(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> torch.Tensor:
    """A sparse matrix of ones at these places; the rows are in order."""
    cuts = np.searchsorted(rows, np.arange(shape[0] + 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls its sparse rows a beta
        ones = torch.ones(len(rows), dtype=torch.float64)
        return torch.sparse_csr_tensor(torch.from_numpy(cuts), torch.from_numpy(columns), ones, size=shape)


def crf_objective(data: Tagged, weights: np.ndarray, transitions: np.ndarray):
    """Mean surprisal of a sequence's labels, and the gradients (F, L) and (L, L): expected minus seen."""
    unary, places = data.scores(weights), (np.arange(len(data.labels)), data.labels)
    total, nodes, edges = posteriors(data.order, unary, transitions)
    moves = seen_moves(data)
    loss = total - unary[places].sum() - (transitions * moves).sum()
    nodes[places] -= 1
    return loss, data.gathered(nodes), edges - moves


def memm_objective(data: Tagged, weights: np.ndarray, transitions: np.ndarray):
    """The same for the MaxEnt Markov model: at every position a softmax, given the gold label before."""
    before = data.order.before
    previous = np.where(before >= 0, data.labels[before], data.L)
    scores = data.scores(weights) + np.vstack([transitions, np.zeros(data.L)])[previous]
    scores -= scores.max(axis=1, keepdims=True)
    places, wrong = (np.arange(len(data.labels)), data.labels), np.exp(scores)
    whole = wrong.sum(axis=1)
    loss = (np.log(whole) - scores[places]).sum()
    wrong /= whole[:, None]
    wrong[places] -= 1
    moves = np.stack([np.bincount(previous, g, data.L + 1)[: data.L] for g in wrong.T], axis=1)
    return loss, data.gathered(wrong), moves


def seen_moves(data: Tagged) -> np.ndarray:
    """How often each label follows each in the gold labels, (L, L)."""
    later = data.order.before >= 0
    moves = data.labels[data.order.before[later]] * data.L + data.labels[later]
    return np.bincount(moves, minlength=data.L**2).reshape(data.L, data.L).astype(float)


def train(
    data: Tagged, local: bool, l2: float, by: Callable[..., Minimum] = L_BFGS, **how
) -> tuple[Chain, Minimum]:
    """The weights of the least loss, by L-BFGS from 0, and how they were found.

    The loss is a mean over positions, plus l2 / 2 times the squared weights. `by` minimises it; `how`: memory,
    tolerance, most, as in `minimise`. Raises ValueError for l2 < 0.
    """
    if not l2 >= 0:
        raise ValueError(f"l2 must be at least 0, not {l2}")
    (P, F), L = data.matrix.shape, data.L
    objective = memm_objective if local else crf_objective

    def at(point):
        weights, transitions = point[: F * L].reshape(F, L), point[F * L :].reshape(L, L)
        loss, by_weights, by_moves = objective(data, weights, transitions)
        gradient = np.concatenate([by_weights.ravel(), by_moves.ravel()]) / P + l2 * point
        return float(loss) / P + l2 / 2 * float(point @ point), gradient

    found = by(at, np.zeros(F * L + L * L), **how)
    return Chain(found.point[: F * L].reshape(F, L), found.point[F * L :].reshape(L, L), local), found


def baum_welch(
    observations: Sequence[Sequence[int]], tables: Tables, rounds: int
) -> tuple[Tables, list[float]]:
    """The tables after this many rounds of Baum-Welch; the log probability before each round and at the end."""
    order = Order.of([len(seen) for seen in observations])
    V = tables[2].shape[1]
    joined = np.concatenate([np.asarray(seen, int) for seen in observations])[order.sources]
    values = []
    for _ in range(rounds + 1):
        unary, pairwise = hmm_lattice((np.ones(len(tables[0])), *tables[1:]), joined)
        unary[: order.cuts[1]] += log(tables[0])
        value, nodes, edges = posteriors(order, unary, pairwise)
        values.append(value)
        if len(values) <= rounds:
            start = nodes[: order.cuts[1]]
            rest = reestimate([joined], [nodes], [edges[None]], V)
            tables = (start.sum(axis=0) / len(start), *rest[1:])
    return tables, values
