"""The ladder's results file: one JSON object per line, one line per task and system, the newest wins."""

import json
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

RESULTS = Path(__file__).with_name("results.jsonl")


@dataclass(frozen=True)
class Row:
    """One rung: what was measured, with which system, at what price.

    `values` holds the metric per corpus and under "all"; `parameters` counts stored numbers; `compute` is
    training FLOPs where they were counted; `seconds` is training time; `seeds` the seeds behind the values, which
    are means where there are several, `spread` then their standard deviation (n - 1 below) by the same names;
    `intervals` 95 % confidence intervals [low, high] of values, `also` other measures of the same outputs.
    """

    task: str
    system: str
    era: str
    metric: str
    values: dict[str, float]
    parameters: int | None = None
    training_data: str = ""
    compute: float | None = None
    seconds: float | None = None
    seeds: list[int] = field(default_factory=list)
    commit: str = ""
    intervals: dict[str, list[float]] = field(default_factory=dict)
    also: dict[str, float] = field(default_factory=dict)
    spread: dict[str, float] = field(default_factory=dict)


def mean_and_spread(runs: Sequence[dict[str, float]]) -> tuple[dict[str, float], dict[str, float]]:
    """Mean and sample standard deviation of each value over runs with different seeds; {} as that of one run."""
    columns = {name: [run[name] for run in runs] for name in runs[0]}
    means = {name: statistics.mean(values) for name, values in columns.items()}
    if len(runs) == 1:
        return means, {}
    return means, {name: statistics.stdev(values) for name, values in columns.items()}


def read(path: Path = RESULTS) -> list[Row]:
    """All rows, in file order; none where there is no file yet. Raises ValueError naming a broken line."""
    if not path.exists():
        return []
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            rows.append(Row(**json.loads(line)))
        except (TypeError, ValueError) as problem:
            raise ValueError(f"{path.name}, line {number} is no ladder row: {problem}") from None
    return rows


def record(row: Row, path: Path = RESULTS) -> None:
    """Put a row in the place of the one with the same task and system, or at the end."""
    rows = read(path)
    same = [i for i, old in enumerate(rows) if (old.task, old.system) == (row.task, row.system)]
    if same:
        rows[same[0]] = row
    else:
        rows.append(row)
    partial = path.with_suffix(".partial")
    partial.write_text("".join(json.dumps(asdict(r), ensure_ascii=False) + "\n" for r in rows), "utf-8")
    partial.replace(path)


def current_commit() -> str:
    """Short name of the checked-out commit, "" outside a repository."""
    try:
        asked = ["git", "-C", str(RESULTS.parent), "rev-parse", "--short", "HEAD"]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
