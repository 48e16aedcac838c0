"""Positions against transformers (Llama, GPT-J, BLOOM, T5) and against the formulas of the papers."""

import math

import pytest
import torch
from transformers import LlamaConfig
from transformers.models.bloom.modeling_bloom import _get_alibi_slopes
from transformers.models.gptj.modeling_gptj import apply_rotary_pos_emb as gptj_rotate
from transformers.models.gptj.modeling_gptj import create_sinusoidal_positions
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb
from transformers.models.marian.modeling_marian import MarianSinusoidalPositionalEmbedding
from transformers.models.t5.modeling_t5 import T5Attention

from eras.pretraining import extrapolation
from eras.pretraining.positions import (
    LearnedPositions,
    RotaryEmbedding,
    T5RelativeBias,
    alibi_bias,
    alibi_slopes,
    distances,
    rope,
    sinusoidal,
    t5_bucket,
)

CLOSE = {"atol": 1e-5, "rtol": 1e-5}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# Sinusoidal and learned


@pytest.mark.parametrize(("T", "C"), [(1, 2), (7, 6), (600, 32)])
def test_sinusoidal_is_the_papers_formula(T, C):
    table = sinusoidal(T, C)
    for p in {0, T // 2, T - 1}:
        for i in range(C // 2):
            angle = p / 10_000 ** (2 * i / C)
            assert table[p, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[p, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)


def test_sinusoidal_equals_marian_up_to_the_order_of_channels():
    theirs = MarianSinusoidalPositionalEmbedding(50, 16)
    theirs.weight = torch.nn.Parameter(theirs.create_weight(), requires_grad=False)
    ours = sinusoidal(50, 16)
    torch.testing.assert_close(torch.cat([ours[:, 0::2], ours[:, 1::2]], 1), theirs.weight.data, **CLOSE)


@pytest.mark.parametrize(("T", "C"), [(3, 5), (-1, 4), (3, 0)])
def test_sinusoidal_refuses(T, C):
    with pytest.raises(ValueError, match="even"):
        sinusoidal(T, C)


def test_learned_positions():
    module = LearnedPositions(4, 6)
    positions = torch.tensor([[3, 0], [1, 1]])
    assert torch.equal(module(positions), module.table.weight[positions])
    module(positions).sum().backward()
    assert module.table.weight.grad[:, 0].tolist() == [1, 2, 0, 1]
    for wrong in (4, -1):
        with pytest.raises(ValueError, match=r"0…3"):
            module(torch.tensor([wrong]))


# RoPE


@pytest.mark.parametrize("theta", [10_000.0, 500_000.0, 17.0])
@pytest.mark.parametrize("start", [0, 5, 8_000])
@pytest.mark.parametrize("B", [1, 3])
def test_rope_equals_llama(theta, start, B):
    D, T = 16, 9
    config = LlamaConfig(
        hidden_size=4 * D,
        num_attention_heads=4,
        rope_parameters={"rope_type": "default", "rope_theta": theta},
    )
    q = torch.randn(B, 4, T, D, generator=generator(1), requires_grad=True)
    k = torch.randn(B, 2, T, D, generator=generator(2), requires_grad=True)
    positions = start + torch.randint(0, 99, (B, T), generator=generator(3))
    want = apply_rotary_pos_emb(q, k, *LlamaRotaryEmbedding(config)(q, positions))
    got = RotaryEmbedding(theta).at(positions)(q, k)
    for ours, theirs, x in zip(got, want, (q, k), strict=True):
        torch.testing.assert_close(ours, theirs, **CLOSE)
        g = torch.randn(ours.shape, generator=generator(4))
        mine, other = (torch.autograd.grad(each, x, g, retain_graph=True)[0] for each in (ours, theirs))
        torch.testing.assert_close(mine, other, **CLOSE)


def test_interleaved_rope_equals_gptj():
    D, T = 12, 7
    x = torch.randn(2, 3, T, D, generator=generator())
    sin, cos = create_sinusoidal_positions(T, D).chunk(2, dim=-1)
    theirs = gptj_rotate(x.transpose(1, 2), sin[None].expand(2, -1, -1), cos[None].expand(2, -1, -1))
    torch.testing.assert_close(rope(x, interleaved=True), theirs.transpose(1, 2), **CLOSE)


def test_the_two_pairings_are_one_rotation_of_permuted_channels():
    x = torch.randn(2, 5, 8, generator=generator())
    order = torch.arange(8).view(4, 2).T.flatten()  # 0 2 4 6 1 3 5 7
    torch.testing.assert_close(rope(x, interleaved=True)[..., order], rope(x[..., order]), **CLOSE)


@pytest.mark.parametrize("interleaved", [True, False])
def test_rope_scores_depend_on_distance_alone(interleaved):
    q, k = torch.randn(2, 6, 10, generator=generator(), dtype=torch.float64)

    def scores(start):
        positions = start + torch.arange(6)
        turned = [rope(x, positions, interleaved=interleaved) for x in (q, k)]
        return turned[0] @ turned[1].T

    torch.testing.assert_close(scores(0), scores(1234))
    assert not torch.allclose(scores(0), q @ k.T)


def test_rope_keeps_lengths_and_leaves_position_zero():
    x = torch.randn(4, 6, generator=generator())
    torch.testing.assert_close(rope(x).norm(dim=-1), x.norm(dim=-1))
    assert torch.equal(rope(x)[0], x[0])
    assert rope(x.bfloat16()).dtype == torch.bfloat16
    assert rope(torch.zeros(2, 0, 4)).shape == (2, 0, 4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"x": torch.zeros(3, 5)}, "even"),
        ({"theta": 0.0}, "theta"),
        ({"positions": torch.arange(4)}, "positions"),
        ({"positions": torch.zeros(2, 3)}, "positions"),
    ],
)
def test_rope_refuses(arguments, words):
    with pytest.raises(ValueError, match=words):
        rope(**({"x": torch.zeros(3, 4)} | arguments))


