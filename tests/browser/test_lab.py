"""JupyterLab as `make lab` opens it: what a student and what an instructor click on."""

import contextlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

sys.path.insert(0, str(Path(__file__).parents[1] / "autograder"))

from test_figures import FIGURES
from tiny import make_course

from autograder.lab import command, environment
from autograder.release import release
from autograder.weave import weave

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 60_000  # milliseconds, for a slow machine
PAGE = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {name: python3, display_name: Python 3, language: python}
---

# A chapter

Text.
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("lab"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is missing: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """JupyterLab on a free port, at the root of a small course whose exercise is released; gives its address."""
    home = tmp_path_factory.mktemp("home")
    course = make_course(home / "course")
    list(weave(course))
    list(release(course))
    (course.root / "page.md").write_text(PAGE)
    own = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("DATA", "RUNTIME", "CONFIG")}
    own |= {f"JUPYTERLAB_{name}_DIR": str(home / name.lower()) for name in ("WORKSPACES", "SETTINGS")}
    surroundings = {**environment(), **own, "HOME": str(home)}
    for verb in (["generate_assignment", "tiny", "--force"], ["release_assignment", "tiny"]):
        nbgrader = [sys.executable, "-m", "nbgrader", *verb]
        subprocess.run(nbgrader, cwd=course.root, env=surroundings, check=True, capture_output=True)
    port = free_port()
    arguments = [
        "--no-browser",
        f"--port={port}",
        "--IdentityProvider.token=",
        "--LabApp.expose_app_in_browser=True",
    ]
    log = open(home / "log", "w")  # noqa: SIM115  the server writes to it until it ends
    running = subprocess.Popen(
        command(course, arguments), cwd=course.root, env=surroundings, stdout=log, stderr=log
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(address + "/api/status", running, home / "log")
        yield address, course
    finally:
        running.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(timeout=10)
        running.kill()
        log.close()


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def wait_for(address, running, log):
    """Return once the address answers; fail with the server's log when it ends or takes too long."""
    for _ in range(600):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
        if running.poll() is not None:
            break
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def page(browser, server):
    """One tab with JupyterLab ready in it."""
    tab = browser.new_page(viewport={"width": 1400, "height": 1000})
    tab.set_default_timeout(PATIENCE)
    tab.outside = []
    address = server[0]
    tab.on(
        "request", lambda request: None if local(request.url, address) else tab.outside.append(request.url)
    )
    tab.goto(f"{address}/lab?reset")
    tab.wait_for_function("window.jupyterapp && document.querySelector('#jp-main-dock-panel')")
    tab.evaluate("window.jupyterapp.restored")
    return tab


def local(url, address):
    return url.startswith((address, address.replace("http", "ws", 1), "data:", "blob:", "about:"))


def run(page, name, **arguments):
    """Execute one of JupyterLab's commands."""
    page.evaluate("([name, args]) => { window.jupyterapp.commands.execute(name, args) }", [name, arguments])


def open_notebook(page, path):
    """Open a notebook and wait until its kernel is there."""
    run(page, "docmanager:open", path=path, factory="Notebook")
    page.wait_for_function("path => window.jupyterapp.shell.currentWidget?.context?.path === path", arg=path)
    page.wait_for_function("window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel")
    page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell >> visible=true")
    assert page.locator(".jp-Dialog").all_inner_texts() == []


def test_assignment_list_fetches_and_submits(page, server):
    run(page, "nbgrader:open-assignment-list")
    page.wait_for_selector("#released_assignments_list >> text=tiny")
    page.click("#released_assignments_list button:has-text('Fetch')")
    page.wait_for_selector("#fetched_assignments_list >> text=tiny")
    fetched = server[1].root / "from-rules-to-llms" / "tiny" / "tiny.ipynb"
    assert "### BEGIN" not in fetched.read_text()
    page.click("#fetched_assignments_list button:has-text('Submit')")
    page.wait_for_selector("#submitted_assignments_list >> text=tiny")
    assert list((server[1].root / "exchange" / "from-rules-to-llms" / "inbound").glob("*+tiny+*"))


def test_validate_shows_what_the_check_says(page, server):
    path = server[1].released("tiny")
    text = path.read_text()
    path.write_text(text.replace("raise NotImplementedError()", "return x * x", 1))
    open_notebook(page, "exercises/tiny/tiny.ipynb")
    page.click(".jp-NotebookPanel-toolbar >> text='Validate' >> visible=true")
    page.wait_for_selector("#validation-message >> visible=true")
    said = page.inner_text("#validation-message")
    assert "Check failed: Squared, not doubled." in said
    assert "checks.py" not in said
    page.click(".jp-Dialog button:has-text('OK')")


def test_create_assignment_shows_the_points(page, server):
    open_notebook(page, "solutions/tiny/tiny.ipynb")
    run(page, "nbgrader:open-create-assignment")
    page.wait_for_selector(".nbgrader-TotalPointsInput >> visible=true")
    assert float(page.input_value(".nbgrader-TotalPointsInput")) == 100
    names = page.eval_on_selector_all(".nbgrader-CellId input", "inputs => inputs.map(input => input.value)")
    assert "double-hidden" in names


def test_formgrader_lists_the_exercise(page, server):
    run(page, "nbgrader:open-formgrader")
    frame = page.frame_locator("iframe[src*='formgrader']")
    frame.locator("td >> text=tiny").first.wait_for()


def test_markdown_opens_as_a_notebook_and_no_news_pops_up(page, server):
    run(page, "docmanager:open", path="page.md")
    page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-MarkdownCell >> visible=true")
    assert page.locator("text=Would you like to get notified about official Jupyter news?").count() == 0
    assert page.outside == []


def test_every_figure_of_the_page_lives_in_jupyterlab(page, server):
    """The same modules as in the page, here with a kernel behind them: a click reaches Python."""
    here = Path(__file__).parent
    cells = [f"import sys; sys.path.insert(0, {str(here)!r})\nfrom test_figures import FIGURES\nmade = {{}}"]
    cells += [f"made[{name!r}] = FIGURES[{name!r}]()\nmade[{name!r}]" for name in FIGURES]
    complaints = []
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    panel = run_notebook(page, server[1].root, "figures", cells)
    for number in range(len(cells)):  # cells out of sight are drawn when one comes to them
        panel.locator(f".jp-Cell[data-windowed-list-index='{number}']").scroll_into_view_if_needed()
        if number:
            panel.locator(
                f"[data-windowed-list-index='{number}'] .live :is(button, input, select)"
            ).first.wait_for()
    assert [text for text in complaints if "anywidget" in text or "Error" in text] == []
    number = 1 + list(FIGURES).index("timeline")
    figure = panel.locator(f"[data-windowed-list-index='{number}']")
    figure.scroll_into_view_if_needed()
    figure.get_by_role("button", name="Deep learning").click()
    kernel(page, "print('chosen:', made['timeline'].widget.chosen); made['timeline'].widget.chosen = 'llm'")
    panel.locator("text=chosen: deep_learning").wait_for()
    figure.get_by_role("button", name="Large language models", pressed=True).wait_for()


def test_the_training_panel_starts_stops_and_goes_on(page, server):
    here = Path(__file__).parents[1] / "figures"
    cell = f"import sys; sys.path.insert(0, {str(here)!r})\nimport test_training_panel as tested\n"
    cell += "tested.STEPS = 10_000\nmade = tested.panel()\nmade"
    panel = run_notebook(page, server[1].root, "panel", [cell])
    panel.locator("text=ready").wait_for()
    panel.get_by_role("button", name="Start", exact=True).click()
    panel.locator("text=/^step \\d+: [\\d.]+ loss/").wait_for()
    panel.get_by_role("button", name="Stop", exact=True).click()
    said = panel.locator("text=/^stopped at step \\d+/").text_content()
    panel.get_by_role("button", name="Go on").click()
    panel.locator("text=/^step \\d+: [\\d.]+ loss/").wait_for()
    kernel(page, "made.stop(); print('now at', made.run.rows[-1]['step'])")
    now = panel.locator("text=/^now at \\d+/").text_content()
    assert int(now.split()[-1]) > int(said.split()[-1]) > 0


def run_notebook(page, root, name, cells):
    """Write a notebook, open it, run all of it; its panel."""
    book = new_notebook(cells=[new_code_cell(source) for source in cells])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    folder = root / "reading"  # beside the small course's own package, not in it
    folder.mkdir(exist_ok=True)
    nbformat.write(book, folder / f"{name}.ipynb")
    open_notebook(page, f"reading/{name}.ipynb")
    run(page, "notebook:run-all-cells")
    return page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")


def kernel(page, source):
    """Add a cell to the open notebook and run it."""
    page.evaluate(
        """source => {
            const {content, context} = window.jupyterapp.shell.currentWidget;
            context.model.sharedModel.addCell({cell_type: 'code', source});
            content.activeCellIndex = content.widgets.length - 1;
        }""",
        source,
    )
    run(page, "notebook:run-cell")
