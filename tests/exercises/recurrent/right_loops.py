"""Right solutions in plain loops, a block at a time."""


# %% RNNCell
class RNNCell(Cell):
    def step(self, projected, state):
        sums = []
        for p, h in zip(projected, state, strict=True):
            sums.append(p + self.weight_hh.mv(h) + self.bias_hh)
        return torch.stack(sums).tanh()


# %% LSTMCell
class LSTMCell(Cell):
    blocks = 4

    def start(self, batch):
        return super().start(batch), super().start(batch)

    def step(self, projected, state):
        h, c = state
        H = self.hidden
        sums = []
        for k in range(4):
            rows = slice(k * H, (k + 1) * H)
            sums.append(projected[:, rows] + h @ self.weight_hh[rows].T + self.bias_hh[rows])
        new = sums[1].sigmoid() * c + sums[0].sigmoid() * sums[2].tanh()
        return sums[3].sigmoid() * new.tanh(), new


# %% GRUCell
class GRUCell(Cell):
    blocks = 3

    def step(self, projected, state):
        H = self.hidden
        p = [projected[:, k * H : (k + 1) * H] for k in range(3)]
        q = [
            state @ self.weight_hh[k * H : (k + 1) * H].T + self.bias_hh[k * H : (k + 1) * H]
            for k in range(3)
        ]
        reset = 1 / (1 + (-p[0] - q[0]).exp())
        update = 1 / (1 + (-p[1] - q[1]).exp())
        new = (p[2] + reset * q[2]).tanh()
        return new + update * (state - new)


# %% Recurrent
class Recurrent(nn.Module):
    def __init__(self, cell, reverse=False):
        super().__init__()
        self.cell, self.reverse = cell, reverse

    def forward(self, x, state=None, mask=None):
        if state is None:
            state = self.cell.start(len(x))
        projected = self.cell.project(x)
        places = list(range(x.shape[1]))
        if self.reverse:
            places.reverse()
        found = {}
        for t in places:
            before = state
            state = self.cell.step(projected[:, t], before)
            if mask is not None:
                state = keep(mask[:, t], state, before)
            found[t] = hidden(state)
        return torch.stack([found[t] for t in sorted(found)], dim=1), state


# %% Bidirectional
class Bidirectional(nn.Module):
    def __init__(self, forward_cell, backward_cell, run=Recurrent):
        super().__init__()
        self.ahead, self.back = run(forward_cell), run(backward_cell, reverse=True)

    def forward(self, x, mask=None):
        first, _ = self.ahead(x, mask=mask)
        second, _ = self.back(x, mask=mask)
        return torch.cat((first, second), dim=2)


# %% clip_by_norm
def clip_by_norm(gradients, largest):
    kept, total = [], 0.0
    for gradient in gradients:
        if gradient is None:
            continue
        kept.append(gradient)
        total += (gradient * gradient).sum().item()
    norm = total**0.5
    if norm > largest:
        for gradient in kept:
            gradient *= largest / norm
    return norm


# %% truncated_bptt
def truncated_bptt(run, loss, x, targets, length, state=None):
    losses = []
    for t in range(0, x.shape[1], length):
        outputs, last = run(x[:, t : t + length], state)
        value = loss(outputs, targets[:, t : t + length])
        value.backward()
        losses.append(float(value.detach()))
        state = detach(last)
    return sum(losses), state


# %% bits
def bits(logits, targets):
    if logits.dtype in (torch.float16, torch.bfloat16):
        logits = logits.float()
    costs = torch.logsumexp(logits, -1) - torch.take_along_dim(logits, targets.unsqueeze(-1), -1).squeeze(-1)
    return costs / math.log(2)


# %% gradient_norms
def gradient_norms(cell, x, loss=torch.sum):
    projected, state, every = cell.project(x), cell.start(len(x)), []
    for t in range(x.shape[1]):
        new = cell.step(projected[:, t], state)
        if isinstance(new, tuple):
            state = tuple(1 * part for part in new)
            every.append(list(state))
        else:
            state = 1 * new
            every.append([state])
    value, norms = loss(hidden(state)), []
    for several in every:
        slopes = torch.autograd.grad(value, several, retain_graph=True, allow_unused=True)
        norms.append(sum(0.0 if s is None else s.square().sum().item() for s in slopes) ** 0.5)
    return torch.tensor(norms)
