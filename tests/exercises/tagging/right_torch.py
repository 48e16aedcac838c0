"""Torch inside: logsumexp, max and autograd, which gives marginals as gradients of log Z."""


# %% count_hmm
def count_hmm(observations, labels, L, V, k):
    import torch

    if not k > 0:
        raise ValueError("k")
    tables = [torch.full(shape, float(k), dtype=torch.float64) for shape in ((L,), (L, L), (L, V))]
    for seen, path in zip(observations, labels, strict=True):
        if len(seen) != len(path):
            raise ValueError("lengths")
        for t, (symbol, label) in enumerate(zip(seen, path)):
            tables[2][label, symbol] += 1
            if t == 0:
                tables[0][label] += 1
            else:
                tables[1][path[t - 1], label] += 1
    return tuple((table / table.sum(dim=-1, keepdim=True)).numpy() for table in tables)


# %% viterbi
def viterbi(unary, pairwise):
    import torch

    u, p = torch.tensor(unary), torch.tensor(np.array(steps(unary, pairwise)))
    best, back = u[0], []
    for t in range(1, len(u)):
        scores = best[:, None] + p[t - 1]
        top = scores.max(dim=0).values
        back.append((scores == top).int().argmax(dim=0).tolist())
        best = top + u[t]
    path = [(best == best.max()).int().argmax().item()]
    for pointers in back[::-1]:
        path.append(pointers[path[-1]])
    return list(reversed(path)), best.max().item()


# %% forward
def forward(unary, pairwise):
    import torch

    u, p = torch.tensor(unary), torch.tensor(np.array(steps(unary, pairwise)))
    rows = [u[0]]
    for t in range(1, len(u)):
        rows.append(u[t] + torch.logsumexp(rows[-1][:, None] + p[t - 1], dim=0))
    return torch.stack(rows).numpy()


# %% backward
def backward(unary, pairwise):
    import torch

    u, p = torch.tensor(unary), torch.tensor(np.array(steps(unary, pairwise)))
    rows = [torch.zeros_like(u[0])]
    for t in range(len(u) - 1, 0, -1):
        rows.insert(0, torch.logsumexp(p[t - 1] + (u[t] + rows[0])[None, :], dim=1))
    return torch.stack(rows).numpy()


# %% marginals
def marginals(unary, pairwise, alpha, beta):
    import torch

    a, b, u = torch.tensor(alpha), torch.tensor(beta), torch.tensor(unary)
    p = torch.tensor(np.array(steps(unary, pairwise)))
    total = torch.logsumexp(a[-1], dim=0)
    return torch.exp(a + b - total).numpy(), torch.exp(
        a[:-1, :, None] + p + (u + b)[1:, None] - total
    ).numpy()


# %% reestimate
def reestimate(observations, nodes, edges, V):
    import torch

    L = nodes[0].shape[1]
    emissions = torch.zeros(V, L, dtype=torch.float64)
    for seen, expected in zip(observations, nodes):
        emissions.index_add_(0, torch.tensor(list(map(int, seen))), torch.tensor(np.array(expected)))
    tables = [
        torch.tensor(np.sum([n[0] for n in nodes], axis=0)),
        torch.tensor(np.sum([e.sum(axis=0) for e in edges], axis=0)),
        emissions.T,
    ]
    rows = []
    for table in tables:
        total = table.sum(dim=-1, keepdim=True)
        rows.append(torch.where(total > 0, table / total.clamp(min=1e-300), 1 / table.shape[-1]).numpy())
    return tuple(rows)


# %% normalise_locally
def normalise_locally(unary, pairwise):
    import torch

    first = np.zeros(unary.shape)
    first[0] = torch.log_softmax(torch.tensor(unary[0]), dim=0)
    scores = torch.tensor(steps(unary, pairwise) + unary[1:, None, :])
    return first, torch.log_softmax(scores, dim=2).numpy()


# %% crf_loss
def crf_loss(unary, pairwise, gold, alpha, beta):
    import torch

    u = torch.tensor(unary, requires_grad=True)
    p = torch.tensor(np.array(steps(unary, pairwise)), requires_grad=True)
    walk = u[0]
    for t in range(1, len(u)):
        walk = u[t] + torch.logsumexp(walk[:, None] + p[t - 1], dim=0)
    score = sum(u[t, y] for t, y in enumerate(gold)) + 0 * p.sum()
    score = score + sum(p[t, a, b] for t, (a, b) in enumerate(zip(gold, gold[1:])))
    loss = torch.logsumexp(walk, dim=0) - score
    loss.backward()
    return loss.item(), u.grad.numpy(), p.grad.numpy()


# %% spans
def spans(labels):
    found = []
    for t, label in enumerate(labels):
        mark, kind = label[0], label[2:]
        if mark == "I" and found and found[-1][2] == t and found[-1][0] == kind:
            found[-1] = (kind, found[-1][1], t + 1)
        elif mark != "O":
            found.append((kind, t, t + 1))
    return found


# %% stretch
def sample_path(unary, pairwise, points):
    import torch

    a, p = torch.tensor(forward(unary, pairwise)), torch.tensor(np.array(steps(unary, pairwise)))
    path = []
    for t in range(len(a) - 1, -1, -1):
        reached = torch.softmax(a[t] + (p[t][:, path[-1]] if path else 0), dim=0).cumsum(dim=0)
        path.append(min(int(torch.searchsorted(reached, points[t].item(), right=True)), len(reached) - 1))
    return path[::-1]
