"""A training run's log to scrub through: losses, learning rate, what a loss of that size means."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import matplotlib.pyplot as plt

from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table

NEEDED = {"step", "train", "valid", "rate", "tokens", "seconds"}


def training_curve(rows: Sequence[Mapping], levels: Mapping[str, float], bytes_per_token: float) -> Figure:
    """The log of a run, row by row, against other systems' levels.

    A row holds step, train and valid (bits per byte), rate (of learning, at that step), tokens and seconds (so
    far); `levels` are bits per byte of other systems on the validation text, `bytes_per_token` belongs to that
    text. Raises ValueError for fewer than two rows, steps that do not rise, or a row that lacks something.
    """
    for row in rows:
        if NEEDED - set(row):
            raise ValueError(f"a row of the log lacks {', '.join(sorted(NEEDED - set(row)))}")
    if len(rows) < 2 or any(a["step"] >= b["step"] for a, b in pairwise(rows)):
        raise ValueError("give at least two rows, with rising steps")
    kept = [{name: float(f"{row[name]:.6g}") for name in sorted(NEEDED)} for row in rows]
    chosen = {"at": 0, "across": "step", "up": "bits", "scale": "linear", "smooth": 0}
    others = [[name, round(level, 4)] for name, level in levels.items()]
    return Figure(
        module="training_curve",
        title="The run that made the course GPT, from its log. Drag along it, or use the slider.",
        state={"rows": kept, "levels": others, "bytes": bytes_per_token, **chosen},
        picture=_picture(kept, levels),
        description="Bits per byte on training and validation text, falling over the steps, with other systems' "
        "levels as horizontal lines.",
        data=table(
            [
                [row["step"], f"{row['train']:.3f}", f"{row['valid']:.3f}", f"{row['rate']:.2g}"]
                for row in kept
            ],
            header=("step", "training, bits per byte", "validation, bits per byte", "learning rate"),
        ),
        height=39,
    )


def _picture(rows: list[dict], levels: Mapping[str, float]):
    """The two losses and the levels, for readers without JavaScript."""
    figure, axes = plt.subplots(figsize=(6.4, 3))
    steps = [row["step"] for row in rows]
    axes.plot(steps, [row["valid"] for row in rows], color=ERA_COLOURS["pretraining"], label="validation")
    axes.plot(
        steps, [row["train"] for row in rows], "--", color=ERA_COLOURS["deep_learning"], label="training"
    )
    for name, level in levels.items():
        axes.axhline(level, ls=":", color="#666666")
        axes.text(steps[-1], level, name, ha="right", va="bottom", fontsize=8)
    axes.set(xlabel="step", ylabel="bits per byte")
    axes.legend()
    plt.close(figure)
    return figure
