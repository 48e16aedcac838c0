"""Train the sentiment classifiers of the chapter on our own tensor: `python -m eras.deep_learning.train_mlp`.

Four recipes, three seeds each: the one that was chosen on the valid split, a linear one, one that nothing holds
back, one that drops more. Writes mlp.json: settings, seed, seconds, for each epoch the training loss and the
accuracy on train and valid; and what naive Bayes and MaxEnt reach on valid with the same features.
"""

import json
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from eras import data
from eras.deep_learning.mlp import MLP, Settings, train_classifier
from eras.statistical.bags import Bags, Vocabulary
from eras.statistical.classify import Linear, features, multinomial_naive_bayes, train_maxent

LOG = Path(__file__).with_name("mlp.json")
SEEDS = (0, 1, 2)
CHOSEN = Settings()
RECIPES = {
    "hidden layer": CHOSEN,
    "no hidden layer": replace(CHOSEN, hidden=0, rate=2.0, decay=1e-4),
    "hidden layer, nothing held back": replace(CHOSEN, decay=0.0, dropout=0.0),
    "stronger dropout": replace(CHOSEN, dropout=0.5, epochs=8),
}


def prepared() -> tuple[Bags, np.ndarray, Bags, np.ndarray]:
    """Texts and labels of train and valid: presence of 1- and 2-grams with negation, as in the ladder."""
    rated = [[r for r in data.load_ratings(split) if r.label is not None] for split in ("train", "valid")]
    bags = [[features(r.text, 2, negation=True) for r in each] for each in rated]
    vocabulary = Vocabulary(bags[0], least=2)
    (X, y), (X_valid, y_valid) = (
        (vocabulary.presence(found), np.array([r.label for r in each]))
        for found, each in zip(bags, rated, strict=True)
    )
    return X, y, X_valid, y_valid


def meetings(X: Bags) -> int:
    """How many pairs of features meet in a text, all texts together."""
    size = np.bincount(X.rows, minlength=len(X))
    return int((size * (size - 1) // 2).sum())


def accuracy(model: MLP | Linear, X: Bags, y: np.ndarray) -> float:
    return round(float((model.predict(X) == y).mean()), 4)


def run(name: str, seed: int, X: Bags, y: np.ndarray, X_valid: Bags, y_valid: np.ndarray) -> dict:
    """One training run and what is to be kept of it."""
    epochs, start = [], time.perf_counter()

    def look(model, epoch, loss):
        seen = {"train": accuracy(model, X, y), "valid": accuracy(model, X_valid, y_valid)}
        epochs.append({"epoch": epoch, "loss": round(loss, 4), **seen})
        print(f"{name}, seed {seed}: {epochs[-1]}", flush=True)

    train_classifier(X, y, 2, seed, RECIPES[name], look)
    seconds = round(time.perf_counter() - start, 1)
    return {
        "recipe": name,
        "settings": asdict(RECIPES[name]),
        "seed": seed,
        "seconds": seconds,
        "epochs": epochs,
    }


def main() -> None:
    """Train everything and write the log."""
    texts = prepared()
    X, y, X_valid, y_valid = texts
    linear = {
        "naive Bayes": Linear(*multinomial_naive_bayes(X, y, 1.0, 2)),
        "MaxEnt": train_maxent(X, y, 3e-4, tolerance=1e-4)[0],
    }
    log = {"texts": len(X), "features": X.shape[1], "entries": len(X.values), "pairs": meetings(X)}
    log |= {name: accuracy(m, X_valid, y_valid) for name, m in linear.items()}
    log["runs"] = [run(name, seed, *texts) for name in RECIPES for seed in SEEDS]
    LOG.write_text(json.dumps(log, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
