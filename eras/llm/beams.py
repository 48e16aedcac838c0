"""What beam search keeps: finished hypotheses."""

import math
from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class Hypothesis:
    """A finished continuation: its score and the new token ids (with the end token, if it has one)."""

    score: float
    ids: list[int]


@dataclass
class Finished:
    """The `size` best finished continuations of a prompt, (score, new ids), best first; none once closed."""

    size: int
    best: list[tuple[float, list[int]]] = field(default_factory=list)
    closed: bool = False

    def take(self, candidates: Tensor, scores: Tensor, ends: Tensor) -> None:
        """Take in the candidates (M, N) that end, (M,) bool, with scores (M,), and keep the best of all."""
        possible = ends & scores.isfinite() & (not self.closed)
        new = [(float(scores[i]), candidates[i].tolist()) for i in possible.nonzero()[:, 0]]
        self.best = sorted([*self.best, *new], key=lambda pair: -pair[0])[: self.size]

    @property
    def full(self) -> bool:
        """Whether there are `size` of them."""
        return len(self.best) == self.size

    @property
    def worst(self) -> float:
        """The score to beat: -inf while there is room."""
        return self.best[-1][0] if self.full else -math.inf


def check_beams(beams: int, max_new_tokens: int, early_stopping: bool | str) -> None:
    """Raise ValueError for settings that beam search cannot work with."""
    if not beams >= 1:  # NaN is refused, too
        raise ValueError(f"beams must be at least 1, not {beams}")
    if not max_new_tokens >= 0:
        raise ValueError(f"max_new_tokens must be at least 0, not {max_new_tokens}")
    if early_stopping not in (True, False, "never"):
        raise ValueError(f'early_stopping must be True, False or "never", not {early_stopping!r}')
