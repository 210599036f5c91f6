"""What is asked when somebody wants to know: an app registers a question and the gauges that it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

Sample = tuple[str, tuple[str, ...], float]
"""A gauge's name, the values of its labels, and the value."""


@dataclass(frozen=True)
class Gauge:
    """`most` is how many series it may have; what an answer has beyond that is not shown."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    most: int = 1


@dataclass(frozen=True)
class Question:
    """`ask()` is called in any process, in no workspace, at most each few seconds; it may raise."""

    name: str
    gauges: tuple[Gauge, ...]
    ask: Callable[[], Iterable[Sample]]


_questions: dict[str, Question] = {}


def register(*new: Question) -> None:
    """Let them be asked. One of a known name takes its place."""
    _questions.update({each.name: each for each in new})


def questions() -> list[Question]:
    """All of them, by name."""
    return [_questions[name] for name in sorted(_questions)]
