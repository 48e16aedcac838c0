"""Attention: every position looks at every other one and takes what it needs.

Masks are boolean and True where attention is allowed, as in torch. Dimensions are named in
`eras/__init__.py`: B batch, T queries, S keys, C channels, H heads, D width of a head; E is the width of a
value. Left out: sparse patterns and kernels for special hardware.

Sources: Bahdanau et al. 2015 (the idea); Vaswani et al. 2017, section 3.2 (scaled, many heads); Shazeer 2019
and Ainslie et al. 2023 (shared key/value heads); Milakov & Gimelshein 2018 and Dao et al. 2022 (online
softmax, blocks).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LOWEST = float("-inf")
HALF = (torch.float16, torch.bfloat16)


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    """Exponentials along `dim`, divided by their sum.  Any shape -> the same shape and dtype.

    Safe for scores of any finite size. A slice that is -inf throughout (nothing allowed) gives zeros, with
    zero gradient. Half-precision input is computed in float32 and returned in half precision. Raises
    TypeError for integers.  Source: Bridle 1990.
    """
    if not x.is_floating_point():
        raise TypeError(f"softmax needs floating-point scores, got {x.dtype}: call .float() first")
    ### BEGIN SOLUTION
    if x.shape[dim] == 0:
        return x.clone()
    wide = x.float() if x.dtype.itemsize < 4 else x
    highest = wide.detach().amax(dim, keepdim=True)
    powers = (wide - highest.masked_fill(highest == float("-inf"), 0.0)).exp()
    total = powers.sum(dim, keepdim=True)
    return (powers / total.masked_fill(total == 0, 1.0)).to(x.dtype)
    ### END SOLUTION


def causal_mask(T: int, S: int | None = None, device=None) -> Tensor:
    """Which keys come no later than each query.  -> (T, S) bool.

    The queries are the last T of S positions (S = T unless given), so query t stands at position S - T + t.
    Raises ValueError if T is negative or S < T.  Source: Vaswani et al. 2017, section 3.2.3.
    """
    S = T if S is None else S
    if not 0 <= T <= S:
        raise ValueError(
            f"causal_mask needs 0 <= T <= S (the queries are the last T of S positions), got {T=}, {S=}"
        )
    ### BEGIN SOLUTION
    return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T)
    ### END SOLUTION


def padding_mask(lengths: Tensor, S: int) -> Tensor:
    """Which keys are real and not padding at the end.  lengths (B,) integers in 0…S -> (B, 1, 1, S) bool.

    The two axes of size 1 are for heads and queries.  Raises TypeError unless lengths are integers,
    ValueError unless they form one axis and lie in 0…S.
    """
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise TypeError(f"lengths must be integers, got {lengths.dtype}")
    if lengths.dim() != 1:
        raise ValueError(f"lengths must have one axis (B,), got shape {tuple(lengths.shape)}")
    if len(lengths) and not (int(lengths.min()) >= 0 and int(lengths.max()) <= S):
        raise ValueError(f"lengths must lie in 0…{S}, got {lengths.tolist()}")
    ### BEGIN SOLUTION
    return (torch.arange(S, device=lengths.device) < lengths[:, None])[:, None, None, :]
    ### END SOLUTION


def combine_masks(*masks: Tensor | None) -> Tensor | None:
    """Allowed where every mask allows it; None allows everything.  Broadcastable bool masks -> their
    broadcast AND.

    Nothing but None gives None.  Raises TypeError for a mask that is not boolean, ValueError if shapes do
    not fit.
    """
    ### BEGIN SOLUTION
    combined = None
    for mask in masks:
        if mask is None:
            continue
        if mask.dtype != torch.bool:
            raise TypeError(f"masks are boolean (True = allowed), got {mask.dtype}")
        if combined is not None:
            broadcast_shape(combined.shape, mask.shape)
        combined = mask if combined is None else combined & mask
    return combined
    ### END SOLUTION


def broadcast_shape(*shapes) -> torch.Size:
    """The shape that torch would broadcast these shapes to.  Raises ValueError if there is none."""
    if len(set(shapes)) == 1:
        return shapes[0]
    try:
        return torch.broadcast_shapes(*shapes)
    except RuntimeError:
        listed = " and ".join(str(tuple(shape)) for shape in shapes)
        raise ValueError(f"shapes {listed} do not broadcast together") from None


def fits(shape: torch.Size, scores: tuple[int, ...]) -> bool:
    """Whether a mask or bias of this shape broadcasts to the scores without enlarging them."""
    pairs = zip(reversed(shape), reversed(scores), strict=False)
    return len(shape) <= len(scores) and all(size in (1, wanted) for size, wanted in pairs)


def check_attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, bias: Tensor | None = None
) -> None:
    """Refuse what cannot be attended to, with one clear sentence.  q (…, T, D), k (…, S, D), v (…, S, E)."""
    shapes = f"q {tuple(q.shape)}, k {tuple(k.shape)}, v {tuple(v.shape)}"
    if min(q.dim(), k.dim(), v.dim()) < 2:
        raise ValueError(f"q, k and v need at least two axes (positions, width), got {shapes}")
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(
            f"q and k must agree in width (last axis), k and v in length (last but one), got {shapes}"
        )
    if not q.dtype == k.dtype == v.dtype or not q.is_floating_point():
        raise TypeError(f"q, k and v need one floating-point dtype, got {q.dtype}, {k.dtype}, {v.dtype}")
    scores = (*broadcast_shape(q.shape[:-2], k.shape[:-2], v.shape[:-2]), q.shape[-2], k.shape[-2])
    for name, extra in (("mask", mask), ("bias", bias)):
        if extra is not None and not fits(extra.shape, scores):
            raise ValueError(f"{name} {tuple(extra.shape)} must broadcast to the scores (…, T, S) = {scores}")
    if mask is not None and mask.dtype != torch.bool:
        raise TypeError(
            f"the mask must be boolean (True = allowed), got {mask.dtype}: additive terms go into bias"
        )


def scaled_dot_product_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask=None,
    bias=None,
    scale=None,
    dropout: float = 0.0,
    return_weights=False,
):
    """Mix values by how well each query matches each key: softmax(q kᵀ · scale + bias) v.

    q (…, T, D), k (…, S, D), v (…, S, E) -> (…, T, E), and weights (…, T, S) if `return_weights`. `mask`
    (bool, True = allowed) and `bias` (added to the scores) broadcast to (…, T, S); `scale` is 1/√D unless
    given; `dropout` is the share of weights dropped (the returned weights are those before). A query that
    may look nowhere gets zeros. Raises ValueError for shapes, TypeError for dtypes that do not fit.  Source:
    Vaswani et al. 2017, equation 1.
    """
    check_attention(q, k, v, mask, bias)
    ### BEGIN SOLUTION
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed
    ### END SOLUTION


def fused_attention(q, k, v, mask=None, bias=None, scale=None, dropout: float = 0.0, return_weights=False):
    """`scaled_dot_product_attention` by torch's kernel, which keeps no weights: fast enough to train.

    Where weights are asked for, the kernel runs once more with the identity for values: that mixes to them.
    """
    check_attention(q, k, v, mask, bias)
    extra = mask
    if bias is not None:
        extra = bias.to(q.dtype) if mask is None else bias.to(q.dtype).masked_fill(~mask, LOWEST)
    mixed = F.scaled_dot_product_attention(q, k, v, extra, dropout, scale=scale)
    if not return_weights:
        return mixed
    units = torch.eye(k.shape[-2], dtype=v.dtype, device=v.device).expand(*k.shape[:-1], -1)
    return mixed, F.scaled_dot_product_attention(q, k, units, extra, scale=scale)


@dataclass
class KVCache:
    """Keys and values of all positions so far, kept between calls.  (B, H, S, D) and (B, H, S, E).

    Room doubles when it runs out, so that n positions cost O(n) copies. For generation: what it returns
    carries no gradient, and stays valid until the next call.
    """

    keys: Tensor | None = None
    values: Tensor | None = None
    length: int = 0

    def update(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Append (B, H, T, D) and (B, H, T, E); return all so far, (B, H, S, D) and (B, H, S, E).

        Raises ValueError if B, H or a width differ from what the cache holds, or B, H or T between k and v.
        """
        check_appended(self.keys, k)
        check_appended(self.values, v)
        if k.shape[:3] != v.shape[:3]:
            raise ValueError(f"k and v must agree in B, H and T, got {tuple(k.shape)} and {tuple(v.shape)}")
        ### BEGIN SOLUTION
        first, last = self.length, self.length + k.shape[2]
        if self.keys is None:
            self.keys, self.values = k[:, :, :0].detach(), v[:, :, :0].detach()
        room = self.keys.shape[2]
        if last > room:
            more = max(last, 2 * room) - room
            self.keys = F.pad(self.keys, (0, 0, 0, more))
            self.values = F.pad(self.values, (0, 0, 0, more))
        self.keys[:, :, first:last] = k.detach()
        self.values[:, :, first:last] = v.detach()
        self.length = last
        return self.keys[:, :, :last], self.values[:, :, :last]
        ### END SOLUTION

    def reorder(self, index: Tensor) -> None:
        """Row i becomes what row index[i] was (beam search); index (any number of rows,) integers."""
        if self.keys is not None:
            self.keys, self.values = (x.index_select(0, index) for x in (self.keys, self.values))

    def truncate(self, length: int) -> None:
        """Forget all positions from `length` on.  Raises ValueError unless 0 <= length <= the present
        length.
        """
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot truncate a cache of {self.length} positions to {length}")
        self.length = length


