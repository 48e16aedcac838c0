"""Recurrent networks: one cell used again at every time step, and what runs it over a sequence.

Elman's network (1990), the long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et
al. 2000) and the gated recurrent unit (Cho et al. 2014). Names, layout and order of the parameters are torch's:
weights of `torch.nn.RNNCell`, `LSTMCell` and `GRUCell` load by `load_state_dict`. One layer; stack them by hand.

Letters: B batch, T time, I inputs, H hidden units, G the cell's blocks of H rows (1, 4 or 3).
"""

import math
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn

State = Tensor | tuple[Tensor, Tensor]


class Cell(nn.Module):
    """What all three cells share: the parameters, the zero state and the input's part of the sums."""

    blocks = 1

    def __init__(self, inputs: int, hidden: int):
        super().__init__()
        self.inputs, self.hidden = inputs, hidden
        self.weight_ih = nn.Parameter(torch.empty(self.blocks * hidden, inputs))
        self.weight_hh = nn.Parameter(torch.empty(self.blocks * hidden, hidden))
        self.bias_ih = nn.Parameter(torch.empty(self.blocks * hidden))
        self.bias_hh = nn.Parameter(torch.empty(self.blocks * hidden))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(hidden**-0.5), hidden**-0.5)

    def start(self, batch: int) -> State:
        """The state before the first step: zeros, (B, H)."""
        return self.weight_hh.new_zeros(batch, self.hidden)

    def project(self, x: Tensor) -> Tensor:
        """The input's part of every sum: x (…, I) -> (…, G·H). It needs no state, so all steps go at once."""
        return x @ self.weight_ih.T + self.bias_ih

    def step(self, projected: Tensor, state: State) -> State:
        """One step from a projected input (B, G·H) and a state to the next state."""
        raise NotImplementedError

    def forward(self, x: Tensor, state: State) -> State:
        """One step: x (B, I), state -> the next state."""
        return self.step(self.project(x), state)


class RNNCell(Cell):
    """Elman's cell: h' = tanh(W_ih x + b_ih + W_hh h + b_hh). State h (B, H)."""

    def step(self, projected: Tensor, state: Tensor) -> Tensor:
        """Projected input (B, H), h (B, H) -> h' (B, H)."""
        ### BEGIN SOLUTION
        return torch.tanh(projected + state @ self.weight_hh.T + self.bias_hh)
        ### END SOLUTION


class LSTMCell(Cell):
    """Long short-term memory. State (h, c), both (B, H); rows of the weights in the order i, f, g, o.

    i, f, o = σ(sums), g = tanh(sum); c' = f ⊙ c + i ⊙ g; h' = o ⊙ tanh(c').
    """

    blocks = 4

    def start(self, batch: int) -> tuple[Tensor, Tensor]:
        """Zeros for h and for c, (B, H) each."""
        return super().start(batch), super().start(batch)

    def step(self, projected: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Projected input (B, 4·H), (h, c) -> (h', c')."""
        ### BEGIN SOLUTION
        h, c = state
        i, f, g, o = (projected + h @ self.weight_hh.T + self.bias_hh).chunk(4, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c
        ### END SOLUTION


class GRUCell(Cell):
    """Gated recurrent unit. State h (B, H); rows of the weights in the order r, z, n.

    r, z = σ(sums); n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn)), the reset gate after the matrix product, as in
    torch; h' = (1 - z) ⊙ n + z ⊙ h.
    """

    blocks = 3

    def step(self, projected: Tensor, state: Tensor) -> Tensor:
        """Projected input (B, 3·H), h (B, H) -> h' (B, H)."""
        ### BEGIN SOLUTION
        ir, iz, i_n = projected.chunk(3, -1)
        hr, hz, hn = (state @ self.weight_hh.T + self.bias_hh).chunk(3, -1)
        r, z = torch.sigmoid(ir + hr), torch.sigmoid(iz + hz)
        n = torch.tanh(i_n + r * hn)
        return (1 - z) * n + z * state
        ### END SOLUTION


def hidden(state: State) -> Tensor:
    """The part of a state that others see: h, (B, H)."""
    return state[0] if isinstance(state, tuple) else state


def keep(mask: Tensor, new: State, old: State) -> State:
    """The new state where the mask (B,) is true, the old one elsewhere."""
    if isinstance(new, tuple):
        return tuple(keep(mask, a, b) for a, b in zip(new, old, strict=True))
    return torch.where(mask[:, None], new, old)


def check_sequence(x: Tensor, mask: Tensor | None) -> None:
    """Raise ValueError unless x is (B, T, I) with a step at least and the mask, if any, (B, T) and boolean."""
    if x.dim() != 3 or x.shape[1] == 0:
        raise ValueError(f"x must be (B, T, I) with T at least 1, got {tuple(x.shape)}")
    if mask is not None and (mask.shape != x.shape[:2] or mask.dtype != torch.bool):
        raise ValueError(f"the mask must be bool {tuple(x.shape[:2])}, got {mask.dtype} {tuple(mask.shape)}")


