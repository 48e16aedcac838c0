"""Encoder and decoder: one recurrent network reads a sentence, another writes its translation.

Without attention the decoder sees the same summary of the source at every step (Cho et al. 2014). With attention
it looks at all positions anew for each word it writes: before its step (Bahdanau et al. 2015) or after it, with
input feeding (Luong et al. 2015). The cells are those of `recurrent`; text and search are in `translator`.

Letters: B batch, S source length, T target length, C channels of embeddings, H decoder state, M encoder memory,
A hidden units of the additive score, V vocabulary.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from eras.deep_learning.recurrent import Bidirectional, GRUCell

PAD, START, END, UNKNOWN = range(4)


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


def pad(rows: list[list[int]], value: int = PAD) -> Tensor:
    """Rows of different lengths as one matrix (B, longest), filled up with `value` at the end."""
    ### BEGIN SOLUTION
    longest = max(map(len, rows), default=0)
    filled = [[*row, *[value] * (longest - len(row))] for row in rows]
    return torch.tensor(filled, dtype=torch.long).reshape(len(rows), longest)
    ### END SOLUTION


def teacher_forcing(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Inputs and targets of a decoder for rows of tokens, (B, T) each: it reads START and the row, should say
    the row and END. Both are padded with PAD. Source: Williams & Zipser 1989 (the name; here over words)."""
    ### BEGIN SOLUTION
    return pad([[START, *row] for row in rows]), pad([[*row, END] for row in rows])
    ### END SOLUTION


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Weights over real positions: scores (…, S), mask (…, S) true where real -> (…, S), rows sum to 1.

    A row without any real position gets zeros.
    """
    ### BEGIN SOLUTION
    weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
    return torch.where(mask, weights, torch.zeros_like(weights))
    ### END SOLUTION


def token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy in nats over the targets that are not PAD: logits (B, T, V), targets (B, T) -> ()."""
    ### BEGIN SOLUTION
    costs = torch.logsumexp(logits, -1) - logits.gather(-1, targets[..., None]).squeeze(-1)
    real = targets != PAD
    return costs[real].sum() / real.sum()
    ### END SOLUTION


class AdditiveScore(nn.Module):
    """score(q, k) = v · tanh(W_q q + W_k k), a small network. Source: Bahdanau et al. 2015, appendix A.1.2."""

    def __init__(self, query: int, key: int, hidden: int):
        super().__init__()
        self.query, self.key = nn.Linear(query, hidden, bias=False), nn.Linear(key, hidden, bias=False)
        self.v = nn.Parameter(torch.empty(hidden).uniform_(-(hidden**-0.5), hidden**-0.5))

    def prepare(self, memory: Tensor) -> Tensor:
        """The keys' part of the sums, once for a source: memory (B, S, M) -> (B, S, A)."""
        return self.key(memory)

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        """Query (B, H), prepared keys (B, S, A) -> scores (B, S)."""
        ### BEGIN SOLUTION
        return torch.tanh(self.query(query)[:, None] + keys) @ self.v
        ### END SOLUTION


class GeneralScore(nn.Module):
    """score(q, k) = q · W k, a product. Source: Luong et al. 2015, equation 8."""

    def __init__(self, query: int, key: int):
        super().__init__()
        self.key = nn.Linear(key, query, bias=False)

    def prepare(self, memory: Tensor) -> Tensor:
        """W k for every position, once for a source: memory (B, S, M) -> (B, S, H)."""
        return self.key(memory)

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        """Query (B, H), prepared keys (B, S, H) -> scores (B, S)."""
        ### BEGIN SOLUTION
        return (keys @ query[..., None]).squeeze(-1)
        ### END SOLUTION


@dataclass(frozen=True)
class Memory:
    """A source that was read: `vectors` (B, S, M), `mask` (B, S), `summary` (B, M), `keys` (B, S, …) or None."""

    vectors: Tensor
    mask: Tensor
    summary: Tensor
    keys: Tensor | None = None

    def repeat(self, times: int) -> "Memory":
        """Every source `times` times, side by side: for the hypotheses of a beam."""
        parts = (self.vectors, self.mask, self.summary, self.keys)
        return Memory(*(None if part is None else part.repeat_interleave(times, 0) for part in parts))


