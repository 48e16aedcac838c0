"""The transformer's parts against torch's: outputs and gradients."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from eras.pretraining.attention import causal_mask
from eras.pretraining.transformer import Block, FeedForward, LayerNorm, gelu


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def same(ours, theirs, inputs, tolerance=1e-5):
    """Equal outputs and equal input gradients."""
    x, y = (inputs.clone().requires_grad_() for _ in range(2))
    a, b = ours(x), theirs(y)
    torch.testing.assert_close(a, b, atol=tolerance, rtol=tolerance)
    weights = torch.randn_like(a)
    (a * weights).sum().backward()
    (b * weights).sum().backward()
    torch.testing.assert_close(x.grad, y.grad, atol=tolerance, rtol=tolerance)


@given(st.lists(st.integers(1, 5), min_size=0, max_size=2), st.integers(1, 33), st.floats(0.01, 100))
@settings(max_examples=25, deadline=None)
def test_layer_norm_equals_torch(shape, width, scale):
    ours, theirs = LayerNorm(width), nn.LayerNorm(width)
    with torch.no_grad():
        ours.weight.normal_(), ours.bias.normal_()
        theirs.weight.copy_(ours.weight), theirs.bias.copy_(ours.bias)
    same(ours, theirs, torch.randn(*shape, width) * scale + scale, tolerance=2e-4)


def test_layer_norm_in_float64_is_exact_to_1e_12():
    ours, theirs = LayerNorm(48).double(), nn.LayerNorm(48).double()
    same(ours, theirs, torch.randn(3, 48, dtype=torch.float64) + 5, tolerance=1e-12)


def test_gelu_equals_torch():
    same(gelu, lambda x: nn.functional.gelu(x, approximate="tanh"), torch.linspace(-12, 12, 999))


def test_feed_forward_equals_torch():
    ours = FeedForward(12, 30)
    theirs = nn.Sequential(ours.expand, nn.GELU(approximate="tanh"), ours.contract)
    same(ours, theirs, torch.randn(2, 3, 12))


def test_block_equals_torch_pre_norm_layer():
    ours = Block(24, heads=3)
    theirs = nn.TransformerEncoderLayer(
        24, 3, 96, dropout=0.0, activation=gelu, batch_first=True, norm_first=True
    )
    attention, other = ours.attention, theirs.self_attn
    with torch.no_grad():
        other.in_proj_weight.copy_(
            torch.cat([attention.query.weight, attention.key.weight, attention.value.weight])
        )
        other.in_proj_bias.copy_(torch.cat([attention.query.bias, attention.key.bias, attention.value.bias]))
    pairs = [(attention.output, other.out_proj), (ours.feed_forward.expand, theirs.linear1)]
    pairs += [(ours.feed_forward.contract, theirs.linear2), (ours.attention_norm, theirs.norm1)]
    pairs += [(ours.feed_forward_norm, theirs.norm2)]
    for mine, copy in pairs:
        copy.load_state_dict(mine.state_dict())
    mask = causal_mask(7)
    same(lambda x: ours(x, mask=mask), lambda x: theirs(x, src_mask=~mask), torch.randn(2, 7, 24))


def test_dropout_is_silent_in_evaluation():
    block = Block(8, heads=2, dropout=0.5).eval()
    x = torch.randn(1, 4, 8)
    assert torch.equal(block(x), block(x))
    assert not torch.equal(block.train()(x), block(x))
