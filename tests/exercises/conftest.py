"""One runner for all contract tests of a process."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from runner import Runner


def pytest_collection_modifyitems(items):
    """Isolated tests of one exercise share its warm servers: they run in one process, those of another in any."""
    for item in items:
        if item.path.name == "test_isolated.py" and "exercise" in item.callspec.params:
            exercise = item.callspec.params["exercise"]
            item.add_marker(pytest.mark.xdist_group(f"isolated-{exercise.name}"))


@pytest.fixture(scope="session")
def runner():
    runner = Runner()
    yield runner
    runner.close()
