"""Recurrent networks: cells, sequences and masks equal torch's, gradients included; training pieces by hand."""

import math

import pytest
import torch
from torch import nn

from eras.deep_learning import recurrent
from eras.deep_learning.recurrent import (
    Bidirectional,
    GRUCell,
    LSTMCell,
    Recurrent,
    RNNCell,
    bits,
    clip_by_norm,
    forget_bias,
    gradient_norms,
    hidden,
    truncated_bptt,
)

CELLS = {
    "rnn": (RNNCell, nn.RNNCell, nn.RNN),
    "lstm": (LSTMCell, nn.LSTMCell, nn.LSTM),
    "gru": (GRUCell, nn.GRUCell, nn.GRU),
}
each_kind = pytest.mark.parametrize("kind", CELLS)
SIZES = [(1, 1, 1, 1), (4, 9, 5, 7), (3, 2, 6, 1)]


@pytest.fixture(autouse=True)
def doubles():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(7)
    yield
    torch.set_default_dtype(torch.float32)


def close(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, atol=1e-9, rtol=1e-9)


def parts(state):
    return state if isinstance(state, tuple) else (state,)


def twins(kind, inputs, units, **options):
    """Our cell and torch's layer with the same weights."""
    ours, theirs = CELLS[kind][0](inputs, units), CELLS[kind][2](inputs, units, batch_first=True, **options)
    ours.load_state_dict({name[:-3]: t for name, t in theirs.state_dict().items() if name.endswith("_l0")})
    return ours, theirs


@each_kind
@pytest.mark.parametrize("sizes", SIZES)
def test_a_step_is_torchs_step(kind, sizes):
    B, _, inputs, units = sizes
    ours, theirs = CELLS[kind][0](inputs, units), CELLS[kind][1](inputs, units)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(B, inputs, requires_grad=True)
    state = tuple(torch.randn_like(part, requires_grad=True) for part in parts(ours.start(B)))
    given = state if kind == "lstm" else state[0]
    results = [parts(cell(x, given)) for cell in (ours, theirs)]
    close(*results)
    weights = [torch.randn_like(part) for part in results[0]]
    slopes = [
        torch.autograd.grad(result, [x, *state, *cell.parameters()], weights)
        for result, cell in zip(results, (ours, theirs), strict=True)
    ]
    close(*slopes)
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    assert all(p.abs().max() <= units**-0.5 for p in ours.parameters())


@each_kind
@pytest.mark.parametrize("sizes", SIZES)
def test_a_sequence_is_torchs(kind, sizes):
    B, T, inputs, units = sizes
    ours, theirs = twins(kind, inputs, units)
    x = torch.randn(B, T, inputs, requires_grad=True)
    start = tuple(torch.randn_like(part) for part in parts(ours.start(B)))
    given = (start, tuple(part[None] for part in start)) if kind == "lstm" else (start[0], start[0][None])
    for mine, yours in ((None, None), given):
        outputs, last = Recurrent(ours)(x, mine)
        wanted, their_last = theirs(x, yours)
        close([outputs, *parts(last)], [wanted, *(part[0] for part in parts(their_last))])
        weight = torch.randn_like(outputs)
        close(
            torch.autograd.grad(outputs, [x, *ours.parameters()], weight),
            torch.autograd.grad(wanted, [x, *theirs.parameters()], weight),
        )


@each_kind
@pytest.mark.parametrize("lengths", [[9, 4, 1, 6], [1, 1, 1, 1], [9, 9, 9, 9]])
def test_masks_and_both_directions_are_packed_sequences(kind, lengths):
    ours, theirs = twins(kind, 5, 7, bidirectional=True)
    backward = CELLS[kind][0](5, 7)
    reverse = {
        n.removesuffix("_l0_reverse"): t for n, t in theirs.state_dict().items() if n.endswith("reverse")
    }
    backward.load_state_dict(reverse)
    x = torch.randn(4, 9, 5, requires_grad=True)
    mask = torch.arange(9) < torch.tensor(lengths)[:, None]
    packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), True, enforce_sorted=False)
    wanted, last = theirs(packed)
    wanted = nn.utils.rnn.pad_packed_sequence(wanted, True, total_length=9)[0]
    outputs = Bidirectional(ours, backward)(x, mask) * mask[..., None]
    close([outputs], [wanted])
    weight = torch.randn_like(outputs)
    close(torch.autograd.grad(outputs, x, weight), torch.autograd.grad(wanted, x, weight))
    for direction, cell in enumerate((ours, backward)):
        state = Recurrent(cell, reverse=bool(direction))(x, mask=mask)[1]
        close(parts(state), [part[direction] for part in parts(last)])


def test_a_hole_in_the_middle_leaves_the_state_as_it_was():
    run = Recurrent(LSTMCell(2, 3))
    x = torch.randn(1, 5, 2)
    outputs, last = run(x, mask=torch.tensor([[True, False, True, False, False]]))
    wanted, same = run(x[:, [0, 2]])
    close([outputs[:, [0, 2]], *last], [wanted, *same])
    close([outputs[:, 1], outputs[:, 4]], [outputs[:, 0], outputs[:, 2]])


