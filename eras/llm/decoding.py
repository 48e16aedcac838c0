"""Choosing the next token, and the one after: from logits to text.

Everything here knows a model only as a `step`: a function from token ids (B, T) to the logits (B, V) of the
next token (eras.llm.steps makes one of a GPT, with a KV cache). Ids may hold PAD (-1) on the left, where a
prompt is shorter than its neighbours, and on the right, where a row is complete; PAD is no token.

A logits processor is any callable (ids (B, T), logits (B, V)) -> logits (B, V); a token it forbids gets -inf.
Left out: contrastive search and decoding under a grammar.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from eras.llm.beams import Finished, Hypothesis, check_beams
from eras.llm.steps import PAD, CachedStep, evaluating, prepare

Step = Callable[[Tensor], Tensor]
Processor = Callable[[Tensor, Tensor], Tensor]


# Reshaping the distribution. All return new logits and leave their arguments alone.


def temperature(logits: Tensor, value: float) -> Tensor:
    """Divide logits by a temperature: below 1 sharper, above 1 flatter.  (B, V) -> (B, V)

    Raises ValueError unless 0 < value < infinity; temperature 0 has no distribution, use `greedy`.
    Source: Ackley, Hinton and Sejnowski 1985.
    """
    ### BEGIN SOLUTION
    if not 0 < value < math.inf:
        raise ValueError(f"temperature must be above 0 and finite, not {value}; for 0, choose with `greedy`")
    return logits / value
    ### END SOLUTION


def top_k(logits: Tensor, k: int) -> Tensor:
    """Keep the k largest logits of each row, -inf elsewhere.  (B, V) -> (B, V)

    Ties with the k-th are kept too; k above V keeps everything. Raises ValueError for k < 1.
    Source: Fan, Lewis and Dauphin 2018.
    """
    ### BEGIN SOLUTION
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    kept = logits.topk(min(k, logits.shape[-1]), dim=-1).values
    return logits.masked_fill(logits < kept[:, -1:], -math.inf)
    ### END SOLUTION


def top_p(logits: Tensor, p: float) -> Tensor:
    """Keep the smallest set of most probable tokens whose mass reaches p, -inf elsewhere.  (B, V) -> (B, V)

    The token that reaches p is kept, so one always is. Raises ValueError for p outside (0, 1].
    Source: Holtzman et al. 2020, section 3.1.
    """
    ### BEGIN SOLUTION
    if not 0 < p <= 1:
        raise ValueError(f"p must be above 0 and at most 1, not {p}")
    if p == 1:  # probabilities that round to 0 would be dropped
        return logits.clone()
    ascending, order = logits.sort(dim=-1)
    tail = ascending.softmax(dim=-1).cumsum(dim=-1)  # mass of a token and of all less probable ones
    dropped = tail <= 1 - p
    dropped[:, -1] = False
    return logits.masked_fill(dropped.scatter(-1, order, dropped), -math.inf)
    ### END SOLUTION


def min_p(logits: Tensor, p: float) -> Tensor:
    """Keep tokens at least p times as probable as the most probable one, -inf elsewhere.  (B, V) -> (B, V)

    Raises ValueError for p outside (0, 1]. Source: Nguyen et al. 2024.
    """
    ### BEGIN SOLUTION
    if not 0 < p <= 1:
        raise ValueError(f"p must be above 0 and at most 1, not {p}")
    threshold = logits.max(dim=-1, keepdim=True).values + math.log(p)
    return logits.masked_fill(logits < threshold, -math.inf)
    ### END SOLUTION


def typical(logits: Tensor, mass: float) -> Tensor:
    """Keep the tokens whose surprisal is nearest the entropy until `mass` is reached.  (B, V) -> (B, V)

    Ties with the last one kept are kept too. Raises ValueError for mass outside (0, 1].
    Source: Meister et al. 2023.
    """
    if not 0 < mass <= 1:
        raise ValueError(f"mass must be above 0 and at most 1, not {mass}")
    log_probabilities = logits.log_softmax(dim=-1)
    probabilities = log_probabilities.exp()
    entropy = -(probabilities * log_probabilities).nansum(dim=-1, keepdim=True)
    distance, order = (-log_probabilities - entropy).abs().sort(dim=-1)
    reached = probabilities.gather(-1, order).cumsum(dim=-1)
    last = (reached < mass).sum(dim=-1, keepdim=True).clamp(max=logits.shape[-1] - 1)
    far = distance > distance.gather(-1, last)
    return logits.masked_fill(far.scatter(-1, order, far), -math.inf)


def repetition_penalty(ids: Tensor, logits: Tensor, penalty: float) -> Tensor:
    """Make the tokens that occur in a row of ids less likely.  ids (B, T), logits (B, V) -> (B, V)

    A positive logit of such a token is divided by the penalty, any other multiplied by it; once, however
    often the token occurs. PAD in ids is no token. Raises ValueError unless penalty is above 0 and finite.
    Source: Keskar et al. 2019, section 4.1, which divides always; for negative logits that would reward.
    """
    ### BEGIN SOLUTION
    if not 0 < penalty < math.inf:
        raise ValueError(f"penalty must be above 0 and finite, not {penalty}")
    counts = torch.zeros_like(logits).scatter_add(1, ids.clamp(min=0), (ids >= 0).to(logits.dtype))
    penalised = torch.where(logits > 0, logits / penalty, logits * penalty)
    return torch.where(counts > 0, penalised, logits)
    ### END SOLUTION


def no_repeat_ngram(ids: Tensor, logits: Tensor, n: int) -> Tensor:
    """Forbid each token that would complete an n-gram its row already holds.

    ids (B, T), logits (B, V) -> (B, V). PAD in ids is part of no n-gram; n = 1 forbids every token of the
    row. Raises ValueError for n < 1.
    Source: Paulus, Xiong and Socher 2018, section 2.5 (for n = 3).
    """
    ### BEGIN SOLUTION
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}")
    logits = logits.clone()
    for row, scores in zip(ids.tolist(), logits, strict=True):
        tokens = [token for token in row if token >= 0]
        start = tokens[len(tokens) - n + 1 :] if len(tokens) >= n else None
        grams = zip(*(tokens[i:] for i in range(n)), strict=False)
        banned = [gram[-1] for gram in grams if list(gram[:-1]) == start]
        scores[banned] = -math.inf
    return logits
    ### END SOLUTION


# The same as settings to pass around.


class LogitsProcessor:
    """A processor with settings. They are tried on one token when it is built, so bad ones fail at once."""

    def __post_init__(self):
        self(torch.zeros(1, 1, dtype=torch.long), torch.zeros(1, 1))

    def __call__(self, ids: Tensor, logits: Tensor) -> Tensor:
        """ids (B, T), logits (B, V) -> logits (B, V)"""
        raise NotImplementedError


@dataclass(frozen=True)
class Temperature(LogitsProcessor):
    """`temperature` with a fixed value."""

    value: float

    def __call__(self, ids: Tensor, logits: Tensor) -> Tensor:
        return temperature(logits, self.value)


@dataclass(frozen=True)
class TopK(LogitsProcessor):
    """`top_k` with a fixed k."""

    k: int

    def __call__(self, ids: Tensor, logits: Tensor) -> Tensor:
        return top_k(logits, self.k)


@dataclass(frozen=True)
class TopP(LogitsProcessor):
    """`top_p` with a fixed p."""

    p: float

    def __call__(self, ids: Tensor, logits: Tensor) -> Tensor:
        return top_p(logits, self.p)


@dataclass(frozen=True)
class MinP(LogitsProcessor):
    """`min_p` with a fixed p."""

    p: float

    def __call__(self, ids: Tensor, logits: Tensor) -> Tensor:
        return min_p(logits, self.p)


@dataclass(frozen=True)
class Typical(LogitsProcessor):
    """`typical` with a fixed mass."""

    mass: float

    def __call__(self, ids: Tensor, logits: Tensor) -> Tensor:
        return typical(logits, self.mass)


@dataclass(frozen=True)
class RepetitionPenalty(LogitsProcessor):
    """`repetition_penalty` with a fixed penalty."""

    penalty: float

    def __call__(self, ids: Tensor, logits: Tensor) -> Tensor:
        return repetition_penalty(ids, logits, self.penalty)


@dataclass(frozen=True)
class NoRepeatNGram(LogitsProcessor):
    """`no_repeat_ngram` with a fixed n."""

    n: int

    def __call__(self, ids: Tensor, logits: Tensor) -> Tensor:
        return no_repeat_ngram(ids, logits, self.n)


def process(processors: Sequence[Processor], ids: Tensor, logits: Tensor) -> Tensor:
    """Apply processors in order.  ids (B, T), logits (B, V) -> (B, V)"""
    for processor in processors:
        logits = processor(ids, logits)
    return logits


# Choosing one token.


def greedy(logits: Tensor) -> Tensor:
    """The most probable token of each row.  (B, V) -> (B,)"""
    return logits.argmax(dim=-1)


def sample(logits: Tensor, generator: torch.Generator) -> Tensor:
    """Draw one token per row with probability softmax(logits).  (B, V) -> (B,)

    Randomness comes from `generator` alone. Raises ValueError where a row has NaN or no finite logit.
    """
    ### BEGIN SOLUTION
    if logits.isnan().any():
        raise ValueError("logits hold NaN: there is no distribution to sample from")
    if not logits.isfinite().any(dim=-1).all():
        raise ValueError("every token of a row is forbidden (-inf): use fewer or milder processors")
    return torch.multinomial(logits.softmax(dim=-1), 1, generator=generator)[:, 0]
    ### END SOLUTION


@dataclass(frozen=True)
class Sampler:
    """`sample` with a fixed generator: the `choose` of `decode` and `generate`."""

    generator: torch.Generator

    def __call__(self, logits: Tensor) -> Tensor:
        return sample(logits, self.generator)


# One token after the other.


def ends_with(new: Tensor, sequences: Sequence[Sequence[int]]) -> Tensor:
    """Which rows end with one of the id sequences.  (B, N) -> (B,) bool

    Raises ValueError for an empty sequence, with which everything would end.
    """
    ### BEGIN SOLUTION
    ended = torch.zeros(len(new), dtype=torch.bool)
    for sequence in sequences:
        size = len(sequence)
        if size == 0:
            raise ValueError("a stop sequence is empty: every text would end with it")
        if size <= new.shape[1]:
            ended |= (new[:, -size:] == torch.tensor(sequence)).all(dim=-1)
    return ended
    ### END SOLUTION


def decode(
    step: Step,
    ids: Tensor,
    max_new_tokens: int,
    choose: Callable[[Tensor], Tensor] = greedy,
    processors: Sequence[Processor] = (),
    stop: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Extend every row token by token.  (B, T) -> (B, T + N), N <= max_new_tokens

    In each round: logits from `step`, changed by the `processors` in order, one token per row by `choose`.
    After each round `stop(new)`, new (B, n) the tokens since the prompt, says which rows are complete: (B,)
    bool. A complete row gets PAD from then on; when all are complete, no further step is taken. Raises
    ValueError for max_new_tokens < 0; 0 returns the ids.
    """
    ### BEGIN SOLUTION
    if max_new_tokens < 0:
        raise ValueError(f"max_new_tokens must be at least 0, not {max_new_tokens}")
    start, complete = ids.shape[1], torch.zeros(len(ids), dtype=torch.bool)
    for _ in range(max_new_tokens):
        logits = process(processors, ids, step(ids))
        tokens = choose(logits).masked_fill(complete, PAD)
        ids = torch.cat([ids, tokens[:, None]], dim=1)
        if stop is not None:
            complete = complete | stop(ids[:, start:])
        if complete.all():
            break
    return ids
    ### END SOLUTION


