"""Functional torch: where, sort, rank, closures, hardly an index; Gumbel noise for drawing."""


# %% temperature
def temperature(logits, value):
    fine = value > 0 and math.isfinite(value)
    if not fine:
        raise ValueError(f"temperature {value}: above 0 and finite, please (greedy does 0)")
    return torch.div(logits, value)


# %% top_k
def top_k(logits, k):
    if k < 1:
        raise ValueError("k < 1 keeps nothing")
    better = (logits[:, None, :] > logits[:, :, None]).sum(-1)  # how many are larger
    return torch.where(better < k, logits, torch.full_like(logits, -math.inf))


# %% top_p
def top_p(logits, p):
    if not 0.0 < p <= 1.0:
        raise ValueError(f"p must be in (0, 1], got {p}")
    share = logits.double().softmax(-1)
    index = torch.arange(logits.shape[-1])
    ahead = (share[:, None, :] > share[:, :, None]) | (
        (share[:, None, :] == share[:, :, None]) & (index[None, None, :] < index[None, :, None])
    )
    before = (ahead * share[:, None, :]).sum(-1)  # mass of the tokens ahead of each
    keep = (before < p) if p < 1 else torch.ones_like(before, dtype=torch.bool)
    return torch.where(keep, logits, torch.full_like(logits, -math.inf))


# %% min_p
def min_p(logits, p):
    if not 0.0 < p <= 1.0:
        raise ValueError(f"p must be in (0, 1], got {p}")
    ratio = (logits - logits.amax(-1, keepdim=True)).exp()
    return torch.where(ratio >= p, logits, torch.full_like(logits, -math.inf))


# %% repetition_penalty
def repetition_penalty(ids, logits, penalty):
    if not (penalty > 0 and math.isfinite(penalty)):
        raise ValueError(f"penalty must be positive and finite, got {penalty}")
    said = (ids[:, :, None] == torch.arange(logits.shape[-1])).any(1)
    factor = torch.where(logits > 0, torch.full_like(logits, 1 / penalty), torch.full_like(logits, penalty))
    return torch.where(said & logits.isfinite(), logits * factor, logits)


# %% no_repeat_ngram
def no_repeat_ngram(ids, logits, n):
    if n < 1:
        raise ValueError("n must be at least 1")

    def banned(row):
        text = row[row != PAD]
        if len(text) < n:
            return torch.zeros(logits.shape[-1], dtype=torch.bool)
        grams = text.unfold(0, n, 1)
        hits = (grams[:, :-1] == text[len(text) - n + 1 :]).all(-1)
        return torch.zeros(logits.shape[-1], dtype=torch.bool).index_fill(0, grams[hits, -1], True)

    return logits.masked_fill(torch.stack([banned(row) for row in ids]), -math.inf)


# %% sample
def sample(logits, generator):
    if bool(logits.isnan().any()) or bool((logits.amax(-1) == -math.inf).any()):
        raise ValueError("a row has no distribution")
    uniform = torch.rand(logits.shape, generator=generator, dtype=torch.float64).clamp(min=1e-300)
    return (logits.double() - (-uniform.log()).log()).argmax(-1)


# %% ends_with
def ends_with(new, sequences):
    if min(map(len, sequences), default=1) == 0:
        raise ValueError("an empty stop sequence ends everything")
    matches = [
        (new[:, new.shape[1] - len(s) :] == torch.tensor(list(s))).all(-1)
        for s in sequences
        if len(s) <= new.shape[1]
    ]
    return torch.stack(matches).any(0) if matches else torch.zeros(len(new), dtype=torch.bool)


# %% decode
def decode(step, ids, max_new_tokens, choose=greedy, processors=(), stop=None):
    if max_new_tokens < 0:
        raise ValueError("max_new_tokens < 0")
    start = ids.shape[1]

    def grow(ids, complete, left):
        if left == 0 or bool(complete.all()):
            return ids
        logits = step(ids)
        for change in processors:
            logits = change(ids, logits)
        tokens = torch.where(complete, torch.tensor(PAD), choose(logits))
        longer = torch.hstack([ids, tokens.unsqueeze(1)])
        ended = complete if stop is None else torch.logical_or(complete, stop(longer[:, start:]))
        return grow(longer, ended, left - 1)

    return grow(ids, torch.zeros(len(ids), dtype=torch.bool), max_new_tokens)


