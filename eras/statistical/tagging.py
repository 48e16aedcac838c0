"""Tagging a sequence: the chain of labels, and three ways of giving it scores.

A hidden Markov model, a maximum entropy Markov model and a conditional random field all score a path of labels
as a sum over a lattice: `unary` (T, L) holds the score of each label at each position, `pairwise` (T - 1, L, L)
that of each step, from row to column; (L, L) where every step has the same. Finding the best path and summing
over all paths is the same work for the three. Scores are natural logarithms; -inf forbids. Every function is for
one sequence; `eras.statistical.lattice` does the same for many at a time.

Letters: T positions, at least 1, L labels, V observation symbols.

Sources: Rabiner 1989 (hidden Markov models); McCallum, Freitag and Pereira 2000 (maximum entropy Markov models);
Lafferty, McCallum and Pereira 2001 (conditional random fields).
"""

from collections.abc import Sequence

import numpy as np

Tables = tuple[np.ndarray, np.ndarray, np.ndarray]  # start (L,), transitions (L, L), emissions (L, V)


def log(probabilities: np.ndarray) -> np.ndarray:
    """Natural logarithm; -inf for 0, without a warning."""
    with np.errstate(divide="ignore"):
        return np.log(probabilities)


def log_sum_exp(scores: np.ndarray, axis: int) -> np.ndarray:
    """log of the sum of exp along an axis, safe for large scores and for -inf."""
    return np.logaddexp.reduce(scores, axis=axis)


def distributions(counts: np.ndarray) -> np.ndarray:
    """Each row of counts (…, n) divided by its sum; uniform where that is 0."""
    total = counts.sum(axis=-1, keepdims=True)
    return np.where(total > 0, counts / np.where(total > 0, total, 1), 1 / counts.shape[-1])


def steps(unary: np.ndarray, pairwise: np.ndarray) -> np.ndarray:
    """`pairwise` of a lattice for each of its steps, (T - 1, L, L); raises ValueError if the sizes do not fit."""
    T, L = unary.shape
    if pairwise.shape not in ((L, L), (T - 1, L, L)):
        raise ValueError(f"pairwise {pairwise.shape} does not fit unary {unary.shape}")
    return np.broadcast_to(pairwise, (T - 1, L, L))


