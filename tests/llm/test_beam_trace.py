"""What the recorder of beam search writes down is what beam search does."""

import math

import pytest
import torch

from eras.llm.beam_trace import trace_beams
from eras.llm.decoding import beam_search

V, EOS = 7, 3


def table_step(seed):
    """A random model that looks at the last two tokens."""
    logits = torch.randn(V, V, V, generator=torch.Generator().manual_seed(seed)).double() * 2
    return lambda ids: logits[ids[:, -2], ids[:, -1]]


def pool(rounds, beams, penalty):
    """The finished texts that beam search keeps, and stops with, from recorded rounds."""
    best = []
    for length, candidates in enumerate(rounds, start=1):
        ended = [(c.total / length**penalty, list(c.ids)) for c in candidates if c.fate == "finished"]
        best = sorted([*best, *ended], key=lambda pair: -pair[0])[:beams]
        live = max((c.total / length**penalty for c in candidates if c.fate == "kept"), default=-math.inf)
        if len(best) == beams and live <= best[-1][0]:
            break
    return best


@pytest.mark.parametrize("beams", [1, 2, 3, 5])
@pytest.mark.parametrize("penalty", [0.0, 0.7, 2.0])
def test_the_recorded_rounds_give_what_beam_search_gives(beams, penalty):
    for seed in range(8):
        step, start = table_step(seed), torch.tensor([[1, 2]])
        found = beam_search(step, start, beams, 6, eos=EOS, length_penalty=penalty)[0]
        recorded = pool(trace_beams(step, start, beams, 6, EOS), beams, penalty)
        assert [ids for _, ids in recorded] == [ids for _, ids in found]
        assert [score for score, _ in recorded] == pytest.approx([score for score, _ in found], abs=1e-5)


def test_candidates_carry_their_own_and_the_total_log_probability():
    step, start = table_step(0), torch.tensor([[1, 2]])
    rounds = trace_beams(step, start, 2, 4, EOS)
    totals = {c.ids: c.total for each in rounds for c in each} | {(): 0.0}
    for candidates in rounds:
        assert [c.total for c in candidates] == sorted((c.total for c in candidates), reverse=True)
        assert sum(c.fate == "kept" for c in candidates) <= 2
        for c in candidates:
            before = torch.cat([start, torch.tensor([c.ids[:-1]], dtype=torch.long)], dim=1)
            due = float(step(before).log_softmax(-1)[0, c.ids[-1]])
            assert c.log_probability == pytest.approx(due)
            assert c.total == pytest.approx(totals[c.ids[:-1]] + due, abs=1e-5)
    assert all(c.fate != "kept" for c in rounds[-1])


def test_more_than_one_prompt_is_refused():
    with pytest.raises(ValueError, match="one prompt"):
        trace_beams(table_step(0), torch.ones(2, 2, dtype=torch.long), 2, 3)
