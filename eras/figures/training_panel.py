"""Training with sliders: start, watch, stop, go on; in the built book, where no kernel is, one such run."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape

from eras.figures.figure import BOOK
from eras.figures.style import table

ALIVE = (
    "In JupyterLab (make lab) this is a panel with sliders that trains while you watch. Here is one such run:"
)
WIDTH, HEIGHT, MARGIN = 520, 190, 40
LINE = 'stroke="#8e5cc9" stroke-width="2.5"'
EARLIER_LINE = 'stroke="#808080" stroke-dasharray="4 3"'
EARLIER = 3  # runs kept for comparison


@dataclass
class Run:
    """A run: its settings, what trains it, and the log rows so far."""

    settings: dict
    trainer: object
    rows: list[dict] = field(default_factory=list)


class TrainingPanel:
    """Sliders, four buttons, a live loss curve and a sample of what the model writes.

    `make(**settings)` gives a trainer, whose `fit(every=…, progress=False)` yields log rows with "step" and
    "loss"; `settings` maps each name to its possible values and the first; `sample(trainer)` is a text; `unit`
    names the loss and what to multiply it with. The training runs between the kernel's other work, a few steps at
    a time, and a stop only puts the loop to rest: going on continues it exactly (a model with dropout draws from
    torch's global generator, which other cells may move). Raises ValueError for an impossible first value.
    """

    def __init__(
        self,
        make: Callable[..., object],
        settings: Mapping[str, tuple[Sequence, object]],
        sample: Callable[[object], str] = lambda trainer: "",
        every: int = 5,
        unit: tuple[str, float] = ("loss (nats per token)", 1.0),
    ):
        for name, (values, first) in settings.items():
            if first not in values:
                raise ValueError(f"{name} begins with {first}, which is not among {list(values)}")
        self.make, self.settings, self.sample = make, dict(settings), sample
        self.every, self.unit = every, unit
        self.run: Run | None = None
        self.earlier: list[Run] = []
        self.task: asyncio.Task | None = None
        self._log = None

    # The buttons.

    def start(self, _=None) -> None:
        """Begin a run with the sliders' values; the one before it stays as a thin line."""
        self.stop()
        if self.run:
            self.earlier = [*self.earlier, self.run][-EARLIER:]
        chosen = {name: slider.value for name, slider in self.sliders.items()}
        try:
            self._begin(chosen)
        except Exception as problem:
            self.run = None
            self._say(f"{type(problem).__name__}: {problem}")
            return
        self.go_on()

    def stop(self, _=None) -> None:
        """Put the run to rest after its present steps."""
        if self.task:
            self.task.cancel()
            self.task = None
            self._say(f"stopped at step {self.run.rows[-1]['step'] if self.run.rows else 0}")
        self._buttons()

    def go_on(self, _=None) -> None:
        """Continue where the run was stopped."""
        if self.run and not self.task and self._log:
            self.task = self._loop.create_task(self._train(self.run))
        self._buttons()

    def again(self, _=None) -> None:
        """Forget all runs and put the sliders back."""
        self.stop()
        self.run, self.earlier, self._log = None, [], None
        for name, (_values, first) in self.settings.items():
            self.sliders[name].value = first
        self._say("ready")
        self._show()

    def _on_loop(self, action: Callable, _=None) -> None:
        """Do what a button says on the kernel's own loop: JupyterLab gives each button a thread."""
        try:
            here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            here = False
        if here:
            action()
        else:
            self._loop.call_soon_threadsafe(action)

    # The run.

    def _begin(self, chosen: dict) -> None:
        trainer = self.make(**chosen)
        self.run, self._log = Run(chosen, trainer), trainer.fit(every=self.every, progress=False)

    async def _train(self, run: Run) -> None:
        """Take log rows until the run ends, letting the kernel do other work after each."""
        try:
            for row in self._log:
                run.rows.append(row)
                self._say(self._measured("step"))
                self._show()
                await asyncio.sleep(0.01)
            self._say(self._measured("done at step"))
        except Exception as problem:
            self._say(f"{type(problem).__name__}: {problem}")
        self.task = self._log = None
        self._buttons()

    def _measured(self, words: str) -> str:
        row, (name, factor) = self.run.rows[-1], self.unit
        return f"{words} {row['step']}: {row['loss'] * factor:.3f} {name}"

    # What one sees.

    def widget(self):
        """The panel in JupyterLab."""
        if not hasattr(self, "_widget"):
            import ipywidgets as widgets

            self._loop = asyncio.get_event_loop()
            self.sliders = {
                name: widgets.SelectionSlider(
                    options=values, value=first, description=name, style={"description_width": "initial"}
                )
                for name, (values, first) in self.settings.items()
            }
            actions = {"Start": self.start, "Stop": self.stop, "Go on": self.go_on, "Again": self.again}
            self.buttons = {name: widgets.Button(description=name) for name in actions}
            for name, action in actions.items():
                self.buttons[name].on_click(partial(self._on_loop, action))
            self.status, self.picture = widgets.Label("ready"), widgets.HTML()
            rows = [widgets.Box([*self.sliders.values()], layout={"flex_flow": "row wrap"})]
            rows += [widgets.HBox([*self.buttons.values()]), self.status, self.picture]
            self._widget = widgets.VBox(rows)
            self._buttons()
            self._show()
        return self._widget

    def _buttons(self) -> None:
        """Only what can be done can be pressed."""
        self.buttons["Stop"].disabled = self.task is None
        self.buttons["Go on"].disabled = self.task is not None or self._log is None
        self.buttons["Again"].disabled = self.run is None

    def _say(self, words: str) -> None:
        self.status.value = words

    def _show(self) -> None:
        self.picture.value = self._picture() + self._sample()

    def _sample(self) -> str:
        if not self.run or not self.run.rows:
            return ""
        words = escape(self.sample(self.run.trainer))
        return f'<pre style="white-space: pre-wrap" tabindex="0">{words}</pre>' if words else ""

    def _picture(self) -> str:
        """The curves of the present run and of earlier ones, as SVG."""
        runs = [*self.earlier, *([self.run] if self.run else [])]
        curves = [[(row["step"], row["loss"] * self.unit[1]) for row in run.rows] for run in runs]
        return curve_picture(curves, [_words(run.settings) for run in runs], self.unit[0])

    def _repr_mimebundle_(self, include=None, exclude=None):
        if BOOK in os.environ:
            return {"text/html": self.html(), "text/plain": repr(self)}
        return self.widget()._repr_mimebundle_(include=include, exclude=exclude)

    def __repr__(self) -> str:
        return f"<TrainingPanel: {', '.join(self.settings)}>"

    def html(self) -> str:
        """For the built book: a whole run with the first settings, its curve, its sample and its numbers."""
        self._begin({name: first for name, (_, first) in self.settings.items()})
        self.run.rows.extend(self._log)
        rows = [(row["step"], f"{row['loss'] * self.unit[1]:.3f}") for row in self.run.rows]
        caption = f"{ALIVE} {_words(self.run.settings)}."
        numbers = table(rows, header=("step", self.unit[0]))._repr_html_()
        return (
            f"<figure>{self._picture()}{self._sample()}<figcaption>{caption}</figcaption>"
            f"<details><summary>The data as a table</summary>{numbers}</details></figure>"
        )


def _words(settings: Mapping) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in settings.items())


