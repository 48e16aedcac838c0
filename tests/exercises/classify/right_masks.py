"""Boolean masks and one class at a time, no one-hot matrix."""


# %% mark_negation
def mark_negation(tokens):
    def negates(t):
        return t in NEGATIONS or t.endswith("n't") or t.endswith("n’t")

    result, clause = [], []
    for t in [*tokens, None]:
        if t is None or t in CLAUSE_ENDS:
            first = next((i for i, u in enumerate(clause) if negates(u)), len(clause))
            result += [u if i <= first or negates(u) else MARK + u for i, u in enumerate(clause)]
            clause = []
            if t is not None:
                result.append(t)
        else:
            clause.append(t)
    return result


# %% ngrams
def ngrams(tokens, n):
    if n <= 0:
        raise ValueError("there are no runs of no tokens")
    bag = Counter()
    for k in range(1, n + 1):
        bag.update(map(" ".join, zip(*(tokens[i:] for i in range(k)))))
    return bag


# %% multinomial_naive_bayes
def multinomial_naive_bayes(X, y, alpha, classes):
    if not alpha > 0 or any((y == c).sum() == 0 for c in range(classes)):
        raise ValueError("alpha must be above 0, and every class needs a text")
    sums = np.stack([X[y == c].sum(axis=0) for c in range(classes)]).astype(float) + alpha
    weights = np.log(sums) - np.log(sums.sum(axis=1))[:, None]
    return weights.T, np.array([np.log((y == c).mean()) for c in range(classes)])


# %% bernoulli_naive_bayes
def bernoulli_naive_bayes(X, y, alpha, classes):
    if not alpha > 0 or any((y == c).sum() == 0 for c in range(classes)):
        raise ValueError("alpha must be above 0, and every class needs a text")
    q = np.stack(
        [(X[y == c].sum(axis=0) + alpha) / ((y == c).sum() + 2 * alpha) for c in range(classes)], axis=1
    )
    prior = np.array([np.log((y == c).mean()) for c in range(classes)])
    return np.log(q) - np.log1p(-q), prior + np.log1p(-q).sum(axis=0)


# %% softmax_loss
def softmax_loss(weights, bias, X, y, l2):
    z = X @ weights + bias
    log_total = np.logaddexp.reduce(z, axis=1)
    loss = (log_total - np.take_along_axis(z, y[:, None], 1)[:, 0]).mean() + 0.5 * l2 * np.sum(
        weights * weights
    )
    wrong = np.exp(z - log_total[:, None])
    wrong[np.arange(len(y)), y] -= 1
    return loss, l2 * weights + X.T @ wrong / len(y), wrong.mean(axis=0)


# %% two_loop
def two_loop(gradient, steps, changes):
    def recursive(vector, k, scale):
        """H_k @ vector by the recursion H = Lᵀ H L + ρ s sᵀ."""
        if k == 0:
            return scale * vector
        s, t = steps[k - 1], changes[k - 1]
        a = (s @ vector) / (s @ t)
        inner = recursive(vector - a * t, k - 1, scale)
        return inner + (a - (t @ inner) / (s @ t)) * s

    scale = (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1]) if len(steps) else 1.0
    return recursive(-gradient, len(steps), scale)


# %% hinge_loss
def hinge_loss(w, X, signs, l2):
    signed = X * signs[:, None]
    missed = signed @ w < 1
    loss = (1 - signed[missed] @ w).sum() / len(X) + l2 / 2 * np.dot(w, w)
    return loss, l2 * w - signed[missed].sum(axis=0) / len(X)


# %% dual_step
def dual_step(alpha, w, x, sign, cost, squared=False):
    D, U = (0.5 / cost, np.inf) if squared else (0.0, cost)
    Q = np.dot(x, x) + D
    return float(np.clip(alpha - (sign * np.dot(w, x) - 1 + D * alpha) / Q, 0, U)) if Q else cost


# %% calibration_error
def calibration_error(confidence, correct, bins=10):
    error = 0.0
    for m in range(1, bins + 1):
        inside = (confidence <= m / bins) & ((confidence > (m - 1) / bins) | (m == 1))
        if inside.any():
            error += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return float(error)
