"""Small helpers, comprehensions and torch's functions where they say it shorter."""


# %% keep_probabilities
def keep_probabilities(counts, threshold):
    def keep(share):
        return min(1.0, (threshold / share) ** 0.5 + threshold / share)

    if not threshold > 0:
        raise ValueError(threshold)
    return np.array([keep(n / sum(counts)) for n in counts], dtype=float)


# %% noise_distribution
def noise_distribution(counts, power=0.75):
    import torch

    return torch.softmax(power * torch.tensor(counts, dtype=torch.float64).log(), 0).numpy()


# %% skipgram_pairs
def skipgram_pairs(ids, reach):
    if len(ids) - len(reach):
        raise ValueError("lengths")

    def around(i):
        left, right = ids[max(0, i - reach[i]) : i], ids[i + 1 : i + 1 + reach[i]]
        return [(ids[i], word) for word in [*left, *right]]

    return np.array([pair for i in range(len(ids)) for pair in around(i)], dtype=np.int64).reshape(-1, 2)


# %% sgns_loss
def sgns_loss(centre, context, noise):
    def one(other, sign):
        slope = -sign * sigmoid(-sign * (centre @ other))
        return -log_sigmoid(sign * (centre @ other)), slope * other, slope * centre

    parts = [one(context, 1), *(one(row, -1) for row in noise)]
    losses, centres, others = zip(*parts, strict=True)
    rest = np.array(others[1:]).reshape(noise.shape)
    return float(sum(losses)), sum(centres), others[0], rest


# %% cbow_loss
def cbow_loss(contexts, centre, noise):
    if len(contexts) < 1:
        raise ValueError("contexts")
    mean = sum(contexts) / len(contexts)
    pull, push = -sigmoid(-(mean @ centre)), sigmoid(noise @ mean)
    loss = -log_sigmoid(mean @ centre) - sum(log_sigmoid(-(noise @ mean)))
    each = (pull * centre + noise.T @ push) / len(contexts)
    return float(loss), np.array([each for _ in contexts]), pull * mean, push.reshape(-1, 1) * mean


# %% ppmi
def ppmi(counts, shift=1.0, power=1.0):
    if not shift >= 1:
        raise ValueError("shift")
    column = [c**power for c in counts.sum(axis=0).astype(float)]
    row = counts.sum(axis=1)

    def entry(w, c):
        if not counts[w, c]:
            return 0.0
        return max(0.0, np.log(counts[w, c] * sum(column) / row[w] / column[c]) - np.log(shift))

    return np.array([[entry(w, c) for c in range(counts.shape[1])] for w in range(counts.shape[0])])


# %% svd_vectors
def svd_vectors(matrix, dimensions, power=0.5):
    if not 0 < dimensions <= min(*matrix.shape):
        raise ValueError("dimensions")
    _, values, right = np.linalg.svd(matrix.T, full_matrices=False)

    def signed(column):
        return column if column[abs(column).argmax()] > 0 else -column

    return np.array([signed(right[j] * values[j] ** power) for j in range(dimensions)]).T


# %% neighbours
def neighbours(vectors, query, k, exclude=()):
    cosines = (unit(vectors) * unit(query)).sum(axis=1).round(14).tolist()
    ranked = sorted(set(range(len(cosines))) - set(exclude), key=lambda i: (-cosines[i], i))
    return [(i, cosines[i]) for i in ranked][:k]


# %% analogy
def analogy(vectors, a, b, c):
    lengths = np.sqrt((vectors**2).sum(axis=1))
    target = vectors[b] / lengths[b] - vectors[a] / lengths[a] + vectors[c] / lengths[c]
    scores = (vectors @ target / lengths).round(13)
    return max(set(range(len(vectors))) - {a, b, c}, key=lambda i: (scores[i], -i))


# %% spearman
def spearman(x, y):
    def rank(values):
        ordered = sorted(values)
        return [ordered.index(v) + (ordered.count(v) - 1) / 2 for v in values]

    if len(x) != len(y) or len(x) <= 1:
        raise ValueError("lengths")
    if min(x) == max(x) or min(y) == max(y):
        return float("nan")
    return float(np.corrcoef(rank(list(x)), rank(list(y)))[0, 1])
