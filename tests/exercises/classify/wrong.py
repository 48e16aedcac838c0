# %% mark_negation | to the end of the text
def mark_negation(tokens):
    marked, negated = [], False
    for token in tokens:
        kept = token in CLAUSE_ENDS or token in NEGATIONS or token.endswith(("n't", "n’t"))
        marked.append(MARK + token if negated and not kept else token)
        negated |= kept and token not in CLAUSE_ENDS
    return marked


# %% mark_negation | n't is no negation
# - if token in NEGATIONS or token.endswith(("n't", "n’t")):
# + if token in NEGATIONS:


# %% mark_negation | only one kind of apostrophe
# - if token in NEGATIONS or token.endswith(("n't", "n’t")):
# + if token in NEGATIONS or token.endswith("n't"):


# %% mark_negation | two negations cancel
# - negated = True
# + negated = not negated


# %% mark_negation | changes its argument
def mark_negation(tokens):
    negated = False
    for i, token in enumerate(tokens):
        if token in NEGATIONS or token.endswith(("n't", "n’t")):
            negated = True
        elif token in CLAUSE_ENDS:
            negated = False
        elif negated:
            tokens[i] = MARK + token
    return tokens


# %% ngrams | only the longest runs
def ngrams(tokens, n):
    if n < 1:
        raise ValueError("n")
    return Counter(" ".join(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


# %% ngrams | the last run is missing
def ngrams(tokens, n):
    if n < 1:
        raise ValueError("n")
    return Counter(" ".join(tokens[i : i + k]) for k in range(1, n + 1) for i in range(len(tokens) - k))


# %% ngrams | short runs at the end
def ngrams(tokens, n):
    if n < 1:
        raise ValueError("n")
    return Counter(" ".join(tokens[i : i + k]) for k in range(1, n + 1) for i in range(len(tokens)))


# %% ngrams | n = 0 gives nothing
def ngrams(tokens, n):
    return Counter(" ".join(tokens[i : i + k]) for k in range(1, n + 1) for i in range(len(tokens) - k + 1))


# %% multinomial_naive_bayes | smoothed above the line only
def multinomial_naive_bayes(X, y, alpha, classes):
    size = np.bincount(y, minlength=classes)
    if not alpha > 0 or not size.all():
        raise ValueError("alpha, classes")
    counts = X.T @ one_hot(y, classes)
    return np.log((counts + alpha) / counts.sum(axis=0)), np.log(size / len(y))


# %% multinomial_naive_bayes | alpha once, not for each feature
def multinomial_naive_bayes(X, y, alpha, classes):
    size = np.bincount(y, minlength=classes)
    if not alpha > 0 or not size.all():
        raise ValueError("alpha, classes")
    counts = X.T @ one_hot(y, classes)
    return np.log((counts + alpha) / (counts.sum(axis=0) + alpha)), np.log(size / len(y))


# %% multinomial_naive_bayes | over classes instead of features
def multinomial_naive_bayes(X, y, alpha, classes):
    size = np.bincount(y, minlength=classes)
    if not alpha > 0 or not size.all():
        raise ValueError("alpha, classes")
    counts = X.T @ one_hot(y, classes) + alpha
    return np.log(counts / counts.sum(axis=1, keepdims=True)), np.log(size / len(y))


# %% multinomial_naive_bayes | alpha = 0 is let through
def multinomial_naive_bayes(X, y, alpha, classes):
    size = np.bincount(y, minlength=classes)
    if alpha < 0 or not size.all():
        raise ValueError("alpha, classes")
    counts = X.T @ one_hot(y, classes) + alpha
    return np.log(counts / counts.sum(axis=0)), np.log(size / len(y))


# %% multinomial_naive_bayes | an empty class is let through
def multinomial_naive_bayes(X, y, alpha, classes):
    if not alpha > 0:
        raise ValueError("alpha")
    counts = X.T @ one_hot(y, classes) + alpha
    return np.log(counts / counts.sum(axis=0)), np.log((np.bincount(y, minlength=classes) + 1e-9) / len(y))


# %% multinomial_naive_bayes | presence instead of counts
def multinomial_naive_bayes(X, y, alpha, classes):
    size = np.bincount(y, minlength=classes)
    if not alpha > 0 or not size.all():
        raise ValueError("alpha, classes")
    counts = (X > 0).astype(float).T @ one_hot(y, classes) + alpha
    return np.log(counts / counts.sum(axis=0)), np.log(size / len(y))


# %% bernoulli_naive_bayes | absence is silent
def bernoulli_naive_bayes(X, y, alpha, classes):
    size = np.bincount(y, minlength=classes)
    if not alpha > 0 or not size.all():
        raise ValueError("alpha, classes")
    q = (X.T @ one_hot(y, classes) + alpha) / (size + 2 * alpha)
    return np.log(q), np.log(size / len(y))


# %% bernoulli_naive_bayes | only the bias knows of absence
def bernoulli_naive_bayes(X, y, alpha, classes):
    size = np.bincount(y, minlength=classes)
    if not alpha > 0 or not size.all():
        raise ValueError("alpha, classes")
    q = (X.T @ one_hot(y, classes) + alpha) / (size + 2 * alpha)
    return np.log(q), np.log(size / len(y)) + np.log(1 - q).sum(axis=0)


# %% bernoulli_naive_bayes | alpha times the features below the line
def bernoulli_naive_bayes(X, y, alpha, classes):
    size = np.bincount(y, minlength=classes)
    if not alpha > 0 or not size.all():
        raise ValueError("alpha, classes")
    q = (X.T @ one_hot(y, classes) + alpha) / (size + X.shape[1] * alpha + (X.shape[1] == 1))
    return np.log(q / (1 - q)), np.log(size / len(y)) + np.log(1 - q).sum(axis=0)


# %% bernoulli_naive_bayes | no prior
def bernoulli_naive_bayes(X, y, alpha, classes):
    size = np.bincount(y, minlength=classes)
    if not alpha > 0 or not size.all():
        raise ValueError("alpha, classes")
    q = (X.T @ one_hot(y, classes) + alpha) / (size + 2 * alpha)
    return np.log(q / (1 - q)), np.log(1 - q).sum(axis=0)


# %% softmax_loss | sums over texts
def softmax_loss(weights, bias, X, y, l2):
    p = softmax(X @ weights + bias)
    wrong = p - one_hot(y, len(bias))
    loss = -np.log(p[np.arange(len(y)), y]).sum() + l2 / 2 * (weights**2).sum()
    return loss, X.T @ wrong + l2 * weights, wrong.sum(axis=0)


# %% softmax_loss | log of p, which rounds to 0
def softmax_loss(weights, bias, X, y, l2):
    p = softmax(X @ weights + bias)
    wrong = (p - one_hot(y, len(bias))) / len(y)
    loss = -np.log(p[np.arange(len(y)), y]).mean() + l2 / 2 * (weights**2).sum()
    return loss, X.T @ wrong + l2 * weights, wrong.sum(axis=0)


# %% softmax_loss | exp of large scores
def softmax_loss(weights, bias, X, y, l2):
    z = X @ weights + bias
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    wrong = (np.exp(log_p) - one_hot(y, len(bias))) / len(y)
    loss = -log_p[np.arange(len(y)), y].mean() + l2 / 2 * (weights**2).sum()
    return loss, X.T @ wrong + l2 * weights, wrong.sum(axis=0)


# %% softmax_loss | one shift for all rows
def softmax_loss(weights, bias, X, y, l2):
    z = X @ weights + bias
    z = z - z.max()
    log_p = z - np.log(np.maximum(np.exp(z).sum(axis=1, keepdims=True), 1e-300))
    wrong = (np.exp(log_p) - one_hot(y, len(bias))) / len(y)
    loss = -log_p[np.arange(len(y)), y].mean() + l2 * (weights**2).sum()
    return loss, X.T @ wrong + l2 * weights, wrong.sum(axis=0)


# %% softmax_loss | no penalty in the gradient
def softmax_loss(weights, bias, X, y, l2):
    z = X @ weights + bias
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    wrong = (np.exp(log_p) - one_hot(y, len(bias))) / len(y)
    loss = -log_p[np.arange(len(y)), y].mean() + l2 / 2 * (weights**2).sum()
    return loss, X.T @ wrong, wrong.sum(axis=0)


# %% softmax_loss | the bias is held small
def softmax_loss(weights, bias, X, y, l2):
    z = X @ weights + bias
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    wrong = (np.exp(log_p) - one_hot(y, len(bias))) / len(y)
    loss = -log_p[np.arange(len(y)), y].mean() + l2 / 2 * ((weights**2).sum() + (bias**2).sum())
    return loss, X.T @ wrong + l2 * weights, wrong.sum(axis=0) + l2 * bias


# %% two_loop | uphill
def two_loop(gradient, steps, changes):
    d, pairs, shares = gradient, list(zip(steps, changes)), []
    for s, t in reversed(pairs):
        shares.append((s @ d) / (s @ t))
        d = d - shares[-1] * t
    if pairs:
        d = d * (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1])
    for (s, t), a in zip(pairs, reversed(shares)):
        d = d + (a - (t @ d) / (s @ t)) * s
    return d


# %% two_loop | the oldest pair first
def two_loop(gradient, steps, changes):
    d, pairs, shares = -gradient, list(zip(steps, changes))[::-1], []
    for s, t in reversed(pairs):
        shares.append((s @ d) / (s @ t))
        d = d - shares[-1] * t
    if pairs:
        d = d * (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1])
    for (s, t), a in zip(pairs, reversed(shares)):
        d = d + (a - (t @ d) / (s @ t)) * s
    return d


