"""A sentence's class from a bidirectional LSTM: words, their embeddings, both readings, their maximum, a line.

Everything is learned from the labelled sentences alone. The maximum over time is that of Collobert and Weston.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from eras.deep_learning.recurrent import Bidirectional, LSTMCell, clip_by_norm, forget_bias
from eras.statistical.classify import tokens

PADDING, UNKNOWN = 0, 1
SEEDS = (1990, 1997, 2000)


@dataclass(frozen=True)
class ClassifierConfig:
    """Sizes, how often a word must occur, and how to train."""

    least: int = 2
    embedding: int = 64
    hidden: int = 64
    dropout: float = 0.5
    epochs: int = 3
    batch: int = 64
    learning_rate: float = 5e-3
    clip: float = 1.0


class BiLSTMClassifier(nn.Module):
    """Two classes from a text. Words seen fewer than `least` times share one embedding."""

    def __init__(self, texts: Sequence[str], config: ClassifierConfig):
        super().__init__()
        counts = Counter(token for text in texts for token in tokens(text))
        known = sorted(token for token, n in counts.items() if n >= config.least)
        self.config, self.number = config, {token: i + 2 for i, token in enumerate(known)}
        self.embedding = nn.Embedding(len(known) + 2, config.embedding, padding_idx=PADDING)
        nn.init.normal_(self.embedding.weight, std=0.1)  # a word that says nothing should start small
        self.read = Bidirectional(*(LSTMCell(config.embedding, config.hidden) for _ in range(2)))
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(2 * config.hidden, 2)
        for run in (self.read.ahead, self.read.back):
            forget_bias(run.cell, 1.0)

    def encode(self, texts: Sequence[str]) -> Tensor:
        """Texts -> numbers of their words (B, T), filled up with 0; a text without words has one unknown."""
        rows = [[self.number.get(token, UNKNOWN) for token in tokens(text)] or [UNKNOWN] for text in texts]
        return nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)

    def forward(self, ids: Tensor) -> Tensor:
        """Words (B, T) -> logits (B, 2): the largest value of each unit over the real positions decides."""
        mask = ids != PADDING
        outputs = self.read(self.dropout(self.embedding(ids)), mask)
        pooled = outputs.masked_fill(~mask[..., None], float("-inf")).amax(1)
        return self.output(self.dropout(pooled))

    @torch.no_grad()
    def predict(self, texts: Sequence[str], batch: int = 256) -> np.ndarray:
        """The class of each text, (N,) of 0 and 1."""
        self.eval()
        found = np.zeros(len(texts), dtype=int)
        for rows in batches([len(tokens(text)) for text in texts], batch):
            found[rows] = self(self.encode([texts[i] for i in rows])).argmax(1).numpy()
        return found


def batches(lengths: Sequence, size: int, generator: torch.Generator | None = None) -> Iterator[list[int]]:
    """Indices of texts of like length together, in the order of length or, with a generator, a random one.

    Lengths are numbers, or tuples of them where texts come in pairs.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    if generator is not None:
        groups = [groups[i] for i in torch.randperm(len(groups), generator=generator)]
    yield from groups


def train(
    texts: Sequence[str], labels: Sequence[int], config: ClassifierConfig, seed: int
) -> Iterator[tuple[float, BiLSTMClassifier]]:
    """Train with Adam from a seed, its rate falling to 0; yields each epoch's mean loss in nats and the model."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = BiLSTMClassifier(texts, config)
    optimizer = torch.optim.Adam(model.parameters(), config.learning_rate)
    lengths, y = [len(tokens(text)) for text in texts], torch.as_tensor(labels)
    steps = config.epochs * -(-len(texts) // config.batch)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 1e-3, steps)
    for _ in range(config.epochs):
        model.train()
        losses = []
        for rows in batches(lengths, config.batch, generator):
            logits = model(model.encode([texts[i] for i in rows]))
            loss = nn.functional.cross_entropy(logits, y[rows])
            optimizer.zero_grad()
            loss.backward()
            clip_by_norm([p.grad for p in model.parameters()], config.clip)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        yield sum(losses) / len(losses), model