# %% expand_beams
def expand_beams(scores, log_probabilities, count):
    rows, _, vocabulary = log_probabilities.shape
    totals = torch.einsum("bk,v->bkv", scores, torch.ones(vocabulary)) + log_probabilities
    order = totals.view(rows, -1).argsort(dim=1, descending=True)[:, :count]
    parents = torch.div(order, vocabulary, rounding_mode="floor")
    return totals.view(rows, -1).gather(1, order), parents, order - parents * vocabulary


# %% beam_search
def beam_search(
    step, ids, beams, max_new_tokens, eos=None, length_penalty=1.0, early_stopping=False, processors=()
):
    check_beams(beams, max_new_tokens, early_stopping)
    return [
        _one_prompt(step, row, beams, max_new_tokens, eos, length_penalty, early_stopping, processors)
        for row in ids
    ]


def _one_prompt(step, prompt, beams, limit, eos, power, early, processors):
    live, scores, done = prompt[None], torch.zeros(1), []
    for length in range(1, limit + 1):
        logp = torch.log_softmax(step(live), -1)
        for change in processors:
            logp = change(live, logp)
        flat = (scores[:, None] + logp).flatten()
        order = flat.argsort(descending=True)[: 2 * beams]
        texts = torch.hstack([live[order // logp.shape[1]], (order % logp.shape[1])[:, None]])
        ends = torch.full((len(order),), length == limit) | torch.tensor(
            [eos is not None and int(t) == eos for t in texts[:, -1]]
        )
        for i in range(min(beams, len(order))):
            if ends[i] and flat[order[i]] > -math.inf:
                done.append((float(flat[order[i]]) / length**power, texts[i, len(prompt) :].tolist()))
        done = sorted(done, key=lambda pair: -pair[0])[:beams]
        live, scores = texts[~ends][:beams], flat[order][~ends][:beams]
        horizon = limit if early == "never" and power > 0 else length
        full = len(done) >= beams
        if len(live) == 0 or (full and (early is True or float(scores[0]) / horizon**power <= done[-1][0])):
            break
    return done


# %% speculative_step
def speculative_step(drafted, draft_probabilities, target_probabilities, generator):
    count = len(drafted)
    q = draft_probabilities.gather(1, drafted[:, None])[:, 0] if count else torch.zeros(0)
    p = target_probabilities[:count].gather(1, drafted[:, None])[:, 0] if count else torch.zeros(0)
    if bool((q <= 0).any()):
        raise ValueError("a drafted token has probability 0 in the draft")
    accepted = torch.rand(count, generator=generator, dtype=torch.float64) * q < p
    kept = int(accepted.long().cumprod(0).sum())
    rest = target_probabilities[kept]
    if kept < count:
        rest = torch.relu(rest - draft_probabilities[kept])
    last = torch.multinomial(rest / rest.sum(), 1, generator=generator)
    return torch.cat([drafted[:kept], last])


# %% stretch
def speculative_decode(
    target, draft, ids, max_new_tokens, generator, lookahead=4, probabilities=PLAIN, stop=None
):
    check_speculation(ids, max_new_tokens, lookahead)
    start, limit = ids.shape[1], ids.shape[1] + max_new_tokens
    while ids.shape[1] < limit:
        size = ids.shape[1]
        count, text, q = min(lookahead, limit - size - 1), ids, []
        while len(q) < count:
            q.append(probabilities(text, draft(text)))
            text = torch.hstack([text, torch.multinomial(q[-1], 1, generator=generator)])
        rows = target(text, count + 1)[0].split(1)
        p = torch.vstack([probabilities(text[:, : size + i], row) for i, row in enumerate(rows)])
        fresh = speculative_step(text[0, size:], torch.vstack(q) if q else p[:0], p, generator)
        ends = [
            i
            for i in range(1, len(fresh) + 1)
            if stop and stop(torch.hstack([ids, fresh[None, :i]])[:, start:])
        ]
        ids = torch.hstack([ids, fresh[None, : ends[0] if ends else len(fresh)]])
        if ends:
            break
    return ids
