"""Plain loops, element by element where it can be."""


# %% teacher_forcing
def teacher_forcing(rows):
    longest = 0
    for row in rows:
        longest = max(longest, len(row))
    inputs = [[START] + list(row) + [PAD] * (longest - len(row)) for row in rows]
    targets = [list(row) + [END] + [PAD] * (longest - len(row)) for row in rows]
    return tuple(
        torch.tensor(made, dtype=torch.long).reshape(len(rows), longest + 1) for made in (inputs, targets)
    )


# %% additive_scores
def additive_scores(query, keys, v):
    columns = []
    for s in range(keys.shape[1]):
        columns.append((torch.tanh(query + keys[:, s]) * v).sum(-1))
    return torch.stack(columns, 1) if columns else query.new_zeros(len(query), 0)


# %% general_scores
def general_scores(query, memory, weight):
    rows = []
    for q, places in zip(query, memory):
        rows.append(places @ (weight.T @ q))
    return torch.stack(rows)


# %% attend
def attend(scores, memory, mask):
    contexts, weights = [], []
    for row, places, real in zip(scores, memory, mask):
        if real.any():
            powers = torch.exp(row[real] - row[real].max())
            share = torch.zeros_like(row).masked_scatter(real, powers / powers.sum())
        else:
            share = row * 0.0
        weights.append(share)
        contexts.append(share @ places)
    return torch.stack(contexts), torch.stack(weights)


# %% bahdanau_step
def bahdanau_step(word, state, look, cell, readout):
    seen = look(state)
    following = cell(torch.hstack((word, seen[0])), state)
    everything = torch.hstack((following, seen[0], word))
    return readout(everything).tanh(), following, seen[1]


# %% luong_step
def luong_step(word, state, fed, look, cell, readout):
    following = cell(torch.hstack((word, fed)), state)
    seen = look(following)
    return readout(torch.hstack((seen[0], following))).tanh(), following, seen[1]


# %% token_loss
def token_loss(logits, targets):
    total, count = logits.sum() * 0.0, 0
    for row, wanted in zip(logits.flatten(0, 1), targets.flatten().tolist()):
        if wanted != PAD:
            total = total - torch.log_softmax(row, 0)[wanted]
            count += 1
    return total / max(count, 1)


# %% beam_search
def beam_search(step, pick, state, width, limit, alpha=0.0):
    done = []
    alive = [((), 0.0)]
    for _ in range(limit):
        if not alive:
            break
        logs, state = step(torch.tensor([h[0][-1] if h[0] else START for h in alive]), state)
        continuations = []
        for row, (tokens, score) in enumerate(alive):
            for token, p in enumerate(logs[row].tolist()):
                if p > -math.inf:
                    continuations.append((score + p, row, tokens + (token,)))
        continuations.sort(key=lambda c: c[0], reverse=True)
        rows, alive = [], []
        for score, row, tokens in continuations[: width - len(done)]:
            if tokens[-1] != END:
                rows.append(row)
                alive.append((tokens, score))
        done = done + [(t, s) for s, _, t in continuations[: width - len(done)] if t[-1] == END]
        if rows:
            state = pick(state, torch.tensor(rows))
    found = done + alive
    found.sort(key=lambda h: h[1] / length_penalty(len(h[0]), alpha), reverse=True)
    return found


# %% alignment_error
def alignment_error(found, sure, possible=()):
    links, s, p = [], [], []
    for given, kept in ((found, links), (sure, s), (possible, p)):
        for link in given:
            if link not in kept:
                kept.append(link)
    if len(links) + len(s) == 0:
        raise ValueError("nothing to compare")
    hits = 0
    for link in links:
        hits += (link in s) + (link in s or link in p)
    return 1 - hits / (len(links) + len(s))
