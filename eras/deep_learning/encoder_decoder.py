"""Encoder-decoders: one recurrent network reads a sentence, another writes its translation.

Without attention the decoder sees the same summary of the source at every step (Cho et al. 2014); with it, all
positions anew for each word. The steps are those of `seq2seq`, the cells those of `recurrent`.

Letters: B batch, S source length, T target length, C channels of embeddings, H decoder state, M encoder memory,
V vocabulary.
"""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from eras.deep_learning.recurrent import Bidirectional, GRUCell
from eras.deep_learning.seq2seq import (
    PAD,
    START,
    additive_scores,
    attend,
    bahdanau_step,
    general_scores,
    luong_step,
)


@dataclass(frozen=True)
class Config:
    """Sizes of an encoder-decoder; `attention` is "none", "additive" or "general"."""

    source: int
    target: int
    attention: str = "additive"
    channels: int = 128
    encoder: int = 128
    decoder: int = 256
    scores: int = 128
    dropout: float = 0.25


@dataclass(frozen=True)
class Memory:
    """A source that was read: `vectors` (B, S, M), `mask` (B, S), `summary` (B, M), `keys` (B, S, A) or None."""

    vectors: Tensor
    mask: Tensor
    summary: Tensor
    keys: Tensor | None = None

    def repeat(self, times: int) -> "Memory":
        """Every source so many times, side by side: for the hypotheses of a beam."""
        parts = (self.vectors, self.mask, self.summary, self.keys)
        return Memory(*(None if part is None else part.repeat_interleave(times, 0) for part in parts))


class AdditiveScore(nn.Module):
    """The weights of `additive_scores`: query (B, H), memory -> (B, S)."""

    def __init__(self, query: int, key: int, hidden: int):
        super().__init__()
        self.query, self.key = nn.Linear(query, hidden, bias=False), nn.Linear(key, hidden, bias=False)
        self.v = nn.Parameter(torch.empty(hidden).uniform_(-(hidden**-0.5), hidden**-0.5))

    def prepare(self, memory: Memory) -> Memory:
        """The memory with its keys, which are the same at every step."""
        return Memory(memory.vectors, memory.mask, memory.summary, self.key(memory.vectors))

    def forward(self, query: Tensor, memory: Memory) -> Tensor:
        """Query (B, H), a prepared memory -> scores (B, S)."""
        return additive_scores(self.query(query), memory.keys, self.v)


class GeneralScore(nn.Module):
    """The weights of `general_scores`, divided by M when they are used: query (B, H), memory -> (B, S).

    A score sums H times M products, and an optimiser that moves all weights by as much (Adam) would move it by so
    much in its first steps that the softmax never leaves one place again.
    """

    def __init__(self, query: int, key: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(query, key).uniform_(-(key**-0.5), key**-0.5))

    def prepare(self, memory: Memory) -> Memory:
        """Nothing to prepare."""
        return memory

    def forward(self, query: Tensor, memory: Memory) -> Tensor:
        """Query (B, H), a memory -> scores (B, S)."""
        return general_scores(query, memory.vectors, self.weight / self.weight.shape[1])


class Encoder(nn.Module):
    """Reads the source from both ends: a position's vector knows the whole sentence, best its neighbourhood."""

    def __init__(self, config: Config):
        super().__init__()
        self.embedding = nn.Embedding(config.source, config.channels, padding_idx=PAD)
        cells = (GRUCell(config.channels, config.encoder) for _ in range(2))
        self.network, self.dropout = Bidirectional(*cells), nn.Dropout(config.dropout)

    def forward(self, source: Tensor) -> Memory:
        """Source (B, S), padded -> a memory, whose summary is the last state of either direction."""
        mask = source != PAD
        vectors = self.network(self.dropout(self.embedding(source)), mask)
        half = vectors.shape[-1] // 2
        return Memory(vectors, mask, torch.cat([vectors[:, -1, :half], vectors[:, 0, half:]], -1))