# %% two_loop | shares in the wrong order
def two_loop(gradient, steps, changes):
    d, pairs, shares = -gradient, list(zip(steps, changes)), []
    for s, t in reversed(pairs):
        shares.append((s @ d) / (s @ t))
        d = d - shares[-1] * t
    if pairs:
        d = d * (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1])
    for (s, t), a in zip(pairs, shares):
        d = d + (a - (t @ d) / (s @ t)) * s
    return d


# %% two_loop | no scaling
def two_loop(gradient, steps, changes):
    d, pairs, shares = -gradient, list(zip(steps, changes)), []
    for s, t in reversed(pairs):
        shares.append((s @ d) / (s @ t))
        d = d - shares[-1] * t
    for (s, t), a in zip(pairs, reversed(shares)):
        d = d + (a - (t @ d) / (s @ t)) * s
    return d


# %% two_loop | changes the gradient in place
def two_loop(gradient, steps, changes):
    gradient *= -1
    d, pairs, shares = gradient, list(zip(steps, changes)), []
    for s, t in reversed(pairs):
        shares.append((s @ d) / (s @ t))
        d = d - shares[-1] * t
    if pairs:
        d = d * (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1])
    for (s, t), a in zip(pairs, reversed(shares)):
        d = d + (a - (t @ d) / (s @ t)) * s
    return d


