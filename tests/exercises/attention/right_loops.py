"""Right solutions in plain loops, one number or one row at a time."""


# %% softmax
def softmax(x: Tensor, dim: int = -1) -> Tensor:
    if x.size(dim) == 0:
        return x * 1
    rows = x.movedim(dim, -1)
    if x.dtype in (torch.float16, torch.bfloat16):
        rows = rows.to(torch.float32)
    done = []
    for row in rows.reshape(-1, rows.size(-1)):
        top = row.max().item()
        if top == float("-inf"):
            done.append(torch.zeros_like(row))
            continue
        powers = torch.exp(row - top)
        done.append(powers / powers.sum())
    stacked = torch.stack(done) if done else rows.reshape(-1, rows.size(-1))
    return stacked.view(rows.shape).movedim(-1, dim).to(x.dtype)


# %% causal_mask
def causal_mask(T, S=None, device=None):
    S = T if S is None else S
    mask = torch.zeros((T, S), dtype=torch.bool, device=device)
    for t in range(T):
        mask[t, : S - T + t + 1] = True
    return mask


# %% padding_mask
def padding_mask(lengths, S):
    mask = torch.zeros((len(lengths), 1, 1, S), dtype=torch.bool)
    for b, n in enumerate(lengths.tolist()):
        for s in range(n):
            mask[b, 0, 0, s] = True
    return mask


# %% combine_masks
def combine_masks(*masks):
    real = [m for m in masks if m is not None]
    for m in real:
        if m.dtype is not torch.bool:
            raise TypeError("a mask has to be boolean")
    if not real:
        return None
    shape = real[0].shape
    for m in real[1:]:
        shape = broadcast_shape(shape, m.shape)
    out = torch.ones(shape, dtype=torch.bool)
    for m in real:
        out = torch.logical_and(out, m)
    return out


# %% scaled_dot_product_attention
def scaled_dot_product_attention(
    q, k, v, mask=None, bias=None, scale=None, dropout=0.0, return_weights=False
):
    D, T, S = q.shape[-1], q.shape[-2], k.shape[-2]
    if scale is None:
        scale = 1 / D**0.5
    lead = torch.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    number = torch.float32 if q.dtype == torch.float16 else q.dtype
    Q = q.expand(*lead, *q.shape[-2:]).reshape(-1, T, D).to(number)
    K = k.expand(*lead, *k.shape[-2:]).reshape(-1, S, D).to(number)
    V = v.expand(*lead, *v.shape[-2:]).reshape(-1, S, v.shape[-1])
    M = None if mask is None else mask.expand(*lead, T, S).reshape(-1, T, S)
    A = None if bias is None else bias.expand(*lead, T, S).reshape(-1, T, S)
    outs, kept = [], []
    for i in range(len(Q)):
        for t in range(T):
            row = (K[i] * Q[i, t] * scale).sum(-1)
            if A is not None:
                row = row + A[i, t]
            if M is not None and not M[i, t].any():
                weights = row * 0
            else:
                if M is not None:
                    row = torch.where(M[i, t], row, torch.tensor(float("-inf"), dtype=row.dtype))
                weights = (row - row.max()).exp()
                weights = weights / weights.sum()
            weights = weights.to(v.dtype)
            kept.append(weights)
            outs.append((F.dropout(weights, dropout)[:, None] * V[i]).sum(0))
    out = torch.stack(outs).view(*lead, T, v.shape[-1])
    weights = torch.stack(kept).view(*lead, T, S)
    return (out, weights) if return_weights else out


