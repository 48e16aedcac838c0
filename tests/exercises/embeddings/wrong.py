# %% keep_probabilities | the probability of dropping
# - return np.minimum(1.0, np.sqrt(ratio) + ratio)
# + return 1 - np.minimum(1.0, np.sqrt(ratio) + ratio)


# %% keep_probabilities | without the second term
# - return np.minimum(1.0, np.sqrt(ratio) + ratio)
# + return np.minimum(1.0, np.sqrt(ratio))


# %% keep_probabilities | counts in place of shares
# - ratio = threshold * counts.sum() / counts
# + ratio = threshold / counts


# %% keep_probabilities | above one
# - return np.minimum(1.0, np.sqrt(ratio) + ratio)
# + return np.sqrt(ratio) + ratio


# %% keep_probabilities | nan is let through
# - if not threshold > 0:
# + if threshold <= 0:


# %% keep_probabilities | the largest count in place of the sum
# - ratio = threshold * counts.sum() / counts
# + ratio = threshold * counts.max() / counts


# %% noise_distribution | no power
# - raised = counts.astype(np.float64) ** power
# + raised = counts.astype(np.float64)


# %% noise_distribution | the power after dividing
# - raised = counts.astype(np.float64) ** power
# - return raised / raised.sum()
# + return (counts / counts.sum()) ** power


# %% noise_distribution | always three quarters
# - raised = counts.astype(np.float64) ** power
# + raised = counts.astype(np.float64) ** 0.75


# %% noise_distribution | divided by the sum of the counts
# - return raised / raised.sum()
# + return raised / counts.sum()


# %% noise_distribution | whole numbers stay whole
# - raised = counts.astype(np.float64) ** power
# + raised = (counts**power).astype(counts.dtype)


# %% skipgram_pairs | to the right only
# - for j in range(max(0, i - reach[i]), min(len(ids), i + reach[i] + 1))
# + for j in range(i, min(len(ids), i + reach[i] + 1))


# %% skipgram_pairs | the last one is left out
# - for j in range(max(0, i - reach[i]), min(len(ids), i + reach[i] + 1))
# + for j in range(max(0, i - reach[i]), min(len(ids), i + reach[i]))


# %% skipgram_pairs | words are compared
# - if j != i
# + if ids[j] != ids[i]


# %% skipgram_pairs | paired with itself
# - if j != i
# + if True


# %% skipgram_pairs | negative places
# - for j in range(max(0, i - reach[i]), min(len(ids), i + reach[i] + 1))
# + for j in range(i - reach[i], min(len(ids), i + reach[i] + 1))


# %% skipgram_pairs | the context's reach
# - for j in range(max(0, i - reach[i]), min(len(ids), i + reach[i] + 1))
# - if j != i
# + for j in range(len(ids))
# + if j != i and abs(i - j) <= reach[j]


# %% skipgram_pairs | context first
# - (ids[i], ids[j])
# + (ids[j], ids[i])


# %% skipgram_pairs | no shape without pairs
# - return np.array(pairs, dtype=np.int64).reshape(-1, 2)
# + return np.array(pairs, dtype=np.int64)


# %% skipgram_pairs | lengths are not compared
# - if len(ids) != len(reach):
# + if len(ids) > len(reach):


# %% sgns_loss | steps in place of gradients
# - pull, push = sigmoid(score) - 1, sigmoid(scores)  # what is predicted, less what is right
# + pull, push = 1 - sigmoid(score), -sigmoid(scores)


# %% sgns_loss | sigma in place of sigma - 1
# - pull, push = sigmoid(score) - 1, sigmoid(scores)  # what is predicted, less what is right
# + pull, push = sigmoid(score), sigmoid(scores)


# %% sgns_loss | the centre does not hear the noise
# - return float(loss), pull * context + push @ noise, pull * centre, np.outer(push, centre)
# + return float(loss), pull * context, pull * centre, np.outer(push, centre)


# %% sgns_loss | noise is welcome
# - loss = -log_sigmoid(score) - log_sigmoid(-scores).sum()
# - pull, push = sigmoid(score) - 1, sigmoid(scores)  # what is predicted, less what is right
# + loss = -log_sigmoid(score) - log_sigmoid(scores).sum()
# + pull, push = sigmoid(score) - 1, sigmoid(scores) - 1


# %% sgns_loss | the mean of the noise
# - loss = -log_sigmoid(score) - log_sigmoid(-scores).sum()
# - pull, push = sigmoid(score) - 1, sigmoid(scores)  # what is predicted, less what is right
# + many = max(1, len(noise))
# + loss = -log_sigmoid(score) - log_sigmoid(-scores).sum() / many
# + pull, push = sigmoid(score) - 1, sigmoid(scores) / many


