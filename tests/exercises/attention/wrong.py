"""Named wrong solutions: each replaces one part's solution cell and must lose marks there and nowhere else."""


# %% softmax | softmax over the wrong axis
# - highest = wide.detach().amax(dim, keepdim=True)
# + highest = wide.detach().amax(0, keepdim=True)
# - total = powers.sum(dim, keepdim=True)
# + total = powers.sum(0, keepdim=True)


# %% softmax | overflows at large scores
# - highest = wide.detach().amax(dim, keepdim=True)
# - powers = (wide - highest.masked_fill(highest == float("-inf"), 0.0)).exp()
# + powers = wide.exp()


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
# - powers = (wide - highest.masked_fill(highest == float("-inf"), 0.0)).exp()
# + powers = (wide - highest).exp()
# - return (powers / total.masked_fill(total == 0, 1.0)).to(x.dtype)
# + return (powers / total).to(x.dtype)


# %% softmax | subtracts the maximum of the whole tensor
# - highest = wide.detach().amax(dim, keepdim=True)
# + highest = wide.detach().amax()


# %% softmax | changes its input in place
# - wide = x.float() if x.dtype.itemsize < 4 else x
# + wide = x.float() if x.dtype.itemsize < 4 else x.data
# - powers = (wide - highest.masked_fill(highest == float("-inf"), 0.0)).exp()
# + powers = wide.sub_(highest.masked_fill(highest == float("-inf"), 0.0)).exp()


# %% softmax | casts to float32
# - wide = x.float() if x.dtype.itemsize < 4 else x
# + wide = x.float()
# - return (powers / total.masked_fill(total == 0, 1.0)).to(x.dtype)
# + return powers / total.masked_fill(total == 0, 1.0)


# %% softmax | float64 is computed in float32
# - wide = x.float() if x.dtype.itemsize < 4 else x
# + wide = x.float()


# %% softmax | computes in half precision
# - wide = x.float() if x.dtype.itemsize < 4 else x
# + wide = x


# %% softmax | adds an epsilon to the sum
# - return (powers / total.masked_fill(total == 0, 1.0)).to(x.dtype)
# + return (powers / (total + 1e-6)).to(x.dtype)


# %% softmax | has no gradient
# -     return x.clone()
# - wide = x.float() if x.dtype.itemsize < 4 else x
# +     return x.clone()
# + x = x.detach()
# + wide = x.float() if x.dtype.itemsize < 4 else x


# %% causal_mask | off by one: does not see itself
# - return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T)
# + return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T - 1)


# %% causal_mask | off by one: sees the next position
# - return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T)
# + return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T + 1)


# %% causal_mask | queries are taken to be the first positions
# - return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T)
# + return torch.ones(T, S, dtype=torch.bool, device=device).tril()


# %% causal_mask | works for square only
# - return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T)
# + return torch.ones(T, T, dtype=torch.bool, device=device).tril()


# %% causal_mask | sees the future and not the past
# - return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T)
# + return torch.ones(T, S, dtype=torch.bool, device=device).triu(S - T)


# %% causal_mask | True where forbidden
# - return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T)
# + return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T).logical_not()


# %% causal_mask | additive mask of zeros and -inf
# - return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T)
# + allowed = torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T)
# + return torch.zeros(T, S, device=device).masked_fill(~allowed, float("-inf"))


# %% padding_mask | True at padding
# - return (torch.arange(S, device=lengths.device) < lengths[:, None])[:, None, None, :]
# + return (torch.arange(S, device=lengths.device) >= lengths[:, None])[:, None, None, :]


# %% padding_mask | off by one: leaks the first padding position
# - return (torch.arange(S, device=lengths.device) < lengths[:, None])[:, None, None, :]
# + return (torch.arange(S, device=lengths.device) <= lengths[:, None])[:, None, None, :]


# %% padding_mask | without axes for heads and queries
# - return (torch.arange(S, device=lengths.device) < lengths[:, None])[:, None, None, :]
# + return torch.arange(S, device=lengths.device) < lengths[:, None]


# %% padding_mask | padding at the beginning
# - return (torch.arange(S, device=lengths.device) < lengths[:, None])[:, None, None, :]
# + return (torch.arange(S, device=lengths.device).flip(0) < lengths[:, None])[:, None, None, :]