# %% MultiHeadAttention
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, kv_heads=None, bias=True, dropout=0.0, attend=fused_attention):
        super().__init__()
        self.heads, self.kv_heads = heads, kv_heads or heads
        self.dropout, self.attend = dropout, attend
        narrow = width // heads * self.kv_heads
        self.query, self.key = nn.Linear(width, width, bias=bias), nn.Linear(width, narrow, bias=bias)
        self.value, self.output = nn.Linear(width, narrow, bias=bias), nn.Linear(width, width, bias=bias)

    def forward(
        self, x, context=None, mask=None, *, bias=None, rotate=None, cache=None, return_weights=False
    ):
        source = x if context is None else context
        D = x.shape[-1] // self.heads

        def heads_of(y, count):
            return torch.stack([y[:, :, h * D : (h + 1) * D] for h in range(count)], dim=1)

        q = heads_of(self.query(x), self.heads)
        k = heads_of(self.key(source), self.kv_heads)
        v = heads_of(self.value(source), self.kv_heads)
        if rotate:
            q, k = rotate(q, k)
        if cache is not None:
            k, v = cache.update(k, v)
        per = self.heads // self.kv_heads
        k = torch.stack([k[:, h // per] for h in range(self.heads)], dim=1)
        v = torch.stack([v[:, h // per] for h in range(self.heads)], dim=1)
        p = 0.0
        if self.training:
            p = self.dropout
        got = self.attend(q, k, v, mask=mask, bias=bias, dropout=p, return_weights=return_weights)
        mixed = got[0] if return_weights else got
        together = torch.cat([mixed[:, h] for h in range(self.heads)], dim=-1)
        if return_weights:
            return self.output(together), got[1]
        return self.output(together)


# %% KVCache
@dataclass
class KVCache:
    keys: Tensor | None = None
    values: Tensor | None = None
    length: int = 0

    def update(self, k, v):
        T = k.shape[2]
        room = 0 if self.keys is None else self.keys.shape[2]
        if self.keys is None or self.length + T > room:
            bigger = max(self.length + T, 2 * room)
            keys = torch.zeros(*k.shape[:2], bigger, k.shape[3], dtype=k.dtype)
            values = torch.zeros(*v.shape[:2], bigger, v.shape[3], dtype=v.dtype)
            for s in range(self.length):
                keys[:, :, s] = self.keys[:, :, s]
                values[:, :, s] = self.values[:, :, s]
            self.keys, self.values = keys, values
        with torch.no_grad():
            for t in range(T):
                self.keys[:, :, self.length + t] = k[:, :, t]
                self.values[:, :, self.length + t] = v[:, :, t]
        self.length += T
        return self.keys[:, :, : self.length], self.values[:, :, : self.length]

    def reorder(self, index):
        if self.keys is not None:
            self.keys, self.values = self.keys[index], self.values[index]

    def truncate(self, length):
        self.length = length


# %% attention_cost
def attention_cost(B, T, S, width, heads, kv_heads=None, number_bytes=4):
    kv_heads = heads if kv_heads is None else kv_heads
    D = width // heads
    maps = mixing = weights = cache = 0
    for _ in range(B):
        maps += 2 * T * width * width * 2 + 2 * S * width * kv_heads * D * 2
        for _ in range(heads):
            mixing += 2 * T * D * S + 2 * T * S * D
            weights += T * S
        for _ in range(kv_heads):
            cache += 2 * S * D
    return AttentionCost(maps, mixing, weights * number_bytes, cache * number_bytes)


# %% stretch
def online_attention(q, blocks, scale=None):
    scale = 1 / q.shape[-1] ** 0.5 if scale is None else scale
    peak = total = mixed = None
    for k, v, mask in blocks:
        scores = scale * (q @ k.mT)
        if mask is not None:
            scores = scores.masked_fill(mask.logical_not(), -torch.inf)
        if peak is None:
            peak = torch.full_like(scores[..., :1], -torch.inf)
            total, mixed = torch.zeros_like(peak), torch.zeros(*q.shape[:-1], v.shape[-1])
        new = torch.max(peak, scores.max(-1, keepdim=True).values)
        safe = torch.where(new == -torch.inf, torch.zeros_like(new), new)
        shrink = torch.exp(peak - safe)
        powers = torch.exp(scores - safe)
        total = total * shrink + powers.sum(-1, keepdim=True)
        mixed = mixed * shrink + powers @ v
        peak = new
    return mixed / torch.where(total == 0, torch.ones_like(total), total), (peak + total.log())[..., 0]
