"""Building the book: what is run again, what a failing page says, what is not asked of other hosts."""

import importlib.util
import time
from pathlib import Path

import pytest

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
    """book/build.py, looking at a tiny book in a temporary folder."""
    spec = importlib.util.spec_from_file_location("build", ROOT / "book" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "eras").mkdir()
    (tmp_path / "eras" / "piece.py").write_text("x = 1\n")
    (tmp_path / "constraints.txt").write_text("torch==2.13.0\n")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: one\nparts:\n- chapters:\n  - file: two\n")
    (tmp_path / "one.md").write_text("# Only prose\n")
    (tmp_path / "two.md").write_text(PAGE.format(code="1 + 1"))
    return module


def test_a_change_in_the_package_is_another_state(build, tmp_path):
    before = build.state()
    assert build.state() == before
    (tmp_path / "eras" / "piece.py").write_text("x = 2\n")
    assert build.state() != before


def test_pages_with_code_are_run_and_others_not(build, tmp_path):
    assert build.pages() == [tmp_path / "two.md"]


def test_a_missing_page_is_named(build, tmp_path):
    (tmp_path / "two.md").unlink()
    with pytest.raises(SystemExit, match=r"two\.md"):
        build.pages()


def test_a_failing_page_names_its_cell_and_its_error(build, tmp_path):
    (tmp_path / "two.md").write_text(PAGE.format(code="nothing_of_this_name + 1"))
    failures = build.run_pages(tmp_path / "cache")
    assert len(failures) == 1
    assert "two.md" in failures[0]
    assert "nothing_of_this_name + 1" in failures[0]
    assert "NameError" in failures[0]


def test_a_page_that_ran_is_not_run_again(build, tmp_path):
    flag = tmp_path / "ran"
    code = f"from pathlib import Path\nPath({str(flag)!r}).open('a').write('x')"
    (tmp_path / "two.md").write_text(PAGE.format(code=code))
    assert build.run_pages(tmp_path / "cache") == []
    assert build.run_pages(tmp_path / "cache") == []
    assert flag.read_text() == "x"


def test_other_states_are_forgotten(build, tmp_path):
    old, new = tmp_path / "caches" / "old", tmp_path / "caches" / "new"
    old.mkdir(parents=True)
    new.mkdir()
    build.forget_other_states(new)
    assert new.exists()
    assert not old.exists()


def test_nothing_of_a_command_stays_behind(build, tmp_path):
    marker = tmp_path / "alive"
    script = f"(sleep 2; touch {marker}) & exit 3"
    assert build.run_to_its_end(["bash", "-c", script]) == 3
    time.sleep(3)
    assert not marker.exists()
