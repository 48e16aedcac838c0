"""Named wrong solutions: each replaces one part's solution cell and must lose marks there and nowhere else."""


# %% softmax | softmax over the wrong axis
def softmax(x: Tensor, dim: int = -1) -> Tensor:
    if not x.is_floating_point():
        raise TypeError(f"softmax needs floating-point scores, got {x.dtype}: call .float() first")
    if x.shape[dim] == 0:
        return x.clone()
    wide = x.float() if x.dtype.itemsize < 4 else x
    highest = wide.detach().amax(0, keepdim=True)
    powers = (wide - highest.masked_fill(highest == float("-inf"), 0.0)).exp()
    total = powers.sum(0, keepdim=True)
    return (powers / total.masked_fill(total == 0, 1.0)).to(x.dtype)


# %% softmax | overflows at large scores
def softmax(x: Tensor, dim: int = -1) -> Tensor:
    if not x.is_floating_point():
        raise TypeError(f"softmax needs floating-point scores, got {x.dtype}: call .float() first")
    if x.shape[dim] == 0:
        return x.clone()
    wide = x.float() if x.dtype.itemsize < 4 else x
    powers = wide.exp()
    total = powers.sum(dim, keepdim=True)
    return (powers / total.masked_fill(total == 0, 1.0)).to(x.dtype)


# %% softmax | calls torch's logsumexp
def softmax(x: Tensor, dim: int = -1) -> Tensor:
    if not x.is_floating_point():
        raise TypeError(f"softmax needs floating-point scores, got {x.dtype}: call .float() first")
    wide = x.float() if x.dtype.itemsize < 4 else x
    total = wide.logsumexp(dim, keepdim=True)
    return (wide - total.masked_fill(total == float("-inf"), 0.0)).exp().to(x.dtype)


# %% softmax | forgets keepdim
def softmax(x: Tensor, dim: int = -1) -> Tensor:
    if not x.is_floating_point():
        raise TypeError(f"softmax needs floating-point scores, got {x.dtype}: call .float() first")
    powers = (x - x.amax(dim)).exp()
    return powers / powers.sum(dim)


# %% softmax | NaN where everything is hidden
def softmax(x: Tensor, dim: int = -1) -> Tensor:
    if not x.is_floating_point():
        raise TypeError(f"softmax needs floating-point scores, got {x.dtype}: call .float() first")
    if x.shape[dim] == 0:
        return x.clone()
    wide = x.float() if x.dtype.itemsize < 4 else x
    highest = wide.detach().amax(dim, keepdim=True)
    powers = (wide - highest).exp()
    total = powers.sum(dim, keepdim=True)
    return (powers / total).to(x.dtype)


# %% softmax | subtracts the maximum of the whole tensor
def softmax(x: Tensor, dim: int = -1) -> Tensor:
    if not x.is_floating_point():
        raise TypeError(f"softmax needs floating-point scores, got {x.dtype}: call .float() first")
    if x.shape[dim] == 0:
        return x.clone()
    wide = x.float() if x.dtype.itemsize < 4 else x
    highest = wide.detach().amax()
    powers = (wide - highest.masked_fill(highest == float("-inf"), 0.0)).exp()
    total = powers.sum(dim, keepdim=True)
    return (powers / total.masked_fill(total == 0, 1.0)).to(x.dtype)


# %% softmax | changes its input in place
def softmax(x: Tensor, dim: int = -1) -> Tensor:
    if not x.is_floating_point():
        raise TypeError(f"softmax needs floating-point scores, got {x.dtype}: call .float() first")
    if x.shape[dim] == 0:
        return x.clone()
    wide = x.float() if x.dtype.itemsize < 4 else x.data
    highest = wide.detach().amax(dim, keepdim=True)
    powers = wide.sub_(highest.masked_fill(highest == float("-inf"), 0.0)).exp()
    total = powers.sum(dim, keepdim=True)
    return (powers / total.masked_fill(total == 0, 1.0)).to(x.dtype)


# %% softmax | casts to float32
def softmax(x: Tensor, dim: int = -1) -> Tensor:
    if not x.is_floating_point():
        raise TypeError(f"softmax needs floating-point scores, got {x.dtype}: call .float() first")
    if x.shape[dim] == 0:
        return x.clone()
    wide = x.float()
    highest = wide.detach().amax(dim, keepdim=True)
    powers = (wide - highest.masked_fill(highest == float("-inf"), 0.0)).exp()
    total = powers.sum(dim, keepdim=True)
    return powers / total.masked_fill(total == 0, 1.0)


# %% softmax | float64 is computed in float32
def softmax(x: Tensor, dim: int = -1) -> Tensor:
    if not x.is_floating_point():
        raise TypeError(f"softmax needs floating-point scores, got {x.dtype}: call .float() first")
    if x.shape[dim] == 0:
        return x.clone()
    wide = x.float()
    highest = wide.detach().amax(dim, keepdim=True)
    powers = (wide - highest.masked_fill(highest == float("-inf"), 0.0)).exp()
    total = powers.sum(dim, keepdim=True)
    return (powers / total.masked_fill(total == 0, 1.0)).to(x.dtype)


# %% softmax | computes in half precision
def softmax(x: Tensor, dim: int = -1) -> Tensor:
    if not x.is_floating_point():
        raise TypeError(f"softmax needs floating-point scores, got {x.dtype}: call .float() first")
    if x.shape[dim] == 0:
        return x.clone()
    wide = x
    highest = wide.detach().amax(dim, keepdim=True)
    powers = (wide - highest.masked_fill(highest == float("-inf"), 0.0)).exp()
    total = powers.sum(dim, keepdim=True)
    return (powers / total.masked_fill(total == 0, 1.0)).to(x.dtype)