# Several candidates at once.


def expand_beams(scores: Tensor, log_probabilities: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """The `count` best of all one-token extensions of K beams, best first.

    (B, K), (B, K, V) -> totals, parents, tokens, each (B, M), M = min(count, K·V): the sum of a beam's score
    and the token's log-probability, which beam it extends, and with which token.
    """
    ### BEGIN SOLUTION
    vocabulary = log_probabilities.shape[-1]
    totals = (scores[:, :, None] + log_probabilities).flatten(start_dim=1)
    totals, index = totals.topk(min(count, totals.shape[1]), dim=-1)
    return totals, index // vocabulary, index % vocabulary
    ### END SOLUTION


def beam_search(
    step: Step,
    ids: Tensor,
    beams: int,
    max_new_tokens: int,
    eos: int | None = None,
    length_penalty: float = 1.0,
    early_stopping: bool | str = False,
    processors: Sequence[Processor] = (),
) -> list[list[tuple[float, list[int]]]]:
    """For each row the best finished continuations as (score, new ids), best first, at most `beams`.

    In each round the 2·beams best one-token extensions of the live beams are ranked by total log-probability.
    Of the first `beams` of them, those that end (with `eos`, or at max_new_tokens) are finished, with score
    total / length**length_penalty, and the `beams` best finished ones are kept. The best `beams` extensions
    that do not end live on. A row is over when its finished list is full and, for early_stopping True, at
    once; for False, when the best live total / length**length_penalty does not beat the worst finished
    score; for "never", the same with max_new_tokens for length where length_penalty > 0. Raises ValueError
    for beams < 1 or max_new_tokens < 0. Source: Wu et al. 2016, section 7, with a plain power of the length.
    """
    ### BEGIN SOLUTION
    check_beams(beams, max_new_tokens, early_stopping)
    pools, rows = [Finished(beams) for _ in ids], torch.arange(len(ids))[:, None]
    start, live, scores = ids.shape[1], ids[:, None], torch.zeros(len(ids), 1)
    for length in range(1, max_new_tokens + 1):
        flat = live.flatten(0, 1)
        log_probabilities = process(processors, flat, step(flat).log_softmax(dim=-1))
        totals, parents, tokens = expand_beams(
            scores, log_probabilities.unflatten(0, live.shape[:2]), 2 * beams
        )
        live = torch.cat([live[rows, parents], tokens[:, :, None]], dim=2)
        ends = (tokens == (PAD if eos is None else eos)) | (length == max_new_tokens)
        scores, kept = totals.masked_fill(ends, -math.inf).topk(min(beams, totals.shape[1]), dim=-1)
        reach = max_new_tokens if early_stopping == "never" and length_penalty > 0 else length
        for b in ends[:, :beams].any(dim=1).nonzero()[:, 0].tolist():
            pools[b].take(
                live[b, :beams, start:], totals[b, :beams] / length**length_penalty, ends[b, :beams]
            )
        for pool, best in zip(pools, (scores[:, 0] / reach**length_penalty).tolist(), strict=True):
            pool.closed |= pool.full and (early_stopping is True or best <= pool.worst)
        live = live[rows, kept]
        if all(pool.closed for pool in pools):
            break
    return [pool.best for pool in pools]
    ### END SOLUTION


# A small model proposes, the large one checks.


def speculative_step(
    drafted: Tensor, draft_probabilities: Tensor, target_probabilities: Tensor, generator: torch.Generator
) -> Tensor:
    """Accept or replace drafted tokens so that the result is distributed as the target's own.

    drafted (G,), drawn from draft_probabilities (G, V); target_probabilities (G + 1, V) ->
    (N,), 1 <= N <= G + 1.
    Token x of place i is accepted with probability min(1, target[i, x] / draft[i, x]). At the first refusal
    one token is drawn from max(0, target[i] - draft[i]), rescaled to sum 1, and the rest is dropped; when all
    are accepted, one more is drawn from target[G]. Randomness comes from `generator` alone. Raises ValueError
    for a drafted token of draft probability 0. Source: Leviathan et al. 2023, algorithm 1; Chen et al. 2023.
    """
    ### BEGIN SOLUTION
    for i, token in enumerate(drafted.tolist()):
        target, draft = target_probabilities[i], draft_probabilities[i]
        if draft[token] <= 0:
            raise ValueError(f"drafted token {token} at place {i} has draft probability 0")
        ratio = (target[token] / draft[token]).clamp(max=1)
        if not torch.bernoulli(ratio, generator=generator):
            rest = (target - draft).clamp(min=0)
            rest = rest if rest.sum() > 0 else target  # both alike up to rounding
            return torch.cat([drafted[:i], torch.multinomial(rest, 1, generator=generator)])
    return torch.cat([drafted, torch.multinomial(target_probabilities[-1], 1, generator=generator)])
    ### END SOLUTION


@dataclass(frozen=True)
class Softmax:
    """Next-token probabilities for sampling, after `processors`.  ids (B, T), logits (B, V) -> (B, V)"""

    processors: Sequence[Processor] = ()

    def __call__(self, ids: Tensor, logits: Tensor) -> Tensor:
        return process(self.processors, ids, logits).softmax(dim=-1)


PLAIN = Softmax()  # sampling from the logits as they are


@dataclass(frozen=True)
class OneHot:
    """All probability on the best token, after `processors`: greedy.  ids (B, T), logits (B, V) -> (B, V)"""

    processors: Sequence[Processor] = ()

    def __call__(self, ids: Tensor, logits: Tensor) -> Tensor:
        logits = process(self.processors, ids, logits)
        return torch.nn.functional.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(logits.dtype)


def speculative_decode(
    target: Callable[[Tensor, int], Tensor],
    draft: Step,
    ids: Tensor,
    max_new_tokens: int,
    generator: torch.Generator,
    lookahead: int = 4,
    probabilities: Processor = PLAIN,
    stop: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Extend one row as the target would, asking it once for several tokens.  (1, T) -> (1, T + N)

    `draft(ids)` gives logits (1, V) and proposes up to `lookahead` tokens; `target(ids, count)` gives logits
    (1, count, V) after each of the last `count` positions; `probabilities(ids, logits)` turns either's logits
    into a distribution. Ends after max_new_tokens, or right after the first new token for which `stop` (as in
    `decode`) is true. Raises ValueError for more than one row, lookahead < 1, max_new_tokens < 0.
    """
    ### BEGIN SOLUTION
    check_speculation(ids, max_new_tokens, lookahead)
    start, end = ids.shape[1], ids.shape[1] + max_new_tokens
    while ids.shape[1] < end:
        before, drafted = ids.shape[1], []
        for _ in range(min(lookahead, end - before - 1)):
            drafted.append(probabilities(ids, draft(ids)))
            ids = torch.cat([ids, torch.multinomial(drafted[-1], 1, generator=generator)], dim=1)
        logits = target(ids, len(drafted) + 1)[0]
        wanted = [probabilities(ids[:, : before + i], row[None]) for i, row in enumerate(logits)]
        proposal = torch.cat(drafted) if drafted else logits[:0]
        tokens = speculative_step(ids[0, before:], proposal, torch.cat(wanted), generator)
        ids = torch.cat([ids[:, :before], tokens[None]], dim=1)
        for length in range(before + 1, ids.shape[1] + 1):
            if stop is not None and bool(stop(ids[:, start:length])):
                return ids[:, :length]
    return ids
    ### END SOLUTION


def check_speculation(ids: Tensor, max_new_tokens: int, lookahead: int) -> None:
    """Raise ValueError for settings that speculative decoding cannot work with."""
    if ids.shape[0] != 1 or ids.shape[1] == 0:
        raise ValueError(f"speculative decoding takes one prompt, ids (1, T), not {tuple(ids.shape)}")
    if max_new_tokens < 0:
        raise ValueError(f"max_new_tokens must be at least 0, not {max_new_tokens}")
    if lookahead < 1:
        raise ValueError(f"lookahead must be at least 1, not {lookahead}")


# With a model and a tokenizer: what one types.


@dataclass(frozen=True)
class Stop:
    """Whether rows of new tokens end with a stop sequence (ids or a string).  (B, N) -> (B,) bool

    A string may begin and end inside tokens: it counts once the text of the new tokens holds it. Raises
    ValueError for an empty sequence, and for strings without a tokenizer.
    """

    sequences: Sequence[str | Sequence[int]]
    tokenizer: object = None

    def __post_init__(self):
        if isinstance(self.sequences, str):
            raise TypeError("stop must be a list: write [text], not a bare string")
        if any(len(sequence) == 0 for sequence in self.sequences):
            raise ValueError("a stop sequence is empty: every text would end with it")
        if self.strings and self.tokenizer is None:
            raise ValueError("stop strings need a tokenizer; without one, give lists of ids")

    @property
    def strings(self) -> list[bytes]:
        """The stop strings, as bytes."""
        return [sequence.encode() for sequence in self.sequences if isinstance(sequence, str)]

    def __call__(self, new: Tensor) -> Tensor:
        ended = ends_with(new, [s for s in self.sequences if not isinstance(s, str)])
        if self.strings:
            ended |= torch.tensor([self._in_text(row) for row in new.tolist()])
        return ended

    def _in_text(self, row: list[int]) -> bool:
        """Whether a stop string lies in the text of a row; every token has at least one byte."""
        recent = row[-max(map(len, self.strings)) :]
        text = b"".join(self.tokenizer.vocab.get(token, b"") for token in recent)
        return any(string in text for string in self.strings)


def generate(
    model,
    prompts: Sequence[Sequence[int]],
    max_new_tokens: int,
    *,
    choose: Callable[[Tensor], Tensor] = greedy,
    processors: Sequence[Processor] = (),
    stop: Sequence[str | Sequence[int]] = (),
    tokenizer=None,
) -> list[list[int]]:
    """The new token ids for each prompt, a stop sequence that ended them included.

    All prompts advance together, with a KV cache; with `greedy` each gets what it would get alone. Raises
    ValueError for empty prompts, unknown ids, and more positions than the context holds.
    """
    ids = prepare(model, prompts, max_new_tokens)
    with evaluating(model):
        done = decode(CachedStep(model), ids, max_new_tokens, choose, processors, Stop(stop, tokenizer))
    return [[token for token in row if token != PAD] for row in done[:, ids.shape[1] :].tolist()]


def stream(
    model,
    prompt: Sequence[int],
    max_new_tokens: int,
    *,
    choose: Callable[[Tensor], Tensor] = greedy,
    processors: Sequence[Processor] = (),
    stop: Sequence[str | Sequence[int]] = (),
    tokenizer=None,
) -> Iterator[int]:
    """The ids that `generate` gives for one prompt, each as soon as it is there. Raises as `generate`."""
    ids, ended = prepare(model, [prompt], max_new_tokens), Stop(stop, tokenizer)
    return _stream(model, ids, max_new_tokens, choose, processors, ended)


def _stream(model, ids, max_new_tokens, choose, processors, ended) -> Iterator[int]:
    step, start = CachedStep(model), ids.shape[1]
    for _ in range(max_new_tokens):
        with evaluating(model):
            ids = decode(step, ids, 1, choose, processors)
        yield int(ids[0, -1])
        if ended(ids[:, start:]):
            return


def generate_beams(
    model, prompts: Sequence[Sequence[int]], beams: int, max_new_tokens: int, n_best: int = 1, **settings
) -> list[list[Hypothesis]]:
    """`beam_search` for each prompt with a KV cache: its `n_best` hypotheses, best first.

    `settings` are those of `beam_search`. Raises ValueError as `generate` does, and for n_best
    outside 1…beams.
    """
    if not 1 <= n_best <= beams:
        raise ValueError(f"n_best must be in 1…{beams} (beams), not {n_best}")
    ids = prepare(model, prompts, max_new_tokens)
    with evaluating(model):
        found = beam_search(CachedStep(model), ids, beams, max_new_tokens, **settings)
    return [[Hypothesis(*pair) for pair in pairs[:n_best]] for pairs in found]


def generate_speculative(
    model, draft, prompt: Sequence[int], max_new_tokens: int, generator: torch.Generator, **settings
) -> list[int]:
    """`speculative_decode` with KV caches in model and draft, both GPTs with one vocabulary: the new ids.

    `settings` are those of `speculative_decode`. Raises ValueError as `generate` does.
    """
    if draft.config.vocab_size != model.config.vocab_size:
        raise ValueError(f"draft has {draft.config.vocab_size} tokens, model {model.config.vocab_size}")
    ids = prepare(model, [prompt], max_new_tokens)
    prepare(draft, [prompt], max_new_tokens)
    with evaluating(model), evaluating(draft):
        done = speculative_decode(
            CachedStep(model).last, CachedStep(draft), ids, max_new_tokens, generator, **settings
        )
    return done[0, ids.shape[1] :].tolist()


def complete(
    model, tokenizer, texts: Sequence[str], max_new_tokens: int, *, stop=(), **settings
) -> list[str]:
    """What follows each text, cut before the first stop string. Settings and errors as `generate`."""
    if isinstance(texts, str):
        raise TypeError("texts must be a list: write [text], not a bare string")
    prompts = [tokenizer.encode(text) for text in texts]
    rows = generate(model, prompts, max_new_tokens, stop=stop, tokenizer=tokenizer, **settings)
    return [cut(tokenizer.decode(row), [s for s in stop if isinstance(s, str)]) for row in rows]


def cut(text: str, stops: Sequence[str]) -> str:
    """The text before the first of the stop strings."""
    return text[: min([text.find(stop) for stop in stops if stop in text], default=len(text))]
