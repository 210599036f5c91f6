"""What pytest says of tests that failed, read for a second look."""

from __future__ import annotations

import pytest

from plg_site.devstack import faults
from plg_site.devstack.faults import Fault


def test_faults_are_read_from_the_short_summary() -> None:
    said = [
        "tests/a/test_b.py F..",
        "FAILED tests/a/test_b.py::test_c[half a line - x] - assert 1 == 2",
        "FAILED tests/a/test_b.py::TestD::test_e",
        "ERROR tests/a/test_b.py::TestD::test_e - RuntimeError: at its end",
        "ERROR tests/f/test_g.py - ImportError: no",
        "ERROR: not found",
    ]
    assert faults.read(said) == [
        Fault("tests/a/test_b.py::test_c[half a line - x]", "assert 1 == 2"),
        Fault("tests/a/test_b.py::TestD::test_e"),
        Fault("tests/f/test_g.py", "ImportError: no"),
    ]


@pytest.mark.parametrize(
    ("number", "code", "again"),
    [(1, 1, True), (20, 1, True), (21, 1, False), (0, 1, False), (1, 2, False), (1, 124, False)],
    ids=["one", "some", "many", "none named", "broken off", "too slow"],
)
def test_a_few_that_failed_are_looked_at_again(number: int, code: int, again: bool) -> None:
    found = [Fault(f"tests/test_a.py::test_{n}") for n in range(number)]
    assert faults.deserve_another_look(found, code=code) is again


def test_counts_are_read_from_a_summary() -> None:
    assert faults.counts("1 failed, 20 passed, 2 errors") == {
        "failed": 1,
        "passed": 20,
        "errors": 2,
    }
    assert faults.counts("") == {}
