"""Tests that failed, as pytest's short summary names them, and which of them are run a second time.

Where several groups run beside each other, a test of processes and clients may wait longer than it is
patient. What failed is run once more when everything else has ended: what passes then is named as
unsteady, to be mended, and what fails twice has failed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

MOST = 20  # more is no coincidence
TESTS_FAILED = 1  # pytest's exit code: all were run, some failed
# "FAILED tests/a/test_b.py::test_c[d e] - AssertionError: ...", or ERROR; of a file not read only its name
_LINE = re.compile(
    r"^(?:FAILED|ERROR) (tests/\S+?\.py(?:::[^\[\s]+(?:\[.*?\](?= - |$))?)?)(?: - (.*))?$"
)


@dataclass(frozen=True)
class Fault:
    """A test, as pytest is told of it, and the first line of why it failed."""

    test: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.test}: {self.why}" if self.why else self.test


def read(lines: Iterable[str]) -> list[Fault]:
    """In pytest's order, each test once."""
    found = [Fault(line[1], line[2] or "") for line in map(_LINE.match, lines) if line]
    return list({fault.test: fault for fault in reversed(found)}.values())[::-1]


def deserve_another_look(faults: Iterable[Fault], *, code: int | None) -> bool:
    return code == TESTS_FAILED and 0 < len(list(faults)) <= MOST


def counts(summary: str) -> dict[str, int]:
    """Of "3 failed, 120 passed, 2 errors"."""
    pairs = [count.split(" ") for count in summary.split(", ") if count]
    return {word: int(number) for number, word in pairs}