# %% padding_mask | works for batch 1 only
# - return (torch.arange(S, device=lengths.device) < lengths[:, None])[:, None, None, :]
# + return (torch.arange(S, device=lengths.device) < lengths[0]).view(1, 1, 1, S)


# %% padding_mask | cuts the mask to the longest sentence
# - return (torch.arange(S, device=lengths.device) < lengths[:, None])[:, None, None, :]
# + return (
# +     torch.arange(int(lengths.max()) if len(lengths) else S, device=lengths.device) < lengths[:, None]
# + )[:, None, None, :]


# %% combine_masks | allowed where any mask allows
# - combined = mask if combined is None else combined & mask
# + combined = mask if combined is None else combined | mask


# %% combine_masks | None hides everything that follows
# - continue
# + return combined


# %% combine_masks | changes the first mask in place
# - combined = mask if combined is None else combined & mask
# + combined = (
# +     mask
# +     if combined is None
# +     else combined.__iand__(mask)
# +     if combined.dim() >= mask.dim()
# +     else combined & mask
# + )


# %% combine_masks | takes masks that are not boolean
# - raise TypeError(f"masks are boolean (True = allowed), got {mask.dtype}")
# + mask = mask.bool()


# %% combine_masks | works for equal shapes only
# - combined = mask if combined is None else combined & mask
# + combined = mask if combined is None else torch.stack([combined, mask]).all(0)


# %% combine_masks | leaves torch's error to the caller
# - broadcast_shape(combined.shape, mask.shape)
# + pass


# %% scaled_dot_product_attention | missing root of D
# - scale = q.shape[-1] ** -0.5 if scale is None else scale
# + scale = 1.0 if scale is None else scale


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
# - scale = q.shape[-1] ** -0.5 if scale is None else scale
# + scale = 1 / q.shape[-1] if scale is None else scale


# %% scaled_dot_product_attention | scale from the width of v
# - scale = q.shape[-1] ** -0.5 if scale is None else scale
# + scale = v.shape[-1] ** -0.5 if scale is None else scale


# %% scaled_dot_product_attention | a scale of 0 counts as none
# - scale = q.shape[-1] ** -0.5 if scale is None else scale
# + scale = scale or q.shape[-1] ** -0.5


# %% scaled_dot_product_attention | ignores the scale that was given
# - scale = q.shape[-1] ** -0.5 if scale is None else scale
# + scale = q.shape[-1] ** -0.5


# %% scaled_dot_product_attention | softmax over the wrong axis
# - weights = softmax(scores).to(v.dtype)
# + weights = softmax(scores, -2).to(v.dtype)


# %% scaled_dot_product_attention | mask after softmax
# -     scores = scores + bias
# - if mask is not None:
# -     scores = scores.masked_fill(~mask, float("-inf"))
# - weights = softmax(scores).to(v.dtype)
# +     scores = scores + bias
# + weights = softmax(scores).to(v.dtype)
# + if mask is not None:
# +     weights = weights * mask


# %% scaled_dot_product_attention | -1e9 in half precision
# - scores = scores.masked_fill(~mask, float("-inf"))
# + scores = scores.to(q.dtype).masked_fill(~mask, -1e9)


# %% scaled_dot_product_attention | -1e9: a query that may look nowhere gets the mean
# - scores = scores.masked_fill(~mask, float("-inf"))
# + scores = scores.masked_fill(~mask, -1e9)


# %% scaled_dot_product_attention | forbidden scores become 0 and leak
# - scores = scores.masked_fill(~mask, float("-inf"))
# + scores = scores.masked_fill(~mask, 0.0)


# %% scaled_dot_product_attention | mask read the other way round
# - scores = scores.masked_fill(~mask, float("-inf"))
# + scores = scores.masked_fill(mask, float("-inf"))


# %% scaled_dot_product_attention | ignores a mask that hides everything
# - if mask is not None:
# + if mask is not None and mask.any():


# %% scaled_dot_product_attention | NaN for a query that may look nowhere
# - weights = softmax(scores).to(v.dtype)
# + weights = torch.softmax(scores, -1).to(v.dtype)


# %% scaled_dot_product_attention | scales q in place
# - scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
# + with torch.no_grad():
# +     q.mul_(scale)
# + scores = q.to(wide) @ k.to(wide).transpose(-2, -1)


