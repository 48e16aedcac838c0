"""Right solutions with NumPy inside where no gradient is asked for, and an autograd function of one's own."""


# %% softmax
def softmax(x, dim=-1):
    class Weights(torch.autograd.Function):
        @staticmethod
        def forward(ctx, scores):
            import numpy as np

            a = scores.numpy().astype(np.float64)
            if a.shape[dim] == 0:
                p = a
            else:
                top = a.max(axis=dim, keepdims=True)
                e = np.exp(a - np.where(np.isinf(top), 0, top))
                s = e.sum(axis=dim, keepdims=True)
                p = np.divide(e, s, out=np.zeros_like(e), where=s != 0)
            out = torch.from_numpy(p)
            ctx.save_for_backward(out)
            return out.to(scores.dtype)

        @staticmethod
        def backward(ctx, slope):
            (p,) = ctx.saved_tensors
            slope = slope.double()
            back = p * (slope - (p * slope).sum(dim, keepdim=True))
            return back.to(x.dtype)

    return Weights.apply(x.float() if x.dtype in (torch.bfloat16, torch.float16) else x).to(x.dtype)


# %% causal_mask
def causal_mask(T, S=None, device=None):
    import numpy as np

    S = S if S is not None else T
    return torch.from_numpy(np.tri(T, S, S - T, dtype=bool)).to(device)


# %% padding_mask
def padding_mask(lengths, S):
    import numpy as np

    table = np.arange(S)[None, None, None, :] < lengths.numpy().astype(int)[:, None, None, None]
    return torch.from_numpy(table)


# %% combine_masks
def combine_masks(*masks):
    import numpy as np

    total = None
    for m in masks:
        if m is not None and m.dtype != torch.bool:
            raise TypeError(f"not boolean: {m.dtype}")
        if total is None or m is None:
            total = m if total is None else total
        else:
            broadcast_shape(total.shape, m.shape)
            total = torch.from_numpy(np.logical_and(total.numpy(), m.numpy()))
    return total


# %% scaled_dot_product_attention
def scaled_dot_product_attention(
    q, k, v, mask=None, bias=None, scale=None, dropout=0.0, return_weights=False
):
    import math

    kind = v.dtype
    if kind == torch.float16:
        q, k = q.to(torch.float32), k.to(torch.float32)
    logits = torch.matmul(q, k.swapaxes(-1, -2)) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    logits = logits if bias is None else logits + bias
    if mask is not None:
        addend = torch.zeros(mask.shape, dtype=logits.dtype)
        addend[~mask] = -torch.inf
        logits = logits + addend
    weights = softmax(logits, dim=-1).to(kind)
    keep = torch.nn.Dropout(dropout)(weights)
    out = torch.matmul(keep, v)
    return (out, weights) if return_weights else out


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
        B, T, C = x.shape
        D, G = C // self.heads, self.heads // self.kv_heads
        y = x if context is None else context
        q = self.query(x).reshape(B, T, self.heads, D).permute(0, 2, 1, 3)
        k = self.key(y).reshape(B, -1, self.kv_heads, D).permute(0, 2, 1, 3)
        v = self.value(y).reshape(B, -1, self.kv_heads, D).permute(0, 2, 1, 3)
        if rotate is not None:
            q, k = rotate(q, k)
        if cache is not None:
            k, v = cache.update(k, v)
        S = k.shape[2]
        k = k[:, :, None].expand(B, self.kv_heads, G, S, D).reshape(B, self.heads, S, D)
        v = v[:, :, None].expand(B, self.kv_heads, G, S, D).reshape(B, self.heads, S, D)
        options = {"mask": mask, "bias": bias, "dropout": self.dropout if self.training else 0.0}
        if return_weights:
            z, weights = self.attend(q, k, v, **options, return_weights=True)
            return self.output(z.permute(0, 2, 1, 3).reshape(B, T, C)), weights
        return self.output(self.attend(q, k, v, **options).permute(0, 2, 1, 3).reshape(B, T, C))


# %% KVCache
@dataclass
class KVCache:
    keys: Tensor | None = None
    values: Tensor | None = None
    length: int = 0

    def update(self, k, v):
        B, H, T, D = k.shape
        if self.keys is None:
            self.keys = torch.empty((B, H, T, D), dtype=k.dtype)
            self.values = torch.empty((B, H, T, v.shape[3]), dtype=v.dtype)
        lack = self.length + T - self.keys.shape[2]
        if lack > 0:
            more = max(lack, self.keys.shape[2])
            self.keys = torch.cat([self.keys, torch.empty((B, H, more, D), dtype=k.dtype)], 2)
            self.values = torch.cat([self.values, torch.empty((B, H, more, v.shape[3]), dtype=v.dtype)], 2)
        where = torch.arange(self.length, self.length + T)
        self.keys.index_copy_(2, where, k.detach())
        self.values.index_copy_(2, where, v.detach())
        self.length = self.length + T
        return self.keys[:, :, : self.length].clone(), self.values[:, :, : self.length].clone()

    def reorder(self, index):
        if self.keys is not None:
            self.keys, self.values = self.keys[index], self.values[index]

    def truncate(self, length):
        self.length = length


# %% attention_cost
def attention_cost(B, T, S, width, heads, kv_heads=None, number_bytes=4):
    import numpy as np

    kv_heads = heads if kv_heads is None else kv_heads
    D = width // heads
    shapes = np.array(
        [
            [B * T, width, width],
            [B * S, width, kv_heads * D],
            [B * S, width, kv_heads * D],
            [B * T, width, width],
        ]
    )
    maps = int(2 * shapes.prod(axis=1).sum())
    scores = np.empty((B, heads, T, S), dtype=np.uint8)
    return AttentionCost(
        maps, 4 * scores.size * D, scores.size * number_bytes, 2 * B * kv_heads * S * D * number_bytes
    )


# %% stretch
def online_attention(q, blocks, scale=None):
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    shape = (*q.shape[:-1], 1)
    top, total, mixed = torch.full(shape, -1e30), torch.zeros(shape), 0
    for k, v, mask in blocks:
        s = (q * scale) @ k.transpose(-1, -2)
        allowed = torch.ones_like(s, dtype=torch.bool) if mask is None else mask
        s = s.masked_fill(~allowed, -1e30)
        new = torch.maximum(top, s.amax(-1, keepdim=True))
        p = torch.exp(s - new) * allowed
        shrink = torch.exp(top - new)
        total, mixed, top = total * shrink + p.sum(-1, keepdim=True), mixed * shrink + p @ v, new
    return mixed / total.clamp(min=1e-30), (top + total.log()).squeeze(-1)
