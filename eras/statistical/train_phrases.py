"""Tune the phrase-based translator's weights on the valid split: `python -m eras.statistical.train_phrases`.

Trains on the train split (under a minute), then runs minimum error rate training on every third valid pair, for
the mean of BLEU and chrF; another third says whether that holds elsewhere. Writes `phrase_based.json` with
the weights, the settings and the log. Nothing here sees the test split.
"""

import argparse
import gc
import json
import time
from collections.abc import Sequence
from datetime import date

import numpy as np

from eras import data
from eras.statistical import metrics
from eras.statistical.decoder import FEATURES, FIRST_WEIGHTS
from eras.statistical.phrase_based import TUNED, PhraseBased, sentence, train
from eras.statistical.tuning import Candidates, tune

SEARCH = {"limit": 4}  # shorter jumps than in translating: tuning decodes every sentence in every round


def both(counts: Sequence[float]) -> float:
    """The mean of BLEU and chrF from their counts, one after the other (28,)."""
    return (metrics.bleu(counts[:10]) + metrics.chrf(counts[10:])) / 2


def candidates(system: PhraseBased, pairs, weights: np.ndarray, n: int, **search) -> list[Candidates]:
    """The n best translations of every source with their features and counts."""
    decoder, found = system.decoder(weights, **search), []
    for source, target in pairs:
        best = decoder.n_best(system.prepared.cut(source), n)
        texts = list(dict.fromkeys(sentence(one.words) for one in best))
        counted = np.hstack(
            [make(texts, [target] * len(texts)) for make in (metrics.bleu_table, metrics.chrf_table)]
        )
        row = {text: i for i, text in enumerate(texts)}
        places = [row[sentence(one.words)] for one in best]
        found.append(Candidates(np.array([one.features for one in best]), counted[places]))
    return found


def measured(system: PhraseBased, pairs, weights: np.ndarray) -> dict[str, float]:
    """BLEU and chrF of the system with these weights (8,) on pairs (Chinese, English)."""
    sources, references = zip(*pairs, strict=True)
    made = system.translate(sources, weights, **SEARCH)
    scores = {"BLEU": metrics.corpus_bleu(made, references), "chrF": metrics.corpus_chrf(made, references)}
    return {name: round(score, 2) for name, score in scores.items()}


def main(arguments: list[str] | None = None) -> int:
    """Train, tune, say how it went, and write the weights."""
    parser = argparse.ArgumentParser(prog="python -m eras.statistical.train_phrases", description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--n-best", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2003)
    asked = parser.parse_args(arguments)
    start, log = time.perf_counter(), []

    def say(line: str) -> None:
        log.append(line)
        print(line, flush=True)

    system = train(data.load_pairs("train"))
    gc.freeze()  # millions of small objects that will stay: the collector need not look at them again
    valid = data.load_pairs("valid")
    dev, rest = valid[::3], [pair for i, pair in enumerate(valid) if i % 3 == 1]
    say(f"trained on {len(system.prepared.pairs)} pairs; {len(dev)} to tune on, {len(rest)} to look at")
    weights, history = tune(
        lambda w: candidates(system, dev, w, asked.n_best, **SEARCH),
        FIRST_WEIGHTS,
        both,
        asked.rounds,
        seed=asked.seed,
        log=say,
    )
    looked_at = {}
    for name, chosen in (("before", FIRST_WEIGHTS), ("after", weights)):
        looked_at[name] = measured(system, rest, chosen)
        say(f"{name} tuning, on the rest: {looked_at[name]}")
    kept = {
        "weights": {name: round(float(w), 4) for name, w in zip(FEATURES, weights, strict=True)},
        "metric": "mean of BLEU and chrF",
        "history": [round(value, 2) for value in history],
        "rest": looked_at,
        "seed": asked.seed,
        "n_best": asked.n_best,
        "date": date.today().isoformat(),
        "seconds": round(time.perf_counter() - start),
        "log": log,
    }
    TUNED.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
