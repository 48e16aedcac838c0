"""Scores that keep their word: how often a claimed probability comes true, and Platt's repair."""

import numpy as np

from eras.statistical.classify import two_loop
from eras.statistical.optimise import minimise


def reliability(
    confidence: np.ndarray, correct: np.ndarray, bins: int = 10
) -> list[tuple[int, float, float]]:
    """For each bin of equal width that is not empty: how many, their mean confidence, the share that is right.

    confidence (N,) in [0, 1], correct (N,) of bool; bins as in `calibration_error`.
    """
    where = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence)
    found = [(confidence[where == b], correct[where == b]) for b in range(bins)]
    return [(len(p), float(p.mean()), float(right.mean())) for p, right in found if len(p)]


def platt(scores: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and shift such that sigmoid(slope · score + shift) is the probability of class 1.

    scores (N,), y (N,) of 0 and 1. The targets are pulled a little from 0 and 1, so that classes without
    overlap leave the slope finite. Source: Platt 1999, section 2.
    """
    high, low = (y == 1).sum(), (y == 0).sum()
    target = np.where(y == 1, (high + 1) / (high + 2), 1 / (low + 2))

    def objective(point):
        z = point[0] * scores + point[1]
        wrong = 1 / (1 + np.exp(-np.clip(z, -500, 500))) - target
        return (np.logaddexp(0, z) - target * z).mean(), np.array([wrong @ scores, wrong.sum()]) / len(z)

    slope, shift = minimise(objective, np.zeros(2), two_loop, tolerance=1e-8).point
    return float(slope), float(shift)
