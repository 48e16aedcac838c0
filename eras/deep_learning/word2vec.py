"""Word vectors trained fast: skip-gram and CBOW with negative sampling, whole stretches of text at a time.

`embeddings.sgns_loss` and `cbow_loss` say what is learned, pair by pair. Here a stretch of text is cut into
blocks of BLOCK words, and the scores of all pairs of a block are one matrix product; all blocks share their
noise words. The randomly shrunk window of word2vec enters as its expectation: a pair d words apart has the
weight (window - d + 1) / window. Source: Mikolov, Sutskever, Chen, Corrado and Dean 2013; the shared noise
words are ours to choose.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from eras import data
from eras.deep_learning.embeddings import keep_probabilities, noise_distribution

CORPORA = ("sotu", "moby_dick", "shakespeare", "bible")
WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")
BLOCK = 16  # centre words whose pairs are one matrix product


@dataclass(frozen=True)
class Config:
    """What a run is: the model, "skip-gram" or "cbow", sizes and budget; the rate falls to nearly nothing."""

    model: str = "skip-gram"
    dimensions: int = 100
    window: int = 5
    negatives: int = 5
    epochs: int = 10
    threshold: float = 1e-3  # of subsampling
    least: int = 5  # occurrences a word needs to get a vector
    rate: float = 0.025
    batch: int = 128  # words in one step: all of them see the same vectors, so that more of them overshoot
    shared: int = 64  # noise words that a step draws for all its pairs
    seed: int = 0


def words(text: str) -> list[str]:
    """The words of an English text, in small letters: runs of a to z with apostrophes inside."""
    return WORD.findall(text.lower().replace("’", "'"))


def course_text(names: Sequence[str] = CORPORA) -> list[list[str]]:
    """The training split of the named corpora, each document a list of words."""
    return [words(document.text) for name in names for document in data.load(name, "train").require("train")]


class Vocabulary:
    """The words that occur at least `least` times, the most frequent first, and how often each does.

    `words` (V), `counts` (V,), `ids` {word: place}. Raises ValueError when no word is left.
    """

    def __init__(self, documents: Iterable[Sequence[str]], least: int = 1):
        counted = Counter(word for document in documents for word in document)
        kept = sorted((-n, word) for word, n in counted.items() if n >= least)
        if not kept:
            raise ValueError(f"no word occurs {least} times or more")
        self.words = [word for _, word in kept]
        self.counts = np.array([-n for n, _ in kept])
        self.ids = {word: i for i, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, documents: Iterable[Sequence[str]]) -> list[np.ndarray]:
        """Each document as ids; words without one are left out, so that windows close over them."""
        return [np.array([self.ids[w] for w in d if w in self.ids], dtype=np.int64) for d in documents]


def band(window: int, block: int = BLOCK, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """How much each word around a block counts for each of its centres.  -> (block, block + 2 window)

    Column j is the word j - window places from the first centre: weight (window - d + 1) / window at a distance
    of d = 1 … window, 0 elsewhere, at the centre itself too.
    """
    distance = (torch.arange(block + 2 * window)[None] - window - torch.arange(block)[:, None]).abs()
    weight = (window + 1 - distance).clamp(min=0).to(dtype) / window
    return weight * (distance > 0)


def thinned(
    documents: Sequence[np.ndarray], keep: np.ndarray, window: int, rng: np.random.Generator
) -> np.ndarray:
    """One round's text: frequent words thinned, documents in random order, `window` times -1 between them."""
    gap = np.full(window, -1)
    parts = [gap]
    for i in rng.permutation(len(documents)):
        document = documents[i]
        parts += [document[rng.random(len(document)) < keep[document]], gap]
    return np.concatenate(parts)


