"""A language model over bytes with one LSTM, the first neural rung of the ladder's first task.

Every document starts with a symbol of its own, number 256, and a state of zeros; then each byte is paid for.
Mikolov et al. (2010) brought recurrent networks to language models; Graves (2013) wrote text with an LSTM.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from eras.deep_learning.recurrent import LSTMCell, Recurrent, State, bits, forget_bias

START, VOCABULARY = 256, 257
CHECKPOINTS = Path(__file__).with_name("checkpoints")
BYTE_LSTM = CHECKPOINTS / "byte_lstm.safetensors"
LONG_LSTM = CHECKPOINTS / "byte_lstm_long.safetensors"  # read the text as often as the course GPT


@dataclass(frozen=True)
class LMConfig:
    """Sizes: numbers per symbol, hidden units; the forget gates' bias at the start."""

    embedding: int = 128
    hidden: int = 512
    forget_bias: float = 1.0


def symbols(text: str) -> list[int]:
    """The start symbol and the UTF-8 bytes of a text."""
    return [START, *text.encode()]


class ByteLM(nn.Module):
    """Embedding, LSTM, and a linear layer to the logits of the next symbol."""

    def __init__(self, config: LMConfig):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(VOCABULARY, config.embedding)
        self.run = Recurrent(LSTMCell(config.embedding, config.hidden))
        self.output = nn.Linear(config.hidden, VOCABULARY)
        forget_bias(self.run.cell, config.forget_bias)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Symbols (B, T), state -> logits of each next symbol (B, T, 257), state after the last."""
        outputs, state = self.run(self.embedding(ids), state)
        return self.output(outputs), state

    def parameter_count(self) -> int:
        """How many numbers training may change."""
        return sum(p.numel() for p in self.parameters())

    @torch.no_grad()
    def costs(self, texts: Sequence[str], window: int = 512) -> list[float]:
        """Bits of each text, all read side by side; only the state is carried from window to window."""
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i].encode()))
        ids = [torch.tensor(symbols(texts[i])) for i in order]
        total, state = torch.zeros(len(texts), dtype=torch.float64), None
        for t in range(0, max(map(len, ids), default=1) - 1, window):
            live = [row[t : t + window + 1] for row in ids if len(row) > t + 1]
            padded = nn.utils.rnn.pad_sequence(live, batch_first=True)
            state = None if state is None else tuple(part[: len(live)] for part in state)
            logits, state = self(padded[:, :-1], state)
            real = torch.arange(1, padded.shape[1]) < torch.tensor([[len(row)] for row in live])
            total[: len(live)] += (bits(logits, padded[:, 1:]) * real).sum(1).double()
        return total[torch.tensor(order, dtype=torch.long).argsort()].tolist()

    @torch.no_grad()
    def sample(self, start: str, length: int, temperature: float, generator: torch.Generator) -> str:
        """`start` and `length` more bytes; bytes that are no UTF-8 show as U+FFFD. Raises ValueError below 0."""
        if temperature <= 0:
            raise ValueError(f"temperature must be above 0, got {temperature}")
        logits, state = self(torch.tensor([symbols(start)]))
        written = []
        for _ in range(length):
            chances = torch.softmax(logits[0, -1, :START] / temperature, 0)
            written.append(int(torch.multinomial(chances, 1, generator=generator)))
            logits, state = self(torch.tensor([written[-1:]]), state)
        return start + bytes(written).decode("utf-8", "replace")

    def save(self, path: str | Path, facts: dict | None = None) -> None:
        """Write the weights in float16, with the sizes and `facts`, to one safetensors file."""
        tensors = {name: t.half().contiguous() for name, t in self.state_dict().items()}
        kept = {"config": json.dumps(asdict(self.config)), "facts": json.dumps(facts or {})}
        save_file(tensors, path, metadata=kept)

    @classmethod
    def load(cls, path: str | Path = BYTE_LSTM) -> "ByteLM":
        """A model as it was saved, in float32."""
        with safe_open(path, "pt") as file:
            model = cls(LMConfig(**json.loads(file.metadata()["config"])))
        model.load_state_dict({name: t.float() for name, t in load_file(path).items()})
        return model.eval()


class FusedLSTM(nn.Module):
    """An LSTM cell run by torch's own kernel: the same function as `Recurrent`, several times as fast."""

    def __init__(self, cell: LSTMCell):
        super().__init__()
        self.cell = cell
        kernel = nn.LSTM(cell.inputs, cell.hidden, batch_first=True)
        for name, parameter in cell.named_parameters():
            setattr(kernel, f"{name}_l0", parameter)
        self.kernel = [kernel]  # in a list: its parameters are the cell's, and are counted there

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """X (B, T, I), (h, c) -> outputs (B, T, H), (h, c)."""
        state = None if state is None else tuple(part[None] for part in state)
        outputs, state = self.kernel[0](x, state)
        return outputs, tuple(part[0] for part in state)


def use_torch_kernels(model: ByteLM) -> ByteLM:
    """Let torch's kernel run the model's cell. The parameters stay where they are."""
    model.run = FusedLSTM(model.run.cell)
    return model
