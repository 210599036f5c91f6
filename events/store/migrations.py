"""Numbered SQL files, applied once each, in order, under a lock: many may start at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psycopg import Connection

from events import projections

_LOCK = 0x706C6765  # any number that nothing else in this database locks
_OWN = Path(__file__).parent / "sql"


def apply_all(connection: Connection[Any]) -> list[str]:
    """Apply what is missing, in the connection's transaction; returns the names."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    connection.execute(
        "CREATE TABLE IF NOT EXISTS store_migration"
        " (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    known = {name for (name,) in connection.execute("SELECT name FROM store_migration")}
    missing = [(name, path) for name, path in _files() if name not in known]
    for name, path in missing:
        connection.execute(path.read_bytes())
        connection.execute("INSERT INTO store_migration (name) VALUES (%s)", [name])
    return [name for name, _ in missing]


def _files() -> list[tuple[str, Path]]:
    """The store's own files first: projections build on its tables."""
    folders = [
        ("events", _OWN),
        *((each.name, each.sql("postgres")) for each in projections.registered()),
    ]
    return [
        (f"{owner}/{path.name}", path)
        for owner, folder in folders
        for path in sorted(folder.glob("*.sql"))
    ]
