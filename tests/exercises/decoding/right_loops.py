"""Plain Python: loops, lists, dictionaries, one row at a time."""


# %% temperature
def temperature(logits, value):
    if value != value or value <= 0 or value == float("inf"):
        raise ValueError(f"a temperature of {value} makes no distribution; greedy() is what you want for 0")
    result = logits.clone()
    for b in range(result.shape[0]):
        for v in range(result.shape[1]):
            result[b, v] = logits[b, v] / value
    return result


# %% top_k
def top_k(logits, k):
    if k < 1:
        raise ValueError(f"k = {k}: keep at least one token")
    result = logits.clone()
    for b, row in enumerate(logits.tolist()):
        bar = sorted(row, reverse=True)[min(k, len(row)) - 1]
        for v, z in enumerate(row):
            if z < bar:
                result[b, v] = float("-inf")
    return result


# %% top_p
def top_p(logits, p):
    if not (p > 0 and p <= 1):
        raise ValueError(f"p = {p} is not in (0, 1]")
    result = torch.full_like(logits, -math.inf)
    for b, row in enumerate(logits.softmax(-1).tolist()):
        mass = 0.0
        for v in sorted(range(len(row)), key=lambda v: -row[v]):
            result[b, v] = logits[b, v]
            mass += row[v]
            if mass >= p and p < 1:
                break
    return result


# %% min_p
def min_p(logits, p):
    if p != p or p <= 0 or p > 1:
        raise ValueError(f"p = {p} is not in (0, 1]")
    result = logits.clone()
    for b in range(len(logits)):
        shares = logits[b].softmax(0)
        for v in range(len(shares)):
            if shares[v] < p * shares.max():
                result[b, v] = -math.inf
    return result


# %% repetition_penalty
def repetition_penalty(ids, logits, penalty):
    if penalty != penalty or penalty <= 0 or penalty == math.inf:
        raise ValueError(f"penalty {penalty} must be a positive number")
    result = logits.clone()
    for b in range(len(ids)):
        said = {int(t) for t in ids[b] if t != PAD}
        for v in said:
            z = logits[b, v]
            result[b, v] = z / penalty if z > 0 else z * penalty
    return result


# %% no_repeat_ngram
def no_repeat_ngram(ids, logits, n):
    if n < 1:
        raise ValueError(f"n = {n}: an n-gram has at least one token")
    result = logits.clone()
    for b in range(len(ids)):
        text = [int(t) for t in ids[b] if t != PAD]
        followers = {}
        for i in range(len(text) - n + 1):
            followers.setdefault(tuple(text[i : i + n - 1]), set()).add(text[i + n - 1])
        tail = tuple(text[len(text) - (n - 1) :]) if len(text) >= n - 1 else None
        for v in followers.get(tail, ()):
            result[b, v] = -math.inf
    return result


# %% sample
def sample(logits, generator):
    result = []
    for row in logits:
        if bool(row.isnan().any()) or float(row.max()) == -math.inf:
            raise ValueError("this row offers no token")
        point = float(torch.rand((), generator=generator, dtype=torch.float64))
        weights = row.double().softmax(0).tolist()
        chosen = max(v for v, w in enumerate(weights) if w > 0)
        for v, w in enumerate(weights):
            point -= w
            if point < 0 and w > 0:
                chosen = v
                break
        result.append(chosen)
    return torch.tensor(result)


# %% ends_with
def ends_with(new, sequences):
    for s in sequences:
        if not len(s):
            raise ValueError("an empty stop sequence")
    return torch.tensor(
        [
            any(len(s) <= len(row) and row[len(row) - len(s) :] == list(s) for s in sequences)
            for row in new.tolist()
        ],
        dtype=torch.bool,
    )


# %% decode
def decode(step, ids, max_new_tokens, choose=greedy, processors=(), stop=None):
    if max_new_tokens < 0:
        raise ValueError("cannot make fewer than no tokens")
    rows, start = [list(map(int, row)) for row in ids], ids.shape[1]
    over = [False for _ in rows]
    while max_new_tokens > 0 and not all(over):
        max_new_tokens -= 1
        now = torch.tensor(rows)
        logits = step(now)
        for processor in processors:
            logits = processor(now, logits)
        for b, token in enumerate(choose(logits).tolist()):
            rows[b].append(PAD if over[b] else token)
        if stop is not None:
            for b, ended in enumerate(stop(torch.tensor([row[start:] for row in rows]))):
                over[b] = over[b] or bool(ended)
    return torch.tensor(rows)


