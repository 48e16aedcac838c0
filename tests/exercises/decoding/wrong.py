"""Wrong solutions that people really write; each must cost the part it names, and no other."""


# %% temperature | multiplies instead of dividing
# - return logits / value
# + return logits * value


# %% temperature | divides by zero without a word
def temperature(logits, value):
    return logits / value


# %% temperature | lets NaN through
# - if not 0 < value < math.inf:
# + if value <= 0 or value == math.inf:


# %% temperature | takes 0 to mean greedy
def temperature(logits, value):
    if value == 0:
        return torch.where(logits == logits.amax(-1, keepdim=True), logits, -math.inf)
    if not 0 < value < math.inf:
        raise ValueError("temperature must be above 0")
    return logits / value


# %% temperature | changes its input in place
# - return logits / value
# + logits /= value
# + return logits


# %% top_k | keeps exactly k, whatever the ties
def top_k(logits, k):
    if k < 1:
        raise ValueError("k must be at least 1")
    index = logits.topk(min(k, logits.shape[-1]), dim=-1).indices
    keep = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, index, True)
    return logits.masked_fill(~keep, -math.inf)


# %% top_k | one threshold for the whole batch
def top_k(logits, k):
    if k < 1:
        raise ValueError("k must be at least 1")
    kth = logits.topk(min(k, logits.shape[-1]), dim=-1).values[:, -1].max()
    return logits.masked_fill(logits < kth, -math.inf)


# %% top_k | crashes when k exceeds the vocabulary
def top_k(logits, k):
    if k < 1:
        raise ValueError("k must be at least 1")
    kth = logits.topk(k, dim=-1).values[:, -1:]
    return logits.masked_fill(logits < kth, -math.inf)


# %% top_k | forbids with zero
def top_k(logits, k):
    if k < 1:
        raise ValueError("k must be at least 1")
    kth = logits.topk(min(k, logits.shape[-1]), dim=-1).values[:, -1:]
    return logits * (logits >= kth)


# %% top_k | k = 0 switches it off
def top_k(logits, k):
    if k == 0:
        return logits
    kth = logits.topk(min(k, logits.shape[-1]), dim=-1).values[:, -1:]
    return logits.masked_fill(logits < kth, -math.inf)


# %% top_p | drops the token that reaches p
def top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p must be in (0, 1]")
    ordered, order = logits.sort(dim=-1, descending=True)
    gone = ordered.softmax(-1).cumsum(-1) > p
    return logits.masked_fill(gone.scatter(-1, order, gone), -math.inf)


# %% top_p | keeps one token too many
def top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p must be in (0, 1]")
    ordered, order = logits.sort(dim=-1, descending=True)
    mass = ordered.softmax(-1).cumsum(-1)
    gone = torch.zeros_like(mass, dtype=torch.bool)
    gone[:, 2:] = mass[:, :-2] >= p
    return logits.masked_fill(gone.scatter(-1, order, gone), -math.inf)


# %% top_p | forgets to undo the sorting
def top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p must be in (0, 1]")
    ordered, order = logits.sort(dim=-1, descending=True)
    share = ordered.softmax(-1)
    gone = share.cumsum(-1) - share >= p
    return logits.masked_fill(gone, -math.inf)


# %% top_p | gathers where it must scatter
def top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p must be in (0, 1]")
    ordered, order = logits.sort(dim=-1, descending=True)
    share = ordered.softmax(-1)
    gone = share.cumsum(-1) - share >= p
    return logits.masked_fill(gone.gather(-1, order), -math.inf)


# %% top_p | keeps the tail instead of the head
def top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p must be in (0, 1]")
    ordered, order = logits.sort(dim=-1)
    share = ordered.softmax(-1)
    gone = share.cumsum(-1) - share >= p
    return logits.masked_fill(gone.scatter(-1, order, gone), -math.inf)


# %% top_p | works for one row only
def top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p must be in (0, 1]")
    ordered, order = logits[0].sort(descending=True)
    share = ordered.softmax(-1)
    result = logits.clone()
    result[:, order[share.cumsum(-1) - share >= p]] = -math.inf
    return result


# %% top_p | accepts any p
def top_p(logits, p):
    ordered, order = logits.sort(dim=-1, descending=True)
    share = ordered.softmax(-1)
    gone = share.cumsum(-1) - share >= p
    gone[:, 0] = False
    return logits.masked_fill(gone.scatter(-1, order, gone), -math.inf)