def hmm_lattice(tables: Tables, observations: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """A hidden Markov model's lattice for what was observed (T,): unary (T, L), pairwise (L, L).

    The score of a path is the log probability of the path together with the observations.
    """
    start, transitions, emissions = tables
    unary = log(emissions[:, np.asarray(observations, int)].T)
    unary[0] += log(start)
    return unary, log(transitions)


# The hidden Markov model: count.


def count_hmm(
    observations: Sequence[Sequence[int]], labels: Sequence[Sequence[int]], L: int, V: int, k: float
) -> Tables:
    """A hidden Markov model from tagged sequences: start (L,), transitions (L, L), emissions (L, V).

    `observations` and `labels` hold one list of numbers a sequence; `k` is added to every count. Raises
    ValueError for k <= 0 and for a sequence that has not as many labels as observations.
    """
    ### BEGIN SOLUTION
    if not k > 0:
        raise ValueError(f"k must be above 0, not {k}")
    start, transitions, emissions = np.full(L, k), np.full((L, L), k), np.full((L, V), k)
    for seen, path in zip(observations, labels, strict=True):
        if len(seen) != len(path):
            raise ValueError(f"{len(seen)} observations have {len(path)} labels")
        if len(path):
            start[path[0]] += 1
        np.add.at(transitions, (path[:-1], path[1:]), 1)
        np.add.at(emissions, (path, seen), 1)
    return distributions(start), distributions(transitions), distributions(emissions)
    ### END SOLUTION


# The lattice: the best path, and all of them.


def viterbi(unary: np.ndarray, pairwise: np.ndarray) -> tuple[list[int], float]:
    """The path of the highest score and that score.  (T, L), (T - 1, L, L) or (L, L) -> T labels, a number

    Where two labels, or two ways to a label, are equally good, the smaller number wins.
    Source: Viterbi 1967; Rabiner 1989, equations 32 to 35.
    """
    ### BEGIN SOLUTION
    pairwise = steps(unary, pairwise)
    best, back = unary[0], []
    for t in range(1, len(unary)):
        reached = best[:, None] + pairwise[t - 1]  # from row to column
        back.append(reached.argmax(axis=0))
        best = reached.max(axis=0) + unary[t]
    path = [int(best.argmax())]
    for pointers in reversed(back):
        path.append(int(pointers[path[-1]]))
    return path[::-1], float(best.max())
    ### END SOLUTION


def forward(unary: np.ndarray, pairwise: np.ndarray) -> np.ndarray:
    """log of the summed exp(score) of all paths to each label, its own score included.  -> (T, L)

    The log_sum_exp of the last row is that of all paths, log Z. Source: Rabiner 1989, equations 19 and 20.
    """
    ### BEGIN SOLUTION
    pairwise = steps(unary, pairwise)
    alpha = np.array(unary, float)
    for t in range(1, len(unary)):
        alpha[t] += log_sum_exp(alpha[t - 1][:, None] + pairwise[t - 1], axis=0)
    return alpha
    ### END SOLUTION


def backward(unary: np.ndarray, pairwise: np.ndarray) -> np.ndarray:
    """log of the summed exp(score) of all ways on from each label; 0 at the end.  -> (T, L)

    The label's own score is not in it: that is in `forward`. Source: Rabiner 1989, equations 24 and 25.
    """
    ### BEGIN SOLUTION
    pairwise = steps(unary, pairwise)
    beta = np.zeros(unary.shape)
    for t in range(len(unary) - 2, -1, -1):
        beta[t] = log_sum_exp(pairwise[t] + unary[t + 1] + beta[t + 1], axis=1)
    return beta
    ### END SOLUTION


def marginals(
    unary: np.ndarray, pairwise: np.ndarray, alpha: np.ndarray, beta: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Probability of each label at each position (T, L), and of each step (T - 1, L, L), over all paths.

    `alpha` and `beta` are `forward` and `backward` of the lattice. Source: Rabiner 1989, equations 27 and 37.
    """
    ### BEGIN SOLUTION
    total = log_sum_exp(alpha[-1], axis=0)
    nodes = np.exp(alpha + beta - total)
    to = (unary + beta)[1:, None, :]
    return nodes, np.exp(alpha[:-1, :, None] + steps(unary, pairwise) + to - total)
    ### END SOLUTION


def reestimate(
    observations: Sequence[Sequence[int]], nodes: Sequence[np.ndarray], edges: Sequence[np.ndarray], V: int
) -> Tables:
    """The M step of Baum-Welch: a hidden Markov model from how often each thing is expected to have happened.

    For each sequence its observations (T,) and the marginals of its labels, nodes (T, L) and edges (T - 1, L, L).
    A row of which nothing is expected becomes uniform. Source: Baum et al. 1970; Rabiner 1989, equation 40.
    """
    ### BEGIN SOLUTION
    L = nodes[0].shape[1]
    emissions = np.zeros((V, L))
    for seen, expected in zip(observations, nodes, strict=True):
        np.add.at(emissions, np.asarray(seen, int), expected)
    start = sum(expected[0] for expected in nodes)
    transitions = sum(expected.sum(axis=0) for expected in edges)
    return distributions(start), distributions(transitions), distributions(emissions.T)
    ### END SOLUTION


# Features instead of counts: one distribution a step, or one for the whole sequence.


def normalise_locally(unary: np.ndarray, pairwise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A maximum entropy Markov model's lattice: at each step the scores of the next label as log probabilities.

    p(next label | label, position) is the softmax of pairwise + unary over the next label, p(first label) the
    softmax of its unary scores. Returns unary (T, L), 0 but in its first row, and pairwise (T - 1, L, L).
    Source: McCallum, Freitag and Pereira 2000, section 2.
    """
    ### BEGIN SOLUTION
    first = np.zeros(unary.shape)
    first[0] = unary[0] - log_sum_exp(unary[0], axis=0)
    scores = steps(unary, pairwise) + unary[1:, None, :]
    return first, scores - log_sum_exp(scores, axis=2)[..., None]
    ### END SOLUTION


def crf_loss(
    unary: np.ndarray, pairwise: np.ndarray, gold: Sequence[int], alpha: np.ndarray, beta: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """-log p(gold path) of a conditional random field; its gradients for unary (T, L) and steps (T - 1, L, L).

    p(path) = exp(score) / Z. `alpha` and `beta` are `forward` and `backward` of the lattice.
    Source: Lafferty, McCallum and Pereira 2001, section 3.
    """
    ### BEGIN SOLUTION
    pairwise, gold = steps(unary, pairwise), np.asarray(gold, int)
    places, moves = (np.arange(len(gold)), gold), (np.arange(len(gold) - 1), gold[:-1], gold[1:])
    total = log_sum_exp(alpha[-1], axis=0)
    by_unary = np.exp(alpha + beta - total)
    by_pairwise = np.exp(alpha[:-1, :, None] + pairwise + (unary + beta)[1:, None, :] - total)
    by_unary[places] -= 1
    by_pairwise[moves] -= 1
    return float(total - unary[places].sum() - pairwise[moves].sum()), by_unary, by_pairwise
    ### END SOLUTION


# What counts as right.


def spans(labels: Sequence[str]) -> list[tuple[str, int, int]]:
    """The entities in a sequence of BIO labels: (kind, start, end), the end left out, in order.

    `O` is outside, `B-kind` begins an entity, `I-kind` goes on with one. An `I-kind` that follows no label of
    its kind begins one, too: so counts the scorer of the CoNLL-2000 task (Tjong Kim Sang and Buchholz 2000).
    """
    ### BEGIN SOLUTION
    found, start, kind = [], 0, None
    for t, label in enumerate([*labels, "O"]):
        mark, _, now = label.partition("-")
        if kind is not None and (mark != "I" or now != kind):
            found.append((kind, start, t))
            kind = None
        if mark != "O" and kind is None:
            start, kind = t, now
    return found
    ### END SOLUTION


def span_scores(
    gold: Sequence[Sequence[tuple]], predicted: Sequence[Sequence[tuple]]
) -> tuple[float, float, float]:
    """Precision, recall and F1 of the entities of all sequences; right is what has the same kind, start and end.

    `gold` and `predicted` hold the `spans` of one sequence after the other. A ratio of 0 to 0 counts as 0.
    """
    pairs = [(set(due), set(given)) for due, given in zip(gold, predicted, strict=True)]
    right = sum(len(due & given) for due, given in pairs)
    due, given = sum(len(due) for due, _ in pairs), sum(len(given) for _, given in pairs)
    precision, recall = right / max(given, 1), right / max(due, 1)
    return precision, recall, 2 * right / max(due + given, 1)


def sample_path(unary: np.ndarray, pairwise: np.ndarray, points: np.ndarray) -> list[int]:
    """A path drawn with probability exp(score) / Z, the last label first.  -> T labels

    `points` (T,) lie in [0, 1): position t takes the first label whose cumulated probability exceeds points[t].
    """
    ### BEGIN SOLUTION
    pairwise, alpha = steps(unary, pairwise), forward(unary, pairwise)
    path: list[int] = []
    for t in range(len(unary) - 1, -1, -1):
        scores = alpha[t] + pairwise[t][:, path[-1]] if path else alpha[t]
        reached = np.exp(scores - log_sum_exp(scores, axis=0)).cumsum()
        path.append(int(np.searchsorted(reached / reached[-1], points[t], side="right")))
    return path[::-1]
    ### END SOLUTION
