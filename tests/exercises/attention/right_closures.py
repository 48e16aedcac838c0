"""Right solutions built from small closures and recursion."""


# %% softmax
def softmax(x, dim=-1):
    def accurate(f):
        half = x.dtype in {torch.float16, torch.bfloat16}
        return f(x.float()).to(x.dtype) if half else f(x)

    def weights(y):
        if not y.size(dim):
            return y.clone()
        possible = y > float("-inf")
        top = y.detach().amax(dim, keepdim=True).nan_to_num(neginf=0.0)
        powers = torch.where(possible, (torch.where(possible, y, top) - top).exp(), 0.0)
        total = powers.sum(dim, keepdim=True)
        return powers * (1 / torch.where(total > 0, total, 1.0))

    return accurate(weights)


# %% causal_mask
def causal_mask(T, S=None, device=None):
    S = T if S is None else S
    return ~torch.triu(torch.ones(T, S, device=device), diagonal=S - T + 1).bool()


# %% padding_mask
def padding_mask(lengths, S):
    def row(n):
        return F.pad(torch.ones(n, dtype=torch.bool), (0, S - n))

    rows = [row(int(n)) for n in lengths]
    return torch.stack(rows)[:, None, None] if rows else torch.zeros(0, 1, 1, S, dtype=torch.bool)


# %% combine_masks
def combine_masks(*masks):
    if not masks:
        return None
    first, rest = masks[0], combine_masks(*masks[1:])
    if first is not None and first.dtype != torch.bool:
        raise TypeError("boolean masks only")
    if first is None or rest is None:
        return rest if first is None else first
    broadcast_shape(first.shape, rest.shape)
    return first * rest


# %% scaled_dot_product_attention
def scaled_dot_product_attention(
    q, k, v, mask=None, bias=None, scale=None, dropout=0.0, return_weights=False
):
    root = q.shape[-1] ** 0.5
    widen = (lambda y: y.float()) if q.dtype == torch.float16 else (lambda y: y)
    steps = [
        lambda s: s / root if scale is None else s * scale,
        lambda s: s if bias is None else s + bias,
        lambda s: s if mask is None else s.masked_fill(mask.logical_not(), -torch.inf),
        softmax,
        lambda s: s.type_as(v),
    ]
    weights = widen(q) @ widen(k).mT
    for step in steps:
        weights = step(weights)
    keep = 1 - dropout
    thin = weights if dropout == 0 else weights * (torch.rand_like(weights) < keep) / max(keep, 1e-9)
    return (thin @ v, weights) if return_weights else thin @ v


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
        split = lambda y, n: torch.stack(y.chunk(n, dim=-1), dim=1)  # noqa: E731
        join = lambda y: torch.cat(y.unbind(1), dim=-1)  # noqa: E731
        share = lambda y: y.repeat_interleave(self.heads // self.kv_heads, 1)  # noqa: E731
        source = x if context is None else context
        q = split(self.query(x), self.heads)
        k, v = (split(part(source), self.kv_heads) for part in (self.key, self.value))
        if rotate:
            q, k = rotate(q, k)
        if cache is not None:
            k, v = cache.update(k, v)
        mix = lambda **more: self.attend(q, share(k), share(v), mask=mask, bias=bias, **more)  # noqa: E731
        rate = self.dropout if self.training else 0.0
        if not return_weights:
            return self.output(join(mix(dropout=rate)))
        mixed, weights = mix(dropout=rate, return_weights=True)
        return self.output(join(mixed)), weights


# %% KVCache
@dataclass
class KVCache:
    keys: Tensor | None = None
    values: Tensor | None = None
    length: int = 0

    def update(self, k, v):
        def store(old, new):
            room = 0 if old is None else old.shape[2]
            if old is None or end > room:
                wider = torch.zeros(*new.shape[:2], max(end, 2 * room), new.shape[3]).to(new)
                if old is not None:
                    wider[:, :, :room] = old
                old = wider
            old[:, :, self.length : end] = new.data
            return old

        end = self.length + k.shape[2]
        self.keys, self.values = store(self.keys, k), store(self.values, v)
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def reorder(self, index):
        if self.keys is not None:
            self.keys, self.values = self.keys[index], self.values[index]

    def truncate(self, length):
        self.length = length


# %% attention_cost
def attention_cost(B, T, S, width, heads, kv_heads=None, number_bytes=4):
    D = width // heads
    shared = D * (kv_heads or heads)
    product = lambda m, n, p: 2 * m * n * p  # noqa: E731
    one = [product(T, width, width)] * 2 + [product(S, width, shared)] * 2
    mixing = heads * (product(T, D, S) + product(T, S, D))
    return AttentionCost(
        B * sum(one), B * mixing, B * heads * T * S * number_bytes, B * 2 * S * shared * number_bytes
    )


# %% stretch
def online_attention(q, blocks, scale=None):
    scale = q.shape[-1] ** -0.5 if scale is None else scale

    def step(state, block):
        (top, total, mixed), (k, v, mask) = state, block
        s = (q * scale) @ k.mT
        s = s if mask is None else s.masked_fill(~mask, -torch.inf)
        new = torch.maximum(top, s.amax(-1, keepdim=True))
        base = new.nan_to_num(neginf=0.0)
        p, shrink = (s - base).exp(), (top - base).exp()
        return new, total * shrink + p.sum(-1, keepdim=True), mixed * shrink + p @ v

    empty = torch.zeros(*q.shape[:-1], 1)
    state = (empty - torch.inf, empty, empty)
    for block in blocks:
        state = step(state, block)
    top, total, mixed = state
    return mixed / torch.where(total > 0, total, 1.0), (top + total.log()).squeeze(-1)
