"""The training loop: AdamW and clipping against torch, the schedule, bit-exact resuming, bad input."""

import itertools
import math

import pytest
import torch
from torch import nn

from eras.pretraining.gpt import GPT, GPTConfig
from eras.pretraining.training import (
    AdamW,
    Trainer,
    TrainingConfig,
    clip_gradients,
    cosine_rate,
    next_token_loss,
    random_windows,
)

SMALL = GPTConfig(vocab_size=31, context=12, layers=2, heads=2, width=16, dropout=0.1)


def small_trainer(steps=12, **changes) -> Trainer:
    torch.manual_seed(5)
    ids = torch.randint(31, (500,), dtype=torch.int32)
    config = TrainingConfig(batch=3, length=10, steps=steps, warmup=3, seed=7, **changes)
    return Trainer(GPT(SMALL), ids, config)


def test_adamw_equals_torch_over_many_steps():
    torch.manual_seed(0)
    ours = [torch.randn(4, 3, requires_grad=True), torch.randn(3, requires_grad=True)]
    theirs = [p.detach().clone().requires_grad_() for p in ours]
    mine = AdamW(ours, betas=(0.8, 0.97), epsilon=1e-6, weight_decay=0.3)
    groups = [{"params": theirs[:1], "weight_decay": 0.3}, {"params": theirs[1:], "weight_decay": 0.0}]
    other = torch.optim.AdamW(groups, lr=0.05, betas=(0.8, 0.97), eps=1e-6)
    for _ in range(20):
        for mine_p, other_p in zip(ours, theirs, strict=True):
            mine_p.grad = torch.randn_like(mine_p)
            other_p.grad = mine_p.grad.clone()
        mine.step(0.05)
        other.step()
    for mine_p, other_p in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine_p, other_p, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("largest", [0.1, 1.0, 1e6])
def test_clipping_equals_torch(largest):
    torch.manual_seed(0)
    ours = [torch.zeros(5, 2), torch.zeros(7)]
    theirs = [torch.zeros(5, 2), torch.zeros(7)]
    for mine, other in zip(ours, theirs, strict=True):
        mine.grad = torch.randn_like(mine) * 3
        other.grad = mine.grad.clone()
    norm = clip_gradients(ours, largest)
    assert norm == pytest.approx(nn.utils.clip_grad_norm_(theirs, largest).item(), rel=1e-5)
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.grad, other.grad, atol=1e-6, rtol=1e-4)


def test_the_schedule_rises_peaks_and_falls():
    rates = [cosine_rate(step, 100, peak=2.0, warmup=10) for step in range(100)]
    assert rates[0] == pytest.approx(0.2)
    assert max(rates) == rates[10] == pytest.approx(2.0)
    assert rates[9] == pytest.approx(2.0)
    assert all(a > b for a, b in itertools.pairwise(rates[10:]))
    assert cosine_rate(100, 100, 2.0, 10) == pytest.approx(0.2)
    assert cosine_rate(55, 100, 2.0, 10) == pytest.approx(2 * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi / 2))))


def test_windows_shift_targets_by_one():
    ids = torch.arange(50)
    inputs, targets = random_windows(ids, 999, 8, torch.Generator().manual_seed(0))
    assert torch.equal(inputs + 1, targets)
    assert inputs.min() == 0
    assert targets.max() == 49


def test_windows_longer_than_the_text_are_refused():
    with pytest.raises(ValueError, match="too few"):
        random_windows(torch.arange(8), 1, 8, torch.Generator())


def test_loss_equals_the_token_by_token_loop():
    torch.manual_seed(3)
    model = GPT(SMALL).eval().double()
    inputs, targets = torch.randint(31, (2, 9)), torch.randint(31, (2, 9))
    together = next_token_loss(model, inputs, targets)
    alone = [nn.functional.cross_entropy(model(inputs[:, : t + 1])[:, -1], targets[:, t]) for t in range(9)]
    assert together.item() == pytest.approx(torch.stack(alone).mean().item(), abs=1e-6)


def test_resuming_is_bit_exact(tmp_path):
    straight = small_trainer()
    rows = list(straight.fit(every=4, progress=False))
    stopped = small_trainer()
    for row in stopped.fit(every=4, progress=False, checkpoint=tmp_path / "state.safetensors"):
        if row["step"] == 8:
            break
    again = small_trainer()
    torch.manual_seed(99)
    again.resume(tmp_path / "state.safetensors")
    assert again.done == 8
    list(again.fit(every=4, progress=False))
    for mine, other in zip(again.model.parameters(), straight.model.parameters(), strict=True):
        assert torch.equal(mine, other)
    assert [row["loss"] for row in again.log] == [row["loss"] for row in rows]


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    small_trainer().save(tmp_path / "state.safetensors")
    with pytest.raises(ValueError, match="another configuration"):
        small_trainer(steps=13).resume(tmp_path / "state.safetensors")


def test_training_lowers_the_loss():
    trainer = small_trainer(steps=150, learning_rate=0.01)
    trainer.ids = torch.arange(600, dtype=torch.int32) % 31
    rows = list(trainer.fit(every=50, progress=False))
    assert rows[-1]["loss"] < 0.5 * rows[0]["loss"]
