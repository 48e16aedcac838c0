"""Building the book: what is run again, what a failing page says, what is not asked of other hosts."""

import importlib.util
import os
import time
from pathlib import Path

import pytest
from jupyter_cache.cache.db import NbCacheRecord

ROOT = Path(__file__).resolve().parents[2]

PAGE = """---
jupytext:
  text_representation: {{extension: .md, format_name: myst}}
kernelspec: {{name: python3, display_name: Python 3, language: python}}
---

# A page

```{{code-cell}} ipython3
{code}
```
"""


@pytest.fixture
def build(tmp_path, monkeypatch):
    """book/build.py, looking at a tiny book in a temporary folder: page `two` leaves a mark each time it runs."""
    spec = importlib.util.spec_from_file_location("build", ROOT / "book" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "PACKAGES", ("tinyeras",))
    package = tmp_path / "tinyeras"
    for folder in ("old", "new", "figures/static"):
        (package / folder).mkdir(parents=True)
        (package / folder / "__init__.py").write_text("")
    (package / "figures" / "static" / "__init__.py").unlink()
    (package / "__init__.py").write_text("")
    (package / "old" / "piece.py").write_text("x = 1\n")
    (package / "old" / "data.txt").write_text("text")
    (package / "new" / "piece.py").write_text("from tinyeras.old.piece import x\n")
    (package / "figures" / "static" / "figure.js").write_text("export default {};\n")
    (tmp_path / "constraints.txt").write_text("torch==2.13.0\n")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: one\nparts:\n- chapters:\n  - file: two\n")
    (tmp_path / "one.md").write_text("# Only prose\n")
    write(tmp_path, "two", "from tinyeras.new import piece")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return module


def write(root, name, code):
    """A page that appends to a file of its own name whenever it runs."""
    flag = root / f"{name}.ran"
    code = f"from pathlib import Path\nPath({str(flag)!r}).open('a').write('x')\n{code}"
    (root / f"{name}.md").write_text(PAGE.format(code=code))


def run(build, root):
    """Build as a new process would, with nothing remembered; how often page `two` has run so far."""
    for remembered in (build.graph, build.digest, build.beside):
        remembered.cache_clear()
    assert build.run_pages(root / "cache") == []
    return len((root / "two.ran").read_text())


def test_pages_with_code_are_run_and_others_not(build, tmp_path):
    assert build.pages() == [tmp_path / "two.md"]


def test_a_missing_page_is_named(build, tmp_path):
    (tmp_path / "two.md").unlink()
    with pytest.raises(SystemExit, match=r"two\.md"):
        build.pages()


def test_a_failing_page_names_its_cell_and_its_error_and_is_run_again(build, tmp_path):
    write(tmp_path, "two", "nothing_of_this_name + 1")
    for _ in range(2):
        failures = build.run_pages(tmp_path / "cache")
        assert len(failures) == 1
        assert "two" in failures[0]
        assert "nothing_of_this_name + 1" in failures[0]
        assert "NameError" in failures[0]
    assert (tmp_path / "two.ran").read_text() == "xx"


def test_a_page_that_ran_is_not_run_again(build, tmp_path):
    assert run(build, tmp_path) == 1
    assert run(build, tmp_path) == 1
    (tmp_path / "two.md").write_text((tmp_path / "two.md").read_text() + "\nMore prose.\n")
    assert run(build, tmp_path) == 1


@pytest.mark.parametrize(
    "file", ["tinyeras/new/piece.py", "tinyeras/old/piece.py", "tinyeras/__init__.py", "constraints.txt"]
)
def test_a_page_is_run_again_when_what_it_imports_changes(build, tmp_path, file):
    assert run(build, tmp_path) == 1
    (tmp_path / file).write_text((tmp_path / file).read_text() + "\n# changed\n")
    assert run(build, tmp_path) == 2


def test_a_page_is_run_again_when_data_beside_a_module_change(build, tmp_path):
    assert run(build, tmp_path) == 1
    (tmp_path / "tinyeras" / "old" / "data.txt").write_text("other text")
    assert run(build, tmp_path) == 2


def test_a_page_is_not_run_again_for_what_it_does_not_import(build, tmp_path):
    write(tmp_path, "two", "from tinyeras.old import piece\nimport tinyeras.figures")
    assert run(build, tmp_path) == 1
    (tmp_path / "tinyeras" / "new" / "piece.py").write_text("y = 2\n")
    (tmp_path / "tinyeras" / "figures" / "static" / "figure.js").write_text("export default {render() {}};\n")
    assert run(build, tmp_path) == 1


def test_only_the_pages_that_depend_on_a_module_run_again(build, tmp_path):
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: one\nparts:\n- chapters: [{file: two}, {file: three}]\n"
    )
    write(tmp_path, "three", "import tinyeras.old.piece")
    assert run(build, tmp_path) == 1
    (tmp_path / "tinyeras" / "new" / "piece.py").write_text("from tinyeras.old.piece import x as y\n")
    assert run(build, tmp_path) == 2
    assert (tmp_path / "three.ran").read_text() == "x"


def test_pages_in_parallel_do_not_clear_out_each_other(build, tmp_path, monkeypatch):
    log = tmp_path / "cleared"

    def note(keep, db):
        with log.open("a") as file:
            file.write(f"{os.getpid()}\n")
        return []

    monkeypatch.setattr(NbCacheRecord, "records_to_delete", note)
    assert run(build, tmp_path) == 1
    assert log.read_text().split() == [str(os.getpid())]


def test_nothing_of_a_command_stays_behind(build, tmp_path):
    marker = tmp_path / "alive"
    script = f"read word; (sleep 2; touch {marker}) & exit 3"
    with build.waiting(["bash", "-c", script]) as go:
        assert go() == 3
    with build.waiting(["bash", "-c", f"read word; touch {marker}"]):
        pass  # never told
    time.sleep(3)
    assert not marker.exists()


@pytest.mark.parametrize("name", ["_toc.yml", "chapters/a.md", "book/static/a.css", "keys.json", None])
def test_a_finished_book_stays_until_what_it_depends_on_changes(build, tmp_path, name):
    for file in ("chapters/a.md", "book/static/a.css", "keys.json", "README.md"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("before")
    before = build.state(tmp_path)
    build.digest.cache_clear()
    (tmp_path / (name or "README.md")).write_text("after")
    assert (build.state(tmp_path) == before) == (name is None)
