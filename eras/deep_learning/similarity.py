"""Asking word vectors: WordSim-353's pairs and Google's analogies, for the words that have a vector."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from eras import data
from eras.deep_learning.embeddings import spearman, unit


@dataclass(frozen=True)
class Similarity:
    """Spearman's correlation with people's judgements, over the pairs covered, of all there are."""

    correlation: float
    covered: int
    of: int


def word_similarity(ids: Mapping[str, int], vectors: np.ndarray) -> Similarity:
    """Cosines against WordSim-353, small letters. Raises ValueError when fewer than two pairs are covered."""
    pairs = [(a.lower(), b.lower(), mean) for a, b, mean in data.load_similarities()]
    known = [(ids[a], ids[b], mean) for a, b, mean in pairs if a in ids and b in ids]
    if len(known) < 2:
        raise ValueError(f"{len(known)} of the {len(pairs)} pairs are covered: too few to correlate")
    directions = unit(vectors)
    cosines = [float(directions[a] @ directions[b]) for a, b, _ in known]
    return Similarity(spearman(cosines, [mean for *_, mean in known]), len(known), len(pairs))


def covered_analogies(ids: Mapping[str, int]) -> dict[str, np.ndarray]:
    """The questions whose four words have a vector, as ids: {group: (n, 4)}; groups without any are left out."""
    found = {}
    for group, questions in data.load_analogies().items():
        small = [[word.lower() for word in question] for question in questions]
        known = [[ids[word] for word in question] for question in small if all(w in ids for w in question)]
        if known:
            found[group] = np.array(known)
    return found


def answer(
    vectors: np.ndarray, questions: np.ndarray, offset: bool = True, exclude: bool = True
) -> np.ndarray:
    """The answers to many analogies at a time.  (V, D), (n, 4) -> (n,) rows

    3CosAdd: the largest cosine with b - a + c. Without `offset` it is simply c's nearest word, as if a and b
    had not been said; without `exclude` the words of the question may be answers.
    """
    directions = unit(vectors)
    a, b, c = (questions[:, i] for i in range(3))
    target = directions[b] - directions[a] + directions[c] if offset else directions[c]
    cosines = target @ directions.T
    if exclude:
        cosines[np.arange(len(questions))[:, None], questions[:, :3]] = -np.inf
    return cosines.argmax(axis=1)


def analogy_accuracy(questions: Mapping[str, np.ndarray], vectors: np.ndarray, **how) -> dict[str, float]:
    """The share of right answers in each group, and in "all" questions; `how` as in `answer`."""
    right = {group: answer(vectors, asked, **how) == asked[:, 3] for group, asked in questions.items()}
    shares = {group: float(hits.mean()) for group, hits in right.items()}
    return shares | {"all": float(np.concatenate(list(right.values())).mean())}
