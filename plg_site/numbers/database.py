"""The pool of connections of this process, as psycopg_pool counts."""

from __future__ import annotations

from django.db import DEFAULT_DB_ALIAS, connections

from events.metrics import Counter, Level

USED = Level("plg_db_connections_used", "Connections that somebody works with")
OPEN = Level("plg_db_connections_open", "Connections that the pools hold")
MOST = Level("plg_db_connections_most", "Connections that the pools may hold")
WAITING = Level("plg_db_waiting", "Who waits for a connection now")
TAKEN = Counter("plg_db_taken_total", "Connections taken from the pools")
WAITED = Counter("plg_db_waited_total", "Who had to wait for one")
WAIT = Counter("plg_db_wait_seconds_total", "Seconds that they waited")
GIVEN_UP = Counter("plg_db_given_up_total", "Who waited in vain")
_COUNTED = (
    (TAKEN, "requests_num", 1.0),
    (WAITED, "requests_queued", 1.0),
    (WAIT, "requests_wait_ms", 0.001),
    (GIVEN_UP, "requests_errors", 1.0),
)


class Pool:
    """Tells the table what has changed since it told it last."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}
        self._of: object = None

    def tell(self) -> None:
        """Nothing where this process has had no connection yet."""
        pool = getattr(connections[DEFAULT_DB_ALIAS], "_connection_pools", {}).get(DEFAULT_DB_ALIAS)
        if pool is None:
            return
        stats = pool.get_stats()
        USED.put(stats.get("pool_size", 0) - stats.get("pool_available", 0))
        OPEN.put(stats.get("pool_size", 0))
        MOST.put(stats.get("pool_max", 0))
        WAITING.put(stats.get("requests_waiting", 0))
        if pool is not self._of:
            self._of, self._told = pool, {}
        for counter, name, unit in _COUNTED:
            now = float(stats.get(name, 0))
            counter.add(max(0.0, now - self._told.get(name, 0.0)) * unit)
            self._told[name] = now
