"""Folds over time with accumulate, one-hot arrays in the place of indices."""


# %% count_hmm
def count_hmm(observations, labels, L, V, k):
    if not k > 0 or [len(o) for o in observations] != [len(y) for y in labels]:
        raise ValueError("k or lengths")
    start, transitions, emissions = np.zeros(L) + k, np.zeros((L, L)) + k, np.zeros((L, V)) + k
    for o, y in zip(observations, labels):
        one = np.eye(L)[np.array(y, int)]
        start = start + one[:1].sum(axis=0)
        transitions = transitions + one[:-1].T @ one[1:]
        emissions = emissions + one.T @ np.eye(V)[np.array(o, int)]
    return tuple(x / x.sum(axis=-1, keepdims=True) for x in (start, transitions, emissions))


# %% viterbi
def viterbi(unary, pairwise):
    moves = steps(unary, pairwise)
    after = np.zeros(unary.shape[1])  # the best way on, from the end to the beginning: ties need care
    best = list(
        itertools.accumulate(
            zip(moves, unary[1:]), lambda b, m: (b[:, None] + m[0]).max(axis=0) + m[1], initial=unary[0]
        )
    )
    path = [int(np.argmax(best[-1] + after))]
    for t in range(len(unary) - 2, -1, -1):
        path = [int(np.argmax(best[t] + moves[t][:, path[0]])), *path]
    return np.array(path), best[-1].max()


# %% forward
def forward(unary, pairwise):
    moves = steps(unary, pairwise)

    def walk(before, step):
        table, here = step
        return here + np.logaddexp.reduce(before[:, None] + table)

    return np.array(list(itertools.accumulate(zip(moves, unary[1:]), walk, initial=unary[0])))


# %% backward
def backward(unary, pairwise):
    rows = [np.zeros(unary.shape[1])]
    for table, here in zip(steps(unary, pairwise)[::-1], unary[:0:-1]):
        rows.append(np.logaddexp.reduce(table + (here + rows[-1])[None], axis=1))
    return np.stack(rows[::-1])


# %% marginals
def marginals(unary, pairwise, alpha, beta):
    inside = alpha + beta
    total = np.logaddexp.reduce(inside[0])
    edges = [
        np.exp(a[:, None] + table + (u + b)[None] - total)
        for a, table, u, b in zip(alpha, steps(unary, pairwise), unary[1:], beta[1:])
    ]
    return np.exp(inside - total), np.array(edges).reshape(-1, unary.shape[1], unary.shape[1])


# %% reestimate
def reestimate(observations, nodes, edges, V):
    joined = np.concatenate(nodes)
    symbols = np.eye(V)[np.concatenate([np.array(o, int) for o in observations])]
    moves = np.concatenate(edges).sum(axis=0)
    return tuple(map(distributions, (np.stack([n[0] for n in nodes]).sum(axis=0), moves, joined.T @ symbols)))


# %% normalise_locally
def normalise_locally(unary, pairwise):
    def log_softmax(x):
        x = x - x.max(axis=-1, keepdims=True)
        return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))

    first = np.concatenate([log_softmax(unary[:1]), np.zeros_like(unary[1:])])
    return first, log_softmax(steps(unary, pairwise) + unary[1:, None])


# %% crf_loss
def crf_loss(unary, pairwise, gold, alpha, beta):
    L = unary.shape[1]
    seen = np.eye(L)[np.array(gold)]
    stepped = seen[:-1, :, None] * seen[1:, None, :]
    moves = steps(unary, pairwise)
    total = np.logaddexp.reduce(alpha[-1])
    edges = np.exp(alpha[:-1, :, None] + moves + (unary + beta)[1:, None, :] - total)
    loss = total - (seen * unary).sum() - (stepped * moves).sum()
    return loss, np.exp(alpha + beta - total) - seen, edges - stepped


# %% spans
def spans(labels):
    starts = []
    for t, label in enumerate(labels):
        goes_on = t > 0 and label[0] == "I" and labels[t - 1] != "O" and labels[t - 1][2:] == label[2:]
        if label != "O" and not goes_on:
            starts.append(t)
    ends = []
    for t in starts:
        rest = (u for u in range(t + 1, len(labels)) if u in starts or labels[u] == "O")
        ends.append(next(rest, len(labels)))
    return [(labels[a][2:], a, b) for a, b in zip(starts, ends)]


# %% stretch
def sample_path(unary, pairwise, points):
    alpha, moves, path = forward(unary, pairwise), steps(unary, pairwise), []
    for t in range(len(unary))[::-1]:
        weights = alpha[t] + (moves[t][:, path[0]] if path else 0)
        p = np.exp(weights - np.logaddexp.reduce(weights))
        path = [int((p.cumsum() <= points[t]).sum().clip(max=len(p) - 1)), *path]
    return path
