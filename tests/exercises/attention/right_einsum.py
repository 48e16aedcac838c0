"""Right solutions with einsum and functional torch."""


# %% softmax
def softmax(x, dim=-1):
    y = x.to(torch.promote_types(x.dtype, torch.float32))
    if 0 in y.shape:
        return y.to(x.dtype)
    lowered = y - y.detach().max(dim, keepdim=True).values.clamp(min=torch.finfo(y.dtype).min)
    powers = torch.exp(lowered)
    return powers.div(powers.sum(dim, keepdim=True).clamp(min=torch.finfo(y.dtype).tiny)).to(x.dtype)


# %% causal_mask
def causal_mask(T, S=None, device=None):
    if S is None:
        S = T
    query = torch.arange(S - T, S, device=device).unsqueeze(1)
    return torch.arange(S, device=device).unsqueeze(0) <= query


# %% padding_mask
def padding_mask(lengths, S):
    return torch.lt(torch.arange(S).view(1, 1, 1, S), lengths.view(-1, 1, 1, 1))


# %% combine_masks
def combine_masks(*masks):
    from functools import reduce

    def both(a, b):
        broadcast_shape(a.shape, b.shape)
        return torch.logical_and(a, b)

    given = tuple(filter(lambda m: m is not None, masks))
    if any(m.dtype != torch.bool for m in given):
        raise TypeError("masks must be boolean")
    return reduce(both, given) if given else None


# %% scaled_dot_product_attention
def scaled_dot_product_attention(
    q, k, v, mask=None, bias=None, scale=None, dropout=0.0, return_weights=False
):
    check_attention(q, k, v, mask, bias)
    if q.dtype == torch.float16:
        q, k = q.float(), k.float()
    factor = q.size(-1) ** -0.5 if scale is None else scale
    scores = torch.einsum("...td,...sd->...ts", q * factor, k)
    if bias is not None:
        scores = scores + bias
    if mask is None:
        weights = softmax(scores)
    else:
        lowest = torch.finfo(scores.dtype).min
        weights = softmax(torch.where(mask, scores, lowest)) * mask
    weights = weights.to(v.dtype)
    out = torch.einsum("...ts,...se->...te", F.dropout(weights, dropout), v)
    if return_weights:
        return out, weights
    return out


# %% MultiHeadAttention
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, kv_heads=None, bias=True, dropout=0.0, attend=fused_attention):
        super().__init__()
        kv_heads = heads if kv_heads is None else kv_heads
        self.heads, self.kv_heads, self.dropout, self.attend = heads, kv_heads, dropout, attend
        self.query = nn.Linear(width, width, bias=bias)
        self.key = nn.Linear(width, width // heads * kv_heads, bias=bias)
        self.value = nn.Linear(width, width // heads * kv_heads, bias=bias)
        self.output = nn.Linear(width, width, bias=bias)

    def forward(
        self, x, context=None, mask=None, *, bias=None, rotate=None, cache=None, return_weights=False
    ):
        def project(linear, y, heads):
            weight = linear.weight.view(heads, -1, y.shape[-1])
            out = torch.einsum("btc,hdc->bhtd", y, weight)
            return out if linear.bias is None else out + linear.bias.view(heads, 1, -1)

        context = context if context is not None else x
        q = project(self.query, x, self.heads)
        k = project(self.key, context, self.kv_heads)
        v = project(self.value, context, self.kv_heads)
        q, k = (q, k) if rotate is None else rotate(q, k)
        k, v = (k, v) if cache is None else cache.update(k, v)
        index = torch.arange(self.heads) // (self.heads // self.kv_heads)
        rate = self.dropout * self.training
        result = self.attend(
            q,
            k[:, index],
            v[:, index],
            mask=mask,
            bias=bias,
            dropout=float(rate),
            return_weights=return_weights,
        )
        mixed, *weights = result if return_weights else (result,)
        out = self.output(torch.einsum("bhtd->bthd", mixed).reshape(x.shape))
        return (out, *weights) if return_weights else out


# %% KVCache
@dataclass
class KVCache:
    keys: Tensor | None = None
    values: Tensor | None = None
    length: int = 0

    def update(self, k, v):
        self.keys = self.placed(self.keys, k)
        self.values = self.placed(self.values, v)
        self.length += k.size(2)
        return self.keys.narrow(2, 0, self.length), self.values.narrow(2, 0, self.length)

    @torch.no_grad()
    def placed(self, store, new):
        needed = self.length + new.size(2)
        if store is None:
            store = new.detach()[:, :, :0].clone()
        if needed > store.size(2):
            room = max(needed, 2 * store.size(2))
            bigger = new.new_zeros(*new.shape[:2], room, new.size(3))
            bigger.narrow(2, 0, self.length).copy_(store.narrow(2, 0, self.length))
            store = bigger
        store.narrow(2, self.length, new.size(2)).copy_(new)
        return store

    def reorder(self, index):
        if self.keys is not None:
            self.keys, self.values = self.keys[index], self.values[index]

    def truncate(self, length):
        self.length = length


# %% attention_cost
def attention_cost(B, T, S, width, heads, kv_heads=None, number_bytes=4):
    from math import prod

    G = kv_heads or heads
    D = width // heads
    queries = 2 * prod((B, T, width, heads, D))
    keys = 2 * prod((B, S, width, G, D))
    pairs = prod((B, heads, T, S))
    return AttentionCost(
        projection_flops=2 * queries + 2 * keys,
        mixing_flops=2 * pairs * D * 2,
        weight_bytes=pairs * number_bytes,
        cache_bytes=2 * prod((B, G, S, D)) * number_bytes,
    )


# %% stretch
def online_attention(q, blocks, scale=None):
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    state = None
    for k, v, mask in blocks:
        scores = torch.einsum("...td,...sd->...ts", q, k) * scale
        if mask is not None:
            scores = torch.where(mask, scores, float("-inf"))
        log_total = scores.logsumexp(-1, keepdim=True)
        weights = (scores - log_total.masked_fill(log_total.isneginf(), 0)).exp()
        block = weights @ v
        if state is None:
            state = block, log_total
            continue
        mixed, before = state
        after = torch.logaddexp(before, log_total)
        base = after.masked_fill(after.isneginf(), 0)
        state = mixed * (before - base).exp() + block * (log_total - base).exp(), after
    return state[0], state[1].squeeze(-1)
