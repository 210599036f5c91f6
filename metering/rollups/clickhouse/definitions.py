"""By which definitions the buckets in a ClickHouse store were made. See those of postgres.

Only who has the turn to write reads and writes here, so a row is read and written anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from clickhouse_connect.driver.client import Client

from events.store.clickhouse import ClickHouseBatch
from metering.definitions import fingerprint
from metering.definitions.catalogue import meters
from metering.rollups.protocol import Definition

_COLUMNS = ("meter", "fingerprint", "complete", "changes", "is_gone", "version")
_Row = tuple[str, str, bool, int, bool, int]


def adding(client: Client, batch: ClickHouseBatch) -> None:
    """Note by which definitions this process is about to add, where they are not the noted ones."""
    rows = _rows(client)
    mine = {key: fingerprint(meter) for key, meter in meters().items()}
    new = {key: mark for key, mark in mine.items() if _mark(rows.get(key)) != mark}
    if new:
        # In an installation that has not counted anything yet, these are the first buckets.
        first = not rows and not client.command("SELECT count() FROM rollup_day")
        batch.insert(
            "rollup_definition",
            _COLUMNS,
            [
                (key, mark, first, _changes(rows.get(key)), False, _version(rows.get(key)))
                for key, mark in new.items()
            ],
        )


def known(client: Client) -> dict[str, Definition]:
    """By meter."""
    return {
        meter: Definition(mark, complete, changes)
        for meter, mark, complete, changes, is_gone, _ in _rows(client).values()
        if not is_gone
    }


def begin(client: Client, fingerprints: Mapping[str, str]) -> dict[str, Definition]:
    """Note these as the ones in force, not complete."""
    rows, noted = _rows(client), known(client)
    begun = {
        key: Definition(mark, False, noted[key].changes if key in noted else 0)
        for key, mark in fingerprints.items()
    }
    _write(client, rows, begun)
    return begun


def finish(client: Client, begun: Mapping[str, Definition]) -> set[str]:
    """Note them as complete; returns those that somebody added to by another one meanwhile."""
    rows, noted = _rows(client), known(client)
    same = {key: each for key, each in begun.items() if _same(noted.get(key), each)}
    done = {key: Definition(each.fingerprint, True, each.changes) for key, each in same.items()}
    _write(client, rows, done)
    return set(begun) - set(same)


def forget(client: Client, gone: Collection[str]) -> None:
    """These meters are no longer defined."""
    rows = _rows(client)
    _insert(
        client,
        [(key, "", False, 0, True, _version(rows[key])) for key in gone if key in rows],
    )


def _rows(client: Client) -> dict[str, _Row]:
    query = f"SELECT {', '.join(_COLUMNS)} FROM rollup_definition FINAL"  # noqa: S608
    return {row[0]: tuple(row) for row in client.query(query).result_rows}


def _same(noted: Definition | None, begun: Definition) -> bool:
    return noted is not None and (noted.fingerprint, noted.changes) == (
        begun.fingerprint,
        begun.changes,
    )


def _mark(row: _Row | None) -> str:
    return "" if row is None or row[4] else row[1]


def _changes(row: _Row | None) -> int:
    """One more than a row that says something else."""
    return 0 if row is None or row[4] else row[3] + 1


def _version(row: _Row | None) -> int:
    return 1 if row is None else row[5] + 1


def _write(client: Client, rows: Mapping[str, _Row], noted: Mapping[str, Definition]) -> None:
    _insert(
        client,
        [
            (key, each.fingerprint, each.complete, each.changes, False, _version(rows.get(key)))
            for key, each in noted.items()
        ],
    )


def _insert(client: Client, rows: Iterable[Any]) -> None:
    if written := list(rows):
        client.insert("rollup_definition", written, column_names=_COLUMNS)