# %% top_p | adds up logits instead of probabilities
def top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p must be in (0, 1]")
    ordered, order = logits.sort(dim=-1, descending=True)
    gone = ordered.cumsum(-1) - ordered >= p
    return logits.masked_fill(gone.scatter(-1, order, gone), -math.inf)


# %% min_p | takes p as an absolute bar
def min_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p must be in (0, 1]")
    return logits.masked_fill(logits.softmax(-1) < p, -math.inf)


# %% min_p | measures against the best token of the batch
def min_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p must be in (0, 1]")
    share = logits.softmax(-1)
    return logits.masked_fill(share < p * share.max(), -math.inf)


# %% min_p | multiplies the largest logit by p
def min_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p must be in (0, 1]")
    return logits.masked_fill(logits < p * logits.amax(-1, keepdim=True), -math.inf)


# %% min_p | returns probabilities
def min_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p must be in (0, 1]")
    share = logits.softmax(-1)
    return share.masked_fill(share < p * share.amax(-1, keepdim=True), 0.0)


# %% repetition_penalty | divides negative logits, too
def repetition_penalty(ids, logits, penalty):
    if not 0 < penalty < math.inf:
        raise ValueError("penalty must be above 0")
    result = logits.clone()
    for b, row in enumerate(ids.tolist()):
        for v in set(row) - {PAD}:
            result[b, v] = logits[b, v] / penalty
    return result


# %% repetition_penalty | once per occurrence
def repetition_penalty(ids, logits, penalty):
    if not 0 < penalty < math.inf:
        raise ValueError("penalty must be above 0")
    result = logits.clone()
    for b, row in enumerate(ids.tolist()):
        for v in row:
            if v != PAD:
                result[b, v] = result[b, v] / penalty if result[b, v] > 0 else result[b, v] * penalty
    return result


# %% repetition_penalty | takes padding for the last token
def repetition_penalty(ids, logits, penalty):
    if not 0 < penalty < math.inf:
        raise ValueError("penalty must be above 0")
    result = logits.clone()
    for b, row in enumerate(ids.tolist()):
        for v in set(row):
            result[b, v] = logits[b, v] / penalty if logits[b, v] > 0 else logits[b, v] * penalty
    return result


# %% repetition_penalty | takes padding for token 0
def repetition_penalty(ids, logits, penalty):
    if not 0 < penalty < math.inf:
        raise ValueError("penalty must be above 0")
    ids = ids.clamp(min=0)
    score = logits.gather(1, ids)
    score = torch.where(score > 0, score / penalty, score * penalty)
    return logits.scatter(1, ids, score)


# %% repetition_penalty | changes its input in place
def repetition_penalty(ids, logits, penalty):
    if not 0 < penalty < math.inf:
        raise ValueError("penalty must be above 0")
    for b, row in enumerate(ids.tolist()):
        for v in set(row) - {PAD}:
            logits[b, v] = logits[b, v] / penalty if logits[b, v] > 0 else logits[b, v] * penalty
    return logits


# %% repetition_penalty | looks at all rows together
def repetition_penalty(ids, logits, penalty):
    if not 0 < penalty < math.inf:
        raise ValueError("penalty must be above 0")
    result = logits.clone()
    for v in set(ids.flatten().tolist()) - {PAD}:
        result[:, v] = torch.where(logits[:, v] > 0, logits[:, v] / penalty, logits[:, v] * penalty)
    return result


# %% no_repeat_ngram | nothing for n = 1
def no_repeat_ngram(ids, logits, n):
    if n < 1:
        raise ValueError("n must be at least 1")
    result = logits.clone()
    for b, row in enumerate(ids.tolist()):
        tokens = [t for t in row if t != PAD]
        for i in range(len(tokens) - n + 1):
            if tokens[i : i + n - 1] == tokens[-(n - 1) :]:
                result[b, tokens[i + n - 1]] = -math.inf
    return result


# %% no_repeat_ngram | padding counts as a token
def no_repeat_ngram(ids, logits, n):
    if n < 1:
        raise ValueError("n must be at least 1")
    result = logits.clone()
    for b, tokens in enumerate(ids.tolist()):
        for i in range(len(tokens) - n + 1):
            if tokens[i : i + n - 1] == tokens[len(tokens) - n + 1 :]:
                result[b, tokens[i + n - 1]] = -math.inf
    return result


