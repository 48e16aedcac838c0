"""Beam search with every candidate written down: what `beam_search` sees, for looking at it afterwards."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from eras.llm.beams import check_beams
from eras.llm.decoding import expand_beams


@dataclass(frozen=True)
class Candidate:
    """An extension: all new ids, the last one's log-probability, the total, and "kept", "cut" or "finished"."""

    ids: tuple[int, ...]
    log_probability: float
    total: float
    fate: str


def trace_beams(
    step: Callable[[Tensor], Tensor], ids: Tensor, beams: int, max_new_tokens: int, eos: int | None = None
) -> list[list[Candidate]]:
    """For each round of beam search after one prompt, its 2·beams candidates, best first.  ids (1, T)

    Goes on until nothing lives or at max_new_tokens, whatever has finished: which finished ones win, and when
    `beam_search` would have stopped, depends on its length penalty. Raises ValueError as `beam_search` does, and
    for more than one prompt.
    """
    check_beams(beams, max_new_tokens, False)
    if ids.shape[0] != 1:
        raise ValueError(f"one prompt at a time, ids (1, T), not {tuple(ids.shape)}")
    rounds, live = [], [Candidate((), 0.0, 0.0, "kept")]
    for length in range(1, max_new_tokens + 1):
        new = torch.tensor([candidate.ids for candidate in live], dtype=ids.dtype)
        scores = step(torch.cat([ids.expand(len(live), -1), new], dim=1)).log_softmax(dim=-1)
        before = torch.tensor([[candidate.total for candidate in live]])
        totals, parents, tokens = (
            found[0].tolist() for found in expand_beams(before, scores[None], 2 * beams)
        )
        extensions = [
            ((*live[parent].ids, token), float(scores[parent, token]), total)
            for total, parent, token in zip(totals, parents, tokens, strict=True)
            if total > -math.inf
        ]
        last = length == max_new_tokens
        rounds.append(_judged(extensions, beams, lambda token, last=last: last or token == eos))
        live = [candidate for candidate in rounds[-1] if candidate.fate == "kept"]
        if not live:
            break
    return rounds


def _judged(candidates: list[tuple], beams: int, ends: Callable[[int], bool]) -> list[Candidate]:
    """Each candidate with its fate: of the first `beams` those that end finish; the best `beams` others live."""
    judged, kept = [], 0
    for rank, candidate in enumerate(candidates):
        ended = ends(candidate[0][-1])
        fate = "finished" if ended and rank < beams else "cut" if ended or kept == beams else "kept"
        kept += fate == "kept"
        judged.append(Candidate(*candidate, fate))
    return judged