@pytest.mark.parametrize(
    ("x", "mask"),
    [
        (torch.zeros(2, 0, 3), None),
        (torch.zeros(2, 3), None),
        (torch.zeros(2, 4, 3), torch.ones(2, 4)),
        (torch.zeros(2, 4, 3), torch.ones(4, 2, dtype=torch.bool)),
    ],
)
def test_wrong_shapes_are_refused(x, mask):
    with pytest.raises(ValueError, match="must be"):
        Recurrent(RNNCell(3, 2))(x, mask=mask)


def test_forget_bias_touches_the_forget_gate_alone():
    cell = LSTMCell(3, 4)
    before = (cell.bias_ih + cell.bias_hh).detach().clone()
    forget_bias(cell, 1.5)
    after = (cell.bias_ih + cell.bias_hh).detach()
    assert (after[4:8] == 1.5).all()
    close([after[:4], after[8:]], [before[:4], before[8:]])


@pytest.mark.parametrize("largest", [0.1, 3.0, 1e6])
def test_clipping_is_torchs(largest):
    makes = [[nn.Parameter(torch.randn(shape)) for shape in ((3, 4), (5,), (1, 1), (2,))] for _ in range(2)]
    for mine, yours in list(zip(*makes, strict=True))[:3]:
        mine.grad = torch.randn_like(mine)
        yours.grad = mine.grad.clone()
    norm = clip_by_norm((p.grad for p in makes[0]), largest)
    wanted = nn.utils.clip_grad_norm_(makes[1], largest)
    assert norm == pytest.approx(wanted.item())
    for mine, yours in list(zip(*makes, strict=True))[:3]:
        torch.testing.assert_close(mine.grad, yours.grad, rtol=1e-5, atol=0)
    assert makes[0][3].grad is None


def squares(outputs, targets):
    return (outputs - targets).square().sum()


@each_kind
@pytest.mark.parametrize("length", [1, 4, 10, 20])
def test_truncated_bptt_is_the_gradient_of_cut_windows(kind, length):
    cell = CELLS[kind][0](3, 5)
    x, targets = torch.randn(2, 10, 3), torch.randn(2, 10, 5)
    total, last = truncated_bptt(Recurrent(cell), squares, x, targets, length)
    got = [p.grad for p in cell.parameters()]
    wanted, outputs = [torch.zeros_like(p) for p in cell.parameters()], []
    with torch.no_grad():
        states = [parts(cell.start(2))]
        for t in range(10):
            states.append(parts(cell(x[:, t], states[-1] if kind == "lstm" else states[-1][0])))
    for t in range(0, 10, length):
        start = states[t] if kind == "lstm" else states[t][0]
        piece, _ = Recurrent(cell)(x[:, t : t + length], start)
        loss = squares(piece, targets[:, t : t + length])
        wanted = [
            w + g for w, g in zip(wanted, torch.autograd.grad(loss, list(cell.parameters())), strict=True)
        ]
        outputs.append(piece.detach())
    close(got, wanted)
    assert total == pytest.approx(squares(torch.cat(outputs, 1), targets).item())
    close(parts(last), states[-1])
    assert not any(part.requires_grad for part in parts(last))


def test_one_window_is_the_whole_gradient_and_short_ones_are_not():
    cell, x, targets = RNNCell(3, 5), torch.randn(2, 10, 3), torch.randn(2, 10, 5)
    whole = torch.autograd.grad(squares(Recurrent(cell)(x)[0], targets), list(cell.parameters()))
    grads = {}
    for length in (10, 2):
        cell.zero_grad()
        truncated_bptt(Recurrent(cell), squares, x, targets, length)
        grads[length] = [p.grad.clone() for p in cell.parameters()]
    close(grads[10], whole)
    assert not torch.allclose(grads[2][1], whole[1])


def test_windows_need_a_step():
    with pytest.raises(ValueError, match="one step at least"):
        recurrent.windows(torch.zeros(1, 2), torch.zeros(1, 2), 0)


def test_bits_are_cross_entropy_over_log_two():
    logits, targets = 5 * torch.randn(3, 4, 11), torch.randint(11, (3, 4))
    wanted = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
    close([bits(logits, targets).flatten()], [wanted / math.log(2)])
    half = bits(logits.bfloat16(), targets)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half.double(), bits(logits.bfloat16().double(), targets), atol=1e-5, rtol=1e-5)


@each_kind
def test_gradient_norms_are_finite_differences(kind):
    cell, x = CELLS[kind][0](3, 4), torch.randn(2, 6, 3)
    direction = torch.randn(2, 4)
    loss = lambda h: (h * direction).sum()  # noqa: E731
    got = gradient_norms(cell, x, loss)
    states = [cell.start(2)]
    for t in range(6):
        states.append(cell(x[:, t], states[-1]))
    for t in range(1, 7):
        flat = torch.cat([part.flatten() for part in parts(states[t])]).detach()

        def after(flat, t=t):
            pieces = tuple(piece.view(2, 4) for piece in flat.split(8))
            state = pieces if kind == "lstm" else pieces[0]
            for s in range(t, 6):
                state = cell(x[:, s], state)
            return float(loss(hidden(state)).detach())

        steps = 1e-6 * torch.eye(len(flat))
        slope = torch.tensor([(after(flat + e) - after(flat - e)) / 2e-6 for e in steps])
        assert got[t - 1].item() == pytest.approx(slope.norm().item(), rel=1e-5), t
