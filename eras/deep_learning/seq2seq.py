"""From sentence to sentence: what an encoder-decoder computes at each step, learns from, and searches with.

Attention before the decoder's step (Bahdanau et al. 2015) and after it, with input feeding (Luong et al. 2015);
teacher forcing; beam search; alignment error. `encoder_decoder` makes networks of it, `translator` reads and
writes text.

Letters: B batch, S source length, T target length, C channels of embeddings, H decoder state, M width of the
encoder's memory, A hidden units of the additive score, V vocabulary, K hypotheses.
"""

from collections.abc import Callable, Collection, Sequence

import torch
from torch import Tensor

PAD, START, END, UNKNOWN = range(4)
Link = tuple[int, int]
Attend = Callable[[Tensor], tuple[Tensor, Tensor]]  # a query (B, H) -> context (B, M), weights (B, S)
Step = Callable[[Tensor, object], tuple[Tensor, object]]
Pick = Callable[[object, Tensor], object]


def teacher_forcing(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """What a decoder reads and what it should say for rows of tokens.  -> (B, T), (B, T), T the longest row and 1

    It reads START and the row, and should say the row and END: at each step the right word, whatever it said
    before. Both are filled up with PAD. Source: Williams and Zipser 1989 (the name).
    """
    ### BEGIN SOLUTION
    time = 1 + max(map(len, rows), default=0)
    inputs, targets = torch.full((2, len(rows), time), PAD)
    for i, row in enumerate(rows):
        inputs[i, : len(row) + 1] = torch.tensor([START, *row])
        targets[i, : len(row) + 1] = torch.tensor([*row, END])
    return inputs, targets
    ### END SOLUTION


def additive_scores(query: Tensor, keys: Tensor, v: Tensor) -> Tensor:
    """How well each key answers a query, by a small network: v · tanh(query + key).

    query (B, A), keys (B, S, A), v (A,) -> (B, S). Query and keys come multiplied by their weights. Source:
    Bahdanau et al. 2015, appendix A.1.2.
    """
    ### BEGIN SOLUTION
    return torch.tanh(query[:, None] + keys) @ v
    ### END SOLUTION


def general_scores(query: Tensor, memory: Tensor, weight: Tensor) -> Tensor:
    """How well each place of a memory answers a query, by a product: query · W place.

    query (B, H), memory (B, S, M), weight (H, M) -> (B, S). Source: Luong et al. 2015, equation 8 ("general").
    """
    ### BEGIN SOLUTION
    return torch.einsum("bh,hm,bsm->bs", query, weight, memory)
    ### END SOLUTION


def attend(scores: Tensor, memory: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The mean of a memory, weighted by scores.  (B, S), (B, S, M), (B, S) -> context (B, M), weights (B, S)

    The weights are the softmax over the places where the mask is true and exactly 0 elsewhere; a row without any
    such place has weights and context 0. Source: Bahdanau et al. 2015, equations 5 and 6.
    """
    ### BEGIN SOLUTION
    weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1)
    weights = torch.where(mask, weights, torch.zeros_like(weights))
    return (weights[:, None] @ memory).squeeze(1), weights
    ### END SOLUTION


def bahdanau_step(
    word: Tensor, state: Tensor, look: Attend, cell: Callable, readout: Callable
) -> tuple[Tensor, Tensor, Tensor]:
    """Attention before the step.

    word (B, C), state (B, H) -> features (B, F), the new state (B, H), weights (B, S). The old state asks; the
    cell takes word and context; features = tanh(readout(new state, context, word)), each list joined in this
    order. Source: Bahdanau et al. 2015, section 3.1; they have a maxout in the place of the tanh.
    """
    ### BEGIN SOLUTION
    context, weights = look(state)
    new = cell(torch.cat([word, context], -1), state)
    return torch.tanh(readout(torch.cat([new, context, word], -1))), new, weights
    ### END SOLUTION


def luong_step(
    word: Tensor, state: Tensor, fed: Tensor, look: Attend, cell: Callable, readout: Callable
) -> tuple[Tensor, Tensor, Tensor]:
    """Attention after the step.

    word (B, C), state (B, H), fed (B, F) -> features (B, F), the new state (B, H), weights (B, S). The cell takes
    the word and the features of the last step; the new state asks; features = tanh(readout(context, new state)),
    each list joined in this order. Source: Luong et al. 2015, equation 5 and section 3.3.
    """
    ### BEGIN SOLUTION
    new = cell(torch.cat([word, fed], -1), state)
    context, weights = look(new)
    return torch.tanh(readout(torch.cat([context, new], -1))), new, weights
    ### END SOLUTION


def token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy in nats over the targets that are not PAD.  (B, T, V), (B, T) -> ()

    0 where all of them are.
    """
    ### BEGIN SOLUTION
    real = targets != PAD
    costs = torch.logsumexp(logits, -1) - logits.gather(-1, targets[..., None]).squeeze(-1)
    return torch.where(real, costs, torch.zeros_like(costs)).sum() / real.sum().clamp(min=1)
    ### END SOLUTION


def length_penalty(length: int, alpha: float) -> float:
    """What the log-probability of a hypothesis of so many tokens is divided by; 1 for alpha 0.

    Source: Wu et al. 2016, equation 14.
    """
    return ((5 + length) / 6) ** alpha


def beam_search(
    step: Step, pick: Pick, state: object, width: int, limit: int, alpha: float = 0.0
) -> list[tuple[tuple[int, ...], float]]:
    """The best translations that a beam finds: (tokens, END included; their log-probability), best first.

    `step(last tokens (K,), state)` gives log-probabilities (K, V) and the next state of K hypotheses,
    `pick(state, rows)` the state of chosen ones. It begins with one hypothesis, last token START. At each step
    the best continuations of all hypotheses stay, as many as there are places; one that ends with END is done and
    keeps its place for good. Of equal ones the earlier hypothesis, then the lower token comes first; what
    has probability 0 never stays. After `limit` steps what is not done counts as it is. In the end
    log-probabilities divided by `length_penalty` decide, and of equal ones what was done first. Source: Sutskever
    et al. 2014, section 3.2.
    """
    ### BEGIN SOLUTION
    done, alive, last = [], [((), 0.0)], torch.tensor([START])
    for _ in range(limit):
        if not alive:
            break
        logs, state = step(last, state)
        scores = logs.double() + torch.tensor([score for _, score in alive], dtype=torch.float64)[:, None]
        best, places = torch.sort(scores.flatten(), descending=True, stable=True)
        room, grown, rows = width - len(done), [], []
        for score, place in zip(best[:room].tolist(), places[:room].tolist(), strict=True):
            row, token = divmod(place, logs.shape[1])
            if score == -torch.inf:
                break
            new = ((*alive[row][0], token), score)
            if token == END:
                done.append(new)
            else:
                grown.append(new)
                rows.append(row)
        alive, last = grown, torch.tensor([tokens[-1] for tokens, _ in grown], dtype=torch.long)
        state = pick(state, torch.tensor(rows, dtype=torch.long))
    return sorted(done + alive, key=lambda found: -found[1] / length_penalty(len(found[0]), alpha))
    ### END SOLUTION


def alignment_error(
    found: Collection[Link], sure: Collection[Link], possible: Collection[Link] = ()
) -> float:
    """AER: 0 if all sure links were found and nothing but sure and possible ones, 1 if nothing found was either.

    Links are pairs (i, j). 1 - (found sure links + found links that are sure or possible) / (found + sure links).
    Raises ValueError where there is neither a link found nor a sure one. Source: Och and Ney 2003, equation 21.
    """
    ### BEGIN SOLUTION
    found, sure = set(found), set(sure)
    if not found and not sure:
        raise ValueError("no links, neither found nor sure")
    allowed = sure | set(possible)
    return 1 - (len(found & sure) + len(found & allowed)) / (len(found) + len(sure))
    ### END SOLUTION