class Recurrent(nn.Module):
    """A cell run over a sequence: from the first step to the last or, with `reverse`, the other way round."""

    def __init__(self, cell: Cell, reverse: bool = False):
        super().__init__()
        self.cell, self.reverse = cell, reverse

    def forward(
        self, x: Tensor, state: State | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """X (B, T, I), mask (B, T) true at real positions -> outputs (B, T, H) in the order of x, last state.

        A position that is masked out leaves the state as it was, and its output is that state's h. Without a mask
        all positions are real, without a state the cell starts with its own. Raises ValueError for wrong shapes.
        """
        check_sequence(x, mask)
        ### BEGIN SOLUTION
        batch, time = x.shape[:2]
        state = self.cell.start(batch) if state is None else state
        projected, outputs = self.cell.project(x).unbind(1), [None] * time
        for t in reversed(range(time)) if self.reverse else range(time):
            new = self.cell.step(projected[t], state)
            state = new if mask is None else keep(mask[:, t], new, state)
            outputs[t] = hidden(state)
        return torch.stack(outputs, 1), state
        ### END SOLUTION


class Bidirectional(nn.Module):
    """Two cells read the sequence from both ends; `run` makes a cell run (Schuster & Paliwal 1997)."""

    def __init__(self, forward_cell: Cell, backward_cell: Cell, run: Callable = Recurrent):
        super().__init__()
        self.ahead, self.back = run(forward_cell), run(backward_cell, reverse=True)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """X (B, T, I), mask (B, T) -> (B, T, 2·H): at each position what has been read ahead, then back."""
        ### BEGIN SOLUTION
        return torch.cat([self.ahead(x, mask=mask)[0], self.back(x, mask=mask)[0]], -1)
        ### END SOLUTION


@torch.no_grad()
def forget_bias(cell: LSTMCell, value: float) -> None:
    """Let an LSTM's forget gates start at σ(value): their two biases together become `value`, in place.

    Source: Gers et al. 2000; how much it matters, Jozefowicz et al. 2015.
    """
    rows = slice(cell.hidden, 2 * cell.hidden)
    cell.bias_ih[rows], cell.bias_hh[rows] = value, 0.0


def clip_by_norm(gradients: Iterable[Tensor | None], largest: float) -> float:
    """Scale gradients, in place, so that their joint norm is at most `largest`; returns the norm before.

    None, the gradient of what took no part, is left out. Source: Pascanu, Mikolov and Bengio 2013, algorithm 1.
    """
    ### BEGIN SOLUTION
    present = [gradient for gradient in gradients if gradient is not None]
    norm = math.sqrt(sum(float(gradient.square().sum()) for gradient in present))
    if norm > largest:
        for gradient in present:
            gradient.mul_(largest / norm)
    return norm
    ### END SOLUTION


def detach(state: State) -> State:
    """The same numbers without their past: no gradient flows through them."""
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


def windows(x: Tensor, targets: Tensor, length: int) -> Iterator[tuple[Tensor, Tensor]]:
    """One stretch of `length` steps after the other, the last one shorter: (B, T, …) -> (B, ≤ length, …) each.

    Raises ValueError for a length below 1.
    """
    if length < 1:
        raise ValueError(f"a window has one step at least, got {length}")
    return zip(x.split(length, 1), targets.split(length, 1), strict=True)


def truncated_bptt(
    run: Callable, loss: Callable, x: Tensor, targets: Tensor, length: int, state: State | None = None
) -> tuple[float, State]:
    """Backpropagation through time, cut every `length` steps: the state goes on, the gradient does not.

    `run(x, state)` gives outputs and the last state, `loss(outputs, targets)` a sum. Adds each window's gradient
    to the parameters' `grad`; returns the sum of all losses and the last state, detached. Sources: Werbos 1990;
    Mikolov et al. 2010.
    """
    ### BEGIN SOLUTION
    total = 0.0
    for piece, wanted in windows(x, targets, length):
        outputs, state = run(piece, state)
        cost = loss(outputs, wanted)
        cost.backward()
        state, total = detach(state), total + cost.item()
    return total, state
    ### END SOLUTION


def bits(logits: Tensor, targets: Tensor) -> Tensor:
    """What each target costs, -log2 p: logits (…, V), targets (…) -> (…). Half precision is widened first."""
    ### BEGIN SOLUTION
    wide = logits.float() if logits.dtype.itemsize < 4 else logits
    return -torch.log_softmax(wide, -1).gather(-1, targets[..., None])[..., 0] / math.log(2)
    ### END SOLUTION


def gradient_norms(cell: Cell, x: Tensor, loss: Callable = torch.sum) -> Tensor:
    """How much the loss at the last step feels each state: ‖∂ loss(h_T) / ∂ s_t‖.  x (B, T, I) -> (T,)

    s_t is all that step t hands on, h and c for an LSTM; the norm is over the whole batch. Sources: Bengio et al.
    1994; Pascanu et al. 2013.
    """
    ### BEGIN SOLUTION
    state, states = cell.start(x.shape[0]), []
    for projected in cell.project(x).unbind(1):
        new = cell.step(projected, state)
        # copies: a change of c then moves what comes after, and not the h that was made from it
        state = tuple(part.clone() for part in new) if isinstance(new, tuple) else new.clone()
        states.append(state if isinstance(state, tuple) else (state,))
    flat = [part for parts in states for part in parts]
    slopes = torch.autograd.grad(loss(hidden(state)), flat, allow_unused=True, materialize_grads=True)
    return torch.stack(slopes).view(len(states), -1).norm(dim=1)
    ### END SOLUTION