# %% softmax | adds an epsilon to the sum
def softmax(x: Tensor, dim: int = -1) -> Tensor:
    if not x.is_floating_point():
        raise TypeError(f"softmax needs floating-point scores, got {x.dtype}: call .float() first")
    if x.shape[dim] == 0:
        return x.clone()
    wide = x.float() if x.dtype.itemsize < 4 else x
    highest = wide.detach().amax(dim, keepdim=True)
    powers = (wide - highest.masked_fill(highest == float("-inf"), 0.0)).exp()
    total = powers.sum(dim, keepdim=True)
    return (powers / (total + 1e-6)).to(x.dtype)


# %% softmax | has no gradient
def softmax(x: Tensor, dim: int = -1) -> Tensor:
    if not x.is_floating_point():
        raise TypeError(f"softmax needs floating-point scores, got {x.dtype}: call .float() first")
    if x.shape[dim] == 0:
        return x.clone()
    x = x.detach()
    wide = x.float() if x.dtype.itemsize < 4 else x
    highest = wide.detach().amax(dim, keepdim=True)
    powers = (wide - highest.masked_fill(highest == float("-inf"), 0.0)).exp()
    total = powers.sum(dim, keepdim=True)
    return (powers / total.masked_fill(total == 0, 1.0)).to(x.dtype)


# %% causal_mask | off by one: does not see itself
def causal_mask(T: int, S: int | None = None, device=None) -> Tensor:
    S = T if S is None else S
    if not 0 <= T <= S:
        raise ValueError(
            f"causal_mask needs 0 <= T <= S (the queries are the last T of S positions), got {T=}, {S=}"
        )
    return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T - 1)


# %% causal_mask | off by one: sees the next position
def causal_mask(T: int, S: int | None = None, device=None) -> Tensor:
    S = T if S is None else S
    if not 0 <= T <= S:
        raise ValueError(
            f"causal_mask needs 0 <= T <= S (the queries are the last T of S positions), got {T=}, {S=}"
        )
    return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T + 1)


# %% causal_mask | queries are taken to be the first positions
def causal_mask(T: int, S: int | None = None, device=None) -> Tensor:
    S = T if S is None else S
    if not 0 <= T <= S:
        raise ValueError(
            f"causal_mask needs 0 <= T <= S (the queries are the last T of S positions), got {T=}, {S=}"
        )
    return torch.ones(T, S, dtype=torch.bool, device=device).tril()


# %% causal_mask | works for square only
def causal_mask(T: int, S: int | None = None, device=None) -> Tensor:
    S = T if S is None else S
    if not 0 <= T <= S:
        raise ValueError(
            f"causal_mask needs 0 <= T <= S (the queries are the last T of S positions), got {T=}, {S=}"
        )
    return torch.ones(T, T, dtype=torch.bool, device=device).tril()


# %% causal_mask | sees the future and not the past
def causal_mask(T: int, S: int | None = None, device=None) -> Tensor:
    S = T if S is None else S
    if not 0 <= T <= S:
        raise ValueError(
            f"causal_mask needs 0 <= T <= S (the queries are the last T of S positions), got {T=}, {S=}"
        )
    return torch.ones(T, S, dtype=torch.bool, device=device).triu(S - T)


# %% causal_mask | True where forbidden
def causal_mask(T: int, S: int | None = None, device=None) -> Tensor:
    S = T if S is None else S
    if not 0 <= T <= S:
        raise ValueError(
            f"causal_mask needs 0 <= T <= S (the queries are the last T of S positions), got {T=}, {S=}"
        )
    return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T).logical_not()


# %% causal_mask | additive mask of zeros and -inf
def causal_mask(T: int, S: int | None = None, device=None) -> Tensor:
    S = T if S is None else S
    if not 0 <= T <= S:
        raise ValueError(
            f"causal_mask needs 0 <= T <= S (the queries are the last T of S positions), got {T=}, {S=}"
        )
    allowed = torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T)
    return torch.zeros(T, S, device=device).masked_fill(~allowed, float("-inf"))


# %% padding_mask | True at padding
def padding_mask(lengths: Tensor, S: int) -> Tensor:
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise TypeError(f"lengths must be integers, got {lengths.dtype}")
    if lengths.dim() != 1:
        raise ValueError(f"lengths must have one axis (B,), got shape {tuple(lengths.shape)}")
    if len(lengths) and not (int(lengths.min()) >= 0 and int(lengths.max()) <= S):
        raise ValueError(f"lengths must lie in 0…{S}, got {lengths.tolist()}")
    return (torch.arange(S, device=lengths.device) >= lengths[:, None])[:, None, None, :]


# %% padding_mask | off by one: leaks the first padding position
def padding_mask(lengths: Tensor, S: int) -> Tensor:
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise TypeError(f"lengths must be integers, got {lengths.dtype}")
    if lengths.dim() != 1:
        raise ValueError(f"lengths must have one axis (B,), got shape {tuple(lengths.shape)}")
    if len(lengths) and not (int(lengths.min()) >= 0 and int(lengths.max()) <= S):
        raise ValueError(f"lengths must lie in 0…{S}, got {lengths.tolist()}")
    return (torch.arange(S, device=lengths.device) <= lengths[:, None])[:, None, None, :]


# %% padding_mask | without axes for heads and queries
def padding_mask(lengths: Tensor, S: int) -> Tensor:
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise TypeError(f"lengths must be integers, got {lengths.dtype}")
    if lengths.dim() != 1:
        raise ValueError(f"lengths must have one axis (B,), got shape {tuple(lengths.shape)}")
    if len(lengths) and not (int(lengths.min()) >= 0 and int(lengths.max()) <= S):
        raise ValueError(f"lengths must lie in 0…{S}, got {lengths.tolist()}")
    return torch.arange(S, device=lengths.device) < lengths[:, None]


