"""After a connection failed, do not wait for the next time-out on every call."""

from __future__ import annotations

import threading
import time


class Circuit:
    """Open (do not try) for `retry_after` seconds after each failure."""

    def __init__(self, *, retry_after: float = 1.0) -> None:
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
        return is_first

    def succeeded(self) -> bool:
        """Note a success. True when it ends an outage."""
        if self._retry_at == 0.0:
            return False
        with self._lock:
            ended, self._retry_at = self._retry_at != 0.0, 0.0
        return ended