class Trainer:
    """Two vectors for each word, `centre` and `context` (V + 1, D; the last row is no word), and the steps.

    Raises ValueError for a model other than "skip-gram" and "cbow".
    """

    def __init__(self, counts: np.ndarray, config: Config, dtype: torch.dtype = torch.float32):
        if config.model not in ("skip-gram", "cbow"):
            raise ValueError(f"the model is skip-gram or cbow, not {config.model!r}")
        self.config, self.none = config, len(counts)
        self.generator = torch.Generator().manual_seed(config.seed)
        shape = len(counts) + 1, config.dimensions
        self.centre = (torch.rand(shape, generator=self.generator, dtype=dtype) - 0.5) / config.dimensions
        self.context = torch.zeros(shape, dtype=dtype)
        self.centre[-1] = 0
        self.noise = torch.from_numpy(noise_distribution(counts)).cumsum(0)
        self.band = band(config.window, dtype=dtype)

    def draw(self) -> torch.Tensor:
        """The noise words of one step.  -> (shared,)"""
        points = torch.rand(self.config.shared, generator=self.generator, dtype=torch.float64)
        return torch.searchsorted(self.noise, points).clamp(max=self.none - 1)

    def step(self, ids: torch.Tensor, rate: float) -> None:
        """One step on a stretch of text, `ids` (blocks * BLOCK + 2 window), -1 for no word."""
        ids = torch.where(ids < 0, self.none, ids)
        around = ids.unfold(0, BLOCK + 2 * self.config.window, BLOCK)  # (n, S)
        middle = around[:, self.config.window : -self.config.window]  # (n, BLOCK)
        weight = self.band * (middle != self.none)[:, :, None] * (around != self.none)[:, None, :]
        step = self._skipgram if self.config.model == "skip-gram" else self._cbow
        step(middle, around, weight, self.draw(), rate)

    def _skipgram(self, middle, around, weight, noise, rate):
        """Centres predict what is around them: gradients of all pairs, then one addition for each place."""
        x, y, z = (
            self.centre[middle],
            self.context[around],
            self.context[noise],
        )  # (n, B, D), (n, S, D), (K, D)
        pull = (1 - torch.sigmoid(x @ y.mT)) * weight  # (n, B, S)
        times = weight.sum(-1, keepdim=True) * (self.config.negatives / len(noise))
        push = torch.sigmoid(x @ z.T) * times  # (n, B, K)
        self.centre.index_add_(0, middle.flatten(), (pull @ y - push @ z).flatten(0, 1), alpha=rate)
        self.context.index_add_(0, around.flatten(), (pull.mT @ x).flatten(0, 1), alpha=rate)
        self.context.index_add_(0, noise, push.flatten(0, 1).T @ x.flatten(0, 1), alpha=-rate)

    def _cbow(self, middle, around, weight, noise, rate):
        """The mean of what is around predicts the centre; the vectors that are averaged are in `centre`."""
        share = weight / weight.sum(-1, keepdim=True).clamp(min=1e-9)  # (n, B, S)
        y, x, z = self.centre[around], self.context[middle], self.context[noise]
        mean = share @ y  # (n, B, D)
        there = (share.sum(-1) > 0).to(mean.dtype)
        pull = (1 - torch.sigmoid((mean * x).sum(-1))) * there  # (n, B)
        push = (
            torch.sigmoid(mean @ z.T) * (there * self.config.negatives / len(noise))[..., None]
        )  # (n, B, K)
        error = pull[..., None] * x - push @ z  # (n, B, D)
        self.centre.index_add_(0, around.flatten(), (share.mT @ error).flatten(0, 1), alpha=rate)
        self.context.index_add_(0, middle.flatten(), (pull[..., None] * mean).flatten(0, 1), alpha=rate)
        self.context.index_add_(0, noise, push.flatten(0, 1).T @ mean.flatten(0, 1), alpha=-rate)

    @property
    def vectors(self) -> np.ndarray:
        """The vectors one uses.  -> (V, D)"""
        return self.centre[:-1].numpy()


def train(documents: Sequence[np.ndarray], counts: np.ndarray, config: Config) -> np.ndarray:
    """Vectors for encoded documents whose words occur `counts` (V,) times.  -> (V, D) float32

    Raises ValueError for an unknown model.
    """
    return fit(documents, counts, config).vectors


def fit(documents: Sequence[np.ndarray], counts: np.ndarray, config: Config) -> Trainer:
    """The same, with both tables of vectors: those of the words and those of the words as contexts."""
    trainer, rng = Trainer(counts, config), np.random.default_rng(config.seed)
    keep = keep_probabilities(counts, config.threshold)
    window, blocks = config.window, max(1, config.batch // BLOCK)
    for epoch in range(config.epochs):
        text = thinned(documents, keep, window, rng)
        text = torch.from_numpy(np.concatenate([text, np.full(-(len(text) - 2 * window) % BLOCK, -1)]))
        starts = range(0, len(text) - 2 * window, blocks * BLOCK)
        for i, start in enumerate(starts):
            done = (epoch + i / len(starts)) / config.epochs
            trainer.step(text[start : start + blocks * BLOCK + 2 * window], config.rate * max(1 - done, 0.01))
    return trainer