# %% no_repeat_ngram | misses the last place an n-gram can start
def no_repeat_ngram(ids, logits, n):
    if n < 1:
        raise ValueError("n must be at least 1")
    result = logits.clone()
    for b, row in enumerate(ids.tolist()):
        tokens = [t for t in row if t != PAD]
        for i in range(len(tokens) - n):
            if tokens[i : i + n - 1] == tokens[len(tokens) - n + 1 :]:
                result[b, tokens[i + n - 1]] = -math.inf
    return result


# %% no_repeat_ngram | compares the last token only
def no_repeat_ngram(ids, logits, n):
    if n < 1:
        raise ValueError("n must be at least 1")
    result = logits.clone()
    for b, row in enumerate(ids.tolist()):
        tokens = [t for t in row if t != PAD]
        for i in range(len(tokens) - n + 1):
            if n == 1 or tokens[i + n - 2] == tokens[-1]:
                result[b, tokens[i + n - 1]] = -math.inf
    return result


# %% no_repeat_ngram | rows forbid each other's tokens
def no_repeat_ngram(ids, logits, n):
    if n < 1:
        raise ValueError("n must be at least 1")
    result, rows = logits.clone(), [[t for t in row if t != PAD] for row in ids.tolist()]
    grams = {tuple(row[i : i + n]) for row in rows for i in range(len(row) - n + 1)}
    for b, row in enumerate(rows):
        for v in range(logits.shape[-1]):
            if tuple([*row, v][-n:]) in grams:
                result[b, v] = -math.inf
    return result


# %% sample | takes the most probable token
def sample(logits, generator):
    if logits.isnan().any() or not logits.isfinite().any(-1).all():
        raise ValueError("no distribution")
    return logits.argmax(-1)


# %% sample | uses torch's global random numbers
def sample(logits, generator):
    if logits.isnan().any() or not logits.isfinite().any(-1).all():
        raise ValueError("no distribution")
    return torch.multinomial(logits.softmax(-1), 1)[:, 0]


# %% sample | leaves a dimension of one
def sample(logits, generator):
    if logits.isnan().any() or not logits.isfinite().any(-1).all():
        raise ValueError("no distribution")
    return torch.multinomial(logits.softmax(-1), 1, generator=generator)


# %% sample | one random number for all rows
def sample(logits, generator):
    if logits.isnan().any() or not logits.isfinite().any(-1).all():
        raise ValueError("no distribution")
    share = logits.softmax(-1).cumsum(-1)
    number = torch.rand((), generator=generator)
    return (share < number).sum(-1).clamp(max=logits.shape[-1] - 1)


# %% sample | exponential without care for large logits
def sample(logits, generator):
    if logits.isnan().any() or not logits.isfinite().any(-1).all():
        raise ValueError("no distribution")
    weights = logits.exp()
    return torch.multinomial(weights / weights.sum(-1, keepdim=True), 1, generator=generator)[:, 0]


# %% sample | does not notice a row without a choice
def sample(logits, generator):
    noise = -torch.log(-torch.log(torch.rand(logits.shape, generator=generator, dtype=torch.float64)))
    return (logits + noise).argmax(-1)


# %% ends_with | finds the sequence anywhere
def ends_with(new, sequences):
    if any(len(s) == 0 for s in sequences):
        raise ValueError("empty stop sequence")
    found = [
        any(row[i : i + len(s)] == list(s) for s in sequences for i in range(len(row)))
        for row in new.tolist()
    ]
    return torch.tensor(found, dtype=torch.bool)


# %% ends_with | compares the last token only
def ends_with(new, sequences):
    if any(len(s) == 0 for s in sequences):
        raise ValueError("empty stop sequence")
    return torch.tensor([bool(row) and any(row[-1] == s[-1] for s in sequences) for row in new.tolist()])


# %% ends_with | an empty sequence ends nothing
def ends_with(new, sequences):
    return torch.tensor(
        [any(len(s) > 0 and row[-len(s) :] == list(s) for s in sequences) for row in new.tolist()]
    )


# %% ends_with | crashes on a sequence longer than the text
def ends_with(new, sequences):
    ended = torch.zeros(len(new), dtype=torch.bool)
    for sequence in sequences:
        if len(sequence) == 0:
            raise ValueError("empty stop sequence")
        ended |= (new[:, -len(sequence) :] == torch.tensor(sequence)).all(-1)
    return ended