# %% scaled_dot_product_attention | bias after softmax
# - scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
# - if bias is not None:
# -     scores = scores + bias
# + scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
# - weights = softmax(scores).to(v.dtype)
# + weights = softmax(scores).to(v.dtype)
# + if bias is not None:
# +     weights = weights + bias


# %% scaled_dot_product_attention | bias is scaled too
# - scores = (q.to(wide) * scale) @ k.to(wide).transpose(-2, -1)
# + scores = q.to(wide) @ k.to(wide).transpose(-2, -1)
# -     scores = scores + bias
# - if mask is not None:
# +     scores = scores + bias
# + scores = scores * scale
# + if mask is not None:


# %% scaled_dot_product_attention | works for batch 1 only
# - mixed = F.dropout(weights, dropout) @ v
# + mixed = F.dropout(weights, dropout) @ v if v.dim() < 3 else F.dropout(weights, dropout) @ v[:1]


# %% scaled_dot_product_attention | works for square only
# - scores = scores.masked_fill(~mask, float("-inf"))
# + hidden = torch.ones(q.shape[-2], q.shape[-2], dtype=torch.bool)
# + hidden[: mask.shape[-2], : mask.shape[-1]] = ~mask[..., : q.shape[-2]].reshape(-1, *mask.shape[-2:])[
# +     0
# + ]
# + scores = scores.masked_fill(hidden, float("-inf"))


# %% scaled_dot_product_attention | computes and returns float32
# - wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
# + wide = torch.float32  # float16 products overflow beyond 65,504
# - weights = softmax(scores).to(v.dtype)
# - mixed = F.dropout(weights, dropout) @ v
# + weights = softmax(scores)
# + mixed = F.dropout(weights, dropout) @ v.float()


# %% scaled_dot_product_attention | float16 scores overflow
# - wide = torch.float32 if q.dtype == torch.float16 else q.dtype  # float16 products overflow beyond 65,504
# + wide = q.dtype  # float16 products overflow beyond 65,504


# %% scaled_dot_product_attention | returns the weights after dropout
# - mixed = F.dropout(weights, dropout) @ v
# + weights = F.dropout(weights, dropout)
# + mixed = weights @ v


# %% scaled_dot_product_attention | dropout without making up for it
# - mixed = F.dropout(weights, dropout) @ v
# + mixed = (weights * (torch.rand_like(weights) >= dropout)) @ v


# %% scaled_dot_product_attention | dropout on the scores
# -     scores = scores.masked_fill(~mask, float("-inf"))
# - weights = softmax(scores).to(v.dtype)
# - mixed = F.dropout(weights, dropout) @ v
# +     scores = scores.masked_fill(~mask, float("-inf"))
# + scores = F.dropout(scores, dropout)
# + weights = softmax(scores).to(v.dtype)
# + mixed = weights @ v


# %% scaled_dot_product_attention | no gradient through the weights
# - mixed = F.dropout(weights, dropout) @ v
# + mixed = F.dropout(weights.detach(), dropout) @ v


# %% MultiHeadAttention | heads concatenated in the wrong order
# - out = self.output(mixed.transpose(1, 2).flatten(2))
# + out = self.output(mixed.permute(0, 2, 3, 1).flatten(2))


# %% MultiHeadAttention | view where a transpose is needed, putting together
# - out = self.output(mixed.transpose(1, 2).flatten(2))
# + out = self.output(mixed.reshape(x.shape))


# %% MultiHeadAttention | view where a transpose is needed, for the queries only
# - q = self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
# + q = self.query(x).reshape(x.shape[0], self.heads, x.shape[1], -1)


# %% MultiHeadAttention | view where a transpose is needed, splitting
# - q = self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
# - k = self.key(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
# - v = self.value(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
# + q = self.query(x).reshape(x.shape[0], self.heads, x.shape[1], -1)
# + k = self.key(context).reshape(context.shape[0], self.kv_heads, context.shape[1], -1)
# + v = self.value(context).reshape(context.shape[0], self.kv_heads, context.shape[1], -1)


# %% MultiHeadAttention | view and reshape where transposes are needed, both ways
# - q = self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
# - k = self.key(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
# - v = self.value(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
# + q = self.query(x).reshape(x.shape[0], self.heads, x.shape[1], -1)
# + k = self.key(context).reshape(context.shape[0], self.kv_heads, context.shape[1], -1)
# + v = self.value(context).reshape(context.shape[0], self.kv_heads, context.shape[1], -1)
# - out = self.output(mixed.transpose(1, 2).flatten(2))
# + out = self.output(mixed.reshape(x.shape))


