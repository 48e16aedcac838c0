"""Plain Python loops over numbers, NumPy only where arrays go in and out."""


# %% count_hmm
def count_hmm(observations, labels, L, V, k):
    if not k > 0:
        raise ValueError("k must be positive")
    start, transitions = [k] * L, [[k] * L for _ in range(L)]
    emissions = [[k] * V for _ in range(L)]
    for seen, path in zip(observations, labels, strict=True):
        if len(seen) != len(path):
            raise ValueError("a label for each symbol")
        before = None
        for symbol, label in zip(seen, path):
            if before is None:
                start[label] += 1
            else:
                transitions[before][label] += 1
            emissions[label][symbol] += 1
            before = label

    def shares(row):
        return [x / sum(row) for x in row]

    return (
        np.array(shares(start)),
        np.array([shares(r) for r in transitions]),
        np.array([shares(r) for r in emissions]),
    )


# %% viterbi
def viterbi(unary, pairwise):
    T, L = unary.shape
    one = pairwise.ndim == 2
    best, came = [float(x) for x in unary[0]], []
    for t in range(1, T):
        table = pairwise if one else pairwise[t - 1]
        now, pointers = [], []
        for j in range(L):
            top, where = -math.inf, 0
            for i in range(L):
                value = best[i] + float(table[i, j])
                if value > top:
                    top, where = value, i
            now.append(top + float(unary[t, j]))
            pointers.append(where)
        best = now
        came.append(pointers)
    label = best.index(max(best))
    path = [label]
    while came:
        label = came.pop()[label]
        path.insert(0, label)
    return path, max(best)


# %% forward
def forward(unary, pairwise):
    T, L = unary.shape
    alpha = np.zeros((T, L))
    for t in range(T):
        for j in range(L):
            alpha[t, j] = unary[t, j]
            if t:
                table = pairwise if pairwise.ndim == 2 else pairwise[t - 1]
                alpha[t, j] += log_sum_exp(np.array([alpha[t - 1, i] + table[i, j] for i in range(L)]), 0)
    return alpha


# %% backward
def backward(unary, pairwise):
    T, L = unary.shape
    beta = np.zeros((T, L))
    for t in reversed(range(T - 1)):
        table = pairwise if pairwise.ndim == 2 else pairwise[t]
        for i in range(L):
            on = [table[i, j] + unary[t + 1, j] + beta[t + 1, j] for j in range(L)]
            beta[t, i] = log_sum_exp(np.array(on), 0)
    return beta


# %% marginals
def marginals(unary, pairwise, alpha, beta):
    T, L = unary.shape
    total = float(log_sum_exp(alpha[-1], 0))
    nodes, edges = np.zeros((T, L)), np.zeros((T - 1, L, L))
    for t in range(T):
        for i in range(L):
            nodes[t, i] = math.exp(alpha[t, i] + beta[t, i] - total)
            if t < T - 1:
                table = pairwise if pairwise.ndim == 2 else pairwise[t]
                for j in range(L):
                    edges[t, i, j] = math.exp(
                        alpha[t, i] + table[i, j] + unary[t + 1, j] + beta[t + 1, j] - total
                    )
    return nodes, edges


# %% reestimate
def reestimate(observations, nodes, edges, V):
    L = nodes[0].shape[1]
    start, transitions, emissions = np.zeros(L), np.zeros((L, L)), np.zeros((L, V))
    for n in range(len(observations)):
        start += nodes[n][0]
        for t in range(len(observations[n])):
            for i in range(L):
                emissions[i, observations[n][t]] += nodes[n][t, i]
        for t in range(len(edges[n])):
            transitions += edges[n][t]
    return distributions(start), distributions(transitions), distributions(emissions)


# %% normalise_locally
def normalise_locally(unary, pairwise):
    T, L = unary.shape
    first, local = np.zeros((T, L)), np.zeros((T - 1, L, L))
    for j in range(L):
        first[0, j] = unary[0, j] - log_sum_exp(unary[0], 0)
    for t in range(T - 1):
        table = pairwise if pairwise.ndim == 2 else pairwise[t]
        for i in range(L):
            row = np.array([table[i, j] + unary[t + 1, j] for j in range(L)])
            local[t, i] = row - log_sum_exp(row, 0)
    return first, local


# %% crf_loss
def crf_loss(unary, pairwise, gold, alpha, beta):
    T, L = unary.shape
    total = float(log_sum_exp(alpha[-1], 0))
    loss, by_unary, by_pairwise = total, np.zeros((T, L)), np.zeros((T - 1, L, L))
    for t in range(T):
        loss -= float(unary[t, gold[t]])
        for i in range(L):
            by_unary[t, i] = math.exp(alpha[t, i] + beta[t, i] - total) - (i == gold[t])
        if t == T - 1:
            break
        table = pairwise if pairwise.ndim == 2 else pairwise[t]
        loss -= float(table[gold[t], gold[t + 1]])
        for i in range(L):
            for j in range(L):
                share = math.exp(alpha[t, i] + table[i, j] + unary[t + 1, j] + beta[t + 1, j] - total)
                by_pairwise[t, i, j] = share - ((i, j) == (gold[t], gold[t + 1]))
    return loss, by_unary, by_pairwise


# %% spans
def spans(labels):
    found, t = [], 0
    while t < len(labels):
        if labels[t] == "O":
            t += 1
            continue
        kind, end = labels[t][2:], t + 1
        while end < len(labels) and labels[end] == "I-" + kind:
            end += 1
        found.append((kind, t, end))
        t = end
    return found


# %% stretch
def sample_path(unary, pairwise, points):
    T, L = unary.shape
    alpha, path = forward(unary, pairwise), []
    for t in reversed(range(T)):
        table = pairwise if pairwise.ndim == 2 else pairwise[min(t, T - 2)]
        weights = [
            math.exp(alpha[t, i] - alpha[t].max() + (table[i, path[0]] if path else 0.0)) for i in range(L)
        ]
        reached, label = 0.0, 0
        for label, weight in enumerate(weights):
            reached += weight / sum(weights)
            if reached > points[t]:
                break
        path.insert(0, label)
    return path
