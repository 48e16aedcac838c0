"""The small course as a fixture, and the contract tests' runner within reach."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "exercises"))

from tiny import make_course


@pytest.fixture
def course(tmp_path):
    """A course folder holding the exercise `tiny`, neither woven nor released."""
    return make_course(tmp_path / "course")
