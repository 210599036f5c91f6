"""After a connection failed, do not wait for the next time-out on every call."""

from __future__ import annotations

import threading
import time

from events.metrics import Counter, Level

OUTAGES = Counter(
    "plg_outages_total",
    "Times that something stopped answering a process",
    labels=("what",),
    most=12,
)
AWAY = Level("plg_away", "Processes for which it does not answer", labels=("what",), most=12)


class Circuit:
    """Open (do not try) for `retry_after` seconds after each failure."""

    def __init__(self, what: str, *, retry_after: float = 1.0) -> None:
        """`what`: its name in the numbers, such as "stream"."""
        self._what = what
        self._retry_after = retry_after
        self._retry_at = 0.0
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether a call would most likely wait for nothing."""
        return time.monotonic() < self._retry_at

    def failed(self) -> bool:
        """Note a failure. True when it is the first since the last success: log that one."""
        with self._lock:
            is_first = self._retry_at == 0.0
            self._retry_at = time.monotonic() + self._retry_after
        if is_first:
            OUTAGES.add(1, self._what)
            AWAY.put(1, self._what)
        return is_first

    def succeeded(self) -> bool:
        """Note a success. True when it ends an outage."""
        if self._retry_at == 0.0:
            return False
        with self._lock:
            ended, self._retry_at = self._retry_at != 0.0, 0.0
        AWAY.put(0, self._what)
        return ended
