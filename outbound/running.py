"""The loop of the process that sends."""

from __future__ import annotations

import threading
import time

import structlog
from django.db import DatabaseError, InterfaceError, connection

from outbound import channels, sending, tidying
from outbound.outcomes import NotSent

log = structlog.get_logger()
POLL = 0.2  # seconds between looks: a code waits for half of it
AT_ONCE = 200  # messages of a pass
_SWEEP, _TIDY = 5.0, 3600.0  # seconds between
_IDLE = 10.0  # seconds after which a connection to the other side is closed
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0  # seconds, while nobody answers there


class Runner:
    """Any number of processes may run one; each has one message in its hand."""

    def __init__(self) -> None:
        self._ways = {each.name: each.new() for each in channels.registered()}
        self._pause = 0.0
        self._next_sweep = self._next_tidy = 0.0
        self._busy_at = time.monotonic()

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set; the message in hand is finished first."""
        while not stop.is_set():
            try:
                moved = self.one_pass(stop)
                self._look_after()
            except (DatabaseError, InterfaceError) as error:
                log.warning("outbound_database_away", error=str(error).splitlines()[0])
                connection.close()
                stop.wait(1.0)
                continue
            if self._pause:
                stop.wait(self._pause)
            elif not moved:
                stop.wait(POLL)
        self.close()

    def one_pass(self, stop: threading.Event | None = None, *, most: int = AT_ONCE) -> int:
        """At most so many messages; ends early when nobody answers on the other side."""
        moved = 0
        while moved < most and not (stop and stop.is_set()):
            outcome = sending.next_one(self._ways)
            if outcome is False:
                self._pause = 0.0
                break
            moved += 1
            if isinstance(outcome, NotSent) and outcome.is_away:
                self._pause = min(max(self._pause * 2, _FIRST_PAUSE), _LONGEST_PAUSE)
                break
            self._pause = 0.0
        if moved:
            self._busy_at = time.monotonic()
        elif time.monotonic() - self._busy_at > _IDLE:
            self.close()
        return moved

    def close(self) -> None:
        for way in self._ways.values():
            way.close()

    def _look_after(self) -> None:
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + _SWEEP
            sending.sweep()
        if now >= self._next_tidy:
            more = tidying.tidy() >= tidying.AT_ONCE
            self._next_tidy = now + (_SWEEP if more else _TIDY)
