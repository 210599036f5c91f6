"""One process at a time for a piece of work, by a lock that a dead process cannot keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 7204))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(%s, 7204))"


@contextmanager
def only_one(name: str) -> Iterator[bool]:
    """Whether the turn is ours. The lock has a connection of its own: work in between may lose its."""
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        with own.cursor() as cursor:
            cursor.execute(_LOCK, [name])
            [taken] = cursor.fetchone()
            try:
                yield bool(taken)
            finally:  # the connection goes back to a pool, with what it holds
                if taken and own.connection is not None and not own.connection.closed:
                    with suppress(OperationalError, InterfaceError):  # lost, and the lock with it
                        cursor.execute(_UNLOCK, [name])
    finally:
        own.close()


def note_now(statement: str, parameters: Sequence[str | UUID]) -> None:
    """Write something that stays when the current transaction is rolled back."""
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        with own.cursor() as cursor:
            cursor.execute(statement, parameters)
    finally:
        own.close()
