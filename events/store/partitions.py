"""One partition a day, made ahead of time or, for a late event, when it comes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.sql import SQL, Identifier, Literal

_LOCK = 0x706C6764


def create(connection: Connection[Any], days: Iterable[date]) -> None:
    """Make the partitions of these days (UTC) where they are missing.

    Attached rather than created in place: that does not lock out those who read.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    for day in sorted(days):
        table = Identifier(name(day))
        if connection.execute("SELECT to_regclass(%s)", [name(day)]).fetchone() != (None,):
            continue
        connection.execute(SQL("CREATE TABLE {} (LIKE event INCLUDING ALL)").format(table))
        connection.execute(
            SQL("ALTER TABLE event ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                table,
                Literal(_midnight(day)),
                Literal(_midnight(day + timedelta(days=1))),
            )
        )


def days(connection: Connection[Any]) -> list[date]:
    """The days that have a partition, oldest first."""
    rows = connection.execute(
        "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
        " WHERE inhparent = 'event'::regclass ORDER BY relname"
    )
    return [datetime.strptime(found, "event_%Y%m%d").date() for (found,) in rows]


def name(day: date) -> str:
    """The table of a day."""
    return f"event_{day:%Y%m%d}"


def ahead(today: date) -> list[date]:
    """The days that should exist before their first event comes."""
    return [today + timedelta(days=offset) for offset in range(-1, 8)]


def _midnight(day: date) -> str:
    return f"{day.isoformat()} 00:00:00+00"
