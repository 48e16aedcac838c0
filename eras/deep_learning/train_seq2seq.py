"""Train the course's translators: `python -m eras.deep_learning.train_seq2seq [KIND …] [--seeds N …]`.

Chinese to English on the ladder's pairs. The weights of the epoch with the least loss on the valid split are
kept, rounded to half precision. Every run writes its log, its translations of the test split and, where it looks
at sources in order, its alignment error on the linked pairs to `checkpoints/seq2seq_KIND.json`, by seed; the
first seed's weights go to `checkpoints/seq2seq_KIND.safetensors`.
A kind is an attention; "shuffled" is additive attention over source sentences whose words stand in random order.
"""

import argparse
import copy
import json
import random
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from eras import data
from eras.deep_learning.encoder_decoder import DECODERS, Config, EncoderDecoder
from eras.deep_learning.recurrent import clip_by_norm
from eras.deep_learning.recurrent_classifier import batches as by_length
from eras.deep_learning.seq2seq import END, PAD, teacher_forcing, token_loss
from eras.deep_learning.translator import Translator, Units, links_error, padded
from eras.statistical.cutting import cut_chinese

CHECKPOINTS = Path(__file__).with_name("checkpoints")
SEEDS = (1, 2, 3)
EPOCHS, BATCH, RATE, CLIP = 14, 64, 4e-3, 1.0
Rows = list[tuple[list[int], list[int]]]
Batch = tuple[Tensor, Tensor, Tensor]


def files(kind: str) -> tuple[Path, Path]:
    """Weights and log of one kind of translator."""
    return CHECKPOINTS / f"seq2seq_{kind}.safetensors", CHECKPOINTS / f"seq2seq_{kind}.json"


def pairs(kind: str, split: str) -> list[tuple[str, str]]:
    """What a kind is trained on and asked: the pairs of a split, for "shuffled" with sources out of order."""
    found = data.load_pairs(split)
    return [(shuffled(zh), en) for zh, en in found] if kind == "shuffled" else found


def shuffled(text: str) -> str:
    """The words of a Chinese text in another order, Latin ones with a space before them."""
    found, order = mixed(text)
    return "".join(f" {found[i]}" if found[i].isascii() and found[i].isalnum() else found[i] for i in order)


def mixed(text: str) -> tuple[list[str], list[int]]:
    """The words of a Chinese text, as the dictionary cuts them, and an order by chance, the same every time."""
    found = cut_chinese(text, dictionary())
    order = list(range(len(found)))
    random.Random(text).shuffle(order)
    return found, order


@cache
def dictionary() -> frozenset[str]:
    """The words of CC-CEDICT."""
    return frozenset(data.load_dictionary())


def batches(rows: Rows, size: int, generator: torch.Generator | None = None) -> Iterator[Batch]:
    """Sources (B, S), inputs and targets (B, T) in batches of like length, shuffled with a generator."""
    lengths = [(len(target), len(source)) for source, target in rows]
    for chunk in by_length(lengths, size, generator):
        yield padded([[*rows[i][0], END] for i in chunk]), *teacher_forcing([rows[i][1] for i in chunk])


@torch.no_grad()
def mean_loss(model: EncoderDecoder, rows: Rows) -> float:
    """Nats per token of the target, END included, over all rows."""
    model.eval()
    cost = count = 0.0
    for source, inputs, targets in batches(rows, 4 * BATCH):
        real = (targets != PAD).sum().item()
        cost += token_loss(model(source, inputs), targets).item() * real
        count += real
    model.train()
    return cost / count


def train(model: EncoderDecoder, rows: Rows, valid: Rows, seed: int, say=print) -> list[dict]:
    """Adam on the token loss, the rate falling to 0 in a straight line; the model ends with its best weights.

    -> one entry per epoch.
    """
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(model.parameters(), RATE)
    best, best_loss, log, start = None, float("inf"), [], time.perf_counter()
    for epoch in range(1, EPOCHS + 1):
        losses = []
        for n, (source, inputs, targets) in enumerate(batches(rows, BATCH, generator)):
            optimiser.param_groups[0]["lr"] = RATE * (1 - (epoch - 1 + n * BATCH / len(rows)) / EPOCHS)
            optimiser.zero_grad()
            loss = token_loss(model(source, inputs), targets)
            loss.backward()
            clip_by_norm([p.grad for p in model.parameters()], CLIP)
            optimiser.step()
            losses.append(loss.item())
        now = {"epoch": epoch, "train": sum(losses) / len(losses), "valid": mean_loss(model, valid)}
        log.append({**now, "rate": optimiser.param_groups[0]["lr"], "seconds": time.perf_counter() - start})
        say(json.dumps({name: round(value, 5) for name, value in log[-1].items()}), flush=True)
        if now["valid"] < best_loss:
            best, best_loss = copy.deepcopy(model.state_dict()), now["valid"]
    model.load_state_dict(best)
    return log


def run(kind: str, seed: int) -> tuple[Translator, dict]:
    """Train one translator; -> it, and the facts of its training with its translations of the test split."""
    found = {split: pairs(kind, split) for split in data.SPLITS}
    source, target = (Units.of([pair[side] for pair in found["train"]]) for side in (0, 1))
    rows = {
        split: [(source.encode(zh), target.encode(en)) for zh, en in found[split]]
        for split in ("train", "valid")
    }
    torch.manual_seed(seed)
    config = Config(len(source), len(target), "additive" if kind == "shuffled" else kind)
    model = EncoderDecoder(config)
    log = train(model, rows["train"], rows["valid"], seed)
    translator = Translator(model.half().float().eval(), source, target)
    facts = {"seed": seed, "seconds": round(log[-1]["seconds"]), "parameters": model.parameter_count()}
    facts |= {"valid": min(entry["valid"] for entry in log), "config": asdict(config), "epochs": log}
    if kind not in ("none", "shuffled"):
        linked = data.load_alignments()
        facts["alignment_error"] = links_error([translator.links(pair) for pair in linked], linked)
    return translator, facts | {"translations": translator.translate([zh for zh, _ in found["test"]])}


def main(arguments: list[str] | None = None) -> int:
    """Train and record the named kinds with each seed."""
    kinds = [*DECODERS, "shuffled"]
    parser = argparse.ArgumentParser(prog="python -m eras.deep_learning.train_seq2seq", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(kinds))
    parser.add_argument("--seeds", nargs="*", type=int, default=list(SEEDS), metavar="N")
    chosen = parser.parse_args(arguments)
    unknown = [kind for kind in chosen.kinds if kind not in kinds]
    if unknown:
        parser.error(f"no kind called {', '.join(unknown)}; there are {', '.join(kinds)}")
    CHECKPOINTS.mkdir(exist_ok=True)
    for seed in chosen.seeds:
        for kind in chosen.kinds or kinds:
            print(f"{kind}, seed {seed}", flush=True)
            record(kind, *run(kind, seed))
    return 0


def record(kind: str, translator: Translator, facts: dict) -> None:
    """Put a run in the place of the one with its seed; keep the first seed's weights."""
    weights, log = files(kind)
    if facts["seed"] == SEEDS[0]:
        translator.save(weights)
    runs = json.loads(log.read_text("utf-8")) if log.exists() else []
    runs = [*(entry for entry in runs if entry["seed"] != facts["seed"]), facts]
    runs.sort(key=lambda entry: entry["seed"])
    log.write_text(json.dumps(runs, ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