# %% MultiHeadAttention | every H-th channel to one head
# - q = self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
# - k = self.key(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
# - v = self.value(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
# + q = self.query(x).unflatten(-1, (-1, self.heads)).permute(0, 3, 1, 2)
# + k = self.key(context).unflatten(-1, (-1, self.kv_heads)).permute(0, 3, 1, 2)
# + v = self.value(context).unflatten(-1, (-1, self.kv_heads)).permute(0, 3, 1, 2)


# %% MultiHeadAttention | no output map
# - out = self.output(mixed.transpose(1, 2).flatten(2))
# + out = mixed.transpose(1, 2).flatten(2)


# %% MultiHeadAttention | biases forgotten
# - q = self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
# - k = self.key(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
# - v = self.value(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
# + q = F.linear(x, self.query.weight).unflatten(-1, (self.heads, -1)).transpose(1, 2)
# + k = F.linear(context, self.key.weight).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
# + v = F.linear(context, self.value.weight).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)


# %% MultiHeadAttention | dropout at test time
# - dropout = self.dropout if self.training else 0.0
# + dropout = self.dropout


# %% MultiHeadAttention | no dropout in training
# - dropout = self.dropout if self.training else 0.0
# + dropout = 0.0


# %% MultiHeadAttention | key heads shared in the wrong order
# - k, v = (each.repeat_interleave(self.heads // self.kv_heads, dim=1) for each in (k, v))
# + k, v = (each.repeat(1, self.heads // self.kv_heads, 1, 1) for each in (k, v))


# %% MultiHeadAttention | ignores the context
# - context = x if context is None else context
# + context = x


# %% MultiHeadAttention | values from x in cross-attention
# - context = x if context is None else context
# + context = x if context is None else context
# + source = x if x.shape == context.shape else context
# - v = self.value(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
# + v = self.value(source).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)


# %% MultiHeadAttention | mask not passed on
# - mixed = self.attend(q, k, v, mask=mask, bias=bias, dropout=dropout, return_weights=return_weights)
# + mixed = self.attend(q, k, v, bias=bias, dropout=dropout, return_weights=return_weights)


# %% MultiHeadAttention | bias on the scores not passed on
# - mixed = self.attend(q, k, v, mask=mask, bias=bias, dropout=dropout, return_weights=return_weights)
# + mixed = self.attend(q, k, v, mask=mask, dropout=dropout, return_weights=return_weights)


# %% MultiHeadAttention | rotates after the cache
# - v = self.value(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
# + v = self.value(context).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2)
# + if cache is not None:
# +     k, v = cache.update(k, v)
# -     q, k = rotate(q, k)
# - if cache is not None:
# -     k, v = cache.update(k, v)
# - if self.kv_heads < self.heads:
# +     q, k = rotate(q, k)
# + if self.kv_heads < self.heads:


# %% MultiHeadAttention | ignores what the cache returns
# - k, v = cache.update(k, v)
# + cache.update(k, v)


# %% MultiHeadAttention | caches the shared heads written out
# -     q, k = rotate(q, k)
# - if cache is not None:
# -     k, v = cache.update(k, v)
# - if self.kv_heads < self.heads:
# -     k, v = (each.repeat_interleave(self.heads // self.kv_heads, dim=1) for each in (k, v))
# - dropout = self.dropout if self.training else 0.0
# +     q, k = rotate(q, k)
# + if self.kv_heads < self.heads:
# +     k, v = (each.repeat_interleave(self.heads // self.kv_heads, dim=1) for each in (k, v))
# + if cache is not None:
# +     k, v = cache.update(k, v)
# + dropout = self.dropout if self.training else 0.0


# %% MultiHeadAttention | returns the mean of the heads' weights
# - return (out, weights) if return_weights else out
# + return (out, weights.mean(1)) if return_weights else out


# %% MultiHeadAttention | works for batch 1 only
# - out = self.output(mixed.transpose(1, 2).flatten(2))
# + out = self.output(mixed[0].transpose(0, 1).flatten(1)[None])


