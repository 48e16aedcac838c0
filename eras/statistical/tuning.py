"""Minimum error rate training: the weights whose best translations score best, found one line at a time.

Along a line in the space of weights every candidate's model score is a straight line too, so which candidate of
a sentence is best changes only where two of them cross. All crossings of all sentences cut the line into pieces;
the metric is constant on each of them and needs nothing but sums of counts. Source: Och 2003.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from eras.statistical.metrics import Score


@dataclass(frozen=True)
class Candidates:
    """The translations that one sentence was offered: features (N, F), counts for the metric (N, k)."""

    features: np.ndarray
    counts: np.ndarray


def envelope(slopes: np.ndarray, heights: np.ndarray) -> tuple[list[int], list[float]]:
    """Which of the lines height + slope * x is on top, from left to right, and the x where each takes over.

    The first takes over at minus infinity.
    """
    tops: list[int] = []
    since: list[float] = []
    for i in np.lexsort((heights, slopes)).tolist():
        while tops:
            last = tops[-1]
            if slopes[last] == slopes[i]:  # parallel and not higher
                x = -np.inf
            else:
                x = (heights[last] - heights[i]) / (slopes[i] - slopes[last])
            if x > since[-1]:
                break
            tops.pop()
            since.pop()
        since.append(float(x) if tops else -np.inf)
        tops.append(i)
    return tops, since


def line_search(
    candidates: Sequence[Candidates], weights: np.ndarray, direction: np.ndarray, score: Score
) -> tuple[float, float]:
    """How far to go from the weights in a direction, and the metric there.

    The middle of the best piece; of the pieces at the ends a point one beyond the last crossing.
    """
    places, changes = [], []
    start = 0
    for one in candidates:
        tops, since = envelope(one.features @ direction, one.features @ weights)
        counts = one.counts[tops]
        start = start + counts[0]
        places += since[1:]
        changes.append(np.diff(counts, axis=0))
    order = np.argsort(places, kind="stable")
    crossings = np.array(places)[order]
    totals = np.cumsum(np.concatenate([start[None], np.concatenate(changes)[order]]), 0)
    edges = np.concatenate([crossings[:1] - 2, crossings, crossings[-1:] + 2]) if len(order) else np.zeros(2)
    wide = np.diff(edges) > 1e-9  # several sentences may change at one place
    values = np.array([score(total) if ok else -1.0 for total, ok in zip(totals.tolist(), wide, strict=True)])
    if not len(order):
        return 0.0, float(score(totals[0].tolist()))
    best = int(values.argmax())
    return float(edges[best] + edges[best + 1]) / 2, float(values[best])


def climb(
    candidates: Sequence[Candidates], weights: np.ndarray, score: Score, random: np.random.Generator
) -> tuple[np.ndarray, float]:
    """From these weights along every axis and as many random directions, the best step each time, to the top."""
    value, size = now(candidates, weights, score), len(weights)
    while True:
        directions = [*np.eye(size), *random.normal(size=(size, size))]
        found = [(*line_search(candidates, weights, d, score), d) for d in directions]
        step, best, direction = max(found, key=lambda one: one[1])
        if best < value + 0.005:
            return weights, value
        weights = weights + step * direction
        weights, value = weights / np.abs(weights).sum(), best


def now(candidates: Sequence[Candidates], weights: np.ndarray, score: Score) -> float:
    """The metric of the candidates that these weights choose."""
    return score(sum(one.counts[(one.features @ weights).argmax()] for one in candidates).tolist())


def tune(
    decode: Callable[[np.ndarray], list[Candidates]],
    weights: Sequence[float],
    score: Score,
    rounds: int = 8,
    restarts: int = 4,
    seed: int = 2003,
    log: Callable[[str], None] = print,
) -> tuple[np.ndarray, list[float]]:
    """Weights for a decoder: offer candidates, climb, decode again with the new weights, until nothing is gained.

    `decode(weights)` gives the n-best candidates of every sentence, best first. -> the weights of the round whose
    own best translations scored highest, and those scores.
    """
    random, pool = np.random.default_rng(seed), None
    weights, history, tried = np.array(weights, float), [], []
    weights /= np.abs(weights).sum()
    for number in range(rounds):
        offered = decode(weights)
        history.append(float(score(sum(one.counts[0] for one in offered).tolist())))
        tried.append(weights)
        log(f"round {number}: {history[-1]:.2f} with {' '.join(f'{w:.3f}' for w in weights)}")
        pool = offered if pool is None else [merged(a, b) for a, b in zip(pool, offered, strict=True)]
        starts = [*tried[-2:], *random.normal(size=(restarts, len(weights)))]
        climbed = [climb(pool, start, score, random) for start in starts]
        new, _ = max(climbed, key=lambda one: one[1])
        if number and np.abs(new - weights).max() < 1e-3:
            break
        weights = new
    return tried[int(np.argmax(history))], history


def merged(first: Candidates, second: Candidates) -> Candidates:
    """All candidates of both, each once."""
    rows = np.concatenate([np.hstack([one.features.round(6), one.counts]) for one in (first, second)])
    rows = np.unique(rows, axis=0)
    size = first.features.shape[1]
    return Candidates(rows[:, :size], rows[:, size:].astype(int))