# ALiBi and T5


@pytest.mark.parametrize("H", [*range(1, 20), 25, 32, 40, 112])
def test_alibi_slopes_equal_blooms(H):
    torch.testing.assert_close(alibi_slopes(H), _get_alibi_slopes(H, torch.device("cpu")).flatten(), **CLOSE)


def test_alibi_bias_and_distances():
    assert alibi_slopes(8).tolist() == [2.0 ** -(i + 1) for i in range(8)]
    assert distances(2, 4).tolist() == [[-2, -1, 0, 1], [-3, -2, -1, 0]]
    bias = alibi_bias(8, 2, 4)
    assert bias.shape == (8, 2, 4)
    assert bias[0].tolist() == [[-1, -0.5, 0, -0.5], [-1.5, -1, -0.5, 0]]
    with pytest.raises(ValueError, match="at least one head"):
        alibi_slopes(0)
    with pytest.raises(ValueError, match="last T of S"):
        alibi_bias(2, 4, 3)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize(("buckets", "max_distance"), [(32, 128), (8, 20), (64, 1000), (12, 40)])
def test_t5_buckets_equal_transformers(bidirectional, buckets, max_distance):
    away = torch.arange(-2000, 2001)
    theirs = T5Attention._relative_position_bucket(away, bidirectional, buckets, max_distance)
    assert torch.equal(t5_bucket(away, bidirectional, buckets, max_distance), theirs)


def test_t5_bias_reads_its_table_and_learns():
    module = T5RelativeBias(3)
    bias = module(2, 5)
    assert bias.shape == (3, 2, 5)
    assert torch.equal(bias[:, 0, 3], module.table.weight[0])
    assert torch.equal(bias[:, 1, 0], module.table.weight[4])
    bias.sum().backward()
    assert module.table.weight.grad.sum() == 30


@pytest.mark.parametrize(("buckets", "max_distance"), [(2, 128), (32, 8)])
def test_t5_refuses(buckets, max_distance):
    with pytest.raises(ValueError, match="buckets"):
        T5RelativeBias(2, True, buckets, max_distance)


# The experiment behind the chapter


@pytest.mark.parametrize("kind", extrapolation.KINDS)
def test_extrapolation_repeats_itself(kind):
    settings = extrapolation.Settings(
        train_length=8, test_length=16, width=8, heads=2, layers=1, batch=2, steps=4, windows=2, bin=8
    )
    corpus = extrapolation.text_bytes("valid")[:500]
    first, second = (extrapolation.run_one(kind, 1, settings, corpus, corpus) for _ in range(2))
    assert first["bits"] == second["bits"]
    assert len(first["bits"]) == 2


def test_extrapolation_is_causal():
    settings = extrapolation.Settings(test_length=12, width=16, heads=4, layers=2)
    ids = torch.randint(0, 256, (1, 12), generator=generator())
    changed = ids.clone()
    changed[0, 8] = (ids[0, 8] + 1) % 256
    for kind in extrapolation.KINDS:
        model = extrapolation.Decoder(kind, settings).eval()
        a, b = model(ids), model(changed)
        torch.testing.assert_close(a[:, :8], b[:, :8])
        assert not torch.allclose(a[:, 8:], b[:, 8:])
    with pytest.raises(ValueError, match="kind"):
        extrapolation.Decoder("sine", settings)
