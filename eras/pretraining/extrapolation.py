"""How far past its training length each kind of position carries:  python -m eras.pretraining.extrapolation

Small byte-level decoders that differ in their positions alone are trained on Moby-Dick at 64 positions and
read 512 on held-out pages. Bits per byte by position, settings, seeds and the training log go to
`eras/ladder/extrapolation.json`, which the chapter `positions` draws.
"""

import json
import math
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from eras import data
from eras.pretraining.attention import MultiHeadAttention, causal_mask
from eras.pretraining.positions import (
    LearnedPositions,
    RotaryEmbedding,
    T5RelativeBias,
    alibi_bias,
    sinusoidal,
)

RESULTS = Path(__file__).parents[1] / "ladder" / "extrapolation.json"
KINDS = ("none", "sinusoidal", "learned", "rope", "alibi", "t5")


@dataclass(frozen=True)
class Settings:
    """One size for every variant."""

    train_length: int = 64
    test_length: int = 512
    width: int = 96
    heads: int = 4
    layers: int = 2
    batch: int = 32
    steps: int = 800
    rate: float = 3e-3
    windows: int = 128
    bin: int = 32


class Decoder(nn.Module):
    """A pre-norm byte-level decoder whose kind of position is one of KINDS.  ids (B, T) -> logits (B, T,
    256).

    Raises ValueError for an unknown kind.
    """

    def __init__(self, kind: str, settings: Settings):
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {KINDS}, got {kind!r}")
        C, H = settings.width, settings.heads
        self.kind, self.heads = kind, H
        self.rotate = RotaryEmbedding() if kind == "rope" else None
        self.tokens = nn.Embedding(256, C)
        nn.init.normal_(self.tokens.weight, std=0.02)
        self.learned = LearnedPositions(settings.test_length, C) if kind == "learned" else None
        self.t5 = T5RelativeBias(H, bidirectional=False) if kind == "t5" else None
        self.layers = nn.ModuleList(Layer(C, H) for _ in range(settings.layers))
        self.norm = nn.LayerNorm(C)

    def forward(self, ids: Tensor) -> Tensor:
        T = ids.shape[1]
        x, bias, mask = self.tokens(ids), self.bias(T), causal_mask(T)
        if self.kind == "sinusoidal":  # as small as the tokens' own vectors are at the start
            x = x + 0.02 * sinusoidal(T, x.shape[-1])
        if self.learned is not None:
            x = x + self.learned(torch.arange(T))
        for layer in self.layers:
            x = layer(x, mask, bias, self.rotate)
        return self.norm(x) @ self.tokens.weight.T

    def bias(self, T: int) -> Tensor | None:
        """What this kind adds to the scores: (H, T, T) or nothing."""
        if self.kind == "alibi":
            return alibi_bias(self.heads, T)
        return self.t5(T) if self.t5 is not None else None


class Layer(nn.Module):
    """Attention and a feed-forward net, each behind a layer norm and beside a residual.  (B, T, C) -> (B, T,
    C).
    """

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.before_attention, self.before_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = MultiHeadAttention(width, heads)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor, mask: Tensor, bias: Tensor | None, rotate) -> Tensor:
        x = x + self.attention(self.before_attention(x), mask=mask, bias=bias, rotate=rotate)
        return x + self.feed(self.before_feed(x))


def text_bytes(split: str) -> Tensor:
    """A split of Moby-Dick as bytes (N,)."""
    text = data.load("moby_dick", split).text
    return torch.tensor(list(text.encode()))


def train(kind: str, seed: int, settings: Settings, corpus: Tensor) -> tuple[Decoder, list[float]]:
    """Train one variant; -> the model and its loss in bits per byte every 50 steps."""
    torch.manual_seed(seed)
    chooser = torch.Generator().manual_seed(seed)
    model, losses = Decoder(kind, settings), []
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.rate, betas=(0.9, 0.95), weight_decay=0.1)
    warm_up = min(100, settings.steps // 4)
    plan = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda i: min((i + 1) / warm_up, 0.05 + 0.95 * (1 + math.cos(math.pi * i / settings.steps)) / 2),
    )
    offsets = torch.arange(settings.train_length + 1)
    for step in tqdm(range(settings.steps), desc=f"{kind} seed {seed}", file=sys.stderr, mininterval=5):
        starts = torch.randint(len(corpus) - len(offsets), (settings.batch, 1), generator=chooser)
        batch = corpus[starts + offsets]
        loss = F.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        plan.step()
        if step % 50 == 49:
            losses.append(round(loss.item() / math.log(2), 4))
    return model.eval(), losses


@torch.no_grad()
def bits_by_position(model: Decoder, settings: Settings, corpus: Tensor) -> list[float]:
    """Bits per byte on held-out windows, averaged over stretches of `bin` positions: test_length/bin
    numbers.
    """
    T = settings.test_length
    starts = torch.linspace(0, len(corpus) - T - 1, settings.windows).long()
    total = torch.zeros(T)
    for start in starts.split(16):
        batch = corpus[start[:, None] + torch.arange(T + 1)]
        loss = F.cross_entropy(model(batch[:, :-1]).transpose(1, 2), batch[:, 1:], reduction="none")
        total += loss.sum(0)
    bits = total / settings.windows / math.log(2)
    return [round(each, 4) for each in bits.view(-1, settings.bin).mean(1).tolist()]


def run_one(kind: str, seed: int, settings: Settings, corpus: Tensor, held_out: Tensor) -> dict:
    """Train and measure one variant; -> its row of the results file."""
    start = time.process_time()
    model, losses = train(kind, seed, settings, corpus)
    bits = bits_by_position(model, settings, held_out)
    spent = round(time.process_time() - start, 1)
    return {"kind": kind, "seed": seed, "bits": bits, "log": losses, "cpu_seconds": spent}


def run(settings: Settings, seeds: tuple[int, ...] = (1, 2, 3), kinds: tuple[str, ...] = KINDS) -> dict:
    """Train and measure every kind with every seed; -> what goes into the results file."""
    corpus, held_out, rows = text_bytes("train"), text_bytes("valid"), []
    for seed in seeds:
        for kind in kinds:
            rows.append(run_one(kind, seed, settings, corpus, held_out))
            first, last = rows[-1]["bits"][0], rows[-1]["bits"][-1]
            print(f"{kind:10} seed {seed}: {first:.3f} … {last:.3f} bits per byte", flush=True)
    return {"corpus": "moby_dick", "torch": torch.__version__, "settings": asdict(settings), "rows": rows}


def main() -> None:
    """Run everything and write the results file."""
    RESULTS.write_text(json.dumps(run(Settings()), indent=1) + "\n")
    print(f"wrote {RESULTS.name}")


if __name__ == "__main__":
    main()
