"""How long threads of this process wait for a connection to the database."""

from __future__ import annotations

import threading

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.postgresql.base import DatabaseWrapper


class Waits:
    """The mean wait of those who have asked the pool since the last question, in milliseconds.

    Figures of psycopg_pool (`get_stats`): `requests_num` who asked, `requests_wait_ms` how long those
    waited in all who had to; somebody who waits at this moment is `requests_waiting`.
    """

    def __init__(self) -> None:
        self._asked = self._waited = 0
        self._lock = threading.Lock()

    def mean(self) -> float | None:
        """None where this process has no pool, or nobody has asked it."""
        stats = pool_stats()
        if stats is None:
            return None
        with self._lock:
            asked = stats.get("requests_num", 0) - self._asked
            waited = stats.get("requests_wait_ms", 0) - self._waited
            self._asked += asked
            self._waited += waited
        if asked <= 0:
            return None
        return max(0.0, waited / asked)


def pool_stats() -> dict[str, int] | None:
    """psycopg_pool's figures of the pool of this process; None where it has none (yet)."""
    pool = DatabaseWrapper._connection_pools.get(DEFAULT_DB_ALIAS)  # type: ignore[attr-defined]
    return None if pool is None else dict(pool.get_stats())
