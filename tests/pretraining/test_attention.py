"""Attention against torch and transformers, forward and backward, on random shapes and masks."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode
from transformers import BloomConfig, GPT2Config, LlamaConfig, T5Config
from transformers.models.bloom.modeling_bloom import BloomAttention, build_alibi_tensor
from transformers.models.gpt2.modeling_gpt2 import GPT2Attention
from transformers.models.llama.modeling_llama import LlamaAttention, LlamaRotaryEmbedding
from transformers.models.t5.modeling_t5 import T5Attention

from eras.pretraining.attention import (
    KVCache,
    MultiHeadAttention,
    attention_cost,
    blockwise_attention,
    causal_mask,
    combine_masks,
    fused_attention,
    online_attention,
    padding_mask,
    scaled_dot_product_attention,
    softmax,
)
from eras.pretraining.memory import peak_bytes
from eras.pretraining.positions import RotaryEmbedding, T5RelativeBias, alibi_bias

CLOSE = {"atol": 1e-5, "rtol": 1e-5}
SEEDS = range(8)


def generator(seed):
    return torch.Generator().manual_seed(seed)


def integers(g, low, high, count):
    return torch.randint(low, high, (count,), generator=g).tolist()


def tensors(g, *shapes, dtype=torch.float32):
    return [torch.randn(shape, generator=g).to(dtype).requires_grad_() for shape in shapes]


def assert_same(ours, theirs, inputs, g, other_inputs=None, **tolerance):
    """Equal outputs, and equal gradients of a random weighting of them."""
    tolerance = tolerance or CLOSE
    torch.testing.assert_close(ours, theirs, **tolerance)
    weighting = torch.randn(ours.shape, generator=g, dtype=torch.float32).to(ours.dtype)
    got = torch.autograd.grad(ours, inputs, weighting)
    want = torch.autograd.grad(theirs, other_inputs or inputs, weighting)
    for mine, other in zip(got, want, strict=True):
        torch.testing.assert_close(mine, other, **tolerance)


# Softmax and masks


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("dim", [-1, 0, 1])
def test_softmax_equals_torch(dtype, dim):
    (x,) = tensors(generator(dim + 5), (4, 5, 6), dtype=dtype)
    tolerance = CLOSE if dtype in (torch.float32, torch.float64) else {"atol": 3e-2, "rtol": 2e-2}
    assert_same(softmax(x * 4, dim), torch.softmax(x * 4, dim), [x], generator(1), **tolerance)


def test_softmax_large_scores_and_empty_rows():
    x = torch.tensor([[1e4, -1e4], [-torch.inf, 2.0], [-torch.inf, -torch.inf]], requires_grad=True)
    out = softmax(x)
    assert out.tolist() == [[1, 0], [0, 1], [0, 0]]
    out.sum().backward()
    assert x.grad.isfinite().all()
    assert softmax(torch.zeros(3, 0)).shape == (3, 0)
    with pytest.raises(TypeError, match="floating"):
        softmax(torch.tensor([1, 2]))


@pytest.mark.parametrize(("T", "S"), [(1, 1), (3, 3), (2, 5), (0, 4), (1, 9)])
def test_causal_mask_row_by_row(T, S):
    want = [[s <= S - T + t for s in range(S)] for t in range(T)]
    mask = causal_mask(T, S)
    assert mask.dtype == torch.bool
    assert mask.shape == (T, S)
    assert mask.tolist() == want


def test_causal_mask_refuses_more_queries_than_keys():
    with pytest.raises(ValueError, match="T <= S"):
        causal_mask(5, 4)
    with pytest.raises(ValueError, match="T <= S"):
        causal_mask(-1)


def test_padding_mask():
    mask = padding_mask(torch.tensor([0, 2, 3]), 3)
    assert mask.shape == (3, 1, 1, 3)
    assert mask[:, 0, 0].tolist() == [[False] * 3, [True, True, False], [True] * 3]


@pytest.mark.parametrize(
    ("lengths", "error"),
    [
        (torch.tensor([1.0]), TypeError),
        (torch.tensor([True]), TypeError),
        (torch.tensor([[1]]), ValueError),
        (torch.tensor([4]), ValueError),
        (torch.tensor([-1]), ValueError),
    ],
)
def test_padding_mask_refuses(lengths, error):
    with pytest.raises(error, match="lengths"):
        padding_mask(lengths, 3)


def test_combine_masks():
    causal, padding = causal_mask(3), padding_mask(torch.tensor([1, 3]), 3)
    both = combine_masks(None, causal, None, padding)
    assert both.shape == (2, 1, 3, 3)
    assert both.tolist() == (causal & padding).tolist()
    assert combine_masks() is None
    assert combine_masks(None, None) is None
    assert combine_masks(causal) is causal
    with pytest.raises(TypeError, match="boolean"):
        combine_masks(causal.float())
    with pytest.raises(ValueError, match="broadcast"):
        combine_masks(causal, causal_mask(4))


# Scaled dot-product attention, three implementations


def random_problem(seed, dtype=torch.float32):
    """q, k, v and a mask of random shapes and offsets; the mask leaves each query something."""
    g = generator(seed)
    B, H, T, extra, D, E = integers(g, 1, 6, 6)
    S = T + extra - 1
    q, k, v = tensors(g, (B, H, T, D), (B, H, S, D), (B, H, S, E), dtype=dtype)
    chosen = torch.rand(B, 1, T, S, generator=g) < 0.6
    chosen[..., 0] = True
    mask = [None, causal_mask(T, S), chosen, combine_masks(chosen, causal_mask(T, S))][seed % 4]
    return q, k, v, mask, g


@pytest.mark.parametrize("attend", [scaled_dot_product_attention, fused_attention, blockwise_attention])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scale", [None, 0.3])
def test_attention_equals_torch(attend, seed, scale):
    q, k, v, mask, g = random_problem(seed)
    theirs = F.scaled_dot_product_attention(q, k, v, mask, scale=scale)
    assert_same(attend(q, k, v, mask=mask, scale=scale), theirs, [q, k, v], g)


@pytest.mark.parametrize("attend", [scaled_dot_product_attention, fused_attention])
def test_bias_equals_torchs_additive_mask(attend):
    q, k, v, _, g = random_problem(3)
    (bias,) = tensors(g, (q.shape[1], q.shape[2], k.shape[2]))
    theirs = F.scaled_dot_product_attention(q, k, v, bias)
    assert_same(attend(q, k, v, bias=bias), theirs, [q, k, v, bias], g)


def test_the_kernels_weights_equal_the_plain_ones():
    q, k, v, mask, g = random_problem(3)
    (bias,) = tensors(g, (q.shape[1], q.shape[2], k.shape[2]))
    for extra in ({}, {"mask": mask}, {"bias": bias, "scale": 0.3}, {"mask": mask & False}):
        mine, weights = fused_attention(q, k, v, **extra, return_weights=True)
        plain, wanted = scaled_dot_product_attention(q, k, v, **extra, return_weights=True)
        torch.testing.assert_close(mine, plain, atol=1e-5, rtol=1e-5)
        assert_same(weights, wanted, [q, k], g)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradcheck_in_float64(seed):
    q, k, v, mask, _ = random_problem(seed, torch.float64)
    assert torch.autograd.gradcheck(lambda *x: scaled_dot_product_attention(*x, mask), (q, k, v))
    assert torch.autograd.gradcheck(lambda *x: blockwise_attention(*x, mask, block_size=2), (q, k, v))


@pytest.mark.parametrize("attend", [scaled_dot_product_attention, fused_attention, blockwise_attention])
def test_a_query_that_may_look_nowhere_gets_zeros(attend):
    q, k, v = tensors(generator(0), (2, 3, 4), (2, 5, 4), (2, 5, 4))
    mask = torch.ones(2, 3, 5, dtype=torch.bool)
    mask[0, 1] = False
    out = attend(q, k, v, mask=mask)
    assert out[0, 1].tolist() == [0.0] * 4
    assert (out[0, [0, 2]] != 0).all()
    grads = torch.autograd.grad(out.square().sum(), (q, k, v))
    assert all(each.isfinite().all() for each in grads)
    assert grads[0][0, 1].tolist() == [0.0] * 4
    nothing = attend(q, k, v, mask=torch.zeros(3, 5, dtype=torch.bool))
    assert not nothing.any()
    assert not any(each.any() for each in torch.autograd.grad(nothing.sum(), (q, k, v)))


@pytest.mark.parametrize("attend", [scaled_dot_product_attention, blockwise_attention])
def test_no_keys_give_zeros(attend):
    q, k, v = tensors(generator(0), (3, 4), (0, 4), (0, 2))
    assert attend(q, k, v).tolist() == [[0.0, 0.0]] * 3


@pytest.mark.parametrize("attend", [scaled_dot_product_attention, fused_attention, blockwise_attention])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_with_large_scores(attend, dtype):
    g = generator(1)
    q, k, v = (300 * torch.randn(6, 16, generator=g).to(dtype) for _ in range(3))
    out = attend(q, k, v, mask=causal_mask(6))
    assert out.dtype == dtype
    exact = scaled_dot_product_attention(q.double(), k.double(), v.double(), causal_mask(6))
    torch.testing.assert_close(out.double(), exact, atol=2.0, rtol=2e-2)


def test_weights_sum_to_one_and_mix_values():
    q, k, v, mask, _ = random_problem(2)
    out, weights = scaled_dot_product_attention(q, k, v, mask, return_weights=True)
    torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))
    torch.testing.assert_close(weights @ v, out)
    assert not weights.masked_select(~mask).any()


def test_dropout_drops_whole_weights_and_keeps_the_mean():
    torch.manual_seed(0)
    q, k, v = torch.zeros(1, 4), torch.zeros(1000, 4), torch.ones(1000, 1)
    out = scaled_dot_product_attention(q.expand(200, 4), k, v, dropout=0.5)
    assert out.std() > 0
    assert abs(out.mean() - 1) < 0.01


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"q": torch.zeros(2, 3, 5)}, ValueError, "width"),
        ({"v": torch.zeros(2, 3, 4)}, ValueError, "length"),
        ({"q": torch.zeros(4)}, ValueError, "two axes"),
        ({"q": torch.zeros(3, 3, 4)}, ValueError, "broadcast"),
        ({"q": torch.zeros(2, 3, 4).double()}, TypeError, "one floating-point dtype"),
        ({"mask": torch.ones(3, 5)}, TypeError, "boolean"),
        ({"mask": torch.ones(4, 5, dtype=torch.bool)}, ValueError, "mask|broadcast"),
        ({"mask": torch.ones(5, 1, 3, 5, dtype=torch.bool)}, ValueError, "mask"),
    ],
)
@pytest.mark.parametrize("attend", [scaled_dot_product_attention, fused_attention, blockwise_attention])
def test_misfits_are_refused(attend, change, error, words):
    given = {"q": torch.zeros(2, 3, 4), "k": torch.zeros(2, 5, 4), "v": torch.zeros(2, 5, 4)} | change
    with pytest.raises(error, match=words):
        attend(**given)


# Blockwise


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("block_size", [1, 2, 3, 64])
@pytest.mark.parametrize("causal", [True, False])
def test_blockwise_equals_plain(seed, block_size, causal):
    q, k, v, mask, g = random_problem(seed)
    T, S = q.shape[-2], k.shape[-2]
    hidden = combine_masks(mask, causal_mask(T, S) if causal else None)
    ours = blockwise_attention(q, k, v, mask, causal, block_size=block_size)
    assert_same(ours, scaled_dot_product_attention(q, k, v, hidden), [q, k, v], g)


def test_blockwise_broadcasts_leading_axes():
    g = generator(3)
    q, k, v = tensors(g, (2, 3, 5, 4), (3, 7, 4), (1, 1, 7, 2))
    ours = blockwise_attention(q, k, v, block_size=2)
    assert_same(ours, scaled_dot_product_attention(q, k, v), [q, k, v], g)


def test_online_attention_returns_the_log_of_the_sum():
    q, k, v, _, _ = random_problem(0)
    blocks = [(k[..., i : i + 1, :], v[..., i : i + 1, :], None) for i in range(k.shape[-2])]
    _, log_total = online_attention(q, blocks)
    torch.testing.assert_close(log_total, (q @ k.mT / math.sqrt(q.shape[-1])).logsumexp(-1), **CLOSE)


def test_blockwise_memory_at_8192_positions():
    g = generator(0)
    q, k, v = (torch.randn(1, 1, 8192, 16, generator=g) for _ in range(3))
    plain = peak_bytes(scaled_dot_product_attention, q, k, v)
    blocks = peak_bytes(blockwise_attention, q, k, v)
    assert plain > 8192 * 8192 * 4
    assert blocks < plain / 100


def test_blockwise_memory_is_linear_forward_and_backward():
    def work(T):
        q, k, v = tensors(generator(0), (1, T, 16), (1, T, 16), (1, T, 16))
        return peak_bytes(lambda: blockwise_attention(q, k, v, causal=True, block_size=64).sum().backward())

    small, large = work(1024), work(2048)
    assert large < 2.1 * small
    q, k, v = tensors(generator(0), (1, 2048, 16), (1, 2048, 16), (1, 2048, 16))
    plain = peak_bytes(lambda: scaled_dot_product_attention(q, k, v, causal_mask(2048)).sum().backward())
    assert large < plain / 10


def test_peak_bytes_counts_what_torchs_profiler_counts():
    q, k, v = (torch.randn(1, 256, 8) for _ in range(3))
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities, profile_memory=True, acc_events=True) as profiler:
        scaled_dot_product_attention(q, k, v)
    events = [e for e in profiler.profiler.kineto_results.events() if e.name() == "[memory]"]
    live = torch.tensor([e.nbytes() for e in sorted(events, key=lambda e: e.start_ns())]).cumsum(0)
    ours = peak_bytes(scaled_dot_product_attention, q, k, v)
    assert ours == pytest.approx(int(live.max()), rel=0.01)


@pytest.mark.parametrize("change", [{"block_size": 0}, {"causal": True}])
def test_blockwise_refuses(change):
    with pytest.raises(ValueError, match="block_size"):
        blockwise_attention(torch.zeros(3, 2), torch.zeros(2, 2), torch.zeros(2, 2), **change)


# The cache


def test_cache_equals_concatenation_and_grows_by_doubling():
    g, cache, all_k, all_v, rooms = generator(0), KVCache(), [], [], set()
    for T in [3, 1, 1, 4, 1, 1, 1, 2, 20, 1]:
        k, v = torch.randn(2, 3, T, 4, generator=g), torch.randn(2, 3, T, 5, generator=g)
        all_k.append(k)
        all_v.append(v)
        keys, values = cache.update(k, v)
        assert torch.equal(keys, torch.cat(all_k, 2))
        assert torch.equal(values, torch.cat(all_v, 2))
        rooms.add(cache.keys.shape[2])
    assert cache.length == 35
    assert rooms == {3, 6, 12, 24, 48}


def test_cache_copies_each_position_a_constant_number_of_times():
    def written(n):
        cache, room, copied = KVCache(), 0, 0
        for _ in range(n):
            cache.update(torch.zeros(1, 1, 1, 1), torch.zeros(1, 1, 1, 1))
            copied += room if cache.keys.shape[2] != room else 0
            room = cache.keys.shape[2]
        return copied

    assert written(1024) < 1024


def test_cache_reorders_and_truncates():
    g = generator(0)
    k, v = torch.randn(2, 1, 4, 3, generator=g), torch.randn(2, 1, 4, 3, generator=g)
    cache = KVCache()
    cache.reorder(torch.tensor([0]))
    cache.update(k, v)
    cache.reorder(torch.tensor([1, 1, 0]))
    cache.truncate(2)
    assert cache.length == 2
    new = torch.randn(3, 1, 1, 3, generator=g)
    keys, values = cache.update(new, new)
    assert torch.equal(keys, torch.cat([k[[1, 1, 0], :, :2], new], 2))
    assert torch.equal(values, torch.cat([v[[1, 1, 0], :, :2], new], 2))
    for length in (-1, 4):
        with pytest.raises(ValueError, match="truncate"):
            cache.truncate(length)


def test_cache_refuses_other_shapes_and_stores_no_gradient():
    cache = KVCache()
    (k,) = tensors(generator(0), (1, 2, 3, 4))
    keys, _ = cache.update(k, k)
    assert not keys.requires_grad
    for shape in [(2, 2, 1, 4), (1, 3, 1, 4), (1, 2, 1, 5), (2, 1, 4)]:
        with pytest.raises(ValueError, match="cache"):
            cache.update(torch.zeros(shape), torch.zeros(shape))
    with pytest.raises(ValueError, match="k and v must agree"):
        KVCache().update(torch.zeros(1, 2, 3, 4), torch.zeros(1, 2, 1, 4))


# Many heads against torch and transformers


def copy(linear, weight, bias=None):
    with torch.no_grad():
        linear.weight.copy_(weight)
        if bias is not None:
            linear.bias.copy_(bias)


def shuffle_parameters(module, g):
    """Random values for all parameters, so that biases and norms matter."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(0.2 * torch.randn(parameter.shape, generator=g))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("bias", [True, False])
