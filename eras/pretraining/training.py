"""The training loop: AdamW, warm-up and cosine, clipping, checkpoints that resume bit for bit.

Left out: several devices, gradient accumulation, mixed precision beyond torch's autocast.
"""

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from tqdm.auto import tqdm


class AdamW:
    """Adam with decoupled weight decay.

    Only tensors with at least two dimensions decay (weights and embeddings, not biases and norms). Source:
    Loshchilov and Hutter 2019, algorithm 2.
    """

    def __init__(self, parameters: Iterable[Tensor], betas=(0.9, 0.95), epsilon=1e-8, weight_decay=0.1):
        self.parameters = [p for p in parameters if p.requires_grad]
        self.betas, self.epsilon, self.weight_decay = betas, epsilon, weight_decay
        self.first = [torch.zeros_like(p) for p in self.parameters]
        self.second = [torch.zeros_like(p) for p in self.parameters]
        self.steps = 0

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Move every parameter that has a gradient once, in place."""
        self.steps += 1
        for parameter, first, second in zip(self.parameters, self.first, self.second, strict=True):
            if parameter.grad is not None:
                self._update(parameter, parameter.grad, first, second, learning_rate)

    def _update(
        self, parameter: Tensor, gradient: Tensor, first: Tensor, second: Tensor, rate: float
    ) -> None:
        ### BEGIN SOLUTION
        beta1, beta2 = self.betas
        if parameter.ndim >= 2:
            parameter.mul_(1 - rate * self.weight_decay)
        first.lerp_(gradient, 1 - beta1)
        second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        mean = first / (1 - beta1**self.steps)
        scale = (second / (1 - beta2**self.steps)).sqrt_().add_(self.epsilon)
        parameter.addcdiv_(mean, scale, value=-rate)
        ### END SOLUTION

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters:
            parameter.grad = None


def cosine_rate(step: int, total: int, peak: float, warmup: int, floor: float = 0.1) -> float:
    """Learning rate at `step` (from 0): linear rise to `peak`, then half a cosine down to `floor`·peak.

    Source: Loshchilov and Hutter 2017, equation 5, one cycle, with the warm-up of Vaswani et al. 2017.
    """
    ### BEGIN SOLUTION
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = min(1.0, (step - warmup) / max(1, total - warmup))
    return peak * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress)))
    ### END SOLUTION


@torch.no_grad()
def clip_gradients(parameters: Iterable[Tensor], largest: float) -> float:
    """Scale all gradients so that their joint norm is at most `largest`; returns the norm before.

    Source: Pascanu, Mikolov and Bengio 2013, algorithm 1.
    """
    ### BEGIN SOLUTION
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.stack([g.norm() for g in gradients]).norm().item()
    if norm > largest:
        for gradient in gradients:
            gradient.mul_(largest / norm)
    return norm
    ### END SOLUTION


def random_windows(ids: Tensor, batch: int, length: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random stretches of a long text: inputs and, one place on, targets.  (N,) -> (B, T), (B, T)

    Raises ValueError where the text is shorter than one window.
    """
    if len(ids) <= length:
        raise ValueError(f"{len(ids)} tokens are too few for windows of {length} and their targets")
    starts = torch.randint(len(ids) - length, (batch, 1), generator=generator)
    windows = ids[starts + torch.arange(length + 1)].long()
    return windows[:, :-1], windows[:, 1:]


