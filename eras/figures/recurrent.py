"""How far back an error is felt: gradient norms through time, for three cells at their initial weights."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch

from eras.deep_learning.recurrent import Cell, GRUCell, LSTMCell, RNNCell, forget_bias, gradient_norms
from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table

CELLS = {"RNN": RNNCell, "GRU": GRUCell, "LSTM": LSTMCell}
SCALES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
BIASES = (-1.0, 0.0, 1.0, 2.0, 3.0, 5.0)
UNITS, INPUTS, BATCH = 32, 8, 8
LOWEST = -40.0  # what is smaller counts as this


def initial(name: str, scale: float, bias: float, seed: int = 1997) -> Cell:
    """A cell with torch's initial weights, W_hh multiplied by `scale`, an LSTM's forget bias set; float64."""
    torch.manual_seed(seed)
    cell = CELLS[name](INPUTS, UNITS).double()
    with torch.no_grad():
        cell.weight_hh.mul_(scale)
    if name == "LSTM":
        forget_bias(cell, bias)
    return cell


def radius(name: str, scale: float) -> float:
    """The spectral radius of the cell's W_hh, of the block that makes the candidate where there are gates."""
    rows = {"RNN": slice(None), "GRU": slice(2 * UNITS, None), "LSTM": slice(2 * UNITS, 3 * UNITS)}[name]
    return float(torch.linalg.eigvals(initial(name, scale, 0.0).weight_hh[rows].detach()).abs().max())


def fading(cell: Cell, steps: int) -> list[float]:
    """log10 of the gradient's norm 0, 1, … steps - 1 steps back, relative to that at the last step."""
    generator = torch.Generator().manual_seed(steps)
    x = torch.randn(BATCH, steps, INPUTS, generator=generator, dtype=torch.float64)
    norms = gradient_norms(cell, x).flip(0)
    return [round(max(v, LOWEST), 3) for v in (norms / norms[0]).log10().tolist()]


def gradients_figure(steps: int = 60) -> Figure:
    """Gradient norms against distance, with cell, scale of W_hh and forget bias to choose.

    Raises ValueError for fewer than three steps.
    """
    if steps < 3:
        raise ValueError(f"three steps at least, not {steps}")
    curves = {
        name: [[fading(initial(name, scale, 0.0), steps)] for scale in SCALES] for name in ("RNN", "GRU")
    }
    curves["LSTM"] = [[fading(initial("LSTM", scale, bias), steps) for bias in BIASES] for scale in SCALES]
    radii = {name: [round(radius(name, scale), 2) for scale in SCALES] for name in CELLS}
    chosen = {"cell": "RNN", "scale": SCALES.index(1.0), "bias": BIASES.index(1.0), "back": steps // 3}
    return Figure(
        module="recurrent",
        title="How far back is an error felt? Three cells with random weights, before any training.",
        state={"curves": curves, "radii": radii, "scales": SCALES, "biases": BIASES, **chosen},
        picture=_picture(curves),
        description="The gradient's norm against the number of steps back, on a logarithmic axis: at their usual "
        "initial weights all cells' gradients fall along straight lines, the RNN's most steeply.",
        data=table(
            _rows(curves, steps),
            header=("cell", "scale of W_hh", "forget bias", "steps back", "log10 of the share"),
        ),
        height=37,
    )


def _rows(curves: dict[str, list], steps: int) -> Sequence[tuple]:
    """Each curve at a third of the way, at two thirds and at its end."""
    places = sorted({steps // 3, 2 * steps // 3, steps - 1})
    return [
        (name, scale, BIASES[b] if name == "LSTM" else "–", back, f"{curve[back]:.1f}")
        for name, scales in curves.items()
        for scale, several in zip(SCALES, scales, strict=True)
        for b, curve in enumerate(several)
        for back in places
    ]


def _picture(curves: dict[str, list]):
    """The three cells at scale 1, the LSTM with forget bias 1, for readers without JavaScript."""
    figure, axes = plt.subplots(figsize=(6.4, 3))
    looks = {"RNN": ("rules", "-"), "GRU": ("statistical", "--"), "LSTM": ("deep_learning", "-.")}
    for name, (era, line) in looks.items():
        curve = curves[name][SCALES.index(1.0)][BIASES.index(1.0) if name == "LSTM" else 0]
        axes.plot(curve, line, color=ERA_COLOURS[era], label=name)
    axes.set(xlabel="steps back", ylabel="gradient, log10 of its share")
    axes.legend()
    plt.close(figure)
    return figure
