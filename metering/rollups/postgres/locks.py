"""Who may write to the rollups of a PostgreSQL store: all in transactions, released by their end.

First comes the turn, then fences of days, in their order; a rebuild takes one fence and nothing
more. So nobody waits for somebody who waits for him.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from psycopg import Connection

from metering.rollups.postgres.arrays import plain

_TURN = 0x706C6768
_FENCE = 0x706C6766  # with the day since 1970

# Without these the planner would read a whole table to find the buckets of a large batch.
_TAKE_TURN = f"""
    SELECT pg_advisory_xact_lock({_TURN}), set_config('enable_hashjoin', 'off', true),
           set_config('enable_mergejoin', 'off', true), set_config('enable_seqscan', 'off', true)
"""
_TAKE_FENCES = f"SELECT pg_advisory_xact_lock_shared({_FENCE}, day) FROM unnest(%s::int[]) AS day"  # noqa: S608
_EPOCH = date(1970, 1, 1).toordinal()


def take_turn(connection: Connection[Any]) -> None:
    """Wait until nobody else adds to the rollups, or folds."""
    connection.execute(_TAKE_TURN)


def take_fences(connection: Connection[Any], days: Iterable[int]) -> None:
    """Wait until none of these days (since 1970) is being rebuilt."""
    connection.execute(_TAKE_FENCES, [plain(sorted(days))])


def close_fence(connection: Connection[Any], day: date) -> None:
    """Wait until nobody adds to this day any more, and let nobody begin."""
    fence = [_FENCE, day.toordinal() - _EPOCH]
    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", fence)
