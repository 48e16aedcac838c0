"""Everything as one expression over whole arrays: einsum, masks, broadcasting."""


# %% keep_probabilities
def keep_probabilities(counts, threshold):
    if np.isnan(threshold) or threshold <= 0:
        raise ValueError("threshold")
    share = counts / counts.sum()
    return np.clip((np.sqrt(share / threshold) + 1) * threshold / share, 0, 1)


# %% noise_distribution
def noise_distribution(counts, power=0.75):
    logs = power * np.log(counts)
    return np.exp(logs - np.logaddexp.reduce(logs))


# %% skipgram_pairs
def skipgram_pairs(ids, reach):
    ids, reach = np.asarray(ids, dtype=np.int64), np.asarray(reach, dtype=np.int64)
    if ids.shape != reach.shape:
        raise ValueError("shapes differ")
    at = np.arange(len(ids))
    distance = np.abs(at[:, None] - at)
    i, j = np.nonzero((distance > 0) & (distance <= reach[:, None]))
    return np.column_stack([ids[i], ids[j]])


# %% sgns_loss
def sgns_loss(centre, context, noise):
    all_ = np.vstack([context[None], noise])
    right = np.zeros(len(all_))
    right[0] = 1
    scores = np.einsum("kd,d->k", all_, centre)
    loss = (np.logaddexp(0, scores) - right * scores).sum()
    slope = sigmoid(scores) - right
    each = np.einsum("k,d->kd", slope, centre)
    return float(loss), np.einsum("k,kd->d", slope, all_), each[0], each[1:]


# %% cbow_loss
def cbow_loss(contexts, centre, noise):
    if not contexts.shape[0]:
        raise ValueError("contexts")
    average = np.full((len(contexts), 1), 1 / len(contexts))
    mean = (average.T @ contexts)[0]
    all_ = np.vstack([centre[None], noise])
    right = (np.arange(len(all_)) == 0) * 1.0
    scores = all_ @ mean
    loss = float((np.logaddexp(0, scores) - right * scores).sum())
    slope = sigmoid(scores) - right
    return loss, average @ (slope @ all_)[None], slope[0] * mean, slope[1:, None] * mean


# %% ppmi
def ppmi(counts, shift=1.0, power=1.0):
    if np.isnan(shift) or shift < 1:
        raise ValueError("shift")
    words, contexts = counts.sum(1) / counts.sum(), counts.sum(0) ** float(power)
    contexts = contexts / contexts.sum()
    expected = np.outer(words, contexts) * shift * counts.sum()
    ratio = np.divide(counts, expected, out=np.ones(counts.shape), where=counts > 0)
    return np.log(np.maximum(ratio, 1))


# %% svd_vectors
def svd_vectors(matrix, dimensions, power=0.5):
    if dimensions not in range(1, min(matrix.shape) + 1):
        raise ValueError("dimensions")
    left, values, _ = np.linalg.svd(matrix, full_matrices=False)
    left, values = left[:, :dimensions], values[:dimensions]
    sign = np.sign(left.max(0) + left.min(0))
    return np.einsum("vd,d->vd", left, np.where(sign == 0, 1, sign) * values**power)


# %% neighbours
def neighbours(vectors, query, k, exclude=()):
    cosines = np.einsum("vd,d->v", unit(vectors), unit(query))
    rows = np.setdiff1d(np.arange(len(vectors)), np.array(list(exclude), dtype=int))
    rows = rows[np.lexsort((rows, -cosines[rows]))][:k]
    return list(zip(rows.tolist(), cosines[rows].tolist(), strict=True))


# %% analogy
def analogy(vectors, a, b, c):
    one = unit(vectors)
    scores = one @ np.array([one[b], -one[a], one[c]]).sum(0)
    allowed = ~np.isin(np.arange(len(one)), [a, b, c])
    return int(np.flatnonzero(allowed)[scores[allowed].argmax()])


# %% spearman
def spearman(x, y):
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.shape != y.shape or x.size < 2:
        raise ValueError("sizes")
    a, b = (np.sign(v[:, None] - v).sum(1) for v in (x, y))
    below = (a @ a) * (b @ b)
    return float(a @ b / below**0.5) if below > 0 else float("nan")
