"""By which definitions the buckets in a PostgreSQL store were made.

Who adds to a meter by another definition than the noted one says so, in the same transaction: then
its buckets are not all of one making, and `rebuild_rollups` is needed. A rebuild notes the new
definition behind a fence that every batch in flight has passed, and finds out at its end whether
somebody still added by another one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from psycopg import Connection

from metering.definitions import fingerprint
from metering.definitions.catalogue import meters
from metering.rollups.protocol import Definition

_FENCE = 0x706C6767
_KNOWN = "SELECT meter, fingerprint, complete, changes FROM rollup_definition"
_ADDED_BY_ANOTHER = """
    INSERT INTO rollup_definition AS known (meter, fingerprint, complete)
    SELECT meter, fingerprint, %s FROM unnest(%s::text[], %s::text[]) AS mine (meter, fingerprint)
    ORDER BY meter
    ON CONFLICT (meter) DO UPDATE
    SET fingerprint = excluded.fingerprint, complete = false, changes = known.changes + 1
    WHERE known.fingerprint <> excluded.fingerprint
"""
_BEGIN = """
    INSERT INTO rollup_definition AS known (meter, fingerprint, complete)
    SELECT meter, fingerprint, false FROM unnest(%s::text[], %s::text[]) AS mine (meter, fingerprint)
    ORDER BY meter
    ON CONFLICT (meter) DO UPDATE SET fingerprint = excluded.fingerprint, complete = false
    RETURNING meter, fingerprint, complete, changes
"""
_FINISH = """
    UPDATE rollup_definition AS known SET complete = true
    FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS begun (meter, fingerprint, changes)
    WHERE known.meter = begun.meter AND known.fingerprint = begun.fingerprint
          AND known.changes = begun.changes
    RETURNING known.meter
"""


def adding(connection: Connection[Any]) -> None:
    """Note by which definitions this process is about to add, where they are not the noted ones."""
    connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_FENCE])
    known = dict(connection.execute("SELECT meter, fingerprint FROM rollup_definition").fetchall())
    mine = {key: fingerprint(meter) for key, meter in meters().items()}
    new = {key: mark for key, mark in mine.items() if known.get(key) != mark}
    if new:
        # In an installation that has not counted anything yet, these are the first buckets.
        first = not known and _has_none(connection, "rollup_day")
        connection.execute(_ADDED_BY_ANOTHER, [first, list(new), list(new.values())])


def known(connection: Connection[Any]) -> dict[str, Definition]:
    """By meter."""
    return {meter: Definition(*rest) for meter, *rest in connection.execute(_KNOWN)}


def begin(connection: Connection[Any], fingerprints: Mapping[str, str]) -> dict[str, Definition]:
    """Note these as the ones in force, not complete; nobody adds by others unseen from here on."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_FENCE])
    rows = connection.execute(_BEGIN, [list(fingerprints), list(fingerprints.values())])
    return {meter: Definition(*rest) for meter, *rest in rows}


def finish(connection: Connection[Any], begun: Mapping[str, Definition]) -> set[str]:
    """Note them as complete; returns those that somebody added to by another one meanwhile."""
    marks = [each.fingerprint for each in begun.values()]
    changes = [each.changes for each in begun.values()]
    rows = connection.execute(_FINISH, [list(begun), marks, changes])
    return set(begun) - {meter for (meter,) in rows}


def forget(connection: Connection[Any], gone: Collection[str]) -> None:
    """These meters are no longer defined."""
    connection.execute("DELETE FROM rollup_definition WHERE meter = ANY(%s)", [list(gone)])


def _has_none(connection: Connection[Any], table: str) -> bool:
    found = connection.execute(f"SELECT EXISTS (SELECT FROM {table})").fetchone()  # noqa: S608
    return found == (False,)
