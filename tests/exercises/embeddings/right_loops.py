"""Plain Python loops over numbers, NumPy only where arrays go in and out."""


# %% keep_probabilities
def keep_probabilities(counts, threshold):
    if not threshold > 0:
        raise ValueError("threshold must be positive")
    total, kept = 0.0, []
    for n in counts:
        total += float(n)
    for n in counts:
        share = float(n) / total
        p = (threshold / share) ** 0.5 + threshold / share
        kept.append(p if p < 1 else 1.0)
    return np.array(kept)


# %% noise_distribution
def noise_distribution(counts, power=0.75):
    raised = [float(n) ** power for n in counts]
    return np.array([r / sum(raised) for r in raised])


# %% skipgram_pairs
def skipgram_pairs(ids, reach):
    if len(ids) != len(reach):
        raise ValueError("one reach for each word")
    found = []
    for i, centre in enumerate(ids):
        for j, other in enumerate(ids):
            if j != i and -reach[i] <= j - i <= reach[i]:
                found += [[int(centre), int(other)]]
    return np.array(found, dtype=np.int64) if found else np.zeros((0, 2), dtype=np.int64)


# %% sgns_loss
def sgns_loss(centre, context, noise):
    size = len(centre)
    score = sum(float(centre[d]) * float(context[d]) for d in range(size))
    loss, g = -float(log_sigmoid(score)), float(sigmoid(score)) - 1
    to_centre, to_context = [g * float(v) for v in context], [g * float(u) for u in centre]
    to_noise = np.zeros((len(noise), size))
    for k in range(len(noise)):
        score = sum(float(centre[d]) * float(noise[k][d]) for d in range(size))
        loss -= float(log_sigmoid(-score))
        h = float(sigmoid(score))
        for d in range(size):
            to_centre[d] += h * float(noise[k][d])
            to_noise[k, d] = h * float(centre[d])
    return loss, np.array(to_centre), np.array(to_context), to_noise


# %% cbow_loss
def cbow_loss(contexts, centre, noise):
    M, D = contexts.shape
    if M == 0:
        raise ValueError("no context")
    m = [sum(float(row[d]) for row in contexts) / M for d in range(D)]
    score = sum(a * float(b) for a, b in zip(m, centre, strict=True))
    loss, g = -float(log_sigmoid(score)), float(sigmoid(score)) - 1
    to_mean = [g * float(v) for v in centre]
    to_noise = np.zeros((len(noise), D))
    for k, row in enumerate(noise):
        score = sum(a * float(b) for a, b in zip(m, row, strict=True))
        loss -= float(log_sigmoid(-score))
        for d in range(D):
            to_mean[d] += float(sigmoid(score)) * float(row[d])
            to_noise[k, d] = float(sigmoid(score)) * m[d]
    return loss, np.array([[v / M for v in to_mean]] * M), np.array([g * v for v in m]), to_noise


# %% ppmi
def ppmi(counts, shift=1.0, power=1.0):
    if not shift >= 1:
        raise ValueError("shift")
    V, C = counts.shape
    total = float(counts.sum())
    raised = [float(counts[:, c].sum()) ** power for c in range(C)]
    found = np.zeros((V, C))
    for w in range(V):
        for c in range(C):
            if counts[w, c] > 0:
                ratio = (
                    float(counts[w, c]) / total / (float(counts[w].sum()) / total * raised[c] / sum(raised))
                )
                found[w, c] = max(0.0, np.log(ratio / shift))
    return found


# %% svd_vectors
def svd_vectors(matrix, dimensions, power=0.5):
    if dimensions < 1 or dimensions > min(matrix.shape):
        raise ValueError("dimensions")
    left, values, _ = np.linalg.svd(matrix)
    columns = []
    for j in range(dimensions):
        column = left[:, j] * values[j] ** power
        columns.append(column if max(column) == max(abs(column)) else -column)
    return np.stack(columns, axis=1)


# %% neighbours
def neighbours(vectors, query, k, exclude=()):
    length = sum(float(x) ** 2 for x in query) ** 0.5
    found = []
    for i, row in enumerate(vectors):
        if i in list(exclude):
            continue
        size = sum(float(x) ** 2 for x in row) ** 0.5
        dot = sum(float(x) * float(y) for x, y in zip(row, query, strict=True))
        found.append((i, dot / size / length if size > 0 and length > 0 else 0.0))
    found.sort(key=lambda pair: -round(pair[1], 12))
    return found[:k]


# %% analogy
def analogy(vectors, a, b, c):
    rows = [row / sum(float(x) ** 2 for x in row) ** 0.5 for row in vectors]
    target, best = rows[b] - rows[a] + rows[c], None
    for i, row in enumerate(rows):
        if i in (a, b, c):
            continue
        if best is None or float(row @ target) > float(rows[best] @ target) + 1e-12:
            best = i
    return best


# %% spearman
def spearman(x, y):
    n = len(x)
    if n != len(y) or n < 2:
        raise ValueError("sizes")
    ranks = []
    for values in (x, y):
        order = sorted(range(n), key=lambda i: values[i])
        rank, start = [0.0] * n, 0
        while start < n:
            stop = start
            while stop < n and values[order[stop]] == values[order[start]]:
                stop += 1
            for i in order[start:stop]:
                rank[i] = (start + 1 + stop) / 2
            start = stop
        ranks.append(rank)
    middle = (n + 1) / 2
    top = sum((a - middle) * (b - middle) for a, b in zip(*ranks, strict=True))
    below = [sum((a - middle) ** 2 for a in rank) for rank in ranks]
    return top / (below[0] * below[1]) ** 0.5 if below[0] * below[1] > 0 else float("nan")
