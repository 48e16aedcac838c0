"""Train and measure the course's word vectors: `python -m eras.deep_learning.train_embeddings`.

Skip-gram, CBOW and GloVe with three seeds each, the count-based vectors (which need no seed), and, where gensim
is installed, its skip-gram and CBOW on the same words with the same budget. Writes the log and the first seed's
skip-gram vectors to `eras/deep_learning/checkpoints/embeddings`. One after the other on one thread, some ten
minutes.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file

from eras.deep_learning import glove
from eras.deep_learning.cooccurrence import cooccurrences, randomised_svd, sparse_ppmi
from eras.deep_learning.similarity import analogy_accuracy, covered_analogies, word_similarity
from eras.deep_learning.word2vec import CORPORA, Config, Vocabulary, course_text, train

FOLDER = Path(__file__).parent / "checkpoints" / "embeddings"
CONFIGS = {"skip-gram": Config(), "CBOW": Config(model="cbow", rate=0.1, batch=512)}
SEEDS = (0, 1, 2)
ORDER = ("skip-gram", "gensim's skip-gram", "CBOW", "gensim's CBOW", "GloVe", "PPMI and SVD")
PIECE = 10_000  # gensim passes over what stands behind so many words of one text


def measure(vocabulary: Vocabulary, vectors: np.ndarray) -> dict[str, float]:
    """The numbers of one set of vectors: WordSim-353's correlation and the analogies' accuracy."""
    questions = covered_analogies(vocabulary.ids)
    return {
        "wordsim": round(word_similarity(vocabulary.ids, vectors).correlation, 4),
        "analogies": round(analogy_accuracy(questions, vectors)["all"], 4),
        "nearest": round(analogy_accuracy(questions, vectors, offset=False)["all"], 4),
    }


def gensim_vectors(documents: list[list[str]], vocabulary: Vocabulary, config: Config) -> np.ndarray:
    """What gensim makes of the same words with the same budget, one worker.  -> (V, D)"""
    from gensim.models import Word2Vec

    pieces = [d[i : i + PIECE] for d in documents for i in range(0, len(d), PIECE)]
    model = Word2Vec(
        pieces,
        vector_size=config.dimensions,
        window=config.window,
        negative=config.negatives,
        epochs=config.epochs,
        sample=config.threshold,
        min_count=config.least,
        alpha=0.025,
        min_alpha=0.00025,
        sg=int(config.model == "skip-gram"),
        workers=1,
        seed=config.seed + 1,
    )
    return np.stack([model.wv[word] for word in vocabulary.words])


def counted_vectors(encoded: list[np.ndarray], vocabulary: Vocabulary, config: Config) -> np.ndarray:
    """PPMI with context counts to the power 0.75, and its first singular vectors with half their weight."""
    counts = cooccurrences(encoded, len(vocabulary), config.window)
    return randomised_svd(sparse_ppmi(counts, power=0.75), config.dimensions)


def glove_vectors(encoded: list[np.ndarray], vocabulary: Vocabulary, config: Config) -> np.ndarray:
    """GloVe on harmonic counts, as its authors count, within the same window as all others."""
    counts = cooccurrences(encoded, len(vocabulary), config.window, "harmonic")
    return glove.fit(counts, config.dimensions, config.epochs, seed=config.seed)


def run(name: str, make: Callable, vocabulary: Vocabulary, config: Config) -> tuple[dict, np.ndarray]:
    """One training, timed and measured: its row of the log and its vectors."""
    start = time.process_time()
    vectors = make(config)
    spent = time.process_time() - start
    row = {"system": name, "seed": config.seed, "seconds": round(spent, 1), **measure(vocabulary, vectors)}
    print(row, flush=True)
    return row, vectors


def ours(encoded: list[np.ndarray], vocabulary: Vocabulary) -> Callable:
    """Our own trainer as a function of the configuration."""
    return lambda config: train(encoded, vocabulary.counts, config)


def facts(documents: list[list[str]], vocabulary: Vocabulary, epochs: int) -> dict:
    """The head of the log: on what, with what, and what the two tests can ask of this vocabulary."""
    nothing = np.random.default_rng(0).normal(size=(len(vocabulary), 2))
    pairs = word_similarity(vocabulary.ids, nothing)
    return {
        "corpora": list(CORPORA),
        "words": sum(map(len, documents)),
        "vocabulary": len(vocabulary),
        "configs": {name: asdict(replace(config, epochs=epochs)) for name, config in CONFIGS.items()},
        "pairs covered": [pairs.covered, pairs.of],
        "questions covered": {
            group: len(asked) for group, asked in covered_analogies(vocabulary.ids).items()
        },
        "rows": [],
    }


def load_course_vectors() -> tuple[list[str], np.ndarray]:
    """The committed skip-gram vectors: words (V) and vectors (V, D) as float32."""
    words = json.loads((FOLDER / "words.json").read_text())
    return words, load_file(FOLDER / "vectors.safetensors")["vectors"].astype(np.float32)


def load_log(folder: Path = FOLDER) -> dict:
    """What the last run of this script wrote down."""
    return json.loads((folder / "training.json").read_text(encoding="utf-8"))


def main() -> None:
    """Train everything, print each row, write log and vectors."""
    parser = argparse.ArgumentParser(
        prog="python -m eras.deep_learning.train_embeddings", description=__doc__
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write")
    parser.add_argument("--epochs", type=int, default=Config.epochs, help="passes over the text")
    parser.add_argument("--no-gensim", action="store_true", help="leave gensim's rows out")
    parser.add_argument("--only", nargs="+", help="train these systems again, keep the log's other rows")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    documents = course_text()
    vocabulary = Vocabulary(documents, Config.least)
    encoded = vocabulary.encode(documents)
    makers = {name: (base, ours(encoded, vocabulary)) for name, base in CONFIGS.items()}
    makers["PPMI and SVD"] = Config(), lambda config: counted_vectors(encoded, vocabulary, config)
    if not chosen.no_gensim:
        for name, base in CONFIGS.items():
            makers[f"gensim's {name}"] = base, lambda config: gensim_vectors(documents, vocabulary, config)
    makers["GloVe"] = Config(), lambda config: glove_vectors(encoded, vocabulary, config)
    log = facts(documents, vocabulary, chosen.epochs)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    (chosen.folder / "words.json").write_text(json.dumps(vocabulary.words) + "\n")
    if chosen.only:
        log["rows"] = [row for row in load_log(chosen.folder)["rows"] if row["system"] not in chosen.only]
        makers = {name: makers[name] for name in chosen.only}
    for name, (base, make) in makers.items():
        for seed in SEEDS[:1] if name == "PPMI and SVD" else SEEDS:
            config = replace(base, epochs=chosen.epochs, seed=seed)
            row, vectors = run(name, make, vocabulary, config)
            if name == "skip-gram" and seed == SEEDS[0]:
                save_file({"vectors": vectors.astype(np.float16)}, chosen.folder / "vectors.safetensors")
            log["rows"].append(row)
            log["rows"].sort(key=lambda row: (ORDER.index(row["system"]), row["seed"]))
            (chosen.folder / "training.json").write_text(json.dumps(log, indent=1) + "\n")


if __name__ == "__main__":
    main()
