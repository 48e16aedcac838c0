"""Word vectors, pair by pair: what is counted, what is learned, and how one asks the vectors.

Everything here is NumPy on small arrays that one can read. `word2vec` trains by the same losses on a million
words, `cooccurrence` counts and factorises at that size, `glove` fits the logarithms of counts.

Sources: Mikolov, Chen, Corrado and Dean 2013 (CBOW, skip-gram, analogies); Mikolov, Sutskever, Chen, Corrado
and Dean 2013 (negative sampling, subsampling); Levy and Goldberg 2014; Levy, Goldberg and Dagan 2015;
Pennington, Socher and Manning 2014.
"""

from collections.abc import Sequence

import numpy as np


def keep_probabilities(counts: np.ndarray, threshold: float) -> np.ndarray:
    """With which probability an occurrence of each word is kept.  (V,) -> (V,)

    min(1, sqrt(t / f) + t / f), f the word's share of all occurrences. Raises ValueError unless threshold > 0.
    Source: Mikolov, Sutskever et al. 2013, section 2.3, with the second term of the program that came with it.
    """
    ### BEGIN SOLUTION
    if not threshold > 0:
        raise ValueError(f"the threshold must be above 0, not {threshold}")
    ratio = threshold * counts.sum() / counts
    return np.minimum(1.0, np.sqrt(ratio) + ratio)
    ### END SOLUTION


def noise_distribution(counts: np.ndarray, power: float = 0.75) -> np.ndarray:
    """The probability of each word as a noise word: its count to a power, divided by the sum.  (V,) -> (V,)

    Source: Mikolov, Sutskever et al. 2013, section 2.2.
    """
    ### BEGIN SOLUTION
    raised = counts.astype(np.float64) ** power
    return raised / raised.sum()
    ### END SOLUTION


def skipgram_pairs(ids: Sequence[int], reach: Sequence[int]) -> np.ndarray:
    """All pairs (centre, context) of a text, in the order of the text.  -> (N, 2) of whole numbers

    The word at place i is paired with each word at most reach[i] places away, itself left out, from left to
    right. Raises ValueError when `ids` and `reach` differ in length. Source: Mikolov, Chen et al. 2013, section
    3.2.
    """
    ### BEGIN SOLUTION
    if len(ids) != len(reach):
        raise ValueError(f"{len(ids)} words need as many reaches, not {len(reach)}")
    pairs = [
        (ids[i], ids[j])
        for i in range(len(ids))
        for j in range(max(0, i - reach[i]), min(len(ids), i + reach[i] + 1))
        if j != i
    ]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)
    ### END SOLUTION


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(x)))


def log_sigmoid(x: np.ndarray) -> np.ndarray:
    """log(sigmoid(x)), right for large negative numbers too."""
    return -np.logaddexp(0, -np.asarray(x))


def sgns_loss(
    centre: np.ndarray, context: np.ndarray, noise: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """Skip-gram with negative sampling: the loss of one pair and its gradients.

    centre (D,), context (D,), noise (K, D) -> the loss -log sigmoid(centre . context) - sum over the noise
    words of log sigmoid(-centre . noise), then its gradients for the three. K may be 0. Source: Mikolov,
    Sutskever et al. 2013, section 2.2.
    """
    ### BEGIN SOLUTION
    score, scores = centre @ context, noise @ centre
    loss = -log_sigmoid(score) - log_sigmoid(-scores).sum()
    pull, push = sigmoid(score) - 1, sigmoid(scores)  # what is predicted, less what is right
    return float(loss), pull * context + push @ noise, pull * centre, np.outer(push, centre)
    ### END SOLUTION


def cbow_loss(
    contexts: np.ndarray, centre: np.ndarray, noise: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """Continuous bag of words with negative sampling: the loss of one place and its gradients.

    The mean of contexts (M, D) predicts centre (D,) against noise (K, D): the loss of `sgns_loss` with the mean
    in place of the centre word; then its gradients for the three. Raises ValueError when there is no context.
    Source: Mikolov, Chen et al. 2013, section 3.1.
    """
    ### BEGIN SOLUTION
    if len(contexts) == 0:
        raise ValueError("without a context there is nothing to predict from")
    mean = contexts.mean(axis=0)
    score, scores = mean @ centre, noise @ mean
    loss = -log_sigmoid(score) - log_sigmoid(-scores).sum()
    pull, push = sigmoid(score) - 1, sigmoid(scores)
    share = (pull * centre + push @ noise) / len(contexts)
    return float(loss), np.tile(share, (len(contexts), 1)), pull * mean, np.outer(push, mean)
    ### END SOLUTION


def ppmi(counts: np.ndarray, shift: float = 1.0, power: float = 1.0) -> np.ndarray:
    """Positive pointwise mutual information of words and contexts.  (V, C) -> (V, C)

    max(0, log(p(w, c) / (p(w) p(c))) - log(shift)); p(c) is in proportion to the context's count to the given
    power. 0 where the two never met. Raises ValueError for a shift below 1. Source: Levy and Goldberg 2014,
    section 5; the power: Levy, Goldberg and Dagan 2015, section 3.2.
    """
    ### BEGIN SOLUTION
    if not shift >= 1:
        raise ValueError(f"the shift must be 1 or more, not {shift}")
    rows, columns = counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True) ** power
    with np.errstate(divide="ignore", invalid="ignore"):
        information = np.log(counts * columns.sum() / (rows * columns)) - np.log(shift)
    return np.where(counts > 0, np.maximum(information, 0), 0.0)
    ### END SOLUTION


def svd_vectors(matrix: np.ndarray, dimensions: int, power: float = 0.5) -> np.ndarray:
    """The first left singular vectors, each times its singular value to a power.  (V, C) -> (V, dimensions)

    Each column's sign is such that its entry of largest size is positive. Raises ValueError unless 1 <=
    dimensions <= min(V, C). Source: Levy, Goldberg and Dagan 2015, section 3.3.
    """
    ### BEGIN SOLUTION
    if not 1 <= dimensions <= min(matrix.shape):
        raise ValueError(f"dimensions must be 1 to {min(matrix.shape)}, not {dimensions}")
    left, values, _ = np.linalg.svd(matrix, full_matrices=False)
    found = left[:, :dimensions] * values[:dimensions] ** power
    largest = found[np.abs(found).argmax(axis=0), np.arange(dimensions)]
    return found * np.where(largest < 0, -1.0, 1.0)
    ### END SOLUTION


def unit(vectors: np.ndarray) -> np.ndarray:
    """Each vector divided by its length; the zero vector stays.  (…, D) -> (…, D)"""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length == 0, 1, length)