def curve_picture(curves: list[list[tuple[float, float]]], names: list[str], unit: str) -> str:
    """Curves of (step, value) as one SVG, the last one thick; an empty frame where there is none."""
    points = [point for curve in curves for point in curve] or [(1, 1.0)]
    most, high, low = max(x for x, _ in points), max(y for _, y in points), min(y for _, y in points)
    right, foot, spread = WIDTH - 10, HEIGHT - 30, high - low or 1

    def drawn(curve: list[tuple[float, float]], name: str, look: str) -> str:
        places = [
            (MARGIN + x / most * (right - MARGIN), 10 + (high - y) / spread * (foot - 10)) for x, y in curve
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        return f'<polyline points="{line}" fill="none" {look}><title>{escape(name)}</title></polyline>'

    looks = [EARLIER_LINE] * (len(curves) - 1) + [LINE]
    lines = "".join(map(drawn, curves, names, looks))
    labels = [(MARGIN - 4, 14, "end", f"{high:.2f}"), (MARGIN - 4, foot + 2, "end", f"{low:.2f}")]
    labels += [(right, HEIGHT - 12, "end", f"step {most}"), (MARGIN, HEIGHT - 12, "start", "0")]
    text = "".join(
        f'<text x="{x}" y="{y}" text-anchor="{side}">{words}</text>' for x, y, side, words in labels
    )
    last = f"{curves[-1][-1][1]:.3f} at step {curves[-1][-1][0]}" if curves and curves[-1] else "nothing yet"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" style="max-width: 100%; font: 12px sans-serif; '
        f'fill: currentColor" role="img" aria-label="{escape(unit)} against steps: {last}">'
        f'<path d="M {MARGIN} 10 V {foot} H {right}" fill="none" stroke="currentColor"/>{lines}{text}</svg>'
    )