# %% decode | complete rows go on talking
# - logits = process(processors, ids, step(ids))
# - tokens = choose(logits).masked_fill(complete, PAD)
# - ids = torch.cat([ids, tokens[:, None]], dim=1)
# + tokens = choose(process(processors, ids, step(ids)))
# + ids = torch.cat([ids, tokens[:, None]], 1)


# %% decode | ends when the first row is complete
def decode(step, ids, max_new_tokens, choose=greedy, processors=(), stop=None):
    if max_new_tokens < 0:
        raise ValueError("max_new_tokens must be at least 0")
    start = ids.shape[1]
    for _ in range(max_new_tokens):
        tokens = choose(process(processors, ids, step(ids)))
        ids = torch.cat([ids, tokens[:, None]], 1)
        if stop is not None and stop(ids[:, start:]).any():
            break
    return ids


# %% decode | a complete row comes back to life
# - logits = process(processors, ids, step(ids))
# - tokens = choose(logits).masked_fill(complete, PAD)
# - ids = torch.cat([ids, tokens[:, None]], dim=1)
# + tokens = choose(process(processors, ids, step(ids))).masked_fill(complete, PAD)
# + ids = torch.cat([ids, tokens[:, None]], 1)
# - complete = complete | stop(ids[:, start:])
# + complete = stop(ids[:, start:])


# %% decode | asks `stop` about the prompt, too
def decode(step, ids, max_new_tokens, choose=greedy, processors=(), stop=None):
    if max_new_tokens < 0:
        raise ValueError("max_new_tokens must be at least 0")
    complete = torch.zeros(len(ids), dtype=torch.bool) if stop is None else stop(ids)
    for _ in range(max_new_tokens):
        tokens = choose(process(processors, ids, step(ids))).masked_fill(complete, PAD)
        ids = torch.cat([ids, tokens[:, None]], 1)
        if stop is not None:
            complete = complete | stop(ids)
        if complete.all():
            break
    return ids


# %% decode | shows the model the last token only
# - for _ in range(max_new_tokens):
# -     logits = process(processors, ids, step(ids))
# -     tokens = choose(logits).masked_fill(complete, PAD)
# -     ids = torch.cat([ids, tokens[:, None]], dim=1)
# + for i in range(max_new_tokens):
# +     logits = step(ids if i == 0 else ids[:, -1:])
# +     tokens = choose(process(processors, ids, logits)).masked_fill(complete, PAD)
# +     ids = torch.cat([ids, tokens[:, None]], 1)


# %% decode | processors see the new tokens only
# - logits = process(processors, ids, step(ids))
# - tokens = choose(logits).masked_fill(complete, PAD)
# - ids = torch.cat([ids, tokens[:, None]], dim=1)
# + seen = ids[:, start:] if ids.shape[1] > start else ids[:, -1:]
# + tokens = choose(process(processors, seen, step(ids))).masked_fill(complete, PAD)
# + ids = torch.cat([ids, tokens[:, None]], 1)


# %% decode | applies the processors in reverse
# - logits = process(processors, ids, step(ids))
# - tokens = choose(logits).masked_fill(complete, PAD)
# - ids = torch.cat([ids, tokens[:, None]], dim=1)
# + tokens = choose(process(processors[::-1], ids, step(ids))).masked_fill(complete, PAD)
# + ids = torch.cat([ids, tokens[:, None]], 1)


# %% decode | always greedy
# - logits = process(processors, ids, step(ids))
# - tokens = choose(logits).masked_fill(complete, PAD)
# - ids = torch.cat([ids, tokens[:, None]], dim=1)
# + tokens = process(processors, ids, step(ids)).argmax(-1).masked_fill(complete, PAD)
# + ids = torch.cat([ids, tokens[:, None]], 1)


# %% decode | goes on to the end although all rows are complete
def decode(step, ids, max_new_tokens, choose=greedy, processors=(), stop=None):
    if max_new_tokens < 0:
        raise ValueError("max_new_tokens must be at least 0")
    start, complete = ids.shape[1], torch.zeros(len(ids), dtype=torch.bool)
    for _ in range(max_new_tokens):
        tokens = choose(process(processors, ids, step(ids))).masked_fill(complete, PAD)
        ids = torch.cat([ids, tokens[:, None]], 1)
        if stop is not None:
            complete = complete | stop(ids[:, start:])
    return ids


