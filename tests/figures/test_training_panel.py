"""The training panel, driven by its own buttons."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from eras.figures.training_panel import TrainingPanel
from eras.pretraining.gpt import GPT, GPTConfig
from eras.pretraining.training import Trainer, TrainingConfig

IDS = torch.arange(400) % 17
SETTINGS = {"width": ([8, 16], 8), "learning_rate": ([1e-3, 1e-2], 1e-2)}
STEPS = 24


def make(width, learning_rate):
    """A small trainer whose every number follows its seed."""
    torch.manual_seed(0)
    model = GPT(GPTConfig(vocab_size=17, context=8, layers=1, heads=2, width=width))
    config = TrainingConfig(batch=2, length=8, steps=STEPS, learning_rate=learning_rate, warmup=2)
    return Trainer(model, IDS, config)


def losses(rows):
    return [(row["step"], row["loss"]) for row in rows]


def uninterrupted(**chosen):
    return losses(make(**chosen).fit(every=4, progress=False))


def panel():
    made = TrainingPanel(make, SETTINGS, sample=lambda trainer: f"<seen {trainer.done}>", every=4)
    made.widget()
    return made


def on_a_loop(work):
    """What a coroutine returns, on a loop and a thread of its own: the browser tests' loop may be running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def until(condition):
    """Let the kernel's loop run until something holds."""
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("waited in vain")


def click(made, name):
    assert not made.buttons[name].disabled, name
    made.buttons[name].click()


def test_stopped_and_gone_on_is_as_if_never_stopped():
    async def drive():
        made = panel()
        click(made, "Start")
        for rows in (1, 3):
            await until(lambda rows=rows: len(made.run.rows) == rows)
            click(made, "Stop")
            torch.randn(5)  # another cell draws random numbers meanwhile
            await asyncio.sleep(0.05)
            assert len(made.run.rows) == rows
            assert made.status.value == f"stopped at step {4 * rows}"
            click(made, "Go on")
        await made.task
        return made

    made = on_a_loop(drive())
    assert losses(made.run.rows) == uninterrupted(width=8, learning_rate=1e-2)
    assert made.status.value.startswith(f"done at step {STEPS}")
    assert f"&lt;seen {STEPS}&gt;" in made.picture.value
    assert made.buttons["Stop"].disabled
    assert made.buttons["Go on"].disabled


def test_a_button_pressed_from_another_thread_waits_for_the_step():
    """JupyterLab gives each button a thread: a stop in the middle of a step is heard after it."""
    middle, pressed = threading.Event(), threading.Event()

    class Slow:
        done = 0

        def fit(self, every, progress):
            for step in range(1, 100):
                if step == 2:
                    middle.set()
                    assert pressed.wait(5)
                yield {"step": step, "loss": 1.0}

    async def drive():
        made = TrainingPanel(lambda: Slow(), {})
        made.widget()
        click(made, "Start")

        def stop():
            assert middle.wait(5)
            made.buttons["Stop"].click()
            pressed.set()

        with ThreadPoolExecutor(1) as pool:
            stopped = pool.submit(stop)
            await until(lambda: stopped.done() and made.task is None)
            await asyncio.sleep(0.05)
        return made

    assert on_a_loop(drive()).status.value == "stopped at step 2"


def test_sliders_count_for_the_next_start_and_earlier_runs_stay():
    async def drive():
        made = panel()
        click(made, "Start")
        await made.task
        made.sliders["width"].value = 16
        click(made, "Start")
        await made.task
        return made

    made = on_a_loop(drive())
    assert losses(made.run.rows) == uninterrupted(width=16, learning_rate=1e-2)
    assert [run.settings["width"] for run in made.earlier] == [8]
    assert made.picture.value.count("<polyline") == 2
    made.again()
    assert made.sliders["width"].value == 8
    assert "<polyline" not in made.picture.value


def test_the_kernel_stays_usable_while_training():
    async def drive():
        made = panel()
        click(made, "Start")
        await asyncio.sleep(0.001)
        seen = len(made.run.rows)  # we run again before the training has ended
        made.stop()
        return seen

    assert on_a_loop(drive()) < STEPS // 4


@pytest.mark.parametrize("late", [False, True])
def test_an_error_is_one_line(late):
    class Broken:
        def fit(self, every, progress):
            yield {"step": 1, "loss": 1.0}
            raise RuntimeError("no more data")

    def broken(width, learning_rate):
        if not late:
            raise ValueError(f"width {width} is odd")
        return Broken()

    async def drive():
        made = TrainingPanel(broken, SETTINGS)
        made.widget()
        click(made, "Start")
        await until(lambda: made.task is None)
        return made

    made = on_a_loop(drive())
    assert made.status.value == ("RuntimeError: no more data" if late else "ValueError: width 8 is odd")
    assert made.buttons["Go on"].disabled


def test_the_book_shows_a_real_run(monkeypatch, tmp_path):
    monkeypatch.setenv("ERAS_BOOK", str(tmp_path))
    bundle = TrainingPanel(make, SETTINGS, every=4)._repr_mimebundle_()
    assert "make lab" in bundle["text/html"]
    for step, loss in uninterrupted(width=8, learning_rate=1e-2):
        assert f"<td>{step}</td><td>{loss:.3f}</td>" in bundle["text/html"]


def test_a_first_value_must_be_possible():
    with pytest.raises(ValueError, match="not among"):
        TrainingPanel(make, {"width": ([8, 16], 12)})
