"""NumPy inside, tensors at the edges; a seed from the generator drives NumPy's own random numbers."""


# %% temperature
def temperature(logits, value):
    import numpy as np

    if not (np.isfinite(value) and value > 0):
        raise ValueError(f"temperature must be a positive number, not {value}; greedy stands for 0")
    return torch.from_numpy(logits.numpy() / np.asarray(value, dtype=logits.numpy().dtype))


# %% top_k
def top_k(logits, k):
    import numpy as np

    if k < 1:
        raise ValueError("top_k needs k >= 1")
    z = logits.numpy().copy()
    bar = np.sort(z, axis=1)[:, ::-1][:, min(k, z.shape[1]) - 1][:, None]
    z[z < bar] = -np.inf
    return torch.from_numpy(z)


# %% top_p
def top_p(logits, p):
    import numpy as np

    if not 0 < p <= 1:
        raise ValueError("top_p needs 0 < p <= 1")
    z = logits.numpy().astype(np.float64)
    share = np.exp(z - z.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    out = logits.numpy().copy()
    for b in range(len(z)):
        order = np.argsort(-share[b], kind="stable")
        number = int(np.searchsorted(np.cumsum(share[b][order]), p)) + 1 if p < 1 else len(order)
        out[b, order[number:]] = -np.inf
    return torch.from_numpy(out)


# %% min_p
def min_p(logits, p):
    import numpy as np

    if not 0 < p <= 1:
        raise ValueError("min_p needs 0 < p <= 1")
    z = logits.numpy()
    return torch.from_numpy(
        np.where(z >= z.max(axis=1, keepdims=True) + np.log(p).astype(z.dtype), z, -np.inf).astype(z.dtype)
    )


# %% repetition_penalty
def repetition_penalty(ids, logits, penalty):
    import numpy as np

    if not (np.isfinite(penalty) and penalty > 0):
        raise ValueError("the penalty must be positive")
    z = logits.numpy().copy()
    for b, row in enumerate(ids.numpy()):
        said = np.unique(row[row >= 0])
        z[b, said] = np.where(z[b, said] > 0, z[b, said] / penalty, z[b, said] * penalty)
    return torch.from_numpy(z)


# %% no_repeat_ngram
def no_repeat_ngram(ids, logits, n):
    import numpy as np

    if n < 1:
        raise ValueError("n-grams have n >= 1")
    z = logits.numpy().copy()
    for b, row in enumerate(ids.numpy()):
        text = row[row >= 0]
        if len(text) < n:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(text, n)
        matching = np.all(windows[:, : n - 1] == text[len(text) - n + 1 :], axis=1)
        z[b, windows[matching, n - 1]] = -np.inf
    return torch.from_numpy(z)


# %% sample
def sample(logits, generator):
    import numpy as np

    z = logits.numpy().astype(np.float64)
    if np.isnan(z).any() or not np.isfinite(z).any(axis=1).all():
        raise ValueError("nothing to draw from")
    random = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
    weights = np.exp(z - z.max(axis=1, keepdims=True))
    bounds = np.cumsum(weights, axis=1)
    points = random.random((len(z), 1)) * bounds[:, -1:]
    return torch.from_numpy((bounds > points).argmax(axis=1))


# %% ends_with
def ends_with(new, sequences):
    import numpy as np

    if any(len(s) < 1 for s in sequences):
        raise ValueError("a stop sequence needs a token")
    rows = new.numpy()
    ended = np.zeros(len(rows), dtype=bool)
    for s in sequences:
        if len(s) <= rows.shape[1]:
            ended |= (rows[:, rows.shape[1] - len(s) :] == np.array(s)).all(axis=1)
    return torch.from_numpy(ended)


# %% decode
def decode(step, ids, max_new_tokens, choose=greedy, processors=(), stop=None):
    if max_new_tokens < 0:
        raise ValueError("max_new_tokens must not be negative")
    rows, start = ids.shape
    table = torch.full((rows, start + max_new_tokens), PAD)
    table[:, :start] = ids
    alive = torch.ones(rows, dtype=torch.bool)
    end = start
    while end < table.shape[1] and alive.any():
        now = table[:, :end].clone()
        logits = step(now)
        for processor in processors:
            logits = processor(now, logits)
        chosen = choose(logits)
        table[alive, end] = chosen[alive]
        end += 1
        if stop is not None:
            alive &= ~stop(table[:, start:end].clone())
    return table[:, :end]


# %% expand_beams
def expand_beams(scores, log_probabilities, count):
    import numpy as np

    totals = scores.numpy()[:, :, None] + log_probabilities.numpy()
    best = [np.argsort(-row, axis=None, kind="stable")[:count] for row in totals]
    where = [np.unravel_index(index, totals.shape[1:]) for index in best]
    values = np.stack([row.ravel()[index] for row, index in zip(totals, best)])
    parents, tokens = (torch.from_numpy(np.stack([w[axis] for w in where])) for axis in (0, 1))
    return torch.from_numpy(values), parents, tokens


# %% beam_search
def beam_search(
    step, ids, beams, max_new_tokens, eos=None, length_penalty=1.0, early_stopping=False, processors=()
):
    check_beams(beams, max_new_tokens, early_stopping)
    pools = [Finished(beams) for _ in ids]
    for pool, prompt in zip(pools, ids):
        live, scores = prompt[None], torch.zeros(1, 1)
        for length in range(1, max_new_tokens + 1):
            logp = process(processors, live, step(live).log_softmax(-1))
            totals, parents, tokens = expand_beams(scores, logp[None], 2 * beams)
            live = torch.cat([live[parents[0]], tokens[0][:, None]], 1)
            ends = torch.tensor([length == max_new_tokens or t == eos for t in tokens[0].tolist()])
            power = length**length_penalty
            pool.take(live[:beams, len(prompt) :], totals[0, :beams] / power, ends[:beams])
            live, scores = live[~ends][:beams], totals[:, ~ends][:, :beams]
            if not len(live):
                break
            if early_stopping == "never" and length_penalty > 0:
                power = max_new_tokens**length_penalty
            if pool.full and (early_stopping is True or scores[0, 0] / power <= pool.worst):
                break
    return [pool.best for pool in pools]


# %% speculative_step
def speculative_step(drafted, draft_probabilities, target_probabilities, generator):
    import numpy as np

    random = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
    p, q = target_probabilities.double().numpy(), draft_probabilities.double().numpy()
    tokens = drafted.numpy()
    weights = p[-1]
    for i, x in enumerate(tokens):
        if q[i, x] == 0:
            raise ValueError("impossible draft")
        if random.random() * q[i, x] >= p[i, x]:
            tokens, weights = tokens[:i], np.maximum(p[i] - q[i], 0)
            break
    last = random.choice(len(weights), p=weights / weights.sum())
    return torch.from_numpy(np.append(tokens, last).astype(np.int64))