# %% padding_mask | padding at the beginning
def padding_mask(lengths: Tensor, S: int) -> Tensor:
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise TypeError(f"lengths must be integers, got {lengths.dtype}")
    if lengths.dim() != 1:
        raise ValueError(f"lengths must have one axis (B,), got shape {tuple(lengths.shape)}")
    if len(lengths) and not (int(lengths.min()) >= 0 and int(lengths.max()) <= S):
        raise ValueError(f"lengths must lie in 0…{S}, got {lengths.tolist()}")
    return (torch.arange(S, device=lengths.device).flip(0) < lengths[:, None])[:, None, None, :]


# %% padding_mask | works for batch 1 only
def padding_mask(lengths: Tensor, S: int) -> Tensor:
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise TypeError(f"lengths must be integers, got {lengths.dtype}")
    if lengths.dim() != 1:
        raise ValueError(f"lengths must have one axis (B,), got shape {tuple(lengths.shape)}")
    if len(lengths) and not (int(lengths.min()) >= 0 and int(lengths.max()) <= S):
        raise ValueError(f"lengths must lie in 0…{S}, got {lengths.tolist()}")
    return (torch.arange(S, device=lengths.device) < lengths[0]).view(1, 1, 1, S)


# %% padding_mask | cuts the mask to the longest sentence
def padding_mask(lengths: Tensor, S: int) -> Tensor:
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise TypeError(f"lengths must be integers, got {lengths.dtype}")
    if lengths.dim() != 1:
        raise ValueError(f"lengths must have one axis (B,), got shape {tuple(lengths.shape)}")
    if len(lengths) and not (int(lengths.min()) >= 0 and int(lengths.max()) <= S):
        raise ValueError(f"lengths must lie in 0…{S}, got {lengths.tolist()}")
    return (
        torch.arange(int(lengths.max()) if len(lengths) else S, device=lengths.device) < lengths[:, None]
    )[:, None, None, :]


# %% combine_masks | allowed where any mask allows
def combine_masks(*masks: Tensor | None) -> Tensor | None:
    combined = None
    for mask in masks:
        if mask is None:
            continue
        if mask.dtype != torch.bool:
            raise TypeError(f"masks are boolean (True = allowed), got {mask.dtype}")
        if combined is not None:
            broadcast_shape(combined.shape, mask.shape)
        combined = mask if combined is None else combined | mask
    return combined


# %% combine_masks | None hides everything that follows
def combine_masks(*masks: Tensor | None) -> Tensor | None:
    combined = None
    for mask in masks:
        if mask is None:
            return combined
        if mask.dtype != torch.bool:
            raise TypeError(f"masks are boolean (True = allowed), got {mask.dtype}")
        if combined is not None:
            broadcast_shape(combined.shape, mask.shape)
        combined = mask if combined is None else combined & mask
    return combined


# %% combine_masks | changes the first mask in place
def combine_masks(*masks: Tensor | None) -> Tensor | None:
    combined = None
    for mask in masks:
        if mask is None:
            continue
        if mask.dtype != torch.bool:
            raise TypeError(f"masks are boolean (True = allowed), got {mask.dtype}")
        if combined is not None:
            broadcast_shape(combined.shape, mask.shape)
        combined = (
            mask
            if combined is None
            else combined.__iand__(mask)
            if combined.dim() >= mask.dim()
            else combined & mask
        )
    return combined


# %% combine_masks | takes masks that are not boolean
def combine_masks(*masks: Tensor | None) -> Tensor | None:
    combined = None
    for mask in masks:
        if mask is None:
            continue
        if mask.dtype != torch.bool:
            mask = mask.bool()
        if combined is not None:
            broadcast_shape(combined.shape, mask.shape)
        combined = mask if combined is None else combined & mask
    return combined


# %% combine_masks | works for equal shapes only
def combine_masks(*masks: Tensor | None) -> Tensor | None:
    combined = None
    for mask in masks:
        if mask is None:
            continue
        if mask.dtype != torch.bool:
            raise TypeError(f"masks are boolean (True = allowed), got {mask.dtype}")
        if combined is not None:
            broadcast_shape(combined.shape, mask.shape)
        combined = mask if combined is None else torch.stack([combined, mask]).all(0)
    return combined


# %% combine_masks | leaves torch's error to the caller
def combine_masks(*masks: Tensor | None) -> Tensor | None:
    combined = None
    for mask in masks:
        if mask is None:
            continue
        if mask.dtype != torch.bool:
            raise TypeError(f"masks are boolean (True = allowed), got {mask.dtype}")
        if combined is not None:
            pass
        combined = mask if combined is None else combined & mask
    return combined


