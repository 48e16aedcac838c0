"""Measure rungs of the ladder: `python -m eras.ladder [SYSTEM …]` re-measures them and records the results."""

import argparse
import json
import sys
import time
from collections.abc import Callable

from eras.ladder import language_modelling as lm
from eras.ladder.results import Row, current_commit, read, record

TASK, METRIC = "language modelling", "bits per byte"


def _row(system: str, era: str, values: dict[str, float], **facts) -> Row:
    rounded = {name: round(value, 4) for name, value in values.items()}
    corpora = "train splits of " + ", ".join(lm.TRAINING)
    return Row(TASK, system, era, METRIC, rounded, training_data=corpora, commit=current_commit(), **facts)


def byte_unigram() -> Row:
    """How often each byte occurs, nothing else."""
    model = lm.ByteUnigram(lm.training_documents())
    values = lm.bits_per_byte(model.cost, lm.held_out_documents())
    return _row("byte unigram", "statistical", values, parameters=256)


def byte_5gram() -> Row:
    """Byte 5-gram with Witten-Bell interpolation."""
    start = time.perf_counter()
    model = lm.ByteNgram(lm.training_documents(), order=5)
    seconds = round(time.perf_counter() - start, 1)
    values = lm.bits_per_byte(model.cost, lm.held_out_documents())
    stored = sum(len(table[0]) for table in model.tables)
    return _row("byte 5-gram, Witten-Bell", "statistical", values, parameters=stored, seconds=seconds)


def _compressor(name: str, make: Callable) -> Row:
    whole = {corpus: ["".join(texts)] for corpus, texts in lm.held_out_documents().items()}
    values = lm.bits_per_byte(make(lm.training_documents()).cost, whole)
    return _row(name, "statistical", values)


def gzip() -> Row:
    """gzip after the training text."""
    return _compressor("gzip", lm.gzip_model)


def xz() -> Row:
    """xz after the training text."""
    return _compressor("xz", lm.xz_model)


def course_gpt() -> Row:
    """The course GPT, from its checkpoint, with the facts its training log kept."""
    from eras.pretraining.gpt import COURSE_GPT
    from eras.pretraining.gpt import course_gpt as load

    model, tokenizer = load()
    values = lm.bits_per_byte(lm.gpt_cost(model, tokenizer), lm.held_out_documents())
    facts = json.loads((COURSE_GPT / "training.json").read_text())
    kept = {name: facts[name] for name in ("compute", "seconds", "seeds")}
    return _row("course GPT", "pretraining", values, parameters=model.parameter_count(), **kept)


SYSTEMS = {f.__name__: f for f in (byte_unigram, gzip, xz, byte_5gram, course_gpt)}


def main(arguments: list[str] | None = None) -> int:
    """Measure the named systems (all of them unless named), record them, print the ladder."""
    parser = argparse.ArgumentParser(prog="python -m eras.ladder", description=__doc__)
    parser.add_argument("systems", nargs="*", metavar="SYSTEM", help=", ".join(SYSTEMS))
    chosen = parser.parse_args(arguments).systems or list(SYSTEMS)
    unknown = [name for name in chosen if name not in SYSTEMS]
    if unknown:
        print(f"no system called {', '.join(unknown)}; there are {', '.join(SYSTEMS)}", file=sys.stderr)
        return 2
    for name in chosen:
        print(f"measuring {name} …", flush=True)
        record(SYSTEMS[name]())
    for row in sorted(read(), key=lambda row: -row.values["all"]):
        print(f"{row.values['all']:8.3f}  {row.metric}  {row.system}  ({row.era})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
