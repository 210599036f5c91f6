"""Numbered SQL files, applied once each, in order, under a lock: many may start at once.

The hash of what was applied is kept: a file that was edited since would be applied nowhere again,
and its tables would be others here than there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from psycopg import Connection

from events.errors import StepEdited
from events.store import projections

Step = tuple[str, Path]  # "owner/0001_name.sql", and where it is

_LOCK = 0x706C6765  # any number that nothing else in this database locks
_OWN = Path(__file__).parent / "sql"
_APPLIED = """
    INSERT INTO store_migration (name, hash) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE SET hash = excluded.hash
"""


def apply_all(connection: Connection[Any]) -> list[str]:
    """Apply what is missing, in the connection's transaction; returns the names.

    Raises StepEdited.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    connection.execute(
        "CREATE TABLE IF NOT EXISTS store_migration"
        " (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    connection.execute("ALTER TABLE store_migration ADD COLUMN IF NOT EXISTS hash text")
    known = dict(connection.execute("SELECT name, coalesce(hash, '') FROM store_migration"))
    check(known, _files())
    missing = [(name, path) for name, path in _files() if name not in known]
    # Who stores events meanwhile may hold a table: we give way before PostgreSQL ends them or us (after
    # deadlock_timeout, a second). The caller comes again.
    connection.execute("SET LOCAL lock_timeout = '400ms'")
    for _, path in missing:
        connection.execute(path.read_bytes())
    for name, path in _files():
        if not known.get(name):  # applied just now, or before hashes were kept
            connection.execute(_APPLIED, [name, digest(path)])
    return [name for name, _ in missing]


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check(known: Mapping[str, str], files: Iterable[Step]) -> None:
    """`known`: hashes by name, empty where none was kept. Raises StepEdited."""
    edited = [name for name, path in files if known.get(name) not in (None, "", digest(path))]
    if edited:
        raise StepEdited(
            f"{', '.join(edited)} was applied here, and has been edited since. Take the edit back and"
            f" say what is to change in a step with a higher number."
        )


def _files() -> list[Step]:
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
