"""The ladder: every recorded system of the three tasks, against each other, their size and their training."""

from collections.abc import Sequence

import matplotlib.pyplot as plt

from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table
from eras.ladder.results import Row

# What the metric counts, and which way is up.
LESS_IS_BETTER = {"bits per byte"}
ERAS = {
    "rules": "Rules",
    "statistical": "Statistical learning",
    "deep_learning": "Deep learning",
    "pretraining": "Pretraining",
    "llm": "Large language models",
}


def ladder(rows: Sequence[Row], task: str = "translation") -> Figure:
    """The rows of the ladder's tasks, best last; `task` is shown first.

    Raises ValueError for a task without rows or a row of an era that the course does not have.
    """
    for row in rows:
        if row.era not in ERAS:
            raise ValueError(f"{row.system}: there is no era called {row.era!r}")
    if task not in {row.task for row in rows}:
        raise ValueError(f"no row is about {task!r}")
    kept = sorted(rows, key=_rung)
    state = {"rows": [_facts(row) for row in kept], "less": sorted(LESS_IS_BETTER), "eras": ERAS}
    return Figure(
        module="ladder",
        title="The ladder. Choose a task; press a rung to read how it was measured.",
        state={**state, "task": task, "part": "all", "across": "rungs", "at": -1},
        picture=_picture(kept),
        description="For each task, a point for every system with its confidence interval, the best at the top.",
        data=table(
            [
                [row.task, row.system, ERAS[row.era], f"{row.values['all']:.4g}", row.metric, _between(row)]
                for row in kept
            ],
            header=("task", "system", "era", "result", "measured in", "95 % interval"),
        ),
        height=32,
    )


def _rung(row: Row) -> tuple[str, float]:
    value = row.values["all"]
    return row.task, -value if row.metric in LESS_IS_BETTER else value


def _facts(row: Row) -> dict:
    """What the figure knows of a row."""
    names = ("task", "system", "era", "metric", "values", "intervals", "parameters", "seconds", "compute")
    return {
        name: getattr(row, name) for name in (*names, "also", "seeds", "spread", "training_data", "commit")
    }


def _between(row: Row) -> str:
    return "to ".join(f"{end:.4g} " for end in row.intervals.get("all", ())).strip()


def _picture(rows: Sequence[Row]):
    """All three tasks side by side, for readers without JavaScript."""
    tasks = sorted({row.task for row in rows})
    counts = [sum(row.task == task for row in rows) for task in tasks]
    figure, all_axes = plt.subplots(
        len(tasks), figsize=(6.4, 0.22 * len(rows) + 0.6 * len(tasks)), height_ratios=counts, squeeze=False
    )
    for task, axes in zip(tasks, all_axes[:, 0], strict=True):
        mine = [row for row in rows if row.task == task]
        for y, row in enumerate(mine):
            low, high = row.intervals.get("all", [row.values["all"]] * 2)
            axes.plot([low, high], [y, y], color=ERA_COLOURS[row.era])
            axes.plot(row.values["all"], y, "o", color=ERA_COLOURS[row.era])
        axes.set_yticks(range(len(mine)), [row.system for row in mine])
        axes.set_title(f"{task}: {mine[0].metric}", loc="left")
        if mine[0].metric in LESS_IS_BETTER:
            axes.invert_xaxis()
    figure.tight_layout()
    plt.close(figure)
    return figure