# %% hinge_loss | on the margin counts as inside
def hinge_loss(w, X, signs, l2):
    lack = 1 - signs * (X @ w)
    loss = np.maximum(lack, 0).mean() + l2 / 2 * (w @ w)
    return loss, l2 * w - X.T @ np.where(lack >= 0, signs, 0.0) / len(signs)


# %% hinge_loss | only texts on the wrong side
def hinge_loss(w, X, signs, l2):
    lack = -signs * (X @ w)
    loss = np.maximum(lack, 0).mean() + l2 / 2 * (w @ w)
    return loss, l2 * w - X.T @ np.where(lack > 0, signs, 0.0) / len(signs)


# %% hinge_loss | texts beyond the margin pay back
def hinge_loss(w, X, signs, l2):
    lack = 1 - signs * (X @ w)
    return lack.mean() + l2 / 2 * (w @ w), l2 * w - X.T @ np.where(lack > 0, signs, 0.0) / len(signs)


# %% hinge_loss | the penalty without its half
def hinge_loss(w, X, signs, l2):
    lack = 1 - signs * (X @ w)
    loss = np.maximum(lack, 0).mean() + l2 * (w @ w)
    return loss, l2 * w - X.T @ np.where(lack > 0, signs, 0.0) / len(signs)


# %% dual_step | no upper bound
def dual_step(alpha, w, x, sign, cost, squared=False):
    extra = 1 / (2 * cost) if squared else 0.0
    if not squared and not x.any():
        return cost
    return max(alpha - (sign * (w @ x) - 1 + extra * alpha) / (x @ x + extra), 0.0)


# %% dual_step | a bound for the square, too
def dual_step(alpha, w, x, sign, cost, squared=False):
    extra = 1 / (2 * cost) if squared else 0.0
    if not squared and not x.any():
        return cost
    return min(max(alpha - (sign * (w @ x) - 1 + extra * alpha) / (x @ x + extra), 0.0), cost)


# %% dual_step | the square is ignored
def dual_step(alpha, w, x, sign, cost, squared=False):
    if not x.any():
        return cost
    return min(max(alpha - (sign * (w @ x) - 1) / (x @ x), 0.0), cost)


# %% dual_step | a text without features
def dual_step(alpha, w, x, sign, cost, squared=False):
    extra = 1 / (2 * cost) if squared else 0.0
    curvature = float(x @ x + extra) or 1.0
    return min(
        max(alpha - (sign * (w @ x) - 1 + extra * alpha) / curvature, 0.0), math.inf if squared else cost
    )


# %% calibration_error | edges belong above
def calibration_error(confidence, correct, bins=10):
    where = np.minimum((confidence * bins).astype(int), bins - 1)
    return np.abs(np.bincount(where, correct - confidence, bins)).sum() / len(confidence)


# %% calibration_error | bins with equal weights
def calibration_error(confidence, correct, bins=10):
    where = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence)
    size = np.bincount(where, minlength=bins)
    gaps = np.abs(np.bincount(where, correct - confidence, bins))
    return (gaps[size > 0] / size[size > 0]).mean()


# %% calibration_error | differences cancel
def calibration_error(confidence, correct, bins=10):
    return abs((correct - confidence).mean())


# %% calibration_error | ten bins, whatever is asked
def calibration_error(confidence, correct, bins=10):
    where = np.searchsorted(np.linspace(0, 1, 11)[1:-1], confidence)
    return np.abs(np.bincount(where, correct - confidence, 10)).sum() / len(confidence)


# %% calibration_error | confidence 0 is left out
def calibration_error(confidence, correct, bins=10):
    edges, total = np.linspace(0, 1, bins + 1), 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        total += abs((correct[inside] - confidence[inside]).sum())
    return total / len(confidence)


# %% stretch | the inverse
def temperature(scores, y):
    grid = np.geomspace(0.01, 100, 4001)
    truth = np.arange(len(y)), y
    return float(min(grid, key=lambda b: -np.log(softmax(scores * b)[truth]).mean()))