def neighbours(
    vectors: np.ndarray, query: np.ndarray, k: int, exclude: Sequence[int] = ()
) -> list[tuple[int, float]]:
    """The k rows of largest cosine with a query, [(row, cosine)], the best first, without the rows in `exclude`.

    vectors (V, D), query (D,). Of equal cosines the smaller row comes first; fewer than k where there are no
    more. A zero vector has cosine 0 with everything.
    """
    ### BEGIN SOLUTION
    cosines = unit(vectors) @ unit(query)
    order = [i for i in np.argsort(-cosines, kind="stable") if i not in set(exclude)]
    return [(int(i), float(cosines[i])) for i in order[:k]]
    ### END SOLUTION


def analogy(vectors: np.ndarray, a: int, b: int, c: int) -> int:
    """ "a is to b as c is to …": the row of largest cosine with b - a + c, the three of the question left out.

    vectors (V, D) are brought to length 1 first. Source: Mikolov, Yih and Zweig 2013 ("3CosAdd" in Levy and
    Goldberg 2014b).
    """
    ### BEGIN SOLUTION
    directions = unit(vectors)
    cosines = directions @ (directions[b] - directions[a] + directions[c])
    cosines[[a, b, c]] = -np.inf
    return int(cosines.argmax())
    ### END SOLUTION


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """Spearman's rank correlation: Pearson's of the ranks; equal values share the mean of their ranks.

    NaN where all of x or all of y are equal. Raises ValueError for different lengths and for fewer than two
    values.
    """

    ### BEGIN SOLUTION
    def ranks(values):
        _, place, times = np.unique(values, return_inverse=True, return_counts=True)
        return (times.cumsum() - (times - 1) / 2)[place]

    if len(x) != len(y) or len(x) < 2:
        raise ValueError(f"two lists of one length, at least two values: not {len(x)} and {len(y)}")
    a, b = ranks(x), ranks(y)
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size else float("nan")
    ### END SOLUTION


def glove_loss(
    words: np.ndarray, contexts: np.ndarray, counts: np.ndarray, most: float = 100.0, power: float = 0.75
) -> tuple[float, np.ndarray, np.ndarray]:
    """GloVe's loss for words (V, D) and contexts (C, D) with counts (V, C), and its two gradients.

    The sum over all pairs that met of f(count) (word . context - log count)², f = min(1, count / most) to a
    power. The biases of the paper are two of the dimensions, held at 1 on the other side (`glove.fit` does it).
    Source: Pennington, Socher and Manning 2014, equations 8 and 9.
    """
    ### BEGIN SOLUTION
    met = counts > 0
    weight = np.where(met, np.minimum(1, counts / most) ** power, 0.0)
    missing = words @ contexts.T - np.log(np.where(met, counts, 1))
    slope = 2 * weight * missing
    return float((weight * missing**2).sum()), slope @ contexts, slope.T @ words
    ### END SOLUTION
