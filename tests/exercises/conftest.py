"""One runner for all contract tests of a process."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from runner import Runner


@pytest.fixture(scope="session")
def runner():
    runner = Runner()
    yield runner
    runner.close()