def look(score: nn.Module, query: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
    """Attention: query (B, H) -> the context (B, M), a weighted mean of the memory, and its weights (B, S)."""
    ### BEGIN SOLUTION
    weights = masked_softmax(score(query, memory.keys), memory.mask)
    return (weights[:, None] @ memory.vectors).squeeze(1), weights
    ### END SOLUTION


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
    """What all three decoders share: embeddings (tied to the output), the first state, a step at a time."""

    def __init__(self, config: Config):
        super().__init__()
        memory = 2 * config.encoder
        self.embedding = nn.Embedding(config.target, config.channels, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=config.channels**-0.5)
        self.bias = nn.Parameter(torch.zeros(config.target))
        self.first = nn.Linear(memory, config.decoder)
        self.dropout = nn.Dropout(config.dropout)

    def prepare(self, memory: Memory) -> Memory:
        """The memory with what attention needs of it, once for a source."""
        return memory

    def start(self, memory: Memory) -> tuple[Tensor, ...]:
        """The state before the first word. Source: Bahdanau et al. 2015, appendix A.2.2 (of both directions)."""
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


class SummaryDecoder(Decoder):
    """No attention: the same summary of the source at every step. Source: Cho et al. 2014, section 2.2."""

    def __init__(self, config: Config):
        super().__init__(config)
        memory = 2 * config.encoder
        self.cell = GRUCell(config.channels + memory, config.decoder)
        self.readout = nn.Linear(config.decoder + memory + config.channels, config.channels)

    def context(self, state: Tensor, memory: Memory) -> tuple[Tensor, Tensor | None]:
        """What the decoder knows of the source when its state is (B, H): (B, M), and weights if it attends."""
        return memory.summary, None

    def step(self, word: Tensor, state: tuple, memory: Memory) -> tuple[Tensor, tuple, Tensor | None]:
        """First the context of the old state, then the new state from word and context."""
        context, weights = self.context(state[0], memory)
        state = self.cell(torch.cat([word, context], -1), state[0])
        return torch.tanh(self.readout(torch.cat([state, context, word], -1))), (state,), weights


class BahdanauDecoder(SummaryDecoder):
    """Attention before the step: the old state asks where to look. Source: Bahdanau et al. 2015, section 3.1."""

    def __init__(self, config: Config):
        super().__init__(config)
        self.score = AdditiveScore(config.decoder, 2 * config.encoder, config.scores)

    def prepare(self, memory: Memory) -> Memory:
        """The memory with its keys."""
        return Memory(memory.vectors, memory.mask, memory.summary, self.score.prepare(memory.vectors))

    def context(self, state: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """A weighted mean of the memory, (B, M), and the weights (B, S)."""
        return look(self.score, state, memory)


class LuongDecoder(Decoder):
    """Attention after the step, and its result fed back with the next word. Source: Luong et al. 2015, section 3.

    State: the cell's (B, H) and the last features (B, C), zeros at first.
    """

    def __init__(self, config: Config):
        super().__init__(config)
        memory = 2 * config.encoder
        self.cell = GRUCell(2 * config.channels, config.decoder)
        self.readout = nn.Linear(config.decoder + memory, config.channels, bias=False)
        self.score = GeneralScore(config.decoder, memory)

    prepare = BahdanauDecoder.prepare

    def start(self, memory: Memory) -> tuple[Tensor, Tensor]:
        """The first state of the cell, and zeros."""
        (state,) = super().start(memory)
        return state, state.new_zeros(len(state), self.embedding.embedding_dim)

    def step(self, word: Tensor, state: tuple, memory: Memory) -> tuple[Tensor, tuple, Tensor]:
        """First the new state from word and last features, then the context, then the features from both."""
        hidden = self.cell(torch.cat([word, state[1]], -1), state[0])
        context, weights = look(self.score, hidden, memory)
        feature = torch.tanh(self.readout(torch.cat([context, hidden], -1)))
        return feature, (hidden, feature), weights


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
        """Source (B, S), the words so far (B, T), right ones while it learns -> logits (B, T, V)."""
        memory, state = self.encode(source)
        return self.decoder.logits(self.decoder.read(words, state, memory)[0])

    def attention(self, source: Tensor, words: Tensor) -> Tensor:
        """Where it looks before it says each word of `words`[1:] and what follows: (B, T, S)."""
        memory, state = self.encode(source)
        return torch.stack(self.decoder.read(words, state, memory)[2], 1)

    def parameter_count(self) -> int:
        """How many numbers it learned."""
        return sum(parameter.numel() for parameter in self.parameters())


def log_probabilities(logits: Tensor) -> Tensor:
    """Log of the softmax, in nats, with PAD and START made impossible: nobody says them. (…, V) -> (…, V)."""
    logits = logits.clone()
    logits[..., [PAD, START]] = -torch.inf
    return F.log_softmax(logits, -1)
