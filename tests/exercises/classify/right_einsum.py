"""Einsum, generators and reductions; torch inside where it is shorter."""


# %% mark_negation
def mark_negation(tokens):
    def walk():
        on = False
        for t in tokens:
            stays = t in CLAUSE_ENDS or t in NEGATIONS or t[-3:] in {"n't", "n’t"}
            yield t if stays or not on else "".join((MARK, t))
            on = (on or stays) and t not in CLAUSE_ENDS

    return list(walk())


# %% ngrams
def ngrams(tokens, n):
    if not n >= 1:
        raise ValueError(n)
    ends = ((i, j) for i in range(len(tokens)) for j in range(i + 1, min(i + n, len(tokens)) + 1))
    return Counter(" ".join(tokens[i:j]) for i, j in ends)


# %% multinomial_naive_bayes
def multinomial_naive_bayes(X, y, alpha, classes):
    belongs = np.equal.outer(y, np.arange(classes)).astype(float)
    if not (alpha > 0 and belongs.any(axis=0).all()):
        raise ValueError("alpha or classes")
    counts = np.einsum("nv,nc->vc", X, belongs) + alpha
    return np.log(counts) - np.log(np.einsum("vc->c", counts)), np.log(belongs.mean(axis=0))


# %% bernoulli_naive_bayes
def bernoulli_naive_bayes(X, y, alpha, classes):
    belongs = np.equal.outer(y, np.arange(classes)).astype(float)
    if not (alpha > 0 and belongs.any(axis=0).all()):
        raise ValueError("alpha or classes")
    yes = np.einsum("nv,nc->vc", X, belongs) + alpha
    no = np.einsum("nv,nc->vc", 1 - X, belongs) + alpha
    return np.log(yes) - np.log(no), np.log(belongs.mean(axis=0)) + (np.log(no) - np.log(yes + no)).sum(
        axis=0
    )


# %% softmax_loss
def softmax_loss(weights, bias, X, y, l2):
    import torch

    W = torch.tensor(weights, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(bias, dtype=torch.float64, requires_grad=True)
    z = torch.tensor(np.asarray(X, float)) @ W + b
    loss = torch.nn.functional.cross_entropy(z, torch.tensor(y)) + l2 / 2 * W.square().sum()
    loss.backward()
    return loss.item(), W.grad.numpy(), b.grad.numpy()


# %% two_loop
def two_loop(gradient, steps, changes):
    if not steps:
        return np.negative(gradient)
    S, T = np.stack(steps), np.stack(changes)
    rho = 1 / np.einsum("kd,kd->k", S, T)
    q, a = np.array(gradient, float), np.zeros(len(S))
    for k in reversed(range(len(S))):
        a[k] = rho[k] * S[k].dot(q)
        q = q - a[k] * T[k]
    r = q / (rho[-1] * T[-1].dot(T[-1]))
    for k in range(len(S)):
        r = r + S[k] * (a[k] - rho[k] * T[k].dot(r))
    return -r


# %% hinge_loss
def hinge_loss(w, X, signs, l2):
    import torch

    v = torch.tensor(w, dtype=torch.float64, requires_grad=True)
    lack = 1 - torch.tensor(np.asarray(signs, float)) * (torch.tensor(np.asarray(X, float)) @ v)
    loss = torch.where(lack > 0, lack, 0 * lack).mean() + l2 / 2 * v.dot(v)
    loss.backward()
    return loss.item(), v.grad.numpy()


# %% dual_step
def dual_step(alpha, w, x, sign, cost, squared=False):
    def slope(a):
        return (
            sign * float(np.inner(w, x)) - 1 + float(np.inner(x, x)) * (a - alpha) + squared * a / (2 * cost)
        )

    rise = slope(1.0) - slope(0.0)
    if abs(rise) < 1e-12:
        return cost
    best = -slope(0.0) / rise
    return sorted([0.0, best, math.inf if squared else cost])[1]


# %% calibration_error
def calibration_error(confidence, correct, bins=10):
    where = np.digitize(confidence, np.arange(1, bins) / bins, right=True)
    gaps = np.zeros(bins)
    np.add.at(gaps, where, correct.astype(float) - confidence)
    return float(np.abs(gaps).sum() / confidence.size)
