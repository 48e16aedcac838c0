"""What the book adds to Sphinx: a server of formulas that is given time."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book"))

import course


def test_a_server_that_refuses_is_asked_again():
    answers = [ConnectionRefusedError, ConnectionRefusedError, "server"]

    def start():
        answer = answers.pop(0)
        if answer == "server":
            return answer
        raise answer

    assert course.patient(start, pause=0)() == "server"
    assert answers == []


def test_in_the_end_and_for_other_reasons_it_fails():
    calls = []

    def start():
        calls.append(1)
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        course.patient(start, pause=0)()
    assert len(calls) == 21

    def missing():
        calls.append(2)
        raise FileNotFoundError

    with pytest.raises(FileNotFoundError):
        course.patient(missing, pause=0)()
    assert calls.count(2) == 1