def test_heads_equal_torch(seed, bias):
    g = generator(seed)
    B, T, S, H, D = integers(g, 1, 6, 5)
    theirs = nn.MultiheadAttention(H * D, H, bias=bias, batch_first=True)
    shuffle_parameters(theirs, g)
    ours = MultiHeadAttention(H * D, H, bias=bias)
    for name, weight in zip(("query", "key", "value"), theirs.in_proj_weight.chunk(3), strict=True):
        copy(getattr(ours, name), weight)
    copy(ours.output, theirs.out_proj.weight, theirs.out_proj.bias)
    if bias:
        for name, offset in zip(("query", "key", "value"), theirs.in_proj_bias.chunk(3), strict=True):
            copy(getattr(ours, name), getattr(ours, name).weight, offset)
    x, context = tensors(g, (B, T, H * D), (B, S, H * D))
    lengths = torch.randint(1, S + 1, (B,), generator=g)
    mask = padding_mask(lengths, S)
    got, weights = ours(x, context, mask, return_weights=True)
    want, their_weights = theirs(
        x, context, context, key_padding_mask=~mask[:, 0, 0], average_attn_weights=False
    )
    torch.testing.assert_close(weights, their_weights, **CLOSE)
    assert_same(got, want, [x, context], g)


def conv1d_parts(conv, count):
    """GPT-2 keeps its linear maps transposed and side by side."""
    return conv.weight.T.chunk(count), conv.bias.chunk(count)


