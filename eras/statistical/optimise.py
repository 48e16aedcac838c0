"""Minimising a smooth function: a direction, and a line search that says how far to go along it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]
Direction = Callable[[np.ndarray, Sequence[np.ndarray], Sequence[np.ndarray]], np.ndarray]
ENOUGH, FLAT = 1e-4, 0.9  # the two constants of Wolfe's conditions
TRIALS = 40


@dataclass(frozen=True)
class Minimum:
    """Where a minimisation ended: the point, its value, the value after each step, whether it converged.

    `evaluations` counts calls of the objective, which is what a minimisation costs.
    """

    point: np.ndarray
    value: float
    values: list[float]
    evaluations: int
    converged: bool


def steepest(gradient: np.ndarray, steps: Sequence[np.ndarray], changes: Sequence[np.ndarray]) -> np.ndarray:
    """Gradient descent's direction, whatever happened before.  (D,) -> (D,)"""
    return -gradient


def minimise(
    objective: Objective,
    start: np.ndarray,
    direction: Direction,
    memory: int = 10,
    tolerance: float = 1e-5,
    most: int = 1000,
) -> Minimum:
    """Descend from `start` (D,) until no entry of the gradient exceeds `tolerance`, or for `most` steps.

    `objective(point)` gives value and gradient; `direction(gradient, steps, changes)` sees the last `memory`
    steps and the changes of the gradient along them, the oldest first. Every step fulfils Wolfe's strong
    conditions. Stops without convergence where rounding leaves no better point.
    """
    point, steps, changes = start, [], []
    value, gradient = objective(point)
    values, evaluations = [value], 1
    while np.abs(gradient).max(initial=0) > tolerance and len(values) <= most:
        along = direction(gradient, steps, changes)
        first = 1.0 if steps else min(1.0, 1 / np.abs(gradient).sum())
        found, calls = line_search(objective, point, value, gradient, along, first)
        evaluations += calls
        if found is None:
            break
        length, value, new = found
        steps = [*steps, length * along][-memory:]
        changes = [*changes, new - gradient][-memory:]
        point, gradient = point + length * along, new
        values.append(value)
    return Minimum(point, value, values, evaluations, bool(np.abs(gradient).max(initial=0) <= tolerance))


def minimise_by_torch(
    objective: Objective, start: np.ndarray, memory: int = 10, tolerance: float = 1e-5, most: int = 1000
) -> Minimum:
    """The same as `minimise` with L-BFGS's direction, by torch.optim.LBFGS, which has a line search of its own.

    To check ours with, and to train with where the direction is still to be written.
    """
    point, calls, seen = torch.tensor(start, dtype=torch.float64), 0, {}

    def at_point() -> float:
        nonlocal calls
        here = point.numpy().tobytes()
        if here not in seen:  # torch asks once more at the point where the last step ended
            seen.clear()
            seen[here], calls = objective(point.numpy().copy()), calls + 1
        value, gradient = seen[here]
        point.grad = torch.from_numpy(np.array(gradient))
        return value

    settings = {"history_size": memory, "tolerance_grad": tolerance, "tolerance_change": 0.0}
    search = torch.optim.LBFGS(
        [point], max_iter=1, max_eval=TRIALS, line_search_fn="strong_wolfe", **settings
    )
    values = [at_point()]
    while point.grad.abs().max() > tolerance and len(values) <= most:
        before = point.clone()
        search.step(at_point)
        if torch.equal(point, before):
            break
        values.append(at_point())
    return Minimum(point.numpy(), values[-1], values, calls, bool(point.grad.abs().max() <= tolerance))


def line_search(
    objective: Objective,
    point: np.ndarray,
    value: float,
    gradient: np.ndarray,
    along: np.ndarray,
    first: float,
) -> tuple[tuple[float, float, np.ndarray] | None, int]:
    """A step length that fulfils Wolfe's strong conditions: (length, value, gradient there), and the calls.

    The value must fall by at least ENOUGH of what the slope promises, and the slope must shrink to FLAT of
    itself. None if no such length is found in TRIALS trials. Source: Wolfe 1969; bracket, then halve.
    """
    slope = float(gradient @ along)
    low, high, length = 0.0, math.inf, first
    best = None
    for calls in range(1, TRIALS + 1):
        there, new = objective(point + length * along)
        inclined = float(new @ along)
        if not there <= value + ENOUGH * length * slope:
            high = length  # too far: not low enough
        elif inclined < FLAT * slope:
            low, best = length, (length, there, new)  # too short: still steep
        elif inclined > -FLAT * slope:
            high, best = length, (length, there, new)  # too far: rising again
        else:
            return (length, there, new), calls
        length = (low + high) / 2 if high < math.inf else 2 * length
    return best, TRIALS
