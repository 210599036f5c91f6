"""A bar for what goes on day by day."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from metering.rollups.rebuild import Done

_WIDTH = 30


def shown(days: Iterable[Done], *, each: bool = False) -> Iterator[tuple[Done, str]]:
    """The days, with a line about each (`each`), or about every tenth of the way; else nothing."""
    began, last = time.monotonic(), -1
    for done in days:
        tenth = done.number * 10 // done.of
        words = ""
        if each or tenth > last:
            last = tenth
            left = (time.monotonic() - began) / done.number * (done.of - done.number)
            words = f"{_bar(done)} {done.day}, {_words(left)} left"
        yield done, words


def lines(days: Iterable[Done]) -> Iterator[str]:
    """A line for every tenth of the way."""
    return (words for _, words in shown(days) if words)


def _bar(done: Done) -> str:
    full = done.number * _WIDTH // done.of
    return f"[{'#' * full}{'.' * (_WIDTH - full)}] {done.number}/{done.of} days"


def _words(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