def check_appended(store: Tensor | None, new: Tensor) -> None:
    """Refuse keys or values (B, H, T, D) that cannot follow those in the cache."""
    if new.dim() != 4:
        raise ValueError(f"the cache takes (B, H, T, D), got {tuple(new.shape)}")
    if store is not None and (store.shape[:2], store.shape[3]) != (new.shape[:2], new.shape[3]):
        raise ValueError(f"the cache holds {tuple(store.shape)}, cannot append {tuple(new.shape)}")


class MultiHeadAttention(nn.Module):
    """Attention in `heads` subspaces at once, self (context None) or cross.

    `kv_heads` keys and values are shared by groups of heads/kv_heads neighbouring queries (all of them
    unless given). `attend` does the mixing: torch's kernel unless given, with the result of
    `scaled_dot_product_attention` in a fraction of its time.
    Raises ValueError if heads do not divide width or kv_heads do not divide heads.
    Sources: Vaswani et al. 2017, section 3.2.2; Ainslie et al. 2023 (grouped queries).
    """

    def __init__(
        self, width: int, heads: int, kv_heads: int | None = None, bias=True, dropout=0.0,
        attend=fused_attention,
    ):  # fmt: skip
        super().__init__()
        kv_heads = heads if kv_heads is None else kv_heads
        if heads < 1 or width % heads:
            raise ValueError(f"width must be a multiple of heads, got {width=}, {heads=}")
        if kv_heads < 1 or heads % kv_heads:
            raise ValueError(f"heads must be a multiple of kv_heads, got {heads=}, {kv_heads=}")
        self.heads, self.kv_heads, self.dropout, self.attend = heads, kv_heads, dropout, attend
        self.query = nn.Linear(width, width, bias=bias)
        self.key = nn.Linear(width, width // heads * kv_heads, bias=bias)
        self.value = nn.Linear(width, width // heads * kv_heads, bias=bias)
        self.output = nn.Linear(width, width, bias=bias)

    def forward(
        self, x: Tensor, context: Tensor | None = None, mask=None, *, bias=None, rotate=None, cache=None,
        return_weights=False,
    ):  # fmt: skip
        """x (B, T, C), context (B, S, C) -> (B, T, C), and weights (B, H, T, S) if `return_weights`.

        `mask` is (T, S) or (B or 1, H or 1, T or 1, S); `bias` is added to the scores; `rotate` maps
        q (B, H, T, D) and k (B, Hkv, S, D) to their rotated selves, before the cache; `cache.update(k, v)`
        keeps k and v and returns all so far.
        """
        check_module_input(x, context, mask, self.query.in_features)
        ### BEGIN SOLUTION
        context = x if context is None else context
        q = self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        k = self.key(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
        v = self.value(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
        if rotate is not None:
            q, k = rotate(q, k)
        if cache is not None:
            k, v = cache.update(k, v)
        if self.kv_heads < self.heads:
            k, v = (each.repeat_interleave(self.heads // self.kv_heads, dim=1) for each in (k, v))
        dropout = self.dropout if self.training else 0.0
        mixed = self.attend(q, k, v, mask=mask, bias=bias, dropout=dropout, return_weights=return_weights)
        mixed, weights = mixed if return_weights else (mixed, None)
        out = self.output(mixed.transpose(1, 2).flatten(2))
        return (out, weights) if return_weights else out
        ### END SOLUTION


def check_module_input(x: Tensor, context: Tensor | None, mask: Tensor | None, width: int) -> None:
    """Refuse inputs and masks whose shapes `MultiHeadAttention` would misread."""
    for name, given in (("x", x), ("context", context)):
        if given is not None and (given.dim() != 3 or given.shape[-1] != width):
            raise ValueError(f"{name} must be (B, positions, {width}), got {tuple(given.shape)}")
    if context is not None and len(context) != len(x):
        raise ValueError(f"x and context must have the same B, got {len(x)} and {len(context)}")
    if mask is not None and mask.dim() not in (2, 4):
        raise ValueError(f"the mask must be (T, S) or (B, H, T, S), each 1 or full, got {tuple(mask.shape)}")


def online_attention(q: Tensor, blocks: Iterable, scale: float | None = None) -> tuple[Tensor, Tensor]:
    """Attention over keys that arrive block by block.  q (…, T, D) -> mixed (…, T, E), log_total (…, T).

    `blocks` yields (k (…, s, D), v (…, s, E), mask (…, T, s) or None), at least one, with the leading axes
    of q. `log_total` is the logarithm of each query's sum of exponentials: -inf where nothing is allowed
    (there mixed is 0). Sources: Milakov & Gimelshein 2018, algorithm 3; Dao et al. 2022, algorithm 1.
    """
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    ### BEGIN SOLUTION
    peak = q.new_full((*q.shape[:-1], 1), float("-inf"))
    total, mixed = torch.zeros_like(peak), 0.0
    for k, v, mask in blocks:
        scores = (q * scale) @ k.transpose(-2, -1)
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf"))
        higher = torch.maximum(peak, scores.amax(-1, keepdim=True))
        base = higher.masked_fill(higher == float("-inf"), 0.0)
        powers, shrink = (scores - base).exp(), (peak - base).exp()
        total = total * shrink + powers.sum(-1, keepdim=True)
        mixed = mixed * shrink + powers @ v
        peak = higher
    return mixed / total.masked_fill(total == 0, 1.0), (peak + total.log()).squeeze(-1)
    ### END SOLUTION


def block_mask(mask: Tensor | None, causal: bool, rows: range, columns: range, shift: int) -> Tensor | None:
    """The part of the mask (…, T, S) for these queries and keys, and of the causal one: s <= t + shift."""
    part = None if mask is None else mask[..., rows.start : rows.stop, columns.start : columns.stop]
    if not causal or columns.stop - 1 <= rows.start + shift:
        return part
    device = None if mask is None else mask.device
    keys = torch.arange(columns.start, columns.stop, device=device)
    queries = torch.arange(rows.start, rows.stop, device=device)
    return combine_masks(part, keys <= queries[:, None] + shift)


def block_columns(rows: range, S: int, causal: bool, shift: int, size: int) -> list[range]:
    """The blocks of keys that these queries have to see: all, or none that begins after the last query."""
    end = min(S, max(rows.stop + shift, 1)) if causal else S
    return [range(start, min(start + size, S)) for start in range(0, end, size)]


class Blockwise(torch.autograd.Function):
    """Forward by `online_attention`, backward by computing each block of weights again from log_total.

    Source: Dao et al. 2022, algorithms 1, 2 and 4.
    """

    @staticmethod
    def forward(ctx, q, k, v, mask, causal, scale, size):
        T, S = q.shape[-2], k.shape[-2]
        ctx.plan, ctx.scale = blocks_of(T, S, mask, causal, size), scale
        mixed, log_total = v.new_empty(*q.shape[:-1], v.shape[-1]), q.new_empty(q.shape[:-1])
        for rows, columns in ctx.plan:
            here = slice(rows.start, rows.stop)
            parts = ((k[..., c.start : c.stop, :], v[..., c.start : c.stop, :], m()) for c, m in columns)
            mixed[..., here, :], log_total[..., here] = online_attention(q[..., here, :], parts, scale)
        ctx.save_for_backward(q, k, v, mixed, log_total)
        return mixed

    @staticmethod
    def backward(ctx, gradient):
        q, k, v, mixed, log_total = ctx.saved_tensors
        dq, dk, dv = torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
        drift = (gradient * mixed).sum(-1, keepdim=True)
        for rows, columns in ctx.plan:
            t = slice(rows.start, rows.stop)
            for c, mask in columns:
                s = slice(c.start, c.stop)
                weights = block_weights(
                    q[..., t, :] * ctx.scale, k[..., s, :], mask(), log_total[..., t, None]
                )
                dv[..., s, :] += weights.transpose(-2, -1) @ gradient[..., t, :]
                slope = weights * (gradient[..., t, :] @ v[..., s, :].transpose(-2, -1) - drift[..., t, :])
                dq[..., t, :] += slope @ k[..., s, :] * ctx.scale
                dk[..., s, :] += slope.transpose(-2, -1) @ q[..., t, :] * ctx.scale
        return dq, dk, dv, None, None, None, None


def blocks_of(T: int, S: int, mask: Tensor | None, causal: bool, size: int) -> list:
    """For each block of queries its blocks of keys, each with a function that makes its mask when needed."""
    plan, shift = [], S - T
    for start in range(0, T, size):
        rows = range(start, min(start + size, T))
        columns = block_columns(rows, S, causal, shift, size)
        plan.append((rows, [(c, partial(block_mask, mask, causal, rows, c, shift)) for c in columns]))
    return plan


def block_weights(q: Tensor, k: Tensor, mask: Tensor | None, log_total: Tensor) -> Tensor:
    """One block of attention weights from scaled queries; zeros where nothing is allowed."""
    scores = q @ k.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, LOWEST)
    return (scores - log_total.masked_fill(log_total == LOWEST, 0.0)).exp()


def blockwise_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    causal=False,
    scale=None,
    block_size: int = 256,
) -> Tensor:
    """Attention whose memory grows with T + S and not with T · S, forward and backward; the same result.

    q (…, T, D), k (…, S, D), v (…, S, E) -> (…, T, E). `causal` stands for causal_mask(T, S) without
    building it, and skips the blocks it hides. Half precision is computed in float32.  Raises as
    `scaled_dot_product_attention` does, and ValueError for block_size < 1 or causal with S < T.  Source: Dao
    et al. 2022.
    """
    check_attention(q, k, v, mask)
    T, S = q.shape[-2], k.shape[-2]
    if block_size < 1 or (causal and S < T):
        raise ValueError(f"needs block_size >= 1, and S >= T if causal, got {block_size=}, {T=}, {S=}")
    if S == 0:
        return scaled_dot_product_attention(q, k, v)
    lead = broadcast_shape(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    wide = torch.float32 if q.dtype in HALF else q.dtype
    parts = (each.expand(*lead, *each.shape[-2:]).to(wide) for each in (q, k, v))
    mask = None if mask is None else mask.expand(*lead, T, S)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    return Blockwise.apply(*parts, mask, causal, scale, block_size).to(q.dtype)


@dataclass(frozen=True)
class AttentionCost:
    """What one attention layer costs forward: multiply-adds as two operations each, and bytes."""

    projection_flops: int
    mixing_flops: int
    weight_bytes: int
    cache_bytes: int


def attention_cost(
    B: int, T: int, S: int, width: int, heads: int, kv_heads: int | None = None, number_bytes: int = 4
) -> AttentionCost:
    """Count what `MultiHeadAttention(width, heads, kv_heads)` does for B × T queries over S keys, forward,
    no bias.

    projection_flops: the four projections (queries and output T positions, keys and values S positions);
    mixing_flops: scores and weighted sum over all T × S pairs; weight_bytes: one matrix of weights per head
    and sequence; cache_bytes: keys and values of S positions.  Raises ValueError for a count below 1 or
    heads that do not divide.  Source: Kaplan et al. 2020, table 1 (there per token).
    """
    kv_heads = heads if kv_heads is None else kv_heads
    if min(B, T, S, width, heads, kv_heads, number_bytes) < 1 or width % heads or heads % kv_heads:
        raise ValueError(
            f"counts must be positive and divide: {B=}, {T=}, {S=}, {width=}, {heads=}, {kv_heads=}"
        )
    ### BEGIN SOLUTION
    narrow = width // heads * kv_heads
    return AttentionCost(
        projection_flops=2 * B * (2 * T * width * width + 2 * S * width * narrow),
        mixing_flops=2 * 2 * B * T * S * width,
        weight_bytes=B * heads * T * S * number_bytes,
        cache_bytes=2 * B * S * narrow * number_bytes,
    )
    ### END SOLUTION