# %% expand_beams
def expand_beams(scores, log_probabilities, count):
    best = []
    for b in range(len(scores)):
        every = []
        for k in range(scores.shape[1]):
            for v in range(log_probabilities.shape[2]):
                every.append((float(scores[b, k] + log_probabilities[b, k, v]), k, v))
        every.sort(reverse=True, key=lambda e: e[0])
        best.append(every[:count])
    totals, parents, tokens = (torch.tensor([[e[i] for e in row] for row in best]) for i in range(3))
    return totals, parents, tokens


# %% beam_search
def beam_search(
    step, ids, beams, max_new_tokens, eos=None, length_penalty=1.0, early_stopping=False, processors=()
):
    if beams < 1 or max_new_tokens < 0 or early_stopping not in (True, False, "never"):
        raise ValueError("beams, max_new_tokens or early_stopping make no sense")
    answers = []
    for prompt in ids.tolist():
        live, done = [(0.0, [])], []
        for length in range(1, max_new_tokens + 1):
            texts = torch.tensor([prompt + new for _, new in live])
            logp = step(texts).log_softmax(-1)
            for processor in processors:
                logp = processor(texts, logp)
            options = [
                (total + x, [*new, v])
                for (total, new), row in zip(live, logp.tolist())
                for v, x in enumerate(row)
            ]
            options.sort(key=lambda o: o[0], reverse=True)
            options, live = options[: 2 * beams], []
            for rank, (total, new) in enumerate(options):
                if new[-1] == eos or length == max_new_tokens:
                    if rank < beams and total != -math.inf:
                        done.append((total / length**length_penalty, new))
                elif len(live) < beams:
                    live.append((total, new))
            done = sorted(done, key=lambda d: d[0], reverse=True)[:beams]
            if not live:
                break
            if len(done) == beams:
                far = max_new_tokens if early_stopping == "never" and length_penalty > 0 else length
                if early_stopping is True or live[0][0] / far**length_penalty <= done[-1][0]:
                    break
        answers.append(done)
    return answers


# %% speculative_step
def speculative_step(drafted, draft_probabilities, target_probabilities, generator):
    out = []
    for i in range(len(drafted)):
        x = int(drafted[i])
        p, q = target_probabilities[i], draft_probabilities[i]
        if float(q[x]) == 0:
            raise ValueError("the draft cannot have drawn this token")
        if float(torch.rand((), generator=generator, dtype=torch.float64)) < float(p[x]) / float(q[x]):
            out.append(x)
            continue
        rest = [max(0.0, float(a) - float(b)) for a, b in zip(p, q)]
        point, total = float(torch.rand((), generator=generator, dtype=torch.float64)) * sum(rest), 0.0
        for v, weight in enumerate(rest):
            total += weight
            if weight > 0 and point < total:
                break
        return torch.tensor([*out, v])
    out.append(int(torch.multinomial(target_probabilities[len(drafted)], 1, generator=generator)))
    return torch.tensor(out)


# %% stretch
def speculative_decode(
    target, draft, ids, max_new_tokens, generator, lookahead=4, probabilities=None, stop=None
):
    if len(ids) != 1 or lookahead < 1 or max_new_tokens < 0:
        raise ValueError("one row, some lookahead, no negative number of tokens")
    probabilities = probabilities or (lambda ids, logits: logits.softmax(-1))
    start = ids.shape[1]
    while ids.shape[1] - start < max_new_tokens:
        guess, q = ids, []
        for _ in range(min(lookahead, max_new_tokens - (ids.shape[1] - start) - 1)):
            q.append(probabilities(guess, draft(guess))[0])
            guess = torch.cat([guess, torch.multinomial(q[-1], 1, generator=generator)[None]], 1)
        logits = target(guess, len(q) + 1)[0]
        p = [probabilities(guess[:, : ids.shape[1] + i], logits[i][None])[0] for i in range(len(q) + 1)]
        q = torch.stack(q) if q else torch.zeros(0, logits.shape[-1])
        for token in speculative_step(guess[0, ids.shape[1] :], q, torch.stack(p), generator):
            ids = torch.cat([ids, token.view(1, 1)], 1)
            if stop is not None and stop(ids[:, start:]).item():
                return ids
    return ids
