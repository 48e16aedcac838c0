"""Telling texts apart by weighted features: naive Bayes, maximum entropy, and the linear support-vector machine.

All three give a class the score `features @ weights + bias` and differ in how they come by the weights. They take
any matrix that knows `X @ dense` and `X.T @ dense`: NumPy's arrays, and the sparse `Bags`.

Letters: N texts, V features, C classes, D numbers that an optimiser works on.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import regex

from eras.statistical.bags import Bags
from eras.statistical.optimise import Direction, Minimum, minimise

# Smileys and hearts, words with their apostrophes, and the marks that end a clause or raise the voice.
TOKEN = regex.compile(r"<3|[:;=8x][-']?[()dp/\\|*]+(?!\w)|\p{L}+(?:['’]\p{L}+)*|[.,:;!?]")
NEGATIONS = frozenset(
    ["no", "not", "never", "nothing", "nobody", "none", "neither", "nor", "nowhere", "cannot"]
)
NEGATIONS |= {"without", "hardly", "barely", "dont", "cant", "wont"}  # codespell:ignore cant,wont
CLAUSE_ENDS = frozenset(".,:;!?")
MARK = "not_"


# From a text to features.


def tokens(text: str) -> list[str]:
    """Lower-case words, smileys and marks: "Don't stop :)" -> ["don't", "stop", ":)"]."""
    return TOKEN.findall(text.lower())


def mark_negation(tokens: Sequence[str]) -> list[str]:
    """Put MARK before every token between a negation and the next token of CLAUSE_ENDS, or the end.

    A negation is one of NEGATIONS, or ends in n't or n’t. It is not marked itself, and neither is a negation
    that stands behind another one; the clause's end is not marked and ends the marking.
    Source: Pang, Lee and Vaithyanathan 2002, section 6.1, after Das and Chen 2001.
    """
    ### BEGIN SOLUTION
    marked, negated = [], False
    for token in tokens:
        if token in NEGATIONS or token.endswith(("n't", "n’t")):
            negated = True
        elif token in CLAUSE_ENDS:
            negated = False
        elif negated:
            token = MARK + token
        marked.append(token)
    return marked
    ### END SOLUTION


def ngrams(tokens: Sequence[str], n: int) -> Counter:
    """How often each run of 1, 2, … n tokens occurs, joined by spaces. Raises ValueError for n < 1."""
    ### BEGIN SOLUTION
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}")
    runs = (tokens[i : i + size] for size in range(1, n + 1) for i in range(len(tokens) - size + 1))
    return Counter(" ".join(run) for run in runs)
    ### END SOLUTION


def features(text: str, n: int = 1, negation: bool = False) -> Counter:
    """The bag of n-grams of a text, with negations marked or not."""
    found = tokens(text)
    return ngrams(mark_negation(found) if negation else found, n)


# What all classifiers here are once they have learned.


@dataclass(frozen=True)
class Linear:
    """A linear classifier: weights (V, C) and bias (C,)."""

    weights: np.ndarray
    bias: np.ndarray

    @property
    def size(self) -> int:
        """How many numbers it stores."""
        return self.weights.size + self.bias.size

    def scores(self, X) -> np.ndarray:
        """(N, V) -> (N, C)"""
        return X @ self.weights + self.bias

    def probabilities(self, X) -> np.ndarray:
        """The softmax of the scores, (N, V) -> (N, C)."""
        return softmax(self.scores(X))

    def predict(self, X) -> np.ndarray:
        """The class with the highest score, (N, V) -> (N,)."""
        return self.scores(X).argmax(axis=1)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities of scores (N, C), row by row; large scores do no harm."""
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def one_hot(y: np.ndarray, classes: int) -> np.ndarray:
    """(N,) -> (N, C) with a 1 in the column of each label; raises ValueError for a label outside 0 … C - 1."""
    if len(y) and not 0 <= y.min() <= y.max() < classes:
        raise ValueError(f"labels run from 0 to {classes - 1}; there is {y.min()} or {y.max()}")
    return np.eye(classes)[y]


# Naive Bayes: count.


