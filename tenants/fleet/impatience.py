"""Who changes tables that people are using waits for none of them for long.

A change of two tables and a request that uses both in the other order wait for each other. PostgreSQL ends
whoever looks first, a second (`deadlock_timeout`) after he began to wait. People may wait behind the change
from its first lock on: so it waits while that lock is young, and later takes only what is free.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from psycopg.pq import TransactionStatus

# Somebody used a table for longer than we wait, or the other way round: it passes.
IN_USE = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)

WAIT = 0.4  # seconds, for one table
_YOUNG = 0.5  # seconds; with WAIT, less than deadlock_timeout
_AT_ONCE = 0.005  # 0 would be for ever


@contextmanager
def giving_way(wait: float = WAIT) -> Iterator[None]:
    """Each transaction of Django's connection in this block: `wait` is in seconds."""
    with connection.execute_wrapper(_Impatience(wait)):
        yield


class _Impatience:
    def __init__(self, wait: float) -> None:
        self._wait, self._began = wait, 0.0

    def __call__(
        self, execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        """What runs outside of a transaction (an index built concurrently) has to wait for all who are
        there, and locks nobody out."""
        using = context["connection"]
        if using.in_atomic_block:
            status = using.connection.info.transaction_status
            if (
                status == TransactionStatus.INERROR
            ):  # what raised it is told by the statement itself
                return execute(sql, params, many, context)
            if status == TransactionStatus.IDLE:
                self._began = time.monotonic()  # psycopg begins it with the next statement
            is_young = time.monotonic() - self._began < _YOUNG
            wait = self._wait if is_young else min(self._wait, _AT_ONCE)
            using.connection.execute(f"SET LOCAL lock_timeout = '{max(1, int(wait * 1000))}ms'")
        return execute(sql, params, many, context)
