"""Plain Python loops over numbers, NumPy only where arrays go in and out."""


# %% mark_negation
def mark_negation(tokens):
    out = []
    for i in range(len(tokens)):
        t, mark = tokens[i], False
        if t in NEGATIONS or t in CLAUSE_ENDS or t[-3:] in ("n't", "n’t"):
            out.append(t)
            continue
        for before in reversed(tokens[:i]):
            if before in CLAUSE_ENDS:
                break
            if before in NEGATIONS or before[-3:] in ("n't", "n’t"):
                mark = True
                break
        out.append("not_" + t if mark else t)
    return out


# %% ngrams
def ngrams(tokens, n):
    if n < 1:
        raise ValueError("n must be 1 or more")
    bag = {}
    for start in range(len(tokens)):
        run = ""
        for token in tokens[start : start + n]:
            run = run + " " + token if run else token
            bag[run] = bag.get(run, 0) + 1
    return bag


# %% multinomial_naive_bayes
def multinomial_naive_bayes(X, y, alpha, classes):
    if not alpha > 0:
        raise ValueError("alpha must be positive")
    V = X.shape[1]
    weights, bias = np.zeros((V, classes)), np.zeros(classes)
    for c in range(classes):
        members = [i for i in range(len(y)) if y[i] == c]
        if not members:
            raise ValueError(f"no text of class {c}")
        bias[c] = math.log(len(members)) - math.log(len(y))
        total = sum(float(X[i].sum()) for i in members) + alpha * V
        for w in range(V):
            weights[w, c] = math.log(sum(float(X[i, w]) for i in members) + alpha) - math.log(total)
    return weights, bias


# %% bernoulli_naive_bayes
def bernoulli_naive_bayes(X, y, alpha, classes):
    if not alpha > 0:
        raise ValueError("alpha must be positive")
    V = X.shape[1]
    weights, bias = np.zeros((V, classes)), np.zeros(classes)
    for c in range(classes):
        members = [i for i in range(len(y)) if y[i] == c]
        if not members:
            raise ValueError(f"no text of class {c}")
        bias[c] = math.log(len(members) / len(y))
        for w in range(V):
            yes = sum(float(X[i, w]) for i in members) + alpha
            no = len(members) + 2 * alpha - yes
            weights[w, c] = math.log(yes / no)
            bias[c] += math.log(no / (yes + no))
    return weights, bias


# %% softmax_loss
def softmax_loss(weights, bias, X, y, l2):
    N, (V, C) = len(y), weights.shape
    loss = l2 / 2 * sum(float(v) ** 2 for v in weights.ravel())
    by_weights, by_bias = l2 * weights, np.zeros(C)
    for x, label in zip(X, y):
        z = [sum(float(x[w]) * weights[w, c] for w in range(V)) + bias[c] for c in range(C)]
        top = max(z)
        log_total = top + math.log(sum(math.exp(v - top) for v in z))
        loss += (log_total - z[label]) / N
        for c in range(C):
            wrong = (math.exp(z[c] - log_total) - (c == label)) / N
            by_bias[c] += wrong
            by_weights[:, c] += wrong * x
    return loss, by_weights, by_bias


# %% two_loop
def two_loop(gradient, steps, changes):
    d = [-float(g) for g in gradient]

    def dot(a, b):
        return math.fsum(float(u) * float(v) for u, v in zip(a, b))

    a = {}
    for k in range(len(steps) - 1, -1, -1):
        a[k] = dot(steps[k], d) / dot(steps[k], changes[k])
        d = [v - a[k] * float(t) for v, t in zip(d, changes[k])]
    if len(steps):
        scale = dot(steps[-1], changes[-1]) / dot(changes[-1], changes[-1])
        d = [scale * v for v in d]
    for k in range(len(steps)):
        b = dot(changes[k], d) / dot(steps[k], changes[k])
        d = [v + (a[k] - b) * float(s) for v, s in zip(d, steps[k])]
    return np.array(d)


# %% hinge_loss
def hinge_loss(w, X, signs, l2):
    loss, slope = 0.0, np.zeros(len(w))
    for x, s in zip(X, signs):
        lack = 1 - s * float(x @ w)
        if lack > 0:
            loss += lack
            slope -= s * x
    return loss / len(X) + l2 * float(w @ w) / 2, slope / len(X) + l2 * w


# %% dual_step
def dual_step(alpha, w, x, sign, cost, squared=False):
    score = sum(float(a) * float(b) for a, b in zip(w, x))
    square = sum(float(v) ** 2 for v in x)
    if squared:
        return max(0.0, alpha - (sign * score - 1 + alpha / (2 * cost)) / (square + 1 / (2 * cost)))
    if square == 0:
        return cost
    new = alpha - (sign * score - 1) / square
    return 0.0 if new < 0 else cost if new > cost else new


# %% calibration_error
def calibration_error(confidence, correct, bins=10):
    bag = {}
    for p, right in zip(confidence.tolist(), correct.tolist()):
        m = next((m for m in range(1, bins + 1) if p <= m / bins), bins)
        bag.setdefault(m, []).append(float(right) - p)
    return sum(abs(math.fsum(part)) for part in bag.values()) / len(confidence)