def next_token_loss(model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy in nats of every next token.  (B, T), (B, T) -> ()"""
    logits = model(inputs)
    return nn.functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())


@dataclass(frozen=True)
class TrainingConfig:
    """How to train: windows per step, their length, steps, learning-rate peak and warm-up, decay, clip, seed."""

    batch: int = 16
    length: int = 128
    steps: int = 1000
    learning_rate: float = 1e-3
    warmup: int = 100
    weight_decay: float = 0.1
    clip: float = 1.0
    seed: int = 0
    bfloat16: bool = False


class Trainer:
    """Trains a language model on one long text of token ids (N,); every random choice follows the seed."""

    def __init__(self, model: nn.Module, ids: Tensor, config: TrainingConfig):
        self.model, self.ids, self.config = model, ids, config
        self.optimizer = AdamW(model.parameters(), weight_decay=config.weight_decay)
        self.generator = torch.Generator().manual_seed(config.seed)
        self.done = 0
        self.log: list[dict] = []
        torch.manual_seed(config.seed)  # dropout draws from torch's global generator

    def step(self) -> float:
        """One batch forward, back and update; returns the loss in nats per token."""
        config = self.config
        inputs, targets = random_windows(self.ids, config.batch, config.length, self.generator)
        with torch.autocast("cpu", torch.bfloat16) if config.bfloat16 else nullcontext():
            loss = next_token_loss(self.model, inputs, targets)
        self.optimizer.zero_grad()
        loss.backward()
        clip_gradients(self.optimizer.parameters, config.clip)
        rate = cosine_rate(self.done, config.steps, config.learning_rate, config.warmup)
        self.optimizer.step(rate)
        self.done += 1
        return loss.item()

    def fit(
        self,
        evaluate: Callable[[nn.Module], float] | None = None,
        every: int = 100,
        checkpoint: str | Path | None = None,
        progress: bool = True,
    ) -> Iterator[dict]:
        """Train to the last step, yielding a log row every `every` steps and at the end.

        A row holds step, mean training loss since the last row (nats per token), seconds, and `valid` where
        `evaluate(model)` is given. With `checkpoint` the state is saved after each row.
        """
        self.model.train()
        losses, start = [], time.perf_counter()
        bar = {} if progress else {"disable": True}  # with progress, TQDM_DISABLE may still say no
        bar |= {"leave": False, "initial": self.done, "total": self.config.steps}
        for _ in tqdm(range(self.done, self.config.steps), **bar):
            losses.append(self.step())
            if self.done % every == 0 or self.done == self.config.steps:
                row = self._row(losses, evaluate, time.perf_counter() - start)
                if checkpoint:
                    self.save(checkpoint)
                yield row
                losses, start = [], time.perf_counter()

    def _row(self, losses: list[float], evaluate: Callable | None, seconds: float) -> dict:
        row = {"step": self.done, "loss": sum(losses) / len(losses), "seconds": round(seconds, 2)}
        if evaluate:
            self.model.eval()
            row["valid"] = evaluate(self.model)
            self.model.train()
        self.log.append(row)
        return row

    def save(self, path: str | Path) -> None:
        """Write weights, optimiser, counters and generators to one safetensors file, replacing it whole."""
        names = [name for name, p in self.model.named_parameters() if p.requires_grad]
        tensors = {f"model.{name}": t.contiguous() for name, t in self.model.state_dict().items()}
        for kind, moments in (("first", self.optimizer.first), ("second", self.optimizer.second)):
            tensors |= {f"{kind}.{name}": m for name, m in zip(names, moments, strict=True)}
        tensors["generator"] = self.generator.get_state()
        tensors["torch_generator"] = torch.get_rng_state()
        facts = {"done": self.done, "log": self.log, "config": asdict(self.config)}
        partial = Path(path).with_suffix(".partial")
        save_file(tensors, partial, metadata={"facts": json.dumps(facts)})
        partial.replace(path)

    def resume(self, path: str | Path) -> None:
        """Go on exactly where `save` stopped. Raises ValueError when it was another training set-up."""
        facts = _metadata(path)
        if facts["config"] != asdict(self.config):
            raise ValueError(f"{path} was written by another configuration: {facts['config']}")
        tensors = load_file(path)
        names = [name for name, p in self.model.named_parameters() if p.requires_grad]
        self.model.load_state_dict({n[6:]: t for n, t in tensors.items() if n.startswith("model.")})
        self.optimizer.first = [tensors[f"first.{name}"] for name in names]
        self.optimizer.second = [tensors[f"second.{name}"] for name in names]
        self.generator.set_state(tensors["generator"])
        torch.set_rng_state(tensors["torch_generator"])
        self.done = self.optimizer.steps = facts["done"]
        self.log = facts["log"]


def _metadata(path: str | Path) -> dict:
    with safe_open(path, framework="pt") as file:
        return json.loads(file.metadata()["facts"])