# %% sgns_loss | the logarithm of zero
# - loss = -log_sigmoid(score) - log_sigmoid(-scores).sum()
# + loss = -np.log(sigmoid(score)) - np.log(sigmoid(-scores)).sum()


# %% sgns_loss | one gradient for all noise words
# - return float(loss), pull * context + push @ noise, pull * centre, np.outer(push, centre)
# + return float(loss), pull * context + push @ noise, pull * centre, push.sum() * centre


# %% sgns_loss | the centre is moved first
# - return float(loss), pull * context + push @ noise, pull * centre, np.outer(push, centre)
# + centre -= 0.1 * (pull * context + push @ noise)
# + return float(loss), pull * context + push @ noise, pull * centre, np.outer(push, centre)


# %% cbow_loss | the factor that word2vec leaves out
# - share = (pull * centre + push @ noise) / len(contexts)
# + share = pull * centre + push @ noise


# %% cbow_loss | divided by the dimensions
# - share = (pull * centre + push @ noise) / len(contexts)
# + share = (pull * centre + push @ noise) / len(centre)


# %% cbow_loss | a sum in place of the mean
# - mean = contexts.mean(axis=0)
# + mean = contexts.sum(axis=0)


# %% cbow_loss | one row
# - return float(loss), np.tile(share, (len(contexts), 1)), pull * mean, np.outer(push, mean)
# + return float(loss), share, pull * mean, np.outer(push, mean)


# %% cbow_loss | the contexts do not hear the noise
# - share = (pull * centre + push @ noise) / len(contexts)
# + share = pull * centre / len(contexts)


# %% cbow_loss | no context is let through
# - if len(contexts) == 0:
# -     raise ValueError("without a context there is nothing to predict from")
# - mean = contexts.mean(axis=0)
# + mean = contexts.sum(axis=0) / max(1, len(contexts))
# - share = (pull * centre + push @ noise) / len(contexts)
# + share = (pull * centre + push @ noise) / max(1, len(contexts))


# %% cbow_loss | a sign turned round
# - pull, push = sigmoid(score) - 1, sigmoid(scores)
# + pull, push = 1 - sigmoid(score), sigmoid(scores)


# %% cbow_loss | the logarithm of zero
# - loss = -log_sigmoid(score) - log_sigmoid(-scores).sum()
# + loss = -np.log(sigmoid(score)) - np.log(1 - sigmoid(scores)).sum()


# %% ppmi | negative values stay
# - return np.where(counts > 0, np.maximum(information, 0), 0.0)
# + return np.where(counts > 0, information, 0.0)


# %% ppmi | bits
# - information = np.log(counts * columns.sum() / (rows * columns)) - np.log(shift)
# + information = np.log2(counts * columns.sum() / (rows * columns)) - np.log2(shift)


# %% ppmi | shifted after the maximum
# - information = np.log(counts * columns.sum() / (rows * columns)) - np.log(shift)
# + information = np.log(counts * columns.sum() / (rows * columns))
# - return np.where(counts > 0, np.maximum(information, 0), 0.0)
# + return np.where(counts > 0, np.maximum(information, 0) - np.log(shift), 0.0)


# %% ppmi | the shift itself is subtracted
# - information = np.log(counts * columns.sum() / (rows * columns)) - np.log(shift)
# + information = np.log(counts * columns.sum() / (rows * columns)) - (shift - 1)


# %% ppmi | the power is not used
# - rows, columns = counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True) ** power
# + rows, columns = counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True)


# %% ppmi | the power is not used in the sum
# - information = np.log(counts * columns.sum() / (rows * columns)) - np.log(shift)
# + information = np.log(counts * counts.sum() / (rows * columns)) - np.log(shift)


# %% ppmi | the power on the words
# - rows, columns = counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True) ** power
# + columns, rows = counts.sum(axis=1, keepdims=True) ** power, counts.sum(axis=0, keepdims=True)


# %% ppmi | nan where a row is empty
# - return np.where(counts > 0, np.maximum(information, 0), 0.0)
# + return np.maximum(information, 0)


# %% ppmi | a small shift is let through
# - if not shift >= 1:
# + if not shift > 0:


# %% svd_vectors | without the singular values
# - found = left[:, :dimensions] * values[:dimensions] ** power
# + found = left[:, :dimensions].copy()


# %% svd_vectors | always all of the singular values
# - found = left[:, :dimensions] * values[:dimensions] ** power
# + found = left[:, :dimensions] * values[:dimensions]


# %% svd_vectors | the sign of the sum
# - largest = found[np.abs(found).argmax(axis=0), np.arange(dimensions)]
# + largest = found.sum(axis=0)


