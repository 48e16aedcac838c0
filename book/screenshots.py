"""Make the pictures of the page for instructors again: `python book/screenshots.py`, after `make sample`.

A copy of the course with its graded sample class is opened in JupyterLab on a free port and driven in Chromium;
what is clicked there touches the copy only. The pictures go to `book/static/instructors/`.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from autograder.course import Course
from autograder.lab import command, environment

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "book" / "static" / "instructors"
COURSE = ("solutions", "exercises", "nbgrader_config.py", "policy.toml")
CLASS = ("submitted", "autograded", "feedback", "reports", "gradebook.db")
EXERCISE, STUDENT, MARK = "attention", "june", "4"
COMMENT = 'You saw the pattern and say where it comes from. Partial: no table, and "why √D?" is left open.'
WIDTH, HEIGHT = 960, 620
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
PATIENCE = 120_000  # milliseconds, for a slow machine
MOST = 120_000  # bytes of a picture


def main() -> int:
    """Make all pictures; the first argument may name a folder with another graded class."""
    results = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        course = copied(results, Path(scratch) / "from-rules-to-llms")
        chromium = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        with server(course, Path(scratch)) as address:
            formgrader(new_page(chromium, 1120), address)
            marking(new_page(chromium, 1120, 420), address)
        pages(chromium, course)
        chromium.close()
    return 0


def copied(results: Path, target: Path) -> Course:
    """A course of its own for the pictures, with one exercise released to an exchange of its own."""
    for names, source in ((COURSE, ROOT), (CLASS, results)):
        for name in names:
            copy = shutil.copytree if (source / name).is_dir() else shutil.copy2
            (target / name).parent.mkdir(exist_ok=True)
            copy(source / name, target / name)
    release = [sys.executable, "-m", "nbgrader", "release_assignment", EXERCISE]
    subprocess.run(release, cwd=target, env=surroundings(target.parent), check=True, capture_output=True)
    return Course.at(target)


def surroundings(home: Path) -> dict:
    """An environment in which nobody's own settings of Jupyter count."""
    own = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("DATA", "RUNTIME", "CONFIG")}
    own |= {f"JUPYTERLAB_{name}_DIR": str(home / name.lower()) for name in ("WORKSPACES", "SETTINGS")}
    kept = {name: value for name, value in environment().items() if name != "NBGRADER_EXCHANGE"}
    return {**kept, **own, "HOME": str(home)}


@contextlib.contextmanager
def server(course: Course, home: Path):
    """JupyterLab at the course, as `make lab` starts it; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--no-browser", f"--port={port}", "--IdentityProvider.token="]
    options.append("--LabApp.expose_app_in_browser=True")
    with open(home / "log", "w") as log:
        running = subprocess.Popen(
            command(course, options), cwd=course.root, env=surroundings(home), stdout=log, stderr=log
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/api/status", running)
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()
            running.wait(timeout=20)


def wait_for(address: str, running: subprocess.Popen) -> None:
    """Return when the server answers; raises RuntimeError when it ends or takes too long."""
    for _ in range(PATIENCE // 500):
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5):
            return
        if running.poll() is not None:
            break
        time.sleep(0.5)
    raise RuntimeError("JupyterLab did not start")


def new_page(chromium, width: int = WIDTH, height: int = HEIGHT):
    """A tab in daylight that waits for a slow machine."""
    page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme="light")
    page.set_default_timeout(PATIENCE)
    return page


def formgrader(page, address: str) -> None:
    """JupyterLab with Formgrader's list of assignments, beside no other panel."""
    page.goto(f"{address}/lab?reset")
    page.wait_for_function("window.jupyterapp && document.querySelector('#jp-main-dock-panel')")
    page.evaluate("window.jupyterapp.restored")
    for name in ("application:toggle-left-area", "nbgrader:open-formgrader"):
        page.evaluate("name => { window.jupyterapp.commands.execute(name) }", name)
    frame = page.frame_locator("iframe[src*='formgrader']")
    frame.locator(f"td >> text={EXERCISE}").first.wait_for()
    page.wait_for_timeout(2000)  # the table sorts itself
    save("formgrader", page.screenshot())


def marking(page, address: str) -> None:
    """Formgrader's page for one student's written answer, with points and a comment filled in."""
    page.goto(
        address + submission(page, f"{address}/formgrader/api/submitted_notebooks/{EXERCISE}/{EXERCISE}")
    )
    panel = page.locator(".panel:has(.score):has-text('Student')").last
    panel.scroll_into_view_if_needed()
    panel.locator("input.score").fill(MARK)
    panel.locator("textarea.comment").fill(COMMENT)
    panel.locator("textarea.comment").blur()
    panel.evaluate("panel => window.scrollTo(0, panel.getBoundingClientRect().top + window.scrollY - 190)")
    page.wait_for_timeout(1500)
    save("marking", page.screenshot())


def submission(page, address: str) -> str:
    """The path of the student's page in Formgrader."""
    found = page.request.get(address).json()
    return next(f"/formgrader/submissions/{one['id']}/" for one in found if one["student"] == STUDENT)


def pages(chromium, course: Course) -> None:
    """The page a student gets, and two parts of the class report."""
    page = new_page(chromium, height=720)
    page.goto((course.root / "feedback" / "dana" / EXERCISE / f"{EXERCISE}.html").as_uri())
    save("feedback", page.screenshot())
    page.goto((course.root / "reports" / f"{EXERCISE}.html").as_uri())
    save("report", page.screenshot())
    page.get_by_role("heading", name="Tests").evaluate("heading => heading.scrollIntoView()")
    save("tests", page.screenshot())


def save(name: str, picture: bytes) -> None:
    """Write the picture with as many colours as fit into its bytes."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    path = PICTURES / f"{name}.png"
    for colours in (128, 64, 32, 16):
        image.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MOST:
            break
    print(f"{os.path.relpath(path, ROOT)}: {path.stat().st_size:,} bytes, {colours} colours")


if __name__ == "__main__":
    sys.exit(main())
