"""Right solutions with torch's functions: linear, einsum, reduce."""

# %% RNNCell
from torch.nn import functional as F


class RNNCell(Cell):
    def step(self, projected, state):
        return torch.tanh(F.linear(state, self.weight_hh, self.bias_hh).add(projected))


# %% LSTMCell
class LSTMCell(Cell):
    blocks = 4

    def start(self, batch):
        return tuple(Cell.start(self, batch) for _ in range(2))

    def step(self, projected, state):
        sums = (projected + torch.nn.functional.linear(state[0], self.weight_hh, self.bias_hh)).unflatten(
            -1, (4, -1)
        )
        enter, leave, out = (torch.sigmoid(sums[:, k]) for k in (0, 1, 3))
        memory = torch.addcmul(leave * state[1], enter, torch.tanh(sums[:, 2]))
        return out * torch.tanh(memory), memory


# %% GRUCell
class GRUCell(Cell):
    blocks = 3

    def step(self, projected, state):
        own = torch.einsum("bh,gh->bg", state, self.weight_hh) + self.bias_hh
        H = self.hidden
        gates = torch.sigmoid(projected[:, : 2 * H] + own[:, : 2 * H])
        new = torch.tanh(projected[:, 2 * H :] + gates[:, :H] * own[:, 2 * H :])
        return torch.lerp(new, state, gates[:, H:])


# %% Recurrent
from functools import reduce


class Recurrent(nn.Module):
    def __init__(self, cell, reverse=False):
        super().__init__()
        self.cell, self.reverse = cell, reverse

    def forward(self, x, state=None, mask=None):
        step = -1 if self.reverse else 1
        first = self.cell.start(x.size(0)) if state is None else state
        parts = self.cell.project(x).unbind(1)[::step]
        masks = [None] * len(parts) if mask is None else mask.unbind(1)[::step]

        def advance(states, given):
            part, real = given
            new = self.cell.step(part, states[-1])
            return [*states, new if real is None else keep(real, new, states[-1])]

        states = reduce(advance, zip(parts, masks, strict=True), [first])
        return torch.stack([hidden(s) for s in states[1:]][::step], 1), states[-1]


# %% Bidirectional
class Bidirectional(nn.Module):
    def __init__(self, forward_cell, backward_cell, run=Recurrent):
        super().__init__()
        self.ahead, self.back = run(forward_cell), run(backward_cell, reverse=True)

    def forward(self, x, mask=None):
        return torch.cat([run(x, mask=mask)[0] for run in (self.ahead, self.back)], dim=-1)


# %% clip_by_norm
def clip_by_norm(gradients, largest):
    present = list(filter(lambda gradient: gradient is not None, gradients))
    norm = math.hypot(*(float(torch.linalg.vector_norm(gradient)) for gradient in present))
    factor = min(1.0, largest / norm) if norm else 1.0
    for gradient in present:
        gradient.copy_(gradient * factor)
    return norm


# %% truncated_bptt
from functools import reduce


def truncated_bptt(run, loss, x, targets, length, state=None):
    def window(before, given):
        total, state = before
        outputs, after = run(given[0], state)
        cost = loss(outputs, given[1])
        cost.backward()
        return total + cost.item(), detach(after)

    return reduce(window, windows(x, targets, length), (0.0, state))


# %% bits
from torch.nn import functional as F


def bits(logits, targets):
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    flat = F.cross_entropy(wide.reshape(-1, wide.shape[-1]), targets.reshape(-1), reduction="none")
    return flat.view(targets.shape) / math.log(2)


# %% gradient_norms
from itertools import accumulate


def gradient_norms(cell, x, loss=torch.sum):
    def advance(state, projected):
        new = cell.step(projected, state)
        return tuple(part + 0 for part in new) if isinstance(new, tuple) else new + 0

    states = list(accumulate(cell.project(x).unbind(1), advance, initial=cell.start(x.shape[0])))[1:]
    flat = [part for state in states for part in (state if isinstance(state, tuple) else [state])]
    slopes = torch.autograd.grad(loss(hidden(states[-1])), flat, materialize_grads=True, allow_unused=True)
    return torch.stack([slope.square().sum() for slope in slopes]).view(len(states), -1).sum(1).sqrt()