# %% svd_vectors | the contexts' vectors
# - left, values, _ = np.linalg.svd(matrix, full_matrices=False)
# + left, values, _ = np.linalg.svd(matrix.T, full_matrices=False)


# %% svd_vectors | the smallest first
# - found = left[:, :dimensions] * values[:dimensions] ** power
# + found = (left * values**power)[:, ::-1][:, :dimensions]


# %% svd_vectors | as many dimensions as there are
# - if not 1 <= dimensions <= min(matrix.shape):
# -     raise ValueError(f"dimensions must be 1 to {min(matrix.shape)}, not {dimensions}")
# + dimensions = min(max(dimensions, 1), min(matrix.shape))


# %% neighbours | nobody is left out
# - order = [i for i in np.argsort(-cosines, kind="stable") if i not in set(exclude)]
# + order = np.argsort(-cosines, kind="stable")


# %% neighbours | dot products
# - cosines = unit(vectors) @ unit(query)
# + cosines = vectors @ query


# %% neighbours | the query keeps its length
# - cosines = unit(vectors) @ unit(query)
# + cosines = unit(vectors) @ query


# %% neighbours | the worst first
# - order = [i for i in np.argsort(-cosines, kind="stable") if i not in set(exclude)]
# + order = [i for i in np.argsort(cosines, kind="stable") if i not in set(exclude)]


# %% neighbours | left out ones come last
# - order = [i for i in np.argsort(-cosines, kind="stable") if i not in set(exclude)]
# + cosines[list(exclude)] = -np.inf
# + order = np.argsort(-cosines, kind="stable")


# %% neighbours | left out after the choice
# - order = [i for i in np.argsort(-cosines, kind="stable") if i not in set(exclude)]
# + order = [i for i in np.argsort(-cosines, kind="stable")[:k] if i not in set(exclude)]


# %% neighbours | equal ones the wrong way round
# - order = [i for i in np.argsort(-cosines, kind="stable") if i not in set(exclude)]
# + order = [i for i in np.argsort(cosines, kind="stable")[::-1] if i not in set(exclude)]


# %% neighbours | nan for a zero vector
# - cosines = unit(vectors) @ unit(query)
# + cosines = vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)


# %% analogy | the question answers itself
# - cosines[[a, b, c]] = -np.inf
# + cosines[a] = -np.inf


# %% analogy | long vectors win
# - directions = unit(vectors)
# + directions = vectors


# %% analogy | a - b + c
# - cosines = directions @ (directions[b] - directions[a] + directions[c])
# + cosines = directions @ (directions[a] - directions[b] + directions[c])


# %% analogy | a + b - c
# - cosines = directions @ (directions[b] - directions[a] + directions[c])
# + cosines = directions @ (directions[b] + directions[a] - directions[c])


# %% analogy | the offset of vectors as they are
# - cosines = directions @ (directions[b] - directions[a] + directions[c])
# + cosines = directions @ (vectors[b] - vectors[a] + vectors[c])


# %% analogy | one of the three may answer
# - cosines[[a, b, c]] = -np.inf
# + cosines[[b, c]] = -np.inf


# %% spearman | the order for the ranks
# - _, place, times = np.unique(values, return_inverse=True, return_counts=True)
# - return (times.cumsum() - (times - 1) / 2)[place]
# + return np.argsort(values).astype(float)


# %% spearman | values
# - a, b = ranks(x), ranks(y)
# + a, b = np.asarray(x, float), np.asarray(y, float)


# %% spearman | equal values as they come
# - _, place, times = np.unique(values, return_inverse=True, return_counts=True)
# - return (times.cumsum() - (times - 1) / 2)[place]
# + return np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(float)


# %% spearman | equal values get the smallest rank
# - return (times.cumsum() - (times - 1) / 2)[place]
# + return (times.cumsum() - times + 1.0)[place]


# %% spearman | dense ranks
# - return (times.cumsum() - (times - 1) / 2)[place]
# + return place + 1.0


# %% spearman | the formula without ties
# - a, b = a - a.mean(), b - b.mean()
# + n = len(a)
# + if np.ptp(a) and np.ptp(b):
# +     return float(1 - 6 * ((a - b) ** 2).sum() / (n * (n * n - 1)))
# + a, b = a - a.mean(), b - b.mean()


# %% spearman | zero where nothing varies
# - return float(a @ b / size) if size else float("nan")
# + return float(a @ b / size) if size else 0.0


# %% spearman | lengths are not compared
# - if len(x) != len(y) or len(x) < 2:
# + x, y = x[: len(y)], y[: len(x)]
# + if len(x) < 2:


# %% glove_loss | half of the gradient
# - slope = 2 * weight * missing
# + slope = weight * missing