# %% scaled_dot_product_attention | missing root of D
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
    check_attention(q, k, v, mask, bias)
    scale = 1.0 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | calls torch's own attention
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
    check_attention(q, k, v, mask, bias)
    extra = mask
    if bias is not None:
        extra = bias if mask is None else bias.masked_fill(~mask, float("-inf"))
    mixed = F.scaled_dot_product_attention(q, k, v, extra, dropout, scale=scale)
    units = torch.eye(k.shape[-2], dtype=v.dtype).expand(*k.shape[:-1], -1)
    weights = F.scaled_dot_product_attention(q, k, units, extra, scale=scale)
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | divides by D
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
    check_attention(q, k, v, mask, bias)
    scale = 1 / q.shape[-1] if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | scale from the width of v
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
    check_attention(q, k, v, mask, bias)
    scale = v.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | a scale of 0 counts as none
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
    check_attention(q, k, v, mask, bias)
    scale = scale or q.shape[-1] ** -0.5
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | ignores the scale that was given
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | softmax over the wrong axis
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores, -2).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | mask after softmax
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    weights = softmax(scores).to(v.dtype)
    if mask is not None:
        weights = weights * mask
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | -1e9 in half precision
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.to(q.dtype).masked_fill(~mask, -1e9)
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | -1e9: a query that may look nowhere gets the mean
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e9)
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | forbidden scores become 0 and leak
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, 0.0)
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | mask read the other way round
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(mask, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | ignores a mask that hides everything
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None and mask.any():
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | NaN for a query that may look nowhere
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, -1).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | scales q in place
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    with torch.no_grad():
        q.mul_(scale)
    scores = q.to(wide) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | bias after softmax
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    if bias is not None:
        weights = weights + bias
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | bias is scaled too
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = q.to(wide) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    scores = scores * scale
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | works for batch 1 only
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v if v.dim() < 3 else F.dropout(weights, dropout) @ v[:1]
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | works for square only
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        hidden = torch.ones(q.shape[-2], q.shape[-2], dtype=torch.bool)
        hidden[: mask.shape[-2], : mask.shape[-1]] = ~mask[..., : q.shape[-2]].reshape(-1, *mask.shape[-2:])[
            0
        ]
        scores = scores.masked_fill(hidden, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | computes and returns float32
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores)
    mixed = F.dropout(weights, dropout) @ v.float()
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | float16 scores overflow
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights, dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | returns the weights after dropout
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    weights = F.dropout(weights, dropout)
    mixed = weights @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | dropout without making up for it
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    mixed = (weights * (torch.rand_like(weights) >= dropout)) @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | dropout on the scores
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    scores = F.dropout(scores, dropout)
    weights = softmax(scores).to(v.dtype)
    mixed = weights @ v
    return (mixed, weights) if return_weights else mixed


# %% scaled_dot_product_attention | no gradient through the weights
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
    check_attention(q, k, v, mask, bias)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
    scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = softmax(scores).to(v.dtype)
    mixed = F.dropout(weights.detach(), dropout) @ v
    return (mixed, weights) if return_weights else mixed


# %% MultiHeadAttention | heads concatenated in the wrong order
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
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
        out = self.output(mixed.permute(0, 2, 3, 1).flatten(2))
        return (out, weights) if return_weights else out


# %% MultiHeadAttention | view where a transpose is needed, putting together
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
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
        out = self.output(mixed.reshape(x.shape))
        return (out, weights) if return_weights else out


# %% MultiHeadAttention | view where a transpose is needed, for the queries only
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
        context = x if context is None else context
        q = self.query(x).reshape(x.shape[0], self.heads, x.shape[1], -1)
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


# %% MultiHeadAttention | view where a transpose is needed, splitting
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
        context = x if context is None else context
        q = self.query(x).reshape(x.shape[0], self.heads, x.shape[1], -1)
        k = self.key(context).reshape(context.shape[0], self.kv_heads, context.shape[1], -1)
        v = self.value(context).reshape(context.shape[0], self.kv_heads, context.shape[1], -1)
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


