"""Small functions and comprehensions."""


# %% teacher_forcing
def teacher_forcing(rows):
    from itertools import zip_longest

    def columns(lists):
        return [list(column) for column in zip(*zip_longest(*lists, fillvalue=PAD))]

    if len(rows) == 0:
        return torch.tensor([[]], dtype=torch.long).T, torch.tensor([[]], dtype=torch.long).T
    return (
        torch.tensor(columns([[START, *row] for row in rows])),
        torch.tensor(columns([[*row, END] for row in rows])),
    )


# %% additive_scores
def additive_scores(query, keys, v):
    return (v * torch.tanh(keys + query.reshape(query.shape[0], 1, -1))).sum(dim=2)


# %% general_scores
def general_scores(query, memory, weight):
    moved = memory @ weight.T
    return (moved * query[:, None, :]).sum(-1)


# %% attend
def attend(scores, memory, mask):
    some = mask.any(-1, keepdim=True)
    safe = torch.where(mask | ~some, scores, torch.tensor(-torch.inf, dtype=scores.dtype))
    weights = torch.where(mask & some, torch.softmax(safe, -1), torch.zeros((), dtype=scores.dtype))
    return torch.matmul(weights.unsqueeze(1), memory)[:, 0], weights


# %% bahdanau_step
def bahdanau_step(word, state, look, cell, readout):
    def join(*parts):
        return torch.cat(parts, -1)

    context, weights = look(state)
    new = cell(join(word, context), state)
    return torch.tanh(readout(join(new, context, word))), new, weights


# %% luong_step
def luong_step(word, state, fed, look, cell, readout):
    def join(*parts):
        return torch.cat(parts, -1)

    new = cell(join(word, fed), state)
    context, weights = look(new)
    return torch.tanh(readout(join(context, new))), new, weights


# %% token_loss
def token_loss(logits, targets):
    chosen = torch.nn.functional.one_hot(targets, logits.shape[-1]).to(logits.dtype)
    highest = logits.max(-1).values.detach()
    z = highest + (logits - highest[..., None]).exp().sum(-1).log()
    costs = z - (logits * chosen).sum(-1)
    keep = targets.ne(PAD)
    return (costs * keep).sum() / max(int(keep.sum()), 1)


# %% beam_search
def beam_search(step, pick, state, width, limit, alpha=0.0):
    def go(alive, done, state, left):
        if not left or not alive:
            return done + alive
        logs, state = step(torch.tensor([(START, *tokens)[-1] for tokens, _ in alive]), state)
        every = [
            (score + extra, row, (*tokens, token))
            for (row, (tokens, score)), line in zip(enumerate(alive), logs.tolist())
            for token, extra in enumerate(line)
            if extra != -math.inf
        ]
        stay = sorted(every, key=lambda one: -one[0])[: width - len(done)]
        ended = [(tokens, score) for score, _, tokens in stay if tokens[-1] == END]
        going = [(row, (tokens, score)) for score, row, tokens in stay if tokens[-1] != END]
        chosen = torch.tensor([row for row, _ in going], dtype=torch.long)
        return go([one for _, one in going], done + ended, pick(state, chosen), left - 1)

    return sorted(
        go([((), 0.0)], [], state, limit), key=lambda one: -one[1] / length_penalty(len(one[0]), alpha)
    )


# %% alignment_error
def alignment_error(found, sure, possible=()):
    a, s = set(found), set(sure)
    if not (a or s):
        raise ValueError("there is nothing to compare")
    return 1 - (len(a & s) + len(a & (s | set(possible)))) / (len(a) + len(s))