# %% MultiHeadAttention | asks for weights that nobody wants
# - mixed = self.attend(q, k, v, mask=mask, bias=bias, dropout=dropout, return_weights=return_weights)
# - mixed, weights = mixed if return_weights else (mixed, None)
# + mixed = self.attend(q, k, v, mask=mask, bias=bias, dropout=dropout, return_weights=True)
# + mixed, weights = mixed


# %% KVCache | joins old and new at every step
# - check_appended(self.values, v)
# - if k.shape[:3] != v.shape[:3]:
# -     raise ValueError(f"k and v must agree in B, H and T, got {tuple(k.shape)} and {tuple(v.shape)}")
# + check_appended(self.values, v)
# - more = max(last, 2 * room) - room
# + more = last - room
# - self.keys, self.values = (x.index_select(0, index) for x in (self.keys, self.values))
# + self.keys, self.values = self.keys[index], self.values[index]


# %% KVCache | returns the empty room too
# - check_appended(self.values, v)
# - if k.shape[:3] != v.shape[:3]:
# -     raise ValueError(f"k and v must agree in B, H and T, got {tuple(k.shape)} and {tuple(v.shape)}")
# + check_appended(self.values, v)
# - return self.keys[:, :, :last], self.values[:, :, :last]
# + return self.keys, self.values
# - self.keys, self.values = (x.index_select(0, index) for x in (self.keys, self.values))
# + self.keys, self.values = self.keys[index], self.values[index]


# %% KVCache | doubling may be too little
# - check_appended(self.values, v)
# - if k.shape[:3] != v.shape[:3]:
# -     raise ValueError(f"k and v must agree in B, H and T, got {tuple(k.shape)} and {tuple(v.shape)}")
# + check_appended(self.values, v)
# - if last > room:
# -     more = max(last, 2 * room) - room
# + if last > room or room == 0:
# +     more = max(room, last if room == 0 else 1)
# - self.keys, self.values = (x.index_select(0, index) for x in (self.keys, self.values))
# + self.keys, self.values = self.keys[index], self.values[index]


# %% KVCache | doubles at every update
# - check_appended(self.values, v)
# - if k.shape[:3] != v.shape[:3]:
# -     raise ValueError(f"k and v must agree in B, H and T, got {tuple(k.shape)} and {tuple(v.shape)}")
# + check_appended(self.values, v)
# - room = self.keys.shape[2]
# - if last > room:
# + room = self.keys.shape[2] or last
# + self.keys = F.pad(self.keys, (0, 0, 0, room - self.keys.shape[2]))
# + self.values = F.pad(self.values, (0, 0, 0, room - self.values.shape[2]))
# + if room:
# - self.keys, self.values = (x.index_select(0, index) for x in (self.keys, self.values))
# + self.keys, self.values = self.keys[index], self.values[index]


# %% KVCache | writes over the beginning
# - check_appended(self.values, v)
# - if k.shape[:3] != v.shape[:3]:
# -     raise ValueError(f"k and v must agree in B, H and T, got {tuple(k.shape)} and {tuple(v.shape)}")
# + check_appended(self.values, v)
# - self.keys[:, :, first:last] = k.detach()
# - self.values[:, :, first:last] = v.detach()
# + self.keys[:, :, : last - first] = k.detach()
# + self.values[:, :, : last - first] = v.detach()
# - self.keys, self.values = (x.index_select(0, index) for x in (self.keys, self.values))
# + self.keys, self.values = self.keys[index], self.values[index]


# %% KVCache | does not count what it stored
# - check_appended(self.values, v)
# - if k.shape[:3] != v.shape[:3]:
# -     raise ValueError(f"k and v must agree in B, H and T, got {tuple(k.shape)} and {tuple(v.shape)}")
# + check_appended(self.values, v)
# - self.length = last
# + self.length = max(self.length, k.shape[2])
# - self.keys, self.values = (x.index_select(0, index) for x in (self.keys, self.values))
# + self.keys, self.values = self.keys[index], self.values[index]


# %% KVCache | keeps the gradient
# - check_appended(self.values, v)
# - if k.shape[:3] != v.shape[:3]:
# -     raise ValueError(f"k and v must agree in B, H and T, got {tuple(k.shape)} and {tuple(v.shape)}")
# + check_appended(self.values, v)
# - self.keys[:, :, first:last] = k.detach()
# - self.values[:, :, first:last] = v.detach()
# + self.keys[:, :, first:last] = k
# + self.values[:, :, first:last] = v
# - self.keys, self.values = (x.index_select(0, index) for x in (self.keys, self.values))
# + self.keys, self.values = self.keys[index], self.values[index]


