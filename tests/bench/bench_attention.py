"""Attention side by side: ours plain, ours in blocks, torch's kernel.  python tests/bench/bench_attention.py

Prints seconds, their ratio to the plain form, and peak bytes; nothing here is a test.
"""

import time

import torch
from torch import nn

from eras.pretraining.attention import (
    KVCache,
    MultiHeadAttention,
    blockwise_attention,
    causal_mask,
    fused_attention,
    scaled_dot_product_attention,
)
from eras.pretraining.memory import peak_bytes


def seconds(function, *args, repeats: int = 3) -> float:
    """The shortest of some runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function(*args)
        times.append(time.perf_counter() - start)
    return min(times)


def table(title: str, rows: list[tuple]) -> None:
    """Print rows of (name, seconds, bytes or None), the first being the yardstick."""
    print(f"\n{title}")
    for name, spent, held in rows:
        memory = "" if held is None else f"{held / 1e6:10.1f} MB  1/{rows[0][2] / held:<6.0f}"
        print(f"  {name:32} {spent * 1e3:10.2f} ms  x{spent / rows[0][1]:<6.2f}{memory}")


def mixing(T: int) -> None:
    """One head, causal, forward."""
    q, k, v = (torch.randn(1, 1, T, 64) for _ in range(3))
    mask = causal_mask(T)
    ways = {
        "plain": lambda: scaled_dot_product_attention(q, k, v, mask),
        "blockwise": lambda: blockwise_attention(q, k, v, causal=True),
        "torch's kernel": lambda: fused_attention(q, k, v, mask),
    }
    table(f"mixing, {T:,} positions", [(n, seconds(f), peak_bytes(f)) for n, f in ways.items()])


def training(B: int = 8, T: int = 512, width: int = 256, heads: int = 8) -> None:
    """One layer forward and backward."""
    x, mask = torch.randn(B, T, width), causal_mask(T)
    fused = MultiHeadAttention(width, heads)
    plain = MultiHeadAttention(width, heads, attend=scaled_dot_product_attention)
    theirs = nn.MultiheadAttention(width, heads, batch_first=True)
    ways = {
        "MultiHeadAttention, plain": lambda: plain(x, mask=mask).sum().backward(),
        "MultiHeadAttention, fused": lambda: fused(x, mask=mask).sum().backward(),
        "nn.MultiheadAttention": lambda: (
            theirs(x, x, x, attn_mask=~mask, need_weights=False)[0].sum().backward()
        ),
    }
    table(f"layer, forward and backward, B={B} T={T}", [(n, seconds(f), None) for n, f in ways.items()])


@torch.no_grad()
def generating(steps: int = 512, width: int = 256, heads: int = 8) -> None:
    """One position at a time, with the cache and with a concatenation per step."""
    module, x = MultiHeadAttention(width, heads).eval(), torch.randn(1, steps, width)

    class Concatenating:
        keys = values = None

        def update(self, k, v):
            self.keys = k if self.keys is None else torch.cat([self.keys, k], 2)
            self.values = v if self.values is None else torch.cat([self.values, v], 2)
            return self.keys, self.values

    def run(make):
        cache = make()
        for t in range(steps):
            module(x[:, t : t + 1], cache=cache)

    rows = [(kind.__name__, seconds(run, kind), None) for kind in (Concatenating, KVCache)]
    table(f"generating {steps} positions one at a time", rows)


def main() -> None:
    """Run all three comparisons."""
    torch.manual_seed(0)
    for T in (512, 2048, 8192):
        mixing(T)
    training()
    generating()


if __name__ == "__main__":
    main()
