"""Train the course GPT on the course's own corpora: `python -m eras.pretraining.train_course_gpt`.

Writes tokenizer, weights, log and facts to `eras/pretraining/checkpoints/course_gpt`. Stopped half-way, it goes
on from its last checkpoint when started again. Matrix products run in bfloat16; on processors without
instructions for it, give --float32.
"""

import argparse
import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from torch.nn.functional import gelu

from eras import data
from eras.pretraining.attention import fused_attention
from eras.pretraining.gpt import COURSE_GPT, END_OF_TEXT, GPT, GPTConfig, surprisal
from eras.pretraining.tokenizer import Tokenizer, train_bpe
from eras.pretraining.training import Trainer, TrainingConfig

CORPORA = ("shakespeare", "moby_dick", "sotu", "tang", "bible", "help_en", "help_zh")
MODEL = GPTConfig(vocab_size=4096, context=256, layers=6, heads=4, width=256, dropout=0.1)
TRAINING = TrainingConfig(batch=16, length=256, steps=4500, learning_rate=1.5e-3, warmup=150, seed=1956)


def training_texts() -> list[str]:
    """Every training document of every corpus."""
    return [document.text for name in CORPORA for document in data.load(name, "train").require("train")]


def train_tokenizer(texts: list[str], vocab_size: int) -> Tokenizer:
    """Byte-level BPE on all training text."""
    joined = END_OF_TEXT.join(texts)
    return Tokenizer(*train_bpe(joined, vocab_size, [END_OF_TEXT]), [END_OF_TEXT])


def encode_all(tokenizer: Tokenizer, texts: list[str]) -> torch.Tensor:
    """All documents as one tensor of ids, each with end-of-text before and after.  -> (N,) int32"""
    end = tokenizer.special_tokens[END_OF_TEXT]
    ids = [end]
    for text in texts:
        ids += [*tokenizer.encode(text), end]
    return torch.tensor(ids, dtype=torch.int32)


def validation_texts(documents: int = 3) -> list[str]:
    """The beginnings of the first validation documents of each reading corpus."""
    return [d.text[:6000] for name in CORPORA[:4] for d in data.load(name, "valid")[:documents]]


def validation_bits(tokenizer: Tokenizer):
    """A function that gives a model's bits per byte on the validation texts."""
    start, texts = tokenizer.special_tokens[END_OF_TEXT], validation_texts()
    encoded = [[start, *tokenizer.encode(text)] for text in texts]
    size = sum(len(text.encode()) for text in texts)
    return lambda model: float(sum(surprisal(model, ids).sum() for ids in encoded)) / size


def use_torch_kernels(model: GPT) -> GPT:
    """Swap attention and GELU for torch's one-kernel forms of the same functions: twice as fast to train."""
    for block in model.blocks:
        block.attention.attend = fused_attention
        block.feed_forward.activation = partial(gelu, approximate="tanh")
    return model


def facts(trainer: Trainer, model: GPT, tokens: int) -> dict:
    """What the ladder and the page want to know about the run."""
    seen = trainer.done * trainer.config.batch * trainer.config.length
    return {
        "model": asdict(model.config),
        "training": asdict(trainer.config),
        "seeds": [trainer.config.seed],
        "corpora": list(CORPORA),
        "training_tokens": tokens,
        "tokens_seen": seen,
        "compute": 6.0 * model.parameter_count() * seen,
        "seconds": round(sum(row["seconds"] for row in trainer.log), 1),
        "log": trainer.log,
    }


def main() -> None:
    """Train from scratch, or go on where the last run stopped."""
    parser = argparse.ArgumentParser(prog="python -m eras.pretraining.train_course_gpt", description=__doc__)
    parser.add_argument("--folder", type=Path, default=COURSE_GPT, help="where to write")
    parser.add_argument("--steps", type=int, default=TRAINING.steps, help="optimiser steps in all")
    parser.add_argument("--float32", action="store_true", help="no bfloat16")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    texts = training_texts()
    tokenizer_file = chosen.folder / "tokenizer.json"
    if not tokenizer_file.exists():
        print(f"training a tokenizer on {sum(map(len, texts)):,} characters …", flush=True)
        train_tokenizer(texts, MODEL.vocab_size).save(tokenizer_file)
    tokenizer = Tokenizer.load(tokenizer_file)
    ids = encode_all(tokenizer, texts)
    torch.manual_seed(TRAINING.seed)
    model = use_torch_kernels(GPT(MODEL))
    config = TrainingConfig(**asdict(TRAINING) | {"steps": chosen.steps, "bfloat16": not chosen.float32})
    trainer = Trainer(model, ids, config)
    state = chosen.folder / "state.safetensors"
    if state.exists():
        trainer.resume(state)
    size = f"{model.parameter_count():,} parameters, {len(ids):,} tokens"
    print(f"{size}, from step {trainer.done}", flush=True)
    for row in trainer.fit(validation_bits(tokenizer), every=200, checkpoint=state):
        print(row, flush=True)
        model.save(chosen.folder)
        (chosen.folder / "training.json").write_text(
            json.dumps(facts(trainer, model, len(ids)), indent=1) + "\n"
        )
    state.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
