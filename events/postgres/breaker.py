"""While a server is away, everybody is told so at once, and one thread asks whether it is back.

The first failure opens the breaker. From then on nobody waits for a time-out: the thread tries once a
second, and closes the breaker by itself, also when nobody else asks. The log has a line when the server
is found to be away, and one when it is back.
"""

from __future__ import annotations

import math
import os
import threading
import time
import weakref
from collections.abc import Callable

import psycopg
import structlog

from events.postgres.away import DatabaseAway, is_full
from events.redis.circuit import Circuit

log = structlog.get_logger()

EVERY = 1.0  # seconds between two attempts
_TOLD_FOR = 10.0  # seconds after an outage in which what fails still comes from it
_all: weakref.WeakSet[Breaker] = weakref.WeakSet()


class Breaker:
    """Of one pool of one process. `probe` asks the server, and raises psycopg.Error or OSError."""

    def __init__(
        self,
        what: str,
        *,
        probe: Callable[[], None],
        opened: Callable[[], None] = lambda: None,
        every: float = EVERY,
    ) -> None:
        """`opened` is called when the server is found to be away, by whoever found it."""
        self.what = what
        self._probe, self._opened, self._every = probe, opened, every
        self._circuit = self._new_circuit()  # until the thread has succeeded
        self._began = self._ended = -math.inf
        self._over = threading.Event()
        _all.add(self)

    def _new_circuit(self) -> Circuit:
        return Circuit(f"{self.what} database", retry_after=math.inf)

    @property
    def is_open(self) -> bool:
        return self._circuit.is_open

    @property
    def was_open(self) -> bool:
        """Whether it is open, or was a moment ago."""
        return self.is_open or time.monotonic() - self._ended < _TOLD_FOR

    def close(self) -> None:
        """Its pool is closed: nobody need know whether the server comes back."""
        self._over.set()
        _all.discard(self)

    def refuse_if_open(self) -> None:
        """Raises DatabaseAway."""
        if self._circuit.is_open:
            raise DatabaseAway(f"The {self.what} database does not answer.")

    def failed(self, error: Exception) -> None:
        """Nobody answered. One that has no room for another connection is there, and stays in use."""
        if is_full(error) or not self._circuit.failed():
            return
        self._began = time.monotonic()
        thread = threading.Thread(
            target=self._watch, args=[error], name=f"{self.what}-database", daemon=True
        )
        thread.start()
        self._opened()

    def _watch(self, error: Exception) -> None:
        """At once for the first time: a single connection may be cut while the server is well."""
        if self._answers():
            self._circuit.succeeded()
            return
        said = " ".join(str(error).split())[:200]
        log.warning("database_away", database=self.what, error=said or type(error).__name__)
        while True:
            self._opened()  # who came while it opened would wait for a time-out
            if self._over.wait(self._every):
                return
            if self._answers():
                break
        self._ended = time.monotonic()
        self._circuit.succeeded()
        log.warning(
            "database_back", database=self.what, seconds=round(self._ended - self._began, 1)
        )

    def _answers(self) -> bool:
        try:
            self._probe()
        except (psycopg.Error, OSError) as error:
            return is_full(error)
        return True


def standing() -> dict[str, bool]:
    """Of each database that this process speaks to, whether it answers."""
    return {each.what: not each.is_open for each in list(_all)}


def is_told() -> bool:
    """Whether a database is away, or was a moment ago: the log says so, and need not with every call."""
    return any(each.was_open for each in list(_all))


def _forget() -> None:
    """The thread that would close them did not come along."""
    for each in list(_all):
        each._circuit = each._new_circuit()


os.register_at_fork(after_in_child=_forget)
