"""Train the byte LSTM on the ladder's documents: `python -m eras.deep_learning.train_recurrent_lm`.

One run a seed, one after the other. Writes the first seed's weights and the log of all to
`eras/deep_learning/checkpoints/byte_lstm.*`. Matrix products run in bfloat16; on processors without instructions
for it, give --float32. The one that reads the text as often as the course GPT did was made by
`--steps 13889 --name byte_lstm_long --seeds 2`.
"""

import argparse
import json
import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from eras import data
from eras.deep_learning.recurrent import bits, clip_by_norm, detach, windows
from eras.deep_learning.recurrent_lm import BYTE_LSTM, ByteLM, LMConfig, symbols, use_torch_kernels

HELD_OUT = ("shakespeare", "moby_dick", "sotu", "tang")
CORPORA = (*HELD_OUT, "bible", "help_en", "help_zh")
SEEDS = (1990, 1997, 2000)
MODEL = LMConfig()


@dataclass(frozen=True)
class TrainingConfig:
    """Streams side by side, window of truncated BPTT, steps, peak of the learning rate, warm-up, largest norm.

    As many steps as one pass over the training documents takes: each byte is seen once, as in counting n-grams.
    """

    batch: int = 32
    length: int = 128
    steps: int = 2175
    learning_rate: float = 3e-3
    warmup: int = 100
    clip: float = 1.0
    bfloat16: bool = True


def streams(texts: list[str], config: TrainingConfig, seed: int) -> Tensor:
    """The documents in random order, as often as it takes, cut into one row a stream.  -> (B, N) int16"""
    documents = [torch.tensor(symbols(text), dtype=torch.int16) for text in texts]
    generator = torch.Generator().manual_seed(seed)
    needed, pieces = config.batch * (config.steps * config.length + 1), []
    while needed > sum(map(len, pieces)):
        order = torch.randperm(len(documents), generator=generator)
        pieces.append(torch.cat([documents[i] for i in order]))
    return torch.cat(pieces)[:needed].view(config.batch, -1)


def rate(step: int, config: TrainingConfig) -> float:
    """Learning rate: a linear rise to the peak, then a straight line down to nothing."""
    rise, fall = (step + 1) / config.warmup, (config.steps - step) / (config.steps - config.warmup)
    return config.learning_rate * min(1.0, rise, fall)


def train(model: ByteLM, ids: Tensor, config: TrainingConfig, every: int = 100):
    """Truncated BPTT with Adam over the streams; yields a log row every `every` steps."""
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    state, losses, norms, start = None, [], [], time.perf_counter()
    for step, (x, y) in enumerate(windows(ids[:, :-1], ids[:, 1:], config.length)):
        with torch.autocast("cpu", torch.bfloat16) if config.bfloat16 else nullcontext():
            logits, state = model(x.long(), state)
        state = detach(state)
        loss = bits(logits, y.long()).mean()
        optimizer.zero_grad()
        loss.backward()
        norms.append(clip_by_norm([p.grad for p in model.parameters()], config.clip))
        for group in optimizer.param_groups:
            group["lr"] = rate(step, config)
        optimizer.step()
        losses.append(loss.item())
        if (step + 1) % every == 0 or step + 1 == config.steps:
            mean, seconds = sum(losses) / len(losses), round(time.perf_counter() - start, 1)
            row = {"step": step + 1, "loss": round(mean, 4), "norm": round(sum(norms) / len(norms), 3)}
            yield row | {"clipped": sum(n > config.clip for n in norms), "seconds": seconds}
            losses, norms = [], []


def held_out_bits(model: ByteLM, split: str) -> dict[str, float]:
    """Bits per byte on a held-out split, as the ladder counts them: per corpus and under "all"."""
    texts = {name: [document.text for document in data.load(name, split)] for name in HELD_OUT}
    costs = {name: sum(model.costs(several)) for name, several in texts.items()}
    sizes = {name: sum(len(text.encode()) for text in several) for name, several in texts.items()}
    return {"all": sum(costs.values()) / sum(sizes.values())} | {n: costs[n] / sizes[n] for n in costs}


def one_run(texts: list[str], config: TrainingConfig, seed: int, path: Path) -> dict:
    """Train one model from a seed, write it to `path`, measure what was written.  -> its entry of the log"""
    torch.manual_seed(seed)
    model, log = use_torch_kernels(ByteLM(MODEL)), []
    for row in train(model, streams(texts, config, seed), config):
        print(seed, row, flush=True)
        log.append(row)
    entry = {"seed": seed, "seconds": log[-1]["seconds"], "log": log}
    model.save(path, entry)
    written = use_torch_kernels(ByteLM.load(path))
    return entry | {split: held_out_bits(written, split) for split in ("valid", "test")}


def main() -> None:
    """Train the seeds that the log has not got yet."""
    parser = argparse.ArgumentParser(
        prog="python -m eras.deep_learning.train_recurrent_lm", description=__doc__
    )
    parser.add_argument("--folder", type=Path, default=BYTE_LSTM.parent, help="where to write")
    parser.add_argument("--steps", type=int, default=TrainingConfig.steps, help="optimiser steps")
    parser.add_argument("--name", default=BYTE_LSTM.stem, help="what the files are called")
    parser.add_argument(
        "--seeds", type=int, choices=range(1, len(SEEDS) + 1), default=len(SEEDS), help="how many runs"
    )
    parser.add_argument("--float32", action="store_true", help="no bfloat16")
    chosen = parser.parse_args()
    config = TrainingConfig(steps=chosen.steps, bfloat16=not chosen.float32)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    log = chosen.folder / f"{chosen.name}.json"
    runs = json.loads(log.read_text())["runs"] if log.exists() else []
    texts = [document.text for name in CORPORA for document in data.load(name, "train").require("train")]
    seen = config.steps * config.batch * config.length
    facts = {
        "model": asdict(MODEL),
        "training": asdict(config),
        "parameters": ByteLM(MODEL).parameter_count(),
    }
    facts |= {"symbols": sum(len(symbols(text)) for text in texts), "symbols_seen": seen}
    facts["compute"] = 6.0 * facts["parameters"] * seen
    for seed in SEEDS[len(runs) : chosen.seeds]:
        end = ".safetensors" if seed == SEEDS[0] else f"_{seed}.partial"
        runs.append(one_run(texts, config, seed, chosen.folder / (chosen.name + end)))
        log.write_text(json.dumps(facts | {"runs": runs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