# %% KVCache | stores the first keys without copying them
# - check_appended(self.values, v)
# - if k.shape[:3] != v.shape[:3]:
# -     raise ValueError(f"k and v must agree in B, H and T, got {tuple(k.shape)} and {tuple(v.shape)}")
# + check_appended(self.values, v)
# - self.keys, self.values = k[:, :, :0].detach(), v[:, :, :0].detach()
# + self.keys, self.values, self.length = k.detach(), v.detach(), last
# + return self.keys, self.values
# - self.keys, self.values = (x.index_select(0, index) for x in (self.keys, self.values))
# + self.keys, self.values = self.keys[index], self.values[index]


# %% KVCache | only the newest come back
# - check_appended(self.values, v)
# - if k.shape[:3] != v.shape[:3]:
# -     raise ValueError(f"k and v must agree in B, H and T, got {tuple(k.shape)} and {tuple(v.shape)}")
# + check_appended(self.values, v)
# - return self.keys[:, :, :last], self.values[:, :, :last]
# + return self.keys[:, :, first:last], self.values[:, :, first:last]
# - self.keys, self.values = (x.index_select(0, index) for x in (self.keys, self.values))
# + self.keys, self.values = self.keys[index], self.values[index]


# %% KVCache | appends behind the room and not behind the length
# - if k.shape[:3] != v.shape[:3]:
# -     raise ValueError(f"k and v must agree in B, H and T, got {tuple(k.shape)} and {tuple(v.shape)}")
# - first, last = self.length, self.length + k.shape[2]
# + first = 0 if self.keys is None else self.keys.shape[2]
# + last = first + k.shape[2]
# - self.keys, self.values = (x.index_select(0, index) for x in (self.keys, self.values))
# + self.keys, self.values = self.keys[index], self.values[index]


# %% KVCache | room for twice what is needed
# - check_appended(self.values, v)
# - if k.shape[:3] != v.shape[:3]:
# -     raise ValueError(f"k and v must agree in B, H and T, got {tuple(k.shape)} and {tuple(v.shape)}")
# + check_appended(self.values, v)
# - more = max(last, 2 * room) - room
# + more = 2 * last - room
# - self.keys, self.values = (x.index_select(0, index) for x in (self.keys, self.values))
# + self.keys, self.values = self.keys[index], self.values[index]


# %% attention_cost | multiplications without additions
# - projection_flops=2 * B * (2 * T * width * width + 2 * S * width * narrow),
# - mixing_flops=2 * 2 * B * T * S * width,
# + projection_flops=B * (2 * T * width * width + 2 * S * width * narrow),
# + mixing_flops=2 * B * T * S * width,


# %% attention_cost | keys and values for T positions
# - projection_flops=2 * B * (2 * T * width * width + 2 * S * width * narrow),
# + projection_flops=2 * B * (2 * T * width * width + 2 * T * width * narrow),


# %% attention_cost | one product instead of two
# - mixing_flops=2 * 2 * B * T * S * width,
# + mixing_flops=2 * B * T * S * width,


# %% attention_cost | heads counted twice
# - mixing_flops=2 * 2 * B * T * S * width,
# + mixing_flops=2 * 2 * B * heads * T * S * width,


# %% attention_cost | weights of one head
# - weight_bytes=B * heads * T * S * number_bytes,
# + weight_bytes=B * T * S * number_bytes,


# %% attention_cost | cache as wide as the queries
# - cache_bytes=2 * B * S * narrow * number_bytes,
# + cache_bytes=2 * B * S * width * number_bytes,


# %% attention_cost | shared heads do not save anything
# - narrow = width // heads * kv_heads
# + narrow = width


# %% attention_cost | keys only in the cache
# - cache_bytes=2 * B * S * narrow * number_bytes,
# + cache_bytes=B * S * narrow * number_bytes,


# %% attention_cost | only four-byte numbers
# - weight_bytes=B * heads * T * S * number_bytes,
# - cache_bytes=2 * B * S * narrow * number_bytes,
# + weight_bytes=B * heads * T * S * 4,
# + cache_bytes=2 * B * S * narrow * 4,
