"""Right solutions by recursion over time, with the sums in one matrix."""


# %% RNNCell
class RNNCell(Cell):
    def step(self, projected, state):
        together = torch.cat([state, torch.ones(len(state), 1, dtype=state.dtype)], 1)
        weights = torch.cat([self.weight_hh, self.bias_hh[:, None]], 1)
        return 2 * torch.sigmoid(2 * (projected + together @ weights.T)) - 1


# %% LSTMCell
class LSTMCell(Cell):
    blocks = 4

    def start(self, batch):
        zero = torch.zeros(batch, self.hidden, dtype=self.weight_hh.dtype)
        return zero, zero.clone()

    def step(self, projected, state):
        h, c = state
        sums = torch.addmm(projected + self.bias_hh, h, self.weight_hh.T)
        parts = dict(zip("ifgo", sums.split(self.hidden, dim=1), strict=True))
        gate = {name: part.sigmoid() for name, part in parts.items() if name != "g"}
        c = gate["i"] * parts["g"].tanh() + gate["f"] * c
        return c.tanh() * gate["o"], c


# %% GRUCell
class GRUCell(Cell):
    blocks = 3

    def step(self, projected, state):
        p = projected.split(self.hidden, 1)
        W, b = self.weight_hh.split(self.hidden), self.bias_hh.split(self.hidden)
        q = [torch.addmm(b[k], state, W[k].T) for k in range(3)]
        r, z = ((p[k] + q[k]).sigmoid() for k in (0, 1))
        return z * state + (1 - z) * (p[2] + r * q[2]).tanh()


# %% Recurrent
class Recurrent(nn.Module):
    def __init__(self, cell, reverse=False):
        super().__init__()
        self.cell, self.reverse = cell, reverse

    def forward(self, x, state=None, mask=None):
        projected = self.cell.project(x)
        last = x.shape[1] - 1

        def after(t):
            # all outputs from the first one read up to t, and the state
            begin = t == last if self.reverse else t == 0
            if begin:
                outputs, before = [], self.cell.start(x.shape[0]) if state is None else state
            else:
                outputs, before = after(t + 1 if self.reverse else t - 1)
            new = self.cell.step(projected[:, t], before)
            if mask is not None:
                new = keep(mask[:, t], new, before)
            return [*outputs, hidden(new)], new

        outputs, final = after(0 if self.reverse else last)
        stacked = torch.stack(outputs, 1)
        return (stacked.flip(1) if self.reverse else stacked), final


# %% Bidirectional
class Bidirectional(nn.Module):
    def __init__(self, forward_cell, backward_cell, run=Recurrent):
        super().__init__()
        self.ahead, self.back = run(forward_cell), run(backward_cell, reverse=True)

    def forward(self, x, mask=None):
        pair = torch.stack([self.ahead(x, None, mask=mask)[0], self.back(x, None, mask=mask)[0]], 2)
        return pair.flatten(2)


# %% clip_by_norm
def clip_by_norm(gradients, largest):
    gradients = [gradient for gradient in gradients if gradient is not None]
    if not gradients:
        return 0.0
    norm = torch.cat([gradient.reshape(-1) for gradient in gradients]).norm().item()
    if norm > largest:
        for gradient in gradients:
            gradient.div_(norm / largest)
    return norm


# %% truncated_bptt
def truncated_bptt(run, loss, x, targets, length, state=None):
    if x.shape[1] == 0:
        return 0.0, state
    outputs, state = run(x[:, :length], state)
    cost = loss(outputs, targets[:, :length])
    cost.backward()
    rest, state = truncated_bptt(run, loss, x[:, length:], targets[:, length:], length, detach(state))
    return cost.item() + rest, state


# %% bits
def bits(logits, targets):
    wide = logits if logits.dtype in (torch.float32, torch.float64) else logits.to(torch.float32)
    shifted = wide - wide.amax(-1, keepdim=True).detach()
    chosen = (shifted * torch.nn.functional.one_hot(targets, wide.shape[-1])).sum(-1)
    return torch.log2(shifted.exp().sum(-1)) - chosen / math.log(2)


# %% gradient_norms
def gradient_norms(cell, x, loss=torch.sum):
    with torch.enable_grad():
        states = [cell.start(x.shape[0])]
        for part in cell.project(x).transpose(0, 1):
            new = cell.step(part, states[-1])
            states.append(tuple(p.clone() for p in new) if isinstance(new, tuple) else new.clone())
        value = loss(hidden(states[-1]))
        norms = []
        for state in states[1:]:
            pair = list(state) if isinstance(state, tuple) else [state]
            slopes = torch.autograd.grad(
                value, pair, retain_graph=True, allow_unused=True, materialize_grads=True
            )
            norms.append(torch.cat(slopes).norm())
    return torch.stack(norms)
