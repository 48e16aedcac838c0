"""As much as possible in torch's own functions."""


# %% teacher_forcing
def teacher_forcing(rows):
    if not rows:
        return torch.empty(0, 1, dtype=torch.long), torch.empty(0, 1, dtype=torch.long)

    def stacked(lists):
        tensors = [torch.tensor(one, dtype=torch.long) for one in lists]
        return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=PAD)

    return stacked([[START, *row] for row in rows]), stacked([[*row, END] for row in rows])


# %% additive_scores
def additive_scores(query, keys, v):
    return torch.einsum("bsa,a->bs", (query.unsqueeze(1) + keys).tanh(), v)


# %% general_scores
def general_scores(query, memory, weight):
    return torch.bmm(memory, (query @ weight).unsqueeze(2)).squeeze(2)


# %% attend
def attend(scores, memory, mask):
    low = torch.where(mask, scores, torch.full_like(scores, torch.finfo(scores.dtype).min))
    powers = torch.exp(low - low.max(1, keepdim=True).values.detach()) * mask
    total = powers.sum(1, keepdim=True)
    weights = powers / torch.where(total > 0, total, torch.ones_like(total))
    return torch.einsum("bs,bsm->bm", weights, memory), weights


# %% bahdanau_step
def bahdanau_step(word, state, look, cell, readout):
    context, weights = look(state)
    state = cell(torch.cat((word, context), dim=1), state)
    return torch.tanh(readout(torch.cat((state, context, word), dim=1))), state, weights


# %% luong_step
def luong_step(word, state, fed, look, cell, readout):
    state = cell(torch.cat((word, fed), dim=1), state)
    context, weights = look(state)
    return torch.tanh(readout(torch.cat((context, state), dim=1))), state, weights


# %% token_loss
def token_loss(logits, targets):
    logs = torch.log_softmax(logits, dim=-1)
    picked = torch.take_along_dim(logs, targets.unsqueeze(-1), dim=-1).squeeze(-1)
    real = (targets != PAD).to(logits.dtype)
    return -(picked * real).sum() / real.sum().clamp_min(1.0)


# %% beam_search
def beam_search(step, pick, state, width, limit, alpha=0.0):
    done, tokens, scores = [], torch.zeros(1, 0, dtype=torch.long), torch.zeros(1)
    while tokens.shape[1] < limit and len(tokens):
        last = tokens[:, -1] if tokens.shape[1] else torch.tensor([START])
        logs, state = step(last, state)
        flat = (scores[:, None] + logs).flatten()
        order = torch.argsort(flat, descending=True, stable=True)[: width - len(done)]
        order = order[flat[order] > -math.inf]
        rows, new, scores = order // logs.shape[1], order % logs.shape[1], flat[order]
        tokens = torch.cat([tokens[rows], new[:, None]], 1)
        ended = new == END
        done += [(tuple(t), s) for t, s in zip(tokens[ended].tolist(), scores[ended].tolist())]
        tokens, scores = tokens[~ended], scores[~ended]
        state = pick(state, rows[~ended])
    found = done + [(tuple(t), s) for t, s in zip(tokens.tolist(), scores.tolist())]
    return sorted(found, key=lambda one: one[1] / length_penalty(len(one[0]), alpha), reverse=True)


# %% alignment_error
def alignment_error(found, sure, possible=()):
    found, sure, possible = map(frozenset, (found, sure, possible))
    size = len(found) + len(sure)
    if size == 0:
        raise ValueError("no links")
    return (size - len(found & sure) - len(found & (sure | possible))) / size
