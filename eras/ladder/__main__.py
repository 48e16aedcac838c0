"""Measure rungs of the ladder: `python -m eras.ladder [SYSTEM …]` re-measures them and records the results."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from eras.ladder import language_modelling as lm
from eras.ladder import sentiment, translation
from eras.ladder.results import Row, current_commit, mean_and_spread, read, record
from eras.statistical.ngram_model import modified_kneser_ney
from eras.statistical.ngram_text import ByteNgram, SpelledNgram, words

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


def _ngram(system: str, make: Callable, *options) -> Row:
    """An n-gram model `make(texts, *options)`, with what it stores and the seconds it trained."""
    start = time.perf_counter()
    model = make(lm.training_documents(), *options)
    seconds = round(time.perf_counter() - start, 1)
    values = lm.bits_per_byte(model.cost, lm.held_out_documents())
    return _row(system, "statistical", values, parameters=len(model), seconds=seconds)


def byte_5gram() -> Row:
    """Byte 5-gram with Witten-Bell interpolation."""
    return _ngram("byte 5-gram, Witten-Bell", ByteNgram, 5)


def byte_7gram() -> Row:
    """Byte 7-gram with interpolated modified Kneser-Ney."""
    return _ngram("byte 7-gram, modified Kneser-Ney", ByteNgram, 7, modified_kneser_ney)


def character_7gram() -> Row:
    """Character 7-gram with modified Kneser-Ney; unknown characters are spelled in bytes."""
    return _ngram("character 7-gram, modified Kneser-Ney", SpelledNgram, 7, list)


def character_10gram() -> Row:
    """Character 10-gram with modified Kneser-Ney, the best on the valid split of all orders up to 10."""
    return _ngram("character 10-gram, modified Kneser-Ney", SpelledNgram, 10, list)


def word_4gram() -> Row:
    """Word 4-gram with modified Kneser-Ney; unknown words are spelled in bytes."""
    return _ngram("word 4-gram, modified Kneser-Ney", SpelledNgram, 4, words)


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


def byte_lstm() -> Row:
    """The byte LSTM that has read the text once."""
    from eras.deep_learning.recurrent_lm import BYTE_LSTM

    return _lstm("byte LSTM, one pass", BYTE_LSTM)


def byte_lstm_long() -> Row:
    """The same network, trained for as many passes over the text as the course GPT."""
    from eras.deep_learning.recurrent_lm import LONG_LSTM

    return _lstm("byte LSTM, 6.4 passes", LONG_LSTM)


def _lstm(system: str, weights: Path) -> Row:
    """The mean over the seeds in the log beside the weights; the one that was kept is measured again.

    Raises ValueError where the checkpoint does not do what the log says.
    """
    from eras.deep_learning.recurrent_lm import ByteLM, use_torch_kernels

    log = json.loads(weights.with_suffix(".json").read_text())
    model, documents = use_torch_kernels(ByteLM.load(weights)), lm.held_out_documents()
    texts = [text for several in documents.values() for text in several]
    again = lm.bits_per_byte(dict(zip(texts, model.costs(texts), strict=True)).__getitem__, documents)
    runs = [run["test"] for run in log["runs"]]
    if any(abs(again[name] - value) > 1e-3 for name, value in runs[0].items()):
        raise ValueError(f"the checkpoint costs {again}, its log says {runs[0]}")
    values, spread = mean_and_spread(runs)
    spread = {name: round(value, 4) for name, value in spread.items()}
    facts = {"parameters": model.parameter_count(), "compute": log["compute"], "spread": spread}
    seconds = round(sum(run["seconds"] for run in log["runs"]) / len(runs), 1)
    seeds = [run["seed"] for run in log["runs"]]
    return _row(system, "deep_learning", values, seconds=seconds, seeds=seeds, **facts)


def course_gpt() -> Row:
    """The course GPT, from its checkpoint, with the facts its training log kept."""
    from eras.pretraining.gpt import COURSE_GPT
    from eras.pretraining.gpt import course_gpt as load

    model, tokenizer = load()
    values = lm.bits_per_byte(lm.gpt_cost(model, tokenizer), lm.held_out_documents())
    facts = json.loads((COURSE_GPT / "training.json").read_text())
    kept = {name: facts[name] for name in ("compute", "seconds", "seeds")}
    return _row("course GPT", "pretraining", values, parameters=model.parameter_count(), **kept)


SYSTEMS = {
    f.__name__: f
    for f in (
        byte_unigram,
        gzip,
        xz,
        byte_5gram,
        byte_7gram,
        character_7gram,
        character_10gram,
        word_4gram,
        byte_lstm,
        byte_lstm_long,
        course_gpt,
    )
}
SYSTEMS |= sentiment.SYSTEMS | translation.SYSTEMS


def _rung(row: Row) -> tuple[str, float]:
    """Task by task, the best system last: few bits, or much of anything else."""
    return row.task, -row.values["all"] if row.metric == METRIC else row.values["all"]


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
    for row in sorted(read(), key=_rung):
        print(f"{row.values['all']:8.3f}  {row.metric}  {row.system}  ({row.era})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