# %% MultiHeadAttention | view and reshape where transposes are needed, both ways
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
        context = x if context is None else context
        q = self.query(x).reshape(x.shape[0], self.heads, x.shape[1], -1)
        k = self.key(context).reshape(context.shape[0], self.kv_heads, context.shape[1], -1)
        v = self.value(context).reshape(context.shape[0], self.kv_heads, context.shape[1], -1)
        if rotate is not None:
            q, k = rotate(q, k)
        if cache is not None:
            k, v = cache.update(k, v)
        if self.kv_heads < self.heads:
            k, v = (each.repeat_interleave(self.heads // self.kv_heads, dim=1) for each in (k, v))
        dropout = self.dropout if self.training else 0.0
        mixed = self.attend(q, k, v, mask=mask, bias=bias, dropout=dropout, return_weights=return_weights)
        mixed, weights = mixed if return_weights else (mixed, None)
        out = self.output(mixed.reshape(x.shape))
        return (out, weights) if return_weights else out


# %% MultiHeadAttention | every H-th channel to one head
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
        context = x if context is None else context
        q = self.query(x).unflatten(-1, (-1, self.heads)).permute(0, 3, 1, 2)
        k = self.key(context).unflatten(-1, (-1, self.kv_heads)).permute(0, 3, 1, 2)
        v = self.value(context).unflatten(-1, (-1, self.kv_heads)).permute(0, 3, 1, 2)
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


# %% MultiHeadAttention | no output map
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
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
        out = mixed.transpose(1, 2).flatten(2)
        return (out, weights) if return_weights else out


# %% MultiHeadAttention | biases forgotten
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
        context = x if context is None else context
        q = F.linear(x, self.query.weight).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        k = F.linear(context, self.key.weight).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
        v = F.linear(context, self.value.weight).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
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


# %% MultiHeadAttention | dropout at test time
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
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
        dropout = self.dropout
        mixed = self.attend(q, k, v, mask=mask, bias=bias, dropout=dropout, return_weights=return_weights)
        mixed, weights = mixed if return_weights else (mixed, None)
        out = self.output(mixed.transpose(1, 2).flatten(2))
        return (out, weights) if return_weights else out


# %% MultiHeadAttention | no dropout in training
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
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
        dropout = 0.0
        mixed = self.attend(q, k, v, mask=mask, bias=bias, dropout=dropout, return_weights=return_weights)
        mixed, weights = mixed if return_weights else (mixed, None)
        out = self.output(mixed.transpose(1, 2).flatten(2))
        return (out, weights) if return_weights else out


# %% MultiHeadAttention | key heads shared in the wrong order
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
        context = x if context is None else context
        q = self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        k = self.key(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
        v = self.value(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
        if rotate is not None:
            q, k = rotate(q, k)
        if cache is not None:
            k, v = cache.update(k, v)
        if self.kv_heads < self.heads:
            k, v = (each.repeat(1, self.heads // self.kv_heads, 1, 1) for each in (k, v))
        dropout = self.dropout if self.training else 0.0
        mixed = self.attend(q, k, v, mask=mask, bias=bias, dropout=dropout, return_weights=return_weights)
        mixed, weights = mixed if return_weights else (mixed, None)
        out = self.output(mixed.transpose(1, 2).flatten(2))
        return (out, weights) if return_weights else out


# %% MultiHeadAttention | ignores the context
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
        context = x
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


# %% MultiHeadAttention | values from x in cross-attention
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
        context = x if context is None else context
        source = x if x.shape == context.shape else context
        q = self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        k = self.key(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
        v = self.value(source).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
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


# %% MultiHeadAttention | mask not passed on
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
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
        mixed = self.attend(q, k, v, bias=bias, dropout=dropout, return_weights=return_weights)
        mixed, weights = mixed if return_weights else (mixed, None)
        out = self.output(mixed.transpose(1, 2).flatten(2))
        return (out, weights) if return_weights else out


# %% MultiHeadAttention | bias on the scores not passed on
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
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
        mixed = self.attend(q, k, v, mask=mask, dropout=dropout, return_weights=return_weights)
        mixed, weights = mixed if return_weights else (mixed, None)
        out = self.output(mixed.transpose(1, 2).flatten(2))
        return (out, weights) if return_weights else out


# %% MultiHeadAttention | rotates after the cache
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
        context = x if context is None else context
        q = self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        k = self.key(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
        v = self.value(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
        if cache is not None:
            k, v = cache.update(k, v)
        if rotate is not None:
            q, k = rotate(q, k)
        if self.kv_heads < self.heads:
            k, v = (each.repeat_interleave(self.heads // self.kv_heads, dim=1) for each in (k, v))
        dropout = self.dropout if self.training else 0.0
        mixed = self.attend(q, k, v, mask=mask, bias=bias, dropout=dropout, return_weights=return_weights)
        mixed, weights = mixed if return_weights else (mixed, None)
        out = self.output(mixed.transpose(1, 2).flatten(2))
        return (out, weights) if return_weights else out


# %% MultiHeadAttention | ignores what the cache returns
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
        context = x if context is None else context
        q = self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        k = self.key(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
        v = self.value(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
        if rotate is not None:
            q, k = rotate(q, k)
        if cache is not None:
            cache.update(k, v)
        if self.kv_heads < self.heads:
            k, v = (each.repeat_interleave(self.heads // self.kv_heads, dim=1) for each in (k, v))
        dropout = self.dropout if self.training else 0.0
        mixed = self.attend(q, k, v, mask=mask, bias=bias, dropout=dropout, return_weights=return_weights)
        mixed, weights = mixed if return_weights else (mixed, None)
        out = self.output(mixed.transpose(1, 2).flatten(2))
        return (out, weights) if return_weights else out


# %% MultiHeadAttention | caches the shared heads written out
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
        context = x if context is None else context
        q = self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        k = self.key(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
        v = self.value(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
        if rotate is not None:
            q, k = rotate(q, k)
        if self.kv_heads < self.heads:
            k, v = (each.repeat_interleave(self.heads // self.kv_heads, dim=1) for each in (k, v))
        if cache is not None:
            k, v = cache.update(k, v)
        dropout = self.dropout if self.training else 0.0
        mixed = self.attend(q, k, v, mask=mask, bias=bias, dropout=dropout, return_weights=return_weights)
        mixed, weights = mixed if return_weights else (mixed, None)
        out = self.output(mixed.transpose(1, 2).flatten(2))
        return (out, weights) if return_weights else out


# %% MultiHeadAttention | returns the mean of the heads' weights
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
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
        return (out, weights.mean(1)) if return_weights else out


# %% MultiHeadAttention | works for batch 1 only
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
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
        out = self.output(mixed[0].transpose(0, 1).flatten(1)[None])
        return (out, weights) if return_weights else out


# %% MultiHeadAttention | asks for weights that nobody wants
class MultiHeadAttention(nn.Module):
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
        check_module_input(x, context, mask, self.query.in_features)
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
        mixed = self.attend(q, k, v, mask=mask, bias=bias, dropout=dropout, return_weights=True)
        mixed, weights = mixed
        out = self.output(mixed.transpose(1, 2).flatten(2))
        return (out, weights) if return_weights else out


# %% KVCache | joins old and new at every step
@dataclass
class KVCache:
    keys: Tensor | None = None
    values: Tensor | None = None
    length: int = 0

    def update(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        check_appended(self.keys, k)
        check_appended(self.values, v)
        first, last = self.length, self.length + k.shape[2]
        if self.keys is None:
            self.keys, self.values = k[:, :, :0].detach(), v[:, :, :0].detach()
        room = self.keys.shape[2]
        if last > room:
            more = last - room
            self.keys = F.pad(self.keys, (0, 0, 0, more))
            self.values = F.pad(self.values, (0, 0, 0, more))
        self.keys[:, :, first:last] = k.detach()
        self.values[:, :, first:last] = v.detach()
        self.length = last
        return self.keys[:, :, :last], self.values[:, :, :last]

    def reorder(self, index: Tensor) -> None:
        if self.keys is not None:
            self.keys, self.values = self.keys[index], self.values[index]

    def truncate(self, length: int) -> None:
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot truncate a cache of {self.length} positions to {length}")
        self.length = length


# %% KVCache | returns the empty room too
@dataclass
class KVCache:
    keys: Tensor | None = None
    values: Tensor | None = None
    length: int = 0

    def update(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        check_appended(self.keys, k)
        check_appended(self.values, v)
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
        return self.keys, self.values

    def reorder(self, index: Tensor) -> None:
        if self.keys is not None:
            self.keys, self.values = self.keys[index], self.values[index]

    def truncate(self, length: int) -> None:
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot truncate a cache of {self.length} positions to {length}")
        self.length = length


# %% KVCache | doubling may be too little
@dataclass
class KVCache:
    keys: Tensor | None = None
    values: Tensor | None = None
    length: int = 0

    def update(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        check_appended(self.keys, k)
        check_appended(self.values, v)
        first, last = self.length, self.length + k.shape[2]
        if self.keys is None:
            self.keys, self.values = k[:, :, :0].detach(), v[:, :, :0].detach()
        room = self.keys.shape[2]
        if last > room or room == 0:
            more = max(room, last if room == 0 else 1)
            self.keys = F.pad(self.keys, (0, 0, 0, more))
            self.values = F.pad(self.values, (0, 0, 0, more))
        self.keys[:, :, first:last] = k.detach()
        self.values[:, :, first:last] = v.detach()
        self.length = last
        return self.keys[:, :, :last], self.values[:, :, :last]

    def reorder(self, index: Tensor) -> None:
        if self.keys is not None:
            self.keys, self.values = self.keys[index], self.values[index]

    def truncate(self, length: int) -> None:
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot truncate a cache of {self.length} positions to {length}")
        self.length = length


# %% KVCache | doubles at every update
@dataclass
class KVCache:
    keys: Tensor | None = None
    values: Tensor | None = None
    length: int = 0

    def update(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        check_appended(self.keys, k)
        check_appended(self.values, v)
        first, last = self.length, self.length + k.shape[2]
        if self.keys is None:
            self.keys, self.values = k[:, :, :0].detach(), v[:, :, :0].detach()
        room = self.keys.shape[2] or last
        self.keys = F.pad(self.keys, (0, 0, 0, room - self.keys.shape[2]))
        self.values = F.pad(self.values, (0, 0, 0, room - self.values.shape[2]))
        if room:
            more = max(last, 2 * room) - room
            self.keys = F.pad(self.keys, (0, 0, 0, more))
            self.values = F.pad(self.values, (0, 0, 0, more))
        self.keys[:, :, first:last] = k.detach()
        self.values[:, :, first:last] = v.detach()
        self.length = last
        return self.keys[:, :, :last], self.values[:, :, :last]

    def reorder(self, index: Tensor) -> None:
        if self.keys is not None:
            self.keys, self.values = self.keys[index], self.values[index]

    def truncate(self, length: int) -> None:
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot truncate a cache of {self.length} positions to {length}")
        self.length = length


# %% KVCache | writes over the beginning
@dataclass
class KVCache:
    keys: Tensor | None = None
    values: Tensor | None = None
    length: int = 0

    def update(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        check_appended(self.keys, k)
        check_appended(self.values, v)
        first, last = self.length, self.length + k.shape[2]
        if self.keys is None:
            self.keys, self.values = k[:, :, :0].detach(), v[:, :, :0].detach()
        room = self.keys.shape[2]
        if last > room:
            more = max(last, 2 * room) - room
            self.keys = F.pad(self.keys, (0, 0, 0, more))
            self.values = F.pad(self.values, (0, 0, 0, more))
        self.keys[:, :, : last - first] = k.detach()
        self.values[:, :, : last - first] = v.detach()
        self.length = last
        return self.keys[:, :, :last], self.values[:, :, :last]

    def reorder(self, index: Tensor) -> None:
        if self.keys is not None:
            self.keys, self.values = self.keys[index], self.values[index]

    def truncate(self, length: int) -> None:
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot truncate a cache of {self.length} positions to {length}")
        self.length = length


# %% KVCache | does not count what it stored
@dataclass
class KVCache:
    keys: Tensor | None = None
    values: Tensor | None = None
    length: int = 0

    def update(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        check_appended(self.keys, k)
        check_appended(self.values, v)
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
        self.length = max(self.length, k.shape[2])
        return self.keys[:, :, :last], self.values[:, :, :last]

    def reorder(self, index: Tensor) -> None:
        if self.keys is not None:
            self.keys, self.values = self.keys[index], self.values[index]

    def truncate(self, length: int) -> None:
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot truncate a cache of {self.length} positions to {length}")
        self.length = length


# %% KVCache | keeps the gradient
@dataclass
class KVCache:
    keys: Tensor | None = None
    values: Tensor | None = None
    length: int = 0

    def update(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        check_appended(self.keys, k)
        check_appended(self.values, v)
        first, last = self.length, self.length + k.shape[2]
        if self.keys is None:
            self.keys, self.values = k[:, :, :0].detach(), v[:, :, :0].detach()
        room = self.keys.shape[2]
        if last > room:
            more = max(last, 2 * room) - room
            self.keys = F.pad(self.keys, (0, 0, 0, more))
            self.values = F.pad(self.values, (0, 0, 0, more))
        self.keys[:, :, first:last] = k
        self.values[:, :, first:last] = v
        self.length = last
        return self.keys[:, :, :last], self.values[:, :, :last]

    def reorder(self, index: Tensor) -> None:
        if self.keys is not None:
            self.keys, self.values = self.keys[index], self.values[index]

    def truncate(self, length: int) -> None:
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot truncate a cache of {self.length} positions to {length}")
        self.length = length


# %% KVCache | stores the first keys without copying them
@dataclass
class KVCache:
    keys: Tensor | None = None
    values: Tensor | None = None
    length: int = 0

    def update(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        check_appended(self.keys, k)
        check_appended(self.values, v)
        first, last = self.length, self.length + k.shape[2]
        if self.keys is None:
            self.keys, self.values, self.length = k.detach(), v.detach(), last
            return self.keys, self.values
        room = self.keys.shape[2]
        if last > room:
            more = max(last, 2 * room) - room
            self.keys = F.pad(self.keys, (0, 0, 0, more))
            self.values = F.pad(self.values, (0, 0, 0, more))
        self.keys[:, :, first:last] = k.detach()
        self.values[:, :, first:last] = v.detach()
        self.length = last
        return self.keys[:, :, :last], self.values[:, :, :last]

    def reorder(self, index: Tensor) -> None:
        if self.keys is not None:
            self.keys, self.values = self.keys[index], self.values[index]

    def truncate(self, length: int) -> None:
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot truncate a cache of {self.length} positions to {length}")
        self.length = length


# %% KVCache | only the newest come back
@dataclass
class KVCache:
    keys: Tensor | None = None
    values: Tensor | None = None
    length: int = 0

    def update(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        check_appended(self.keys, k)
        check_appended(self.values, v)
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
        return self.keys[:, :, first:last], self.values[:, :, first:last]

    def reorder(self, index: Tensor) -> None:
        if self.keys is not None:
            self.keys, self.values = self.keys[index], self.values[index]

    def truncate(self, length: int) -> None:
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot truncate a cache of {self.length} positions to {length}")
        self.length = length


# %% KVCache | appends behind the room and not behind the length
@dataclass
class KVCache:
    keys: Tensor | None = None
    values: Tensor | None = None
    length: int = 0

    def update(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        check_appended(self.keys, k)
        check_appended(self.values, v)
        first = 0 if self.keys is None else self.keys.shape[2]
        last = first + k.shape[2]
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

    def reorder(self, index: Tensor) -> None:
        if self.keys is not None:
            self.keys, self.values = self.keys[index], self.values[index]

    def truncate(self, length: int) -> None:
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot truncate a cache of {self.length} positions to {length}")
        self.length = length


# %% KVCache | room for twice what is needed
@dataclass
class KVCache:
    keys: Tensor | None = None
    values: Tensor | None = None
    length: int = 0

    def update(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        check_appended(self.keys, k)
        check_appended(self.values, v)
        first, last = self.length, self.length + k.shape[2]
        if self.keys is None:
            self.keys, self.values = k[:, :, :0].detach(), v[:, :, :0].detach()
        room = self.keys.shape[2]
        if last > room:
            more = 2 * last - room
            self.keys = F.pad(self.keys, (0, 0, 0, more))
            self.values = F.pad(self.values, (0, 0, 0, more))
        self.keys[:, :, first:last] = k.detach()
        self.values[:, :, first:last] = v.detach()
        self.length = last
        return self.keys[:, :, :last], self.values[:, :, :last]

    def reorder(self, index: Tensor) -> None:
        if self.keys is not None:
            self.keys, self.values = self.keys[index], self.values[index]

    def truncate(self, length: int) -> None:
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot truncate a cache of {self.length} positions to {length}")
        self.length = length


# %% attention_cost | multiplications without additions
def attention_cost(
    B: int, T: int, S: int, width: int, heads: int, kv_heads: int | None = None, number_bytes: int = 4
) -> AttentionCost:
    kv_heads = heads if kv_heads is None else kv_heads
    if min(B, T, S, width, heads, kv_heads, number_bytes) < 1 or width % heads or heads % kv_heads:
        raise ValueError(
            f"counts must be positive and divide: {B=}, {T=}, {S=}, {width=}, {heads=}, {kv_heads=}"
        )
    narrow = width // heads * kv_heads
    return AttentionCost(
        projection_flops=B * (2 * T * width * width + 2 * S * width * narrow),
        mixing_flops=2 * B * T * S * width,
        weight_bytes=B * heads * T * S * number_bytes,
        cache_bytes=2 * B * S * narrow * number_bytes,
    )


# %% attention_cost | keys and values for T positions
def attention_cost(
    B: int, T: int, S: int, width: int, heads: int, kv_heads: int | None = None, number_bytes: int = 4
) -> AttentionCost:
    kv_heads = heads if kv_heads is None else kv_heads
    if min(B, T, S, width, heads, kv_heads, number_bytes) < 1 or width % heads or heads % kv_heads:
        raise ValueError(
            f"counts must be positive and divide: {B=}, {T=}, {S=}, {width=}, {heads=}, {kv_heads=}"
        )
    narrow = width // heads * kv_heads
    return AttentionCost(
        projection_flops=2 * B * (2 * T * width * width + 2 * T * width * narrow),
        mixing_flops=2 * 2 * B * T * S * width,
        weight_bytes=B * heads * T * S * number_bytes,
        cache_bytes=2 * B * S * narrow * number_bytes,
    )


# %% attention_cost | one product instead of two
def attention_cost(
    B: int, T: int, S: int, width: int, heads: int, kv_heads: int | None = None, number_bytes: int = 4
) -> AttentionCost:
    kv_heads = heads if kv_heads is None else kv_heads
    if min(B, T, S, width, heads, kv_heads, number_bytes) < 1 or width % heads or heads % kv_heads:
        raise ValueError(
            f"counts must be positive and divide: {B=}, {T=}, {S=}, {width=}, {heads=}, {kv_heads=}"
        )
    narrow = width // heads * kv_heads
    return AttentionCost(
        projection_flops=2 * B * (2 * T * width * width + 2 * S * width * narrow),
        mixing_flops=2 * B * T * S * width,
        weight_bytes=B * heads * T * S * number_bytes,
        cache_bytes=2 * B * S * narrow * number_bytes,
    )


# %% attention_cost | heads counted twice
def attention_cost(
    B: int, T: int, S: int, width: int, heads: int, kv_heads: int | None = None, number_bytes: int = 4
) -> AttentionCost:
    kv_heads = heads if kv_heads is None else kv_heads
    if min(B, T, S, width, heads, kv_heads, number_bytes) < 1 or width % heads or heads % kv_heads:
        raise ValueError(
            f"counts must be positive and divide: {B=}, {T=}, {S=}, {width=}, {heads=}, {kv_heads=}"
        )
    narrow = width // heads * kv_heads
    return AttentionCost(
        projection_flops=2 * B * (2 * T * width * width + 2 * S * width * narrow),
        mixing_flops=2 * 2 * B * heads * T * S * width,
        weight_bytes=B * heads * T * S * number_bytes,
        cache_bytes=2 * B * S * narrow * number_bytes,
    )


# %% attention_cost | weights of one head
def attention_cost(
    B: int, T: int, S: int, width: int, heads: int, kv_heads: int | None = None, number_bytes: int = 4
) -> AttentionCost:
    kv_heads = heads if kv_heads is None else kv_heads
    if min(B, T, S, width, heads, kv_heads, number_bytes) < 1 or width % heads or heads % kv_heads:
        raise ValueError(
            f"counts must be positive and divide: {B=}, {T=}, {S=}, {width=}, {heads=}, {kv_heads=}"
        )
    narrow = width // heads * kv_heads
    return AttentionCost(
        projection_flops=2 * B * (2 * T * width * width + 2 * S * width * narrow),
        mixing_flops=2 * 2 * B * T * S * width,
        weight_bytes=B * T * S * number_bytes,
        cache_bytes=2 * B * S * narrow * number_bytes,
    )


# %% attention_cost | cache as wide as the queries
def attention_cost(
    B: int, T: int, S: int, width: int, heads: int, kv_heads: int | None = None, number_bytes: int = 4
) -> AttentionCost:
    kv_heads = heads if kv_heads is None else kv_heads
    if min(B, T, S, width, heads, kv_heads, number_bytes) < 1 or width % heads or heads % kv_heads:
        raise ValueError(
            f"counts must be positive and divide: {B=}, {T=}, {S=}, {width=}, {heads=}, {kv_heads=}"
        )
    narrow = width // heads * kv_heads
    return AttentionCost(
        projection_flops=2 * B * (2 * T * width * width + 2 * S * width * narrow),
        mixing_flops=2 * 2 * B * T * S * width,
        weight_bytes=B * heads * T * S * number_bytes,
        cache_bytes=2 * B * S * width * number_bytes,
    )


# %% attention_cost | shared heads do not save anything
def attention_cost(
    B: int, T: int, S: int, width: int, heads: int, kv_heads: int | None = None, number_bytes: int = 4
) -> AttentionCost:
    kv_heads = heads if kv_heads is None else kv_heads
    if min(B, T, S, width, heads, kv_heads, number_bytes) < 1 or width % heads or heads % kv_heads:
        raise ValueError(
            f"counts must be positive and divide: {B=}, {T=}, {S=}, {width=}, {heads=}, {kv_heads=}"
        )
    narrow = width
    return AttentionCost(
        projection_flops=2 * B * (2 * T * width * width + 2 * S * width * narrow),
        mixing_flops=2 * 2 * B * T * S * width,
        weight_bytes=B * heads * T * S * number_bytes,
        cache_bytes=2 * B * S * narrow * number_bytes,
    )


# %% attention_cost | keys only in the cache
def attention_cost(
    B: int, T: int, S: int, width: int, heads: int, kv_heads: int | None = None, number_bytes: int = 4
) -> AttentionCost:
    kv_heads = heads if kv_heads is None else kv_heads
    if min(B, T, S, width, heads, kv_heads, number_bytes) < 1 or width % heads or heads % kv_heads:
        raise ValueError(
            f"counts must be positive and divide: {B=}, {T=}, {S=}, {width=}, {heads=}, {kv_heads=}"
        )
    narrow = width // heads * kv_heads
    return AttentionCost(
        projection_flops=2 * B * (2 * T * width * width + 2 * S * width * narrow),
        mixing_flops=2 * 2 * B * T * S * width,
        weight_bytes=B * heads * T * S * number_bytes,
        cache_bytes=B * S * narrow * number_bytes,
    )


# %% attention_cost | only four-byte numbers
def attention_cost(
    B: int, T: int, S: int, width: int, heads: int, kv_heads: int | None = None, number_bytes: int = 4
) -> AttentionCost:
    kv_heads = heads if kv_heads is None else kv_heads
    if min(B, T, S, width, heads, kv_heads, number_bytes) < 1 or width % heads or heads % kv_heads:
        raise ValueError(
            f"counts must be positive and divide: {B=}, {T=}, {S=}, {width=}, {heads=}, {kv_heads=}"
        )
    narrow = width // heads * kv_heads
    return AttentionCost(
        projection_flops=2 * B * (2 * T * width * width + 2 * S * width * narrow),
        mixing_flops=2 * 2 * B * T * S * width,
        weight_bytes=B * heads * T * S * 4,
        cache_bytes=2 * B * S * narrow * 4,
    )