# %% expand_beams, beam_search | divides by the number of beams
def expand_beams(scores, log_probabilities, count):
    totals = (scores[:, :, None] + log_probabilities).flatten(1)
    totals, index = totals.topk(min(count, totals.shape[1]), dim=-1)
    beams = scores.shape[1]
    return totals, (index // beams).clamp(max=beams - 1), index % log_probabilities.shape[-1]


# %% expand_beams, beam_search | forgets the scores so far
def expand_beams(scores, log_probabilities, count):
    totals = log_probabilities.flatten(1)
    totals, index = totals.topk(min(count, totals.shape[1]), dim=-1)
    return totals, index // log_probabilities.shape[-1], index % log_probabilities.shape[-1]


# %% expand_beams, beam_search | exchanges parents and tokens
def expand_beams(scores, log_probabilities, count):
    totals = (scores[:, :, None] + log_probabilities).flatten(1)
    totals, index = totals.topk(min(count, totals.shape[1]), dim=-1)
    beams = scores.shape[1]
    return (
        totals,
        (index % log_probabilities.shape[-1]).clamp(max=beams - 1),
        index // log_probabilities.shape[-1],
    )


# %% expand_beams, beam_search | crashes when there are too few extensions
def expand_beams(scores, log_probabilities, count):
    vocabulary = log_probabilities.shape[-1]
    totals = (scores[:, :, None] + log_probabilities).flatten(1)
    totals, index = totals.topk(count, dim=-1)
    return totals, index // vocabulary, index % vocabulary


# %% beam_search | follows the best token only
def beam_search(
    step, ids, beams, max_new_tokens, eos=None, length_penalty=1.0, early_stopping=False, processors=()
):
    check_beams(beams, max_new_tokens, early_stopping)
    results = []
    for prompt in ids:
        new, total = [], 0.0
        while len(new) < max_new_tokens and (not new or new[-1] != eos):
            row = torch.cat([prompt, torch.tensor(new, dtype=torch.long)])[None]
            logp = process(processors, row, step(row).log_softmax(-1))[0]
            new.append(int(logp.argmax()))
            total += float(logp[new[-1]])
        results.append([(total / len(new) ** length_penalty, new)] if new else [])
    return results


# %% beam_search | forgets the length penalty
def beam_search(
    step, ids, beams, max_new_tokens, eos=None, length_penalty=1.0, early_stopping=False, processors=()
):
    check_beams(beams, max_new_tokens, early_stopping)
    results = []
    for prompt in ids:
        pool, live, scores = Finished(beams), prompt[None], torch.zeros(1)
        for length in range(1, max_new_tokens + 1):
            logp = process(processors, live, step(live).log_softmax(-1))
            totals, parents, tokens = (x[0] for x in expand_beams(scores[None], logp[None], 2 * beams))
            live = torch.cat([live[parents], tokens[:, None]], 1)
            over = (tokens == (-9 if eos is None else eos)) | (length == max_new_tokens)
            pool.take(live[:beams, len(prompt) :], totals[:beams], over[:beams])
            live, scores = live[~over][:beams], totals[~over][:beams]
            if len(live) == 0 or (pool.full and (early_stopping is True or scores[0] <= pool.worst)):
                break
        results.append(pool.best)
    return results


# %% beam_search | counts the prompt's length
def beam_search(
    step, ids, beams, max_new_tokens, eos=None, length_penalty=1.0, early_stopping=False, processors=()
):
    check_beams(beams, max_new_tokens, early_stopping)
    results = []
    for prompt in ids:
        pool, live, scores = Finished(beams), prompt[None], torch.zeros(1)
        for length in range(1, max_new_tokens + 1):
            logp = process(processors, live, step(live).log_softmax(-1))
            totals, parents, tokens = (x[0] for x in expand_beams(scores[None], logp[None], 2 * beams))
            live = torch.cat([live[parents], tokens[:, None]], 1)
            over = (tokens == (-9 if eos is None else eos)) | (length == max_new_tokens)
            norm = live.shape[1] ** length_penalty
            pool.take(live[:beams, len(prompt) :], totals[:beams] / norm, over[:beams])
            live, scores = live[~over][:beams], totals[~over][:beams]
            if len(live) == 0 or (pool.full and (early_stopping is True or scores[0] / norm <= pool.worst)):
                break
        results.append(pool.best)
    return results


# %% beam_search | finished beams take the place of live ones
def beam_search(
    step, ids, beams, max_new_tokens, eos=None, length_penalty=1.0, early_stopping=False, processors=()
):
    check_beams(beams, max_new_tokens, early_stopping)
    results = []
    for prompt in ids:
        pool, live, scores = Finished(beams), prompt[None], torch.zeros(1)
        for length in range(1, max_new_tokens + 1):
            logp = process(processors, live, step(live).log_softmax(-1))
            totals, parents, tokens = (x[0] for x in expand_beams(scores[None], logp[None], beams))
            live = torch.cat([live[parents], tokens[:, None]], 1)
            over = (tokens == (-9 if eos is None else eos)) | (length == max_new_tokens)
            pool.take(live[:, len(prompt) :], totals / length**length_penalty, over)
            live, scores = live[~over], totals[~over]
            if len(live) == 0:
                break
            reach = max_new_tokens if early_stopping == "never" and length_penalty > 0 else length
            if pool.full and (early_stopping is True or scores[0] / reach**length_penalty <= pool.worst):
                break
        results.append(pool.best)
    return results


# %% beam_search | texts that reach the limit are thrown away
def beam_search(
    step, ids, beams, max_new_tokens, eos=None, length_penalty=1.0, early_stopping=False, processors=()
):
    check_beams(beams, max_new_tokens, early_stopping)
    results = []
    for prompt in ids:
        pool, live, scores = Finished(beams), prompt[None], torch.zeros(1)
        for length in range(1, max_new_tokens + 1):
            logp = process(processors, live, step(live).log_softmax(-1))
            totals, parents, tokens = (x[0] for x in expand_beams(scores[None], logp[None], 2 * beams))
            live = torch.cat([live[parents], tokens[:, None]], 1)
            over = tokens == (-9 if eos is None else eos)
            pool.take(live[:beams, len(prompt) :], totals[:beams] / length**length_penalty, over[:beams])
            live, scores = live[~over][:beams], totals[~over][:beams]
            reach = max_new_tokens if early_stopping == "never" and length_penalty > 0 else length
            if pool.full and (early_stopping is True or scores[0] / reach**length_penalty <= pool.worst):
                break
        results.append(pool.best)
    return results


# %% beam_search | never stops before the limit
def beam_search(
    step, ids, beams, max_new_tokens, eos=None, length_penalty=1.0, early_stopping=False, processors=()
):
    check_beams(beams, max_new_tokens, early_stopping)
    results = []
    for prompt in ids:
        pool, live, scores = Finished(beams), prompt[None], torch.zeros(1)
        for length in range(1, max_new_tokens + 1):
            logp = process(processors, live, step(live).log_softmax(-1))
            totals, parents, tokens = (x[0] for x in expand_beams(scores[None], logp[None], 2 * beams))
            live = torch.cat([live[parents], tokens[:, None]], 1)
            over = (tokens == (-9 if eos is None else eos)) | (length == max_new_tokens)
            pool.take(live[:beams, len(prompt) :], totals[:beams] / length**length_penalty, over[:beams])
            live, scores = live[~over][:beams], totals[~over][:beams]
        results.append(pool.best)
    return results


# %% beam_search | leaves the end token out of the ids
def beam_search(
    step, ids, beams, max_new_tokens, eos=None, length_penalty=1.0, early_stopping=False, processors=()
):
    check_beams(beams, max_new_tokens, early_stopping)
    results = []
    for prompt in ids:
        pool, live, scores = Finished(beams), prompt[None], torch.zeros(1)
        for length in range(1, max_new_tokens + 1):
            logp = process(processors, live, step(live).log_softmax(-1))
            totals, parents, tokens = (x[0] for x in expand_beams(scores[None], logp[None], 2 * beams))
            live = torch.cat([live[parents], tokens[:, None]], 1)
            over = (tokens == (-9 if eos is None else eos)) | (length == max_new_tokens)
            pool.take(live[:beams, len(prompt) :], totals[:beams] / length**length_penalty, over[:beams])
            live, scores = live[~over][:beams], totals[~over][:beams]
            reach = max_new_tokens if early_stopping == "never" and length_penalty > 0 else length
            if len(live) == 0 or (
                pool.full and (early_stopping is True or scores[0] / reach**length_penalty <= pool.worst)
            ):
                break
        results.append([(score, [t for t in new if t != eos]) for score, new in pool.best])
    return results


# %% speculative_step | draws from the target after a refusal
def speculative_step(drafted, draft_probabilities, target_probabilities, generator):
    for i, x in enumerate(drafted.tolist()):
        p, q = target_probabilities[i], draft_probabilities[i]
        if q[x] == 0:
            raise ValueError("cannot have been drafted")
        if torch.rand((), generator=generator) >= p[x] / q[x]:
            return torch.cat([drafted[:i], torch.multinomial(p, 1, generator=generator)])
    return torch.cat([drafted, torch.multinomial(target_probabilities[-1], 1, generator=generator)])


# %% speculative_step | accepts everything
def speculative_step(drafted, draft_probabilities, target_probabilities, generator):
    for i, x in enumerate(drafted.tolist()):
        if draft_probabilities[i, x] == 0:
            raise ValueError("cannot have been drafted")
    return torch.cat([drafted, torch.multinomial(target_probabilities[-1], 1, generator=generator)])


# %% speculative_step | forgets the token of the target's own
def speculative_step(drafted, draft_probabilities, target_probabilities, generator):
    for i, x in enumerate(drafted.tolist()):
        p, q = target_probabilities[i], draft_probabilities[i]
        if q[x] == 0:
            raise ValueError("cannot have been drafted")
        if torch.rand((), generator=generator) >= p[x] / q[x]:
            return torch.cat([drafted[:i], torch.multinomial((p - q).clamp(min=0), 1, generator=generator)])
    return drafted


# %% speculative_step | keeps the draft after a refusal
def speculative_step(drafted, draft_probabilities, target_probabilities, generator):
    result = drafted.clone()
    for i, x in enumerate(drafted.tolist()):
        p, q = target_probabilities[i], draft_probabilities[i]
        if q[x] == 0:
            raise ValueError("cannot have been drafted")
        if torch.rand((), generator=generator) >= p[x] / q[x]:
            result[i] = torch.multinomial((p - q).clamp(min=0), 1, generator=generator)
    return torch.cat([result, torch.multinomial(target_probabilities[-1], 1, generator=generator)])


# %% speculative_step | accepts where the target prefers the same token
def speculative_step(drafted, draft_probabilities, target_probabilities, generator):
    for i, x in enumerate(drafted.tolist()):
        p, q = target_probabilities[i], draft_probabilities[i]
        if q[x] == 0:
            raise ValueError("cannot have been drafted")
        if p[x] < q[x]:
            return torch.cat([drafted[:i], torch.multinomial((p - q).clamp(min=0), 1, generator=generator)])
    return torch.cat([drafted, torch.multinomial(target_probabilities[-1], 1, generator=generator)])


# %% speculative_step | the accept test the wrong way round
def speculative_step(drafted, draft_probabilities, target_probabilities, generator):
    for i, x in enumerate(drafted.tolist()):
        p, q = target_probabilities[i], draft_probabilities[i]
        if q[x] == 0:
            raise ValueError("cannot have been drafted")
        if torch.rand((), generator=generator) * p[x] >= q[x]:
            return torch.cat([drafted[:i], torch.multinomial((p - q).clamp(min=0), 1, generator=generator)])
    return torch.cat([drafted, torch.multinomial(target_probabilities[-1], 1, generator=generator)])


# %% speculative_step | uses torch's global random numbers
def speculative_step(drafted, draft_probabilities, target_probabilities, generator):
    for i, x in enumerate(drafted.tolist()):
        p, q = target_probabilities[i], draft_probabilities[i]
        if q[x] == 0:
            raise ValueError("cannot have been drafted")
        if torch.rand(()) >= p[x] / q[x]:
            return torch.cat([drafted[:i], torch.multinomial((p - q).clamp(min=0), 1)])
    return torch.cat([drafted, torch.multinomial(target_probabilities[-1], 1)])


# %% speculative_step | does not look at the draft's probability 0
def speculative_step(drafted, draft_probabilities, target_probabilities, generator):
    for i, x in enumerate(drafted.tolist()):
        p, q = target_probabilities[i], draft_probabilities[i]
        if torch.rand((), generator=generator) >= p[x] / q[x]:
            return torch.cat([drafted[:i], torch.multinomial((p - q).clamp(min=0), 1, generator=generator)])
    return torch.cat([drafted, torch.multinomial(target_probabilities[-1], 1, generator=generator)])
