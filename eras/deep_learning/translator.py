"""A trained encoder-decoder with its vocabularies: text in, text out, by greedy or by beam search."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from eras.data import Aligned
from eras.deep_learning.encoder_decoder import Config, EncoderDecoder, log_probabilities
from eras.deep_learning.seq2seq import (
    END,
    PAD,
    START,
    UNKNOWN,
    Link,
    alignment_error,
    beam_search,
    teacher_forcing,
)
from eras.statistical.ngram_text import words


class Units:
    """Numbers for the pieces of a text; a piece that is rare in training is spelled in its characters.

    Pieces are Chinese characters, signs, and words with the space before them: joined, they are the text. Only
    characters that training never saw are UNKNOWN. The idea: Luong & Manning 2016.
    """

    def __init__(self, names: Sequence[str]):
        self.names = list(names)
        self.numbers = {name: number for number, name in enumerate(names)}

    @classmethod
    def of(cls, texts: Sequence[str], least: int = 3) -> "Units":
        """Pieces that occur `least` times, and every character there is."""
        counts = Counter(piece for text in texts for piece in words(text))
        often = {piece for piece, count in counts.items() if count >= least}
        characters = {character for text in texts for character in text}
        return cls(["<pad>", "<start>", "<end>", "<unknown>", *sorted(often | characters)])

    def __len__(self) -> int:
        return len(self.names)

    def pieces(self, text: str) -> list[str]:
        """The text in pieces that have numbers, or single characters; joined, they are the text."""
        found = words(text)
        return [unit for piece in found for unit in ([piece] if piece in self.numbers else piece)]

    def encode(self, text: str) -> list[int]:
        """A text's numbers."""
        return [self.numbers.get(piece, UNKNOWN) for piece in self.pieces(text)]

    def decode(self, numbers: Iterable[int]) -> str:
        """The text of some numbers, � for UNKNOWN; the other special ones are silent."""
        return "".join("�" if n == UNKNOWN else self.names[n] for n in numbers if n >= UNKNOWN)


class Translator:
    """A model and the units of both languages."""

    def __init__(self, model: EncoderDecoder, source: Units, target: Units):
        self.model, self.source, self.target = model, source, target

    def read(self, texts: Sequence[str]) -> Tensor:
        """Source texts as the model takes them, END behind each: (B, S)."""
        return padded([[*self.source.encode(text), END] for text in texts])

    @torch.no_grad()
    def hypotheses(
        self, text: str, width: int = 5, alpha: float = 1.0
    ) -> list[tuple[tuple[int, ...], float]]:
        """Translations of one text as `beam_search` gives them, best first; width 1 is greedy search."""
        source = self.read([text])
        memory, state = self.model.encode(source)
        pick = lambda state, rows: tuple(part[rows] for part in state)  # noqa: E731

        def step(last, state):
            seen = memory.repeat(len(last)) if len(last) > 1 else memory
            features, state, _ = self.model.decoder.read(last[:, None], state, seen)
            return log_probabilities(self.model.decoder.logits(features[:, 0])), state

        return beam_search(step, pick, state, width, limit(source.shape[1]), alpha)

    def translate(self, texts: Sequence[str], width: int = 5, alpha: float = 1.0) -> list[str]:
        """Every text's best translation."""
        self.model.eval()
        return [self.target.decode(self.hypotheses(text, width, alpha)[0][0]).strip() for text in texts]

    @torch.no_grad()
    def greedy(self, texts: Sequence[str]) -> list[str]:
        """Every text's translation by the likeliest next word, all texts at once."""
        self.model.eval()
        source = self.read(texts)
        memory, state = self.model.encode(source)
        last, said = torch.full((len(texts),), START), []
        for _ in range(limit(source.shape[1])):
            features, state, _ = self.model.decoder.read(last[:, None], state, memory)
            last = log_probabilities(self.model.decoder.logits(features[:, 0])).argmax(-1)
            said.append(last)
            if (torch.stack(said) == END).any(0).all():
                break
        lengths = [limit(length) for length in (source != PAD).sum(1).tolist()]
        rows = [row[:most] for row, most in zip(torch.stack(said, 1).tolist(), lengths, strict=True)]
        return [self.target.decode(row[: row.index(END)] if END in row else row).strip() for row in rows]

    @torch.no_grad()
    def word_weights(self, pair: Aligned) -> Tensor:
        """Where the model looks for each word of the right translation: (target words, source words and END)."""
        self.model.eval()
        words, _ = teacher_forcing([self.target.encode(pair.target)])
        weights = self.model.attention(self.read([pair.source]), words)[0, :-1]
        columns = shares(self.source.pieces(pair.source), pair.source_words)
        rows = shares(self.target.pieces(pair.target), pair.target_words)
        mixed = rows @ weights / rows.sum(1, keepdim=True)
        return torch.cat([mixed[:, :-1] @ columns.T, mixed[:, -1:]], 1)

    def links(self, pair: Aligned) -> set[Link]:
        """Each target word's source word with the most weight, none where that is END."""
        best = self.word_weights(pair).argmax(1).tolist()
        return {(i, j) for j, i in enumerate(best) if i < len(pair.source_words)}

    def save(self, file: Path) -> None:
        """Weights in float16, sizes and units in the header."""
        weights = {name: value.half().contiguous() for name, value in self.model.state_dict().items()}
        facts = {
            "config": asdict(self.model.config),
            "source": self.source.names,
            "target": self.target.names,
        }
        save_file(
            weights, file, {name: json.dumps(value, ensure_ascii=False) for name, value in facts.items()}
        )

    @classmethod
    def load(cls, file: Path) -> "Translator":
        """What `save` wrote, in float32, ready to translate."""
        with safe_open(file, "pt") as opened:
            facts = {name: json.loads(value) for name, value in opened.metadata().items()}
            weights = {name: opened.get_tensor(name).float() for name in opened.keys()}  # noqa: SIM118
        model = EncoderDecoder(Config(**facts["config"]))
        model.load_state_dict(weights)
        return cls(model.eval(), Units(facts["source"]), Units(facts["target"]))


def links_error(found: Sequence[Collection[Link]], pairs: Sequence[Aligned]) -> float:
    """AER of the links found in some pairs, all counted together. Raises ValueError for unequal numbers."""
    sure, possible = [pair.sure for pair in pairs], [pair.possible for pair in pairs]
    return alignment_error(*map(_numbered, zip(*zip(found, sure, possible, strict=True), strict=True)))


def _numbered(links: Iterable[Collection[Link]]) -> set[tuple[int, Link]]:
    return {(number, link) for number, some in enumerate(links) for link in some}


def padded(rows: Sequence[Sequence[int]]) -> Tensor:
    """Rows of different lengths as one matrix (B, longest), filled up with PAD at the end."""
    return nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=PAD)


def shares(pieces: Sequence[str], words: Sequence[str]) -> Tensor:
    """How much of each piece lies in each word, (words, pieces): both cut the same text, spaces do not count."""
    owners = [
        [n for n, part in enumerate(parts) for c in part if not c.isspace()] for parts in (words, pieces)
    ]
    if len(owners[0]) != len(owners[1]):
        raise ValueError("the pieces and the words are not of the same text")
    table = torch.zeros(len(words), len(pieces))
    for word, piece in zip(*owners, strict=True):
        table[word, piece] += 1
    return table / table.sum(0).clamp(min=1)


def limit(source: int) -> int:
    """How long a translation may become, END included, for a source of so many units."""
    return 2 * source + 10
