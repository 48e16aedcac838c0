"""How fast the course GPT writes in Chromium, on one core: tokens per second, the best of several runs.

    python tests/bench/bench_page_gpt.py

Time is the page's own thread's, so that a busy machine does not hurt; beside it what a clock on the wall says.
A context is filled from one token to 256, each token drawn at temperature 0.8, nothing drawn on the screen.
"""

import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copytree

sys.path.insert(0, str(Path(__file__).parents[2]))

from playwright.sync_api import sync_playwright

from eras.figures.figure import STATIC
from eras.figures.page_gpt import PACKED, pack
from eras.pretraining.gpt import course_gpt
from tests.browser.conftest import CHROMIUM, QUIET

RUNS = 7
WRITE = """async ([settings, simd]) => {
  const { readGPT, distribution, draw } = await import("/gpt.js");
  const { random } = await import("/kit.js");
  window.gpt ??= {};
  const { gpt } = window.gpt[simd] ??= await readGPT(new Uint8Array(await (await fetch("/course_gpt.bin")).arrayBuffer()), { simd });
  const chance = random(1), start = performance.now();
  gpt.truncate(0);
  for (let id = 4095; gpt.length < 256;) id = draw(distribution(gpt.step(id), settings), chance());
  return (performance.now() - start) / 1000;
}"""  # noqa: E501


class Silent(SimpleHTTPRequestHandler):
    """A server without a log."""

    def log_message(self, *arguments):
        pass


def thread_seconds(session) -> float:
    """Seconds that the page's main thread has computed."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def measure(page, session, settings, simd) -> tuple[float, float]:
    """Tokens per second of the thread's time and of the clock's, the best of RUNS runs each."""
    thread, wall = [], []
    for _ in range(RUNS):
        before = thread_seconds(session)
        wall.append(page.evaluate(WRITE, [settings, simd]))
        thread.append(thread_seconds(session) - before)
    return 256 / min(thread), 256 / min(wall)


def main() -> None:
    """Print a line for each kernel and setting."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        copytree(STATIC, folder, dirs_exist_ok=True)
        packed = pack(*course_gpt())
        Path(folder, PACKED).write_bytes(packed)
        Path(folder, "index.html").write_text("<!doctype html><title>bench</title>")
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET).new_page()
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        print(f"packed: {len(packed):,} bytes")
        plain, cut = {"temperature": 0.8, "k": 0, "p": 1}, {"temperature": 0.8, "k": 40, "p": 0.9}
        for name, settings, simd in (
            ("WebAssembly", plain, True),
            ("WebAssembly, top-k and top-p", cut, True),
            ("plain JavaScript", plain, False),
        ):
            of_thread, of_clock = measure(page, session, settings, simd)
            print(f"{name:30} {of_thread:6.0f} tokens/s of its thread, {of_clock:6.0f} by the clock")
        server.shutdown()


if __name__ == "__main__":
    main()
