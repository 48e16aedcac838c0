"""The HMM alignment model: a target word's source word likes to be near the one of the target word before.

The hidden state is the source position i; it moves by a jump whose probability depends on its width alone,
a(i | i', l) = s(i - i') / sum over all i'' of s(i'' - i'), the first one from a place before the sentence. With
probability `p0` the word comes from NULL and the position stays where it was. Sentences of one source length run
through forward-backward together. Sources: Vogel et al. 1996; NULL as in Och and Ney 2003, section 2.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eras.statistical.ibm import Bitext, Trained

P0 = 0.2
WIDEST = 30  # all wider jumps share one probability
TOGETHER = 256  # sentences in a batch


@dataclass(frozen=True)
class Batch:
    """Sentences of one source length I: `link` (B, J, I + 1) places in the bitext, `real` (B, J) not padding."""

    link: np.ndarray
    real: np.ndarray


def train_hmm(bitext: Bitext, t: np.ndarray, steps: int = 5, p0: float = P0) -> Trained:
    """EM for the HMM from a lexicon (Model 1's) and equally likely jumps; `extra["s"]` are the jumps' weights.

    The lexicon's step is exact. The jumps are set to their expected shares of all jumps, as is usual, although
    the sentence's ends make the exact step a little different.
    """
    s, bits = np.full(2 * WIDEST + 1, 1 / (2 * WIDEST + 1)), []
    together = list(batches(bitext))
    for step in range(steps + 1):
        shares, jumps, logarithm = np.zeros(len(bitext.entry)), np.zeros_like(s), 0.0
        for batch in together:
            emission = _emission(t, bitext, batch)
            posterior, more, scale = posteriors(
                emission, transitions(s, emission.shape[2] - 1), p0, batch.real
            )
            shares[batch.link[batch.real]] = posterior[batch.real]
            jumps += _by_width(more)
            logarithm += np.log2(scale[batch.real]).sum()
        bits.append(float(-logarithm / len(bitext.first)))
        if step < steps:
            t, s = bitext.lexicon(shares), jumps / jumps.sum()
    return Trained(t, shares, bits, {"s": s})


def posteriors(
    emission: np.ndarray, moves: np.ndarray, p0: float, real: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Forward-backward for a batch of sentences.

    emission (B, J, I + 1): t of each target word from NULL and each source word; moves (I + 1, I) from each
    position, before the first to the last, to each. -> how probable each link is (B, J, I + 1), expected moves
    (I + 1, I), and p(word j | words before) (B, J). Padded words have emissions of 1 and do not move anything.
    """
    B, J, states = emission.shape
    here = np.zeros((B, J + 1, states))  # the last source position, 0 before any
    here[:, 0, 0] = 1
    scale = np.empty((B, J))
    for j in range(J):
        ahead = p0 * emission[:, j, :1] * here[:, j]
        ahead[:, 1:] += (1 - p0) * (here[:, j] @ moves) * emission[:, j, 1:]
        scale[:, j] = ahead.sum(1)
        here[:, j + 1] = ahead / scale[:, j, None]
    later = np.ones((B, states))
    link, jumped = np.empty_like(emission), np.zeros_like(moves)
    for j in range(J - 1, -1, -1):
        stay = p0 * emission[:, j, :1] / scale[:, j, None] * later
        go = (1 - p0) * emission[:, j, 1:] / scale[:, j, None] * later[:, 1:]
        link[:, j, 0] = (here[:, j] * stay).sum(1)
        link[:, j, 1:] = (here[:, j] @ moves) * go
        jumped += (here[:, j] * real[:, j, None]).T @ go
        later = stay + go @ moves.T
    return link, jumped * moves, scale


def best_path(emission: np.ndarray, moves: np.ndarray, p0: float) -> np.ndarray:
    """The most probable source position of every target word, 0 for NULL.  (B, J, I + 1), (I + 1, I) -> (B, J)"""
    B, J, states = emission.shape
    score, came = np.zeros((B, states)), np.zeros((B, J, states), int)
    score[:, 0] = 1
    for j in range(J):
        reach = score[:, :, None] * moves  # (B, from, to)
        stay, go = p0 * emission[:, j, :1] * score, (1 - p0) * reach.max(1) * emission[:, j, 1:]
        moved = np.zeros((B, states), bool)
        moved[:, 1:] = go >= stay[:, 1:]
        came[:, j, 1:] = np.where(moved[:, 1:], reach.argmax(1), -1)
        came[:, j, 0] = -1
        score = np.where(moved, np.pad(go, ((0, 0), (1, 0))), stay)
        score /= score.max(1, keepdims=True)
    at, path, rows = score.argmax(1), np.empty((B, J), int), np.arange(B)
    for j in range(J - 1, -1, -1):
        before = came[rows, j, at]
        path[:, j] = np.where(before < 0, 0, at)
        at = np.where(before < 0, at, before)
    return path


def align(bitext: Bitext, model: Trained, p0: float = P0) -> np.ndarray:
    """The best path through every sentence: for each target word a source position, 0 for NULL.  -> (T,)"""
    chosen = np.empty(len(bitext.first), int)
    for batch in batches(bitext):
        emission = _emission(model.t, bitext, batch)
        path = best_path(emission, transitions(model.extra["s"], emission.shape[2] - 1), p0)
        word = np.searchsorted(bitext.first, batch.link[:, :, 0][batch.real])
        chosen[word] = path[batch.real]
    return chosen


def transitions(s: np.ndarray, length: int) -> np.ndarray:
    """Probabilities of moving from each position, and from before the first, to each.  -> (I + 1, I)"""
    moves = s[_widths(length)]
    return moves / np.maximum(moves.sum(1, keepdims=True), 1e-300)


def batches(bitext: Bitext) -> Iterator[Batch]:
    """All sentence pairs, those of one source length together, shorter targets first."""
    start = np.cumsum(bitext.target_lengths) - bitext.target_lengths
    order = np.lexsort((bitext.target_lengths, bitext.source_lengths))
    order = order[bitext.target_lengths[order] > 0]
    cuts = np.flatnonzero(np.diff(bitext.source_lengths[order])) + 1
    for group in np.split(order, cuts):
        for at in range(0, len(group), TOGETHER):
            some = group[at : at + TOGETHER]
            lengths = bitext.target_lengths[some]
            j = np.minimum(np.arange(lengths.max()), lengths[:, None] - 1)
            first = bitext.first[start[some][:, None] + j]
            link = first[:, :, None] + np.arange(bitext.source_lengths[some[0]] + 1)
            yield Batch(link, np.arange(lengths.max()) < lengths[:, None])


def _emission(t: np.ndarray, bitext: Bitext, batch: Batch) -> np.ndarray:
    """t of every link of a batch, at least a trifle, and 1 for padding.  -> (B, J, I + 1)"""
    return np.where(batch.real[:, :, None], np.maximum(t[bitext.entry[batch.link]], 1e-12), 1.0)


def _widths(length: int) -> np.ndarray:
    """The place in s of every move, (I + 1, I)."""
    wide = np.arange(length) - np.arange(-1, length)[:, None]
    return np.clip(wide, -WIDEST, WIDEST) + WIDEST


def _by_width(moved: np.ndarray) -> np.ndarray:
    """Expected moves (I + 1, I) added up by their width.  -> (2 * WIDEST + 1,)"""
    return np.bincount(_widths(moved.shape[1]).ravel(), moved.ravel(), 2 * WIDEST + 1)
