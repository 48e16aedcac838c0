"""Models as pure functions of token ids, with and without a memory of what was computed before.

Decoders know a model only as a `step`: ids (B, T) -> logits (B, V) of the next token. Rows shorter than the
longest are padded on the left (and, once complete, on the right) with PAD, which no vocabulary contains.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

PAD = -1


def left_pad(prompts: Sequence[Sequence[int]]) -> Tensor:
    """Prompts of any lengths as one array, PAD on the left.  B lists -> (B, T) int64

    Raises ValueError for no prompt at all and for an empty prompt: there is nothing to continue.
    """
    if not prompts:
        raise ValueError("no prompts: give at least one list of token ids")
    for i, prompt in enumerate(prompts):
        if len(prompt) == 0:
            raise ValueError(f"prompt {i} is empty: give at least one token (the end-of-text token will do)")
    longest = max(map(len, prompts))
    return torch.tensor([[PAD] * (longest - len(prompt)) + list(prompt) for prompt in prompts])


@contextmanager
def evaluating(model) -> Iterator[None]:
    """Dropout off inside the block, and as it was before after it."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def prepare(model, prompts: Sequence[Sequence[int]], max_new_tokens: int) -> Tensor:
    """Prompts as padded ids (B, T). Raises ValueError where they, or they and the new tokens, do not fit."""
    ids = left_pad(prompts)
    if ids.max() >= model.config.vocab_size or any(min(prompt) < 0 for prompt in prompts):
        raise ValueError(f"token ids must be in 0…{model.config.vocab_size - 1}")
    if max_new_tokens < 0:
        raise ValueError(f"max_new_tokens must be at least 0, not {max_new_tokens}")
    if ids.shape[1] + max_new_tokens > model.config.context:
        raise ValueError(
            f"a prompt of {ids.shape[1]} tokens and {max_new_tokens} new ones exceed the context of "
            f"{model.config.context}: shorten the prompt or ask for fewer"
        )
    return ids


def run(model, ids: Tensor, start: int = 0, caches: list | None = None) -> Tensor:
    """Logits at positions start…T-1 of padded ids.  (B, T) -> (B, T - start, V)

    `caches` hold the positions before `start`. Padding is masked out, and positions count real tokens only,
    so that a padded row gives what it gives alone.
    """
    real = ids >= 0
    new = ids[:, start:]
    if real.all():
        return model(new, caches=caches)
    positions = (real.cumsum(dim=1) - 1).clamp(min=0)[:, start:]
    return model(new.clamp(min=0), caches=caches, valid=real, positions=positions)


class PlainStep:
    """A model that computes everything anew for every token: slow, and the yardstick for `CachedStep`.

    `positions` counts the positions computed so far, `calls` the forward passes.
    """

    def __init__(self, model):
        self.model, self.calls, self.positions = model, 0, 0

    def __call__(self, ids: Tensor) -> Tensor:
        """Logits of the next token.  (B, T) -> (B, V)"""
        return self.last(ids, 1)[:, -1]

    @torch.no_grad()
    def last(self, ids: Tensor, count: int) -> Tensor:
        """Logits after each of the last `count` positions.  (B, T) -> (B, count, V)"""
        self.calls, self.positions = self.calls + 1, self.positions + ids.numel()
        return run(self.model, ids)[:, -count:]


class CachedStep(PlainStep):
    """The same function of the ids, but prefixes seen in the last call are taken from the KV cache.

    Rows may have moved, been copied or dropped (beam search), and the ends of rows may have been taken back
    (speculative decoding): the cache is rearranged to fit. Needs `model.new_caches()`.
    """

    def __init__(self, model):
        super().__init__(model)
        self.caches, self.seen = model.new_caches(), torch.empty(0, 0, dtype=torch.long)

    @torch.no_grad()
    def last(self, ids: Tensor, count: int) -> Tensor:
        """Logits after each of the last `count` positions.  (B, T) -> (B, count, V)"""
        start = self._recall(ids, ids.shape[1] - count)
        self.calls, self.positions = self.calls + 1, self.positions + ids[:, start:].numel()
        logits = run(self.model, ids, start, self.caches)
        self.seen = ids
        return logits[:, -count:]

    def _recall(self, ids: Tensor, most: int) -> int:
        """Make the cache hold as long a prefix of `ids` as it can, `most` at most; return its length."""
        parents, length = shared_prefix(self.seen[:, :most], ids)
        if length == 0:
            self.caches = self.model.new_caches()
            return 0
        for cache in self.caches:
            cache.truncate(length)
        if parents is not None:
            rearrange(self.caches, self.seen[:, :length], parents)
        return length


def rearrange(caches: list, seen: Tensor, parents: Tensor) -> None:
    """Row i of every KV cache becomes what row parents[i] was; seen (N, S) are the ids that the rows stand for.

    Where a row's ids agree with its parent's, its keys and values do, too: only the rest is copied.
    """
    if len(parents) != len(seen):
        for cache in caches:
            cache.reorder(parents)
        return
    agree = (seen == seen[parents]).long().cumprod(dim=1).sum(dim=1)
    moved, start = (agree < seen.shape[1]).nonzero()[:, 0], int(agree.min())
    for cache in caches:
        for store in (cache.keys, cache.values):
            rest = store[:, :, start : cache.length]
            rest[moved] = rest[parents[moved]]


def shared_prefix(seen: Tensor, ids: Tensor) -> tuple[Tensor | None, int]:
    """For each row of `ids` a row of `seen` that begins alike, and for how many positions all of them do.

    (N, S), (B, T) -> index (B,) into the rows of `seen`, or None where rows stayed in place; length.
    """
    width = min(seen.shape[1], ids.shape[1])
    seen, ids = seen[:, :width], ids[:, :width]
    if width == 0 or len(seen) == 0:
        return None, 0
    if torch.equal(seen, ids):
        return None, width
    alike = seen[:, None] == ids[None]  # (N, B, S)
    whole = alike.all(dim=-1)
    if whole.any(dim=0).all():
        return whole.byte().argmax(dim=0), width
    lengths, parents = alike.long().cumprod(dim=-1).sum(dim=-1).max(dim=0)
    return parents, int(lengths.min())
