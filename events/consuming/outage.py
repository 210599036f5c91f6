"""Keeps a loop going while what it needs is away: one line when it goes, one when it is back."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0


class Outage:
    """Guards calls that may fail with `errors`; pauses between attempts, longer each time."""

    def __init__(self, what: str, errors: tuple[type[Exception], ...]) -> None:
        self._what = what
        self._errors = errors
        self._pause = 0.0
        self._retry_at = 0.0
        self._began = 0.0

    @property
    def is_on(self) -> bool:
        """Whether the last attempt failed."""
        return self._pause > 0

    def guard(self, call: Callable[[], int]) -> int:
        """The call's answer; 0 while it is away."""
        if time.monotonic() < self._retry_at:
            return 0
        try:
            answer = call()
        except self._errors as error:
            self._note(error)
            return 0
        if self.is_on:
            log.info("events_reachable_again", what=self._what, seconds=self._seconds())
            self._pause = self._retry_at = 0.0
        return answer

    def _note(self, error: Exception) -> None:
        if not self.is_on:
            self._began = time.monotonic()
            log.warning("events_unreachable", what=self._what, error=_first_line(error))
        self._pause = min(_LONGEST_PAUSE, self._pause * 2 or _FIRST_PAUSE)
        self._retry_at = time.monotonic() + self._pause

    def _seconds(self) -> float:
        return round(time.monotonic() - self._began, 1)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