class Decoder(nn.Module):
    """What all decoders share: embeddings (tied to the output), the first state, the walk over the words."""

    def __init__(self, config: Config):
        super().__init__()
        self.embedding = nn.Embedding(config.target, config.channels, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=config.channels**-0.5)
        self.bias = nn.Parameter(torch.zeros(config.target))
        self.first = nn.Linear(2 * config.encoder, config.decoder)
        self.dropout = nn.Dropout(config.dropout)

    def prepare(self, memory: Memory) -> Memory:
        """The memory with what attention needs of it, once for a source."""
        return self.score.prepare(memory)

    def look(self, memory: Memory, query: Tensor) -> tuple[Tensor, Tensor]:
        """Attention: query (B, H) -> the context (B, M), its weights (B, S)."""
        return attend(self.score(query, memory), memory.vectors, memory.mask)

    def start(self, memory: Memory) -> tuple[Tensor, ...]:
        """The state before the first word, (B, H). Source: Bahdanau et al. 2015, appendix A.2.2, of both ends."""
        return (torch.tanh(self.first(memory.summary)),)

    def step(self, word: Tensor, state: tuple, memory: Memory) -> tuple[Tensor, tuple, Tensor | None]:
        """An embedded word (B, C), a state -> features (B, C), the next state, weights (B, S) if it attends."""
        raise NotImplementedError

    def read(self, words: Tensor, state: tuple, memory: Memory) -> tuple[Tensor, tuple, list]:
        """All steps of given words (B, T) -> features (B, T, C), the last state, the weights of each step."""
        features, weights = [], []
        for word in self.dropout(self.embedding(words)).unbind(1):
            feature, state, weight = self.step(word, state, memory)
            features.append(feature)
            weights.append(weight)
        return torch.stack(features, 1), state, weights

    def logits(self, features: Tensor) -> Tensor:
        """Features (…, C) -> a score for every word, (…, V)."""
        return self.dropout(features) @ self.embedding.weight.T + self.bias


class BahdanauDecoder(Decoder):
    """Attention before the step. State: the cell's (B, H)."""

    def __init__(self, config: Config):
        super().__init__(config)
        memory = 2 * config.encoder
        self.cell = GRUCell(config.channels + memory, config.decoder)
        self.readout = nn.Linear(config.decoder + memory + config.channels, config.channels)
        self.score = AdditiveScore(config.decoder, memory, config.scores)

    def step(self, word: Tensor, state: tuple, memory: Memory) -> tuple[Tensor, tuple, Tensor | None]:
        """As `bahdanau_step` says."""
        look = partial(self.look, memory)
        feature, new, weights = bahdanau_step(word, state[0], look, self.cell, self.readout)
        return feature, (new,), weights


class SummaryDecoder(BahdanauDecoder):
    """The same step without attention: it always gets the summary. Source: Cho et al. 2014, section 2.2."""

    def __init__(self, config: Config):
        super().__init__(config)
        del self.score

    def prepare(self, memory: Memory) -> Memory:
        """Nothing to prepare."""
        return memory

    def look(self, memory: Memory, query: Tensor) -> tuple[Tensor, None]:
        """The summary (B, M), and no weights."""
        return memory.summary, None


class LuongDecoder(Decoder):
    """Attention after the step. State: the cell's (B, H) and the last features (B, C), zeros at first."""

    def __init__(self, config: Config):
        super().__init__(config)
        memory = 2 * config.encoder
        self.cell = GRUCell(2 * config.channels, config.decoder)
        self.readout = nn.Linear(config.decoder + memory, config.channels, bias=False)
        self.score = GeneralScore(config.decoder, memory)

    def start(self, memory: Memory) -> tuple[Tensor, Tensor]:
        """The first state of the cell, and zeros."""
        (state,) = super().start(memory)
        return state, state.new_zeros(len(state), self.embedding.embedding_dim)

    def step(self, word: Tensor, state: tuple, memory: Memory) -> tuple[Tensor, tuple, Tensor]:
        """As `luong_step` says."""
        feature, new, weights = luong_step(word, *state, partial(self.look, memory), self.cell, self.readout)
        return feature, (new, feature), weights


DECODERS = {"none": SummaryDecoder, "additive": BahdanauDecoder, "general": LuongDecoder}


class EncoderDecoder(nn.Module):
    """A source sentence in, scores for every next word of its translation out."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.encoder, self.decoder = Encoder(config), DECODERS[config.attention](config)

    def encode(self, source: Tensor) -> tuple[Memory, tuple]:
        """Source (B, S) -> what the decoder looks at, and its first state."""
        memory = self.decoder.prepare(self.encoder(source))
        return memory, self.decoder.start(memory)

    def forward(self, source: Tensor, words: Tensor) -> Tensor:
        """Source (B, S), the words so far (B, T), the right ones while it learns -> logits (B, T, V)."""
        memory, state = self.encode(source)
        return self.decoder.logits(self.decoder.read(words, state, memory)[0])

    def attention(self, source: Tensor, words: Tensor) -> Tensor:
        """Where it looks at the step that reads each word of `words`: (B, T, S)."""
        memory, state = self.encode(source)
        return torch.stack(self.decoder.read(words, state, memory)[2], 1)

    def parameter_count(self) -> int:
        """How many numbers it learned."""
        return sum(parameter.numel() for parameter in self.parameters())


def log_probabilities(logits: Tensor) -> Tensor:
    """Log of the softmax, in nats, with PAD and START made impossible: nobody says them. (…, V) -> (…, V)."""
    silent = torch.zeros(logits.shape[-1], dtype=torch.bool)
    silent[[PAD, START]] = True
    return logits.masked_fill(silent, -torch.inf).log_softmax(-1)