def multinomial_naive_bayes(X, y: np.ndarray, alpha: float, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Log probabilities of the features in each class, and of the classes: weights (V, C), bias (C,).

    X (N, V) holds counts, y (N,) classes; `alpha` is added to every count. Raises ValueError for alpha <= 0
    and for a class without examples. Source: McCallum and Nigam 1998, section 2.2; the idea: Maron 1961.
    """
    ### BEGIN SOLUTION
    if not alpha > 0:
        raise ValueError(f"alpha must be above 0, not {alpha}: a feature never seen would forbid its class")
    size = np.bincount(y, minlength=classes)
    if (size == 0).any():
        raise ValueError(f"class {int(size.argmin())} has no examples")
    counts = X.T @ one_hot(y, classes) + alpha
    return np.log(counts / counts.sum(axis=0)), np.log(size / len(y))
    ### END SOLUTION


def bernoulli_naive_bayes(X, y: np.ndarray, alpha: float, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """The same for presence: each feature of the vocabulary is a coin, and absence is evidence, too.

    X (N, V) holds 0 and 1, y (N,) classes; `alpha` is added to both sides of every coin. Weights (V, C) and bias
    (C,) such that X @ weights + bias is the log probability of class and text. Raises ValueError for alpha
    <= 0 and for a class without examples. Source: McCallum and Nigam 1998, section 2.1.
    """
    ### BEGIN SOLUTION
    if not alpha > 0:
        raise ValueError(f"alpha must be above 0, not {alpha}: a feature never seen would forbid its class")
    size = np.bincount(y, minlength=classes)
    if (size == 0).any():
        raise ValueError(f"class {int(size.argmin())} has no examples")
    present = (X.T @ one_hot(y, classes) + alpha) / (size + 2 * alpha)
    bias = np.log(size / len(y)) + np.log(1 - present).sum(axis=0)
    return np.log(present) - np.log(1 - present), bias
    ### END SOLUTION


# Maximum entropy: climb.


def softmax_loss(
    weights: np.ndarray, bias: np.ndarray, X, y: np.ndarray, l2: float
) -> tuple[float, np.ndarray, np.ndarray]:
    """Mean surprisal (in nats) of the labels plus l2 / 2 times the squared weights; its two gradients.

    weights (V, C), bias (C,), X (N, V), y (N,) -> loss, (V, C), (C,). The bias is not held small. Scores may
    be large. Source: Berger, Della Pietra and Della Pietra 1996, whose dual this is.
    """
    ### BEGIN SOLUTION
    scores = X @ weights + bias
    scores = scores - scores.max(axis=1, keepdims=True)
    log_probabilities = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    surprisal = -log_probabilities[np.arange(len(y)), y].mean()
    wrong = (np.exp(log_probabilities) - one_hot(y, len(bias))) / len(y)
    loss = surprisal + l2 / 2 * (weights**2).sum()
    return float(loss), X.T @ wrong + l2 * weights, wrong.sum(axis=0)
    ### END SOLUTION


def two_loop(gradient: np.ndarray, steps: Sequence[np.ndarray], changes: Sequence[np.ndarray]) -> np.ndarray:
    """L-BFGS's direction: minus the gradient times an inverse Hessian that the last steps suggest.  (D,) -> (D,)

    `steps` and, for each, the change of the gradient along it; the oldest first. Without any: minus the
    gradient. The starting guess of the inverse Hessian is step·change / change·change of the newest pair.
    Source: Liu and Nocedal 1989, section 2; the recursion: Nocedal 1980.
    """
    ### BEGIN SOLUTION
    direction, pairs, shares = -gradient, list(zip(steps, changes, strict=True)), []
    for step, change in reversed(pairs):
        shares.append(step @ direction / (step @ change))
        direction = direction - shares[-1] * change
    if pairs:
        step, change = pairs[-1]
        direction = direction * (step @ change / (change @ change))
    for (step, change), share in zip(pairs, reversed(shares), strict=True):
        direction = direction + (share - change @ direction / (step @ change)) * step
    return direction
    ### END SOLUTION


def train_maxent(
    X,
    y: np.ndarray,
    l2: float,
    classes: int = 2,
    direction: Direction = two_loop,
    start: Linear | None = None,
    **how,
) -> tuple[Linear, Minimum]:
    """The weights of the least `softmax_loss`, from zero or from `start`, and how they were found.

    `how`: memory, tolerance, most, as in `minimise`. Raises ValueError for l2 < 0.
    """
    if not l2 >= 0:
        raise ValueError(f"l2 must be at least 0, not {l2}")
    V = X.shape[1]

    def objective(point):
        loss, by_weights, by_bias = softmax_loss(
            point[: V * classes].reshape(V, classes), point[V * classes :], X, y, l2
        )
        return loss, np.concatenate([by_weights.ravel(), by_bias])

    zero = Linear(np.zeros((V, classes)), np.zeros(classes))
    begin = start or zero
    found = minimise(objective, np.concatenate([begin.weights.ravel(), begin.bias]), direction, **how)
    return Linear(found.point[: V * classes].reshape(V, classes), found.point[V * classes :]), found


# The support-vector machine: keep a margin. Two classes, signs -1 and 1; a bias is a column of ones.


def hinge_loss(w: np.ndarray, X, signs: np.ndarray, l2: float) -> tuple[float, np.ndarray]:
    """Mean of max(0, 1 - sign·score) plus l2 / 2 times the squared weights; a subgradient.

    w (V,), X (N, V), signs (N,) of -1 and 1 -> loss, (V,). A text exactly on the margin adds nothing to the
    subgradient. Source: Cortes and Vapnik 1995; in this form Shalev-Shwartz, Singer and Srebro 2007.
    """
    ### BEGIN SOLUTION
    lack = 1 - signs * (X @ w)
    inside = np.where(lack > 0, signs, 0.0)
    loss = np.maximum(lack, 0).mean() + l2 / 2 * (w @ w)
    return float(loss), l2 * w - X.T @ inside / len(signs)
    ### END SOLUTION


def pegasos(X: Bags, signs: np.ndarray, l2: float, epochs: int, generator: np.random.Generator) -> np.ndarray:
    """Stochastic subgradient steps of length 1 / (l2·t), one text each, in random order.  -> w (V,)

    With `total` = l2·t·w a step is an addition, and the decay of the weights costs nothing. Source:
    Shalev-Shwartz, Singer and Srebro 2007, figure 1, without the projection.
    """
    rows, total, t = X.each(), np.zeros(X.shape[1]), 0
    for _ in range(epochs):
        for i in generator.permutation(len(rows)):
            columns, values = rows[i]
            if signs[i] * (total[columns] @ values) < l2 * t:
                total[columns] += signs[i] * values
            t += 1
    return total / (l2 * t)


def dual_step(
    alpha: float, w: np.ndarray, x: np.ndarray, sign: float, cost: float, squared: bool = False
) -> float:
    """The best value of one text's dual variable while all others stay.  w (V,), x (V,) -> alpha

    `w` belongs to the present alphas: the sum of alpha·sign·x over all texts. For the hinge loss alpha lies in
    [0, cost]; for its square it is at least 0 and the diagonal of the problem grows by 1 / (2 cost). A text
    without features gets `cost`. Source: Hsieh et al. 2008, equation 9 and algorithm 1.
    """
    ### BEGIN SOLUTION
    extra = 1 / (2 * cost) if squared else 0.0
    slope = sign * float(w @ x) - 1 + extra * alpha
    curvature = float(x @ x) + extra
    if curvature == 0:
        return cost
    return min(max(alpha - slope / curvature, 0.0), math.inf if squared else cost)
    ### END SOLUTION


def dual_coordinate_descent(
    X: Bags,
    signs: np.ndarray,
    l2: float,
    generator: np.random.Generator,
    squared: bool = False,
    tolerance: float = 1e-3,
    most: int = 1000,
) -> tuple[np.ndarray, float]:
    """The w (V,) of the least hinge loss (or squared hinge loss), and how often it looked at each text.

    One `dual_step` a text, in random order. Texts whose alpha moves by more than `tolerance` times the bound
    are looked at again at once, the others when those have settled; done when a look at all moves none, or
    after `most` looks at each. Source: Hsieh et al. 2008, algorithm 1, with rest in the place of shrinking.
    """
    rows, w, cost = X.each(), np.zeros(X.shape[1]), 1 / (l2 * len(signs))
    alphas, everything, looks = [0.0] * len(rows), np.arange(len(rows)), 0
    active = everything
    while looks < most * len(rows):
        moved = []
        for i in generator.permutation(active).tolist():
            columns, values = rows[i]
            here = w[columns]
            alpha = dual_step(alphas[i], here, values, signs[i], cost, squared)
            if alpha != alphas[i]:
                w[columns] = here + (alpha - alphas[i]) * signs[i] * values
                if abs(alpha - alphas[i]) > tolerance * cost:
                    moved.append(i)
                alphas[i] = alpha
        looks += len(active)
        if not moved and len(active) == len(rows):
            break
        active = np.array(moved) if moved else everything
    return w, looks / len(rows)


def as_linear(w: np.ndarray) -> Linear:
    """A two-class classifier of a weight vector (V + 1,) whose last entry belongs to the column of ones."""
    return Linear(np.stack([0 * w[:-1], w[:-1]], axis=1), np.array([0.0, w[-1]]))


# How far to believe a probability.


def calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error: by how much confidence and accuracy differ, bin by bin, weighted by size.

    confidence (N,) in [0, 1], correct (N,) of bool. Bin m of M holds confidences above (m - 1) / M up to and
    with m / M; the first also holds 0. Source: Naeini, Cooper and Hauskrecht 2015; Guo et al. 2017, equation 3.
    """
    ### BEGIN SOLUTION
    edges = np.linspace(0, 1, bins + 1)
    where = np.searchsorted(edges[1:-1], confidence)
    gaps = np.bincount(where, np.asarray(correct, float) - confidence, bins)
    return float(np.abs(gaps).sum() / len(confidence))
    ### END SOLUTION


def temperature(scores: np.ndarray, y: np.ndarray) -> float:
    """The number by which to divide scores (N, C) so that the labels y (N,) are least surprising.

    Found by halving on a logarithmic scale between 1e-4 and 1e4. Source: Guo et al. 2017, section 4.2.
    """
    ### BEGIN SOLUTION
    low, high = math.log(1e-4), math.log(1e4)
    truth = scores[np.arange(len(y)), y]
    for _ in range(60):
        middle = (low + high) / 2
        expected = (softmax(scores / math.exp(middle)) * scores).sum(axis=1)
        if (expected - truth).mean() > 0:  # the model promises more than the labels keep: cool it less
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)
    ### END SOLUTION
