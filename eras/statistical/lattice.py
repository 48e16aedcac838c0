"""The lattice of `eras.statistical.tagging` for many sequences at a time, without padding.

Positions lie time-major: first position 0 of every sequence, then position 1 of those that have one, and so on,
the longest sequence first. A time step is then one slice, and a step of the recursion one array operation.

Letters: N sequences, P positions of all of them, T the longest, L labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Order:
    """How sequences of these sizes lie: `sources` (P,) finds each position in the concatenated sequences.

    `cuts` (T + 1,) are where the time steps begin, `last` (N,) the positions that end a sequence, `before` (P,)
    the position in front of each, -1 where a sequence begins. Raises ValueError for an empty sequence.
    """

    sources: np.ndarray
    cuts: np.ndarray
    last: np.ndarray
    before: np.ndarray

    @staticmethod
    def of(sizes: Sequence[int]) -> "Order":
        sizes = np.asarray(sizes, int)
        if not len(sizes) or sizes.min() < 1:
            raise ValueError("every sequence needs at least one position")
        longest = np.argsort(-sizes, kind="stable")
        begins = (sizes.cumsum() - sizes)[longest]
        active = np.array([(sizes > t).sum() for t in range(sizes.max())])
        cuts = np.append(0, active.cumsum())
        sources = np.concatenate([begins[:n] + t for t, n in enumerate(active)])
        last = cuts[sizes[longest] - 1] + np.arange(len(sizes))
        before = np.concatenate(
            [np.full(active[0], -1)] + [cuts[t] + np.arange(n) for t, n in enumerate(active[1:])]
        )
        return Order(sources, cuts, last, before)

    def restore(self, values: np.ndarray) -> np.ndarray:
        """Values (P, …) in the order of the concatenated sequences again."""
        back = np.empty_like(values)
        back[self.sources] = values
        return back


def posteriors(order: Order, unary: np.ndarray, pairwise: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """The sum of log Z over all sequences, nodes (P, L), and the expected steps of all together (L, L).

    unary (P, L) in the order given, pairwise (L, L). Instead of logarithms it keeps probabilities, scaled to sum
    to 1 at every position. Source: Rabiner 1989, section V.A.
    """
    top, highest = pairwise.max(), unary.max(axis=1, keepdims=True)
    E, U = np.exp(pairwise - top), np.exp(unary - highest)
    times = [slice(a, b) for a, b in spans_of(order.cuts)]
    alpha, scale = U.copy(), np.empty((len(U), 1))
    for t, now in enumerate(times):
        if t:
            alpha[now] *= alpha[in_front(times, t)] @ E
        scale[now] = alpha[now].sum(axis=1, keepdims=True)
        alpha[now] /= scale[now]
    beta, ahead = np.ones(U.shape), U / scale  # ahead: what a step into this position brings
    for t in range(len(times) - 1, 0, -1):
        before = in_front(times, t)
        beta[before] = ahead[times[t]] @ E.T
        ahead[before] *= beta[before]
    later = order.before >= 0
    total = np.log(scale).sum() + highest.sum() + top * later.sum()
    return float(total), alpha * beta, E * (alpha[order.before[later]].T @ ahead[later])


def spans_of(cuts: np.ndarray) -> list[tuple[int, int]]:
    """Where each time step begins and ends."""
    return list(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True))


def in_front(times: Sequence[slice], t: int) -> slice:
    """The positions of time t - 1 that have one behind them."""
    first = times[t - 1].start
    return slice(first, first + times[t].stop - times[t].start)
