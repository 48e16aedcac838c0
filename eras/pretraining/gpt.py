"""A GPT-2-shaped decoder: token and position embeddings, pre-norm blocks, tied output.

Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", sections 2.2 and 2.3.
"""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from eras.pretraining.attention import KVCache, causal_mask, combine_masks
from eras.pretraining.tokenizer import Tokenizer
from eras.pretraining.transformer import Block, LayerNorm

COURSE_GPT = Path(__file__).parent / "checkpoints" / "course_gpt"
END_OF_TEXT = "<|endoftext|>"


@dataclass(frozen=True)
class GPTConfig:
    """Sizes of a GPT: vocabulary V, longest sequence, blocks, heads H, width C, dropout in [0, 1)."""

    vocab_size: int
    context: int
    layers: int
    heads: int
    width: int
    dropout: float = 0.0

    def __post_init__(self):
        for name in ("vocab_size", "context", "layers", "heads", "width"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.width % self.heads:
            raise ValueError(f"width {self.width} cannot be shared among {self.heads} heads")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), not {self.dropout}")


class GPT(nn.Module):
    """Causal language model: scores for the next token at every position.  ids (B, T) -> logits (B, T, V)"""

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocab_size, config.width)
        self.positions = nn.Embedding(config.context, config.width)
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads, config.dropout) for _ in range(config.layers)
        )
        self.norm = LayerNorm(config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.apply(self._initialise)
        self._scale_residual_outputs()

    def forward(
        self,
        ids: Tensor,
        caches: list[KVCache] | None = None,
        valid: Tensor | None = None,
        positions: Tensor | None = None,
    ) -> Tensor:
        """Logits (B, T, V) for ids (B, T).

        With `caches` (one per block) the ids continue what the caches hold, S positions in all. `valid` (B, S)
        is False at padding. `positions` (B, T) replaces 0, 1, 2, … where sequences start late. Raises
        ValueError for sequences longer than the context and for ids outside the vocabulary.
        """
        past = caches[0].length if caches else 0
        self._check(ids, past)
        T = ids.shape[1]
        mask = causal_mask(T, past + T, device=ids.device) if T > 1 else None  # the last sees all
        if valid is not None:
            mask = combine_masks(mask, valid[:, None, None, :])
        x = self.embed(ids, past, positions)
        for i, block in enumerate(self.blocks):
            x = block(x, mask=mask, cache=caches[i] if caches else None)
        return self.unembed(x)

    def embed(self, ids: Tensor, past: int = 0, positions: Tensor | None = None) -> Tensor:
        """Token plus position embedding.  (B, T) -> (B, T, C)"""
        if positions is None:
            positions = torch.arange(past, past + ids.shape[1], device=ids.device)
        return self.dropout(self.tokens(ids) + self.positions(positions))

    def unembed(self, x: Tensor) -> Tensor:
        """Final norm and the tied output: the token embedding, transposed.  (B, T, C) -> (B, T, V)"""
        return nn.functional.linear(self.norm(x), self.tokens.weight)

    def new_caches(self) -> list[KVCache]:
        """An empty key/value cache for each block."""
        return [KVCache() for _ in self.blocks]

    def parameter_count(self) -> int:
        """Trainable numbers; the tied output counts once."""
        return sum(p.numel() for p in self.parameters())

    def save(self, folder: str | Path, dtype: torch.dtype = torch.float16) -> None:
        """Write `config.json` and `model.safetensors` (weights as `dtype`) into `folder`."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(asdict(self.config), indent=2) + "\n")
        weights = {name: tensor.detach().to(dtype).contiguous() for name, tensor in self.state_dict().items()}
        save_file(weights, folder / "model.safetensors")

    @classmethod
    def load(cls, folder: str | Path) -> "GPT":
        """Read what `save` wrote, as float32, in evaluation mode. Raises FileNotFoundError."""
        folder = Path(folder)
        model = cls(GPTConfig(**json.loads((folder / "config.json").read_text())))
        weights = load_file(folder / "model.safetensors")
        model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
        return model.eval()

    def _check(self, ids: Tensor, past: int) -> None:
        if ids.ndim != 2 or ids.shape[1] == 0:
            raise ValueError(f"ids must have shape (B, T) with T at least 1, not {tuple(ids.shape)}")
        if past + ids.shape[1] > self.config.context:
            raise ValueError(
                f"{past + ids.shape[1]} tokens do not fit the context of {self.config.context}: shorten the text"
            )
        if ids.min() < 0 or ids.max() >= self.config.vocab_size:
            raise ValueError(f"token ids must be in 0…{self.config.vocab_size - 1}")

    @staticmethod
    def _initialise(module: nn.Module) -> None:
        """Normal weights with deviation 0.02, zero biases, as GPT-2's code does."""
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    def _scale_residual_outputs(self) -> None:
        """Shrink what each block adds by 1/√(number of additions). Source: Radford et al. 2019, section 2.3."""
        for block in self.blocks:
            for output in (block.attention.output, block.feed_forward.contract):
                nn.init.normal_(output.weight, std=0.02 / math.sqrt(2 * self.config.layers))


@torch.no_grad()
def surprisal(model: GPT, ids: list[int], stride: int | None = None) -> Tensor:
    """Bits each token costs given all that the window shows before it.  N ids -> (N - 1,) float64

    The first id is given, not paid for. Text longer than the context is read in windows that move by `stride`
    (half the context unless given), and each token is paid for once, with at least context - stride tokens
    before it. Raises ValueError for fewer than two ids or a stride outside 1…context.
    """
    context = model.config.context
    stride = stride or context // 2
    if len(ids) < 2 or not 1 <= stride <= context:
        raise ValueError("need at least two ids, and a stride between 1 and the context")
    costs, paid = [], 1
    for start in range(0, len(ids) - 1, stride):
        window = torch.tensor([ids[start : start + context + 1]])
        log_probabilities = model(window[:, :-1])[0].double().log_softmax(dim=-1)
        chosen = log_probabilities.gather(1, window[0, 1:, None])[:, 0]
        costs.append(-chosen[paid - start - 1 :] / math.log(2))
        paid = start + window.shape[1]
        if paid >= len(ids):
            break
    return torch.cat(costs)


def course_gpt() -> tuple[GPT, Tokenizer]:
    """The model this course trained on its own corpora (`python -m eras.pretraining.train_course_gpt`)."""
    return GPT.load(COURSE_GPT), Tokenizer.load(COURSE_GPT / "tokenizer.json")