@pytest.mark.parametrize("seed", SEEDS)
def test_gpt2_attention(seed):
    g = generator(seed)
    B, T, H, D = integers(g, 1, 6, 4)
    config = GPT2Config(n_embd=H * D, n_head=H, attn_pdrop=0, resid_pdrop=0, attn_implementation="eager")
    theirs, ours = GPT2Attention(config, layer_idx=0), MultiHeadAttention(H * D, H)
    shuffle_parameters(theirs, g)
    weights, biases = conv1d_parts(theirs.c_attn, 3)
    for name, weight, bias in zip(("query", "key", "value"), weights, biases, strict=True):
        copy(getattr(ours, name), weight, bias)
    copy(ours.output, theirs.c_proj.weight.T, theirs.c_proj.bias)
    (x,) = tensors(g, (B, T, H * D))
    hidden = torch.zeros(T, T).masked_fill(~causal_mask(T), torch.finfo(torch.float32).min)
    want = theirs(x, attention_mask=hidden[None, None])[0]
    assert_same(ours(x, mask=causal_mask(T)), want, [x], g)
    mine = torch.autograd.grad(ours(x, mask=causal_mask(T)).square().sum(), ours.query.weight)[0]
    want = theirs(x, attention_mask=hidden[None, None])[0]
    other = torch.autograd.grad(want.square().sum(), theirs.c_attn.weight)[0].T[: H * D]
    torch.testing.assert_close(mine, other, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_llama_attention_with_rope_and_grouped_heads(seed):
    g = generator(seed)
    B, T, kv, groups, half, start = *integers(g, 1, 5, 5), integers(g, 0, 4000, 1)[0]
    H, width, theta = kv * groups, kv * groups * half * 2, [1e4, 5e5, 100.0][seed % 3]
    config = LlamaConfig(
        hidden_size=width, num_attention_heads=H, num_key_value_heads=kv, attn_implementation="eager",
        rope_parameters={"rope_type": "default", "rope_theta": theta},
    )  # fmt: skip
    theirs, ours = LlamaAttention(config, 0), MultiHeadAttention(width, H, kv, bias=False)
    shuffle_parameters(theirs, g)
    for mine, other in (("query", "q"), ("key", "k"), ("value", "v"), ("output", "o")):
        copy(getattr(ours, mine), getattr(theirs, f"{other}_proj").weight)
    (x,) = tensors(g, (B, T, width))
    positions = start + torch.arange(T)[None]
    hidden = torch.zeros(T, T).masked_fill(~causal_mask(T), torch.finfo(torch.float32).min)[None, None]
    want = theirs(x, LlamaRotaryEmbedding(config)(x, positions), hidden)[0]
    got = ours(x, mask=causal_mask(T), rotate=RotaryEmbedding(theta).at(positions))
    mine = [x, ours.query.weight, ours.key.weight, ours.value.weight, ours.output.weight]
    other = [x, *(getattr(theirs, f"{each}_proj").weight for each in "qkvo")]
    assert_same(got, want, mine, g, other)


@pytest.mark.parametrize("seed", SEEDS)
def test_bloom_attention_with_alibi(seed):
    g = generator(seed)
    B, T, H, D = integers(g, 1, 7, 4)
    config = BloomConfig(hidden_size=H * D, n_head=H, hidden_dropout=0.0, attention_dropout=0.0)
    theirs, ours = BloomAttention(config, layer_idx=0), MultiHeadAttention(H * D, H)
    shuffle_parameters(theirs, g)
    weight = theirs.query_key_value.weight.view(H, 3, D, H * D)
    bias = theirs.query_key_value.bias.view(H, 3, D)
    for i, name in enumerate(("query", "key", "value")):
        copy(getattr(ours, name), weight[:, i].flatten(0, 1), bias[:, i].flatten())
    copy(ours.output, theirs.dense.weight, theirs.dense.bias)
    (x,) = tensors(g, (B, T, H * D))
    alibi = build_alibi_tensor(torch.ones(B, T), H, torch.float32)
    hidden = torch.zeros(T, T).masked_fill(~causal_mask(T), torch.finfo(torch.float32).min)[None, None]
    want = theirs(x, torch.zeros_like(x), alibi, hidden)[0]
    assert_same(ours(x, mask=causal_mask(T), bias=alibi_bias(H, T)), want, [x], g)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("decoder", [True, False])
def test_t5_attention_with_relative_bias(seed, decoder):
    g = generator(seed)
    B, H, D = integers(g, 1, 5, 3)
    T = integers(g, 1, 60, 1)[0]
    config = T5Config(
        d_model=H * D, d_kv=D, num_heads=H, dropout_rate=0.0, is_decoder=decoder, attn_implementation="eager",
        relative_attention_num_buckets=12, relative_attention_max_distance=40,
    )  # fmt: skip
    theirs = T5Attention(config, has_relative_attention_bias=True, layer_idx=0)
    ours = MultiHeadAttention(H * D, H, bias=False)
    relative = T5RelativeBias(H, not decoder, 12, 40)
    shuffle_parameters(theirs, g)
    copy(ours.query, theirs.q.weight * math.sqrt(D))  # T5 does not divide by the root of the width
    for mine, other in (("key", "k"), ("value", "v"), ("output", "o")):
        copy(getattr(ours, mine), getattr(theirs, other).weight)
    copy(relative.table, theirs.relative_attention_bias.weight)
    (x,) = tensors(g, (B, T, H * D))
    mask = causal_mask(T) if decoder else torch.ones(T, T, dtype=torch.bool)
    hidden = torch.zeros(T, T).masked_fill(~mask, torch.finfo(torch.float32).min)[None, None]
    want = theirs(x, mask=hidden)[0]
    got = ours(x, mask=mask, bias=relative(T))
    assert_same(
        got, want, [x, relative.table.weight], g, [x, theirs.relative_attention_bias.weight],
        atol=2e-5, rtol=1e-4,
    )  # fmt: skip


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
@pytest.mark.parametrize("rotated", [True, False])
def test_cache_gives_what_one_pass_gives(kv_heads, rotated):
    g = generator(kv_heads)
    module = MultiHeadAttention(32, 4, kv_heads).eval()
    x, rotation = torch.randn(2, 11, 32, generator=g), RotaryEmbedding()
    whole = module(x, mask=causal_mask(11), rotate=rotation if rotated else None)
    cache, parts, first = KVCache(), [], 0
    for T in (4, 1, 1, 3, 2):
        rotate = rotation.at(torch.arange(first, first + T)) if rotated else None
        mask = causal_mask(T, first + T)
        parts.append(module(x[:, first : first + T], mask=mask, rotate=rotate, cache=cache))
        first += T
    torch.testing.assert_close(torch.cat(parts, 1), whole, **CLOSE)


def test_kinds_of_mixing_agree_within_the_module():
    g = generator(0)
    module = MultiHeadAttention(24, 6, 2)
    other = MultiHeadAttention(24, 6, 2, attend=scaled_dot_product_attention)
    other.load_state_dict(module.state_dict())
    x, bias, mask = torch.randn(2, 7, 24, generator=g), torch.randn(6, 7, 7, generator=g), causal_mask(7)
    torch.testing.assert_close(module(x, mask=mask, bias=bias), other(x, mask=mask, bias=bias), **CLOSE)


def test_dropout_only_in_training():
    module, x = MultiHeadAttention(16, 2, dropout=0.5), torch.randn(1, 9, 16)
    assert not torch.equal(module(x), module(x))
    module.eval()
    assert torch.equal(module(x), module(x))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((10, 3), "multiple of heads"), ((12, 4, 3), "kv_heads"), ((12, 0), "heads"), ((12, 4, 0), "kv_heads")],
)
def test_head_counts_that_do_not_divide(arguments, words):
    with pytest.raises(ValueError, match=words):
        MultiHeadAttention(*arguments)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x": torch.zeros(2, 3, 9)}, "x must be"),
        ({"x": torch.zeros(3, 8)}, "x must be"),
        ({"context": torch.zeros(2, 3, 9)}, "context must be"),
        ({"context": torch.zeros(1, 3, 8)}, "same B"),
        ({"mask": torch.ones(2, 3, 3, dtype=torch.bool)}, "mask must be"),
        ({"mask": torch.ones(4, 4, dtype=torch.bool)}, "broadcast"),
    ],
)
def test_module_refuses(change, words):
    with pytest.raises(ValueError, match=words):
        MultiHeadAttention(8, 2)(**({"x": torch.zeros(2, 3, 8)} | change))


# What it costs


@pytest.mark.parametrize("kv_heads", [None, 1, 2])
def test_cost_equals_torchs_count(kv_heads):
    B, T, S, width, heads = 2, 5, 7, 24, 4
    module = MultiHeadAttention(width, heads, kv_heads, False, attend=scaled_dot_product_attention)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.zeros(B, T, width), torch.zeros(B, S, width))
    cost = attention_cost(B, T, S, width, heads, kv_heads, number_bytes=4)
    assert cost.projection_flops + cost.mixing_flops == counter.get_total_flops()
    assert cost.weight_bytes == 4 * B * heads * T * S
    cache = KVCache()
    module(torch.zeros(B, S, width), cache=cache)
    assert cost.cache_bytes == cache.keys.nbytes + cache.values.nbytes
    with pytest.raises(ValueError, match="positive"):
        attention_cost(B, 0, S, width, heads)
