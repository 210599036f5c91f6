"""A migration takes all of its tables when it begins, in a moment in which it can have them all.

Django sends a migration's statements one by one and computes in between: by the time it wants its last
table, people have waited for its first. So its SQL is collected beforehand, without running it, and what
that names is locked at the start of its transaction, or let go of again as a whole: whoever is in a circle
with us goes on.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
import structlog
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState
from psycopg import sql

log = structlog.get_logger()

FIRST, ALL = (
    0.4,
    0.7,
)  # seconds for the first table, and for the others together; deadlock_timeout is 1
PATIENCE = 30.0  # seconds, until the migration is begun anew
_PAUSE = 0.05  # seconds at most between two tries
_EXCLUSIVE, _REFERRED = "ACCESS EXCLUSIVE", "SHARE ROW EXCLUSIVE"
_CHANGED = re.compile(
    r'\b(?:ALTER TABLE|DROP TABLE|UPDATE|INSERT INTO|DELETE FROM|INDEX (?:CONCURRENTLY )?"?\w+"? ON)'
    r'(?: IF EXISTS| ONLY)* "?(\w+)"?',
    re.IGNORECASE,
)
_REFERENCES = re.compile(r'\bREFERENCES "?(\w+)"?', re.IGNORECASE)


@contextmanager
def tables_first() -> Iterator[None]:
    """So it is for each migration that runs in this block."""
    apply = MigrationExecutor.apply_migration

    def with_its_tables(
        self: MigrationExecutor, state: ProjectState, migration: Migration, *args: Any, **more: Any
    ) -> ProjectState:
        if not migration.atomic:
            return apply(self, state, migration, *args, **more)
        with connection.execute_wrapper(_Taking(tables_of(migration, state))):
            return apply(self, state, migration, *args, **more)

    MigrationExecutor.apply_migration = with_its_tables  # type: ignore[method-assign]
    try:
        yield
    finally:
        MigrationExecutor.apply_migration = apply  # type: ignore[method-assign]


def tables_of(migration: Migration, state: ProjectState) -> Mapping[str, str]:
    """The tables that its SQL changes or refers to, and how each is to be locked. Those that only its
    Python touches are not known; nor is any of a migration whose SQL Django cannot say beforehand."""
    try:
        with connection.schema_editor(collect_sql=True, atomic=False) as editor:
            migration.apply(state.clone(), editor, collect_sql=True)
    except Exception as error:  # such as a name that is looked up in a table that it makes itself
        log.info("migration.tables_unknown", migration=str(migration), error=repr(error))
        return {}
    said = "\n".join(str(statement) for statement in editor.collected_sql)
    referred = dict.fromkeys(_REFERENCES.findall(said), _REFERRED)
    return referred | dict.fromkeys(_CHANGED.findall(said), _EXCLUSIVE)


class _Taking:
    """Locks them before the first statement of the transaction."""

    def __init__(self, tables: Mapping[str, str]) -> None:
        self._tables, self._are_taken = tables, False

    def __call__(
        self, execute: Any, statement: Any, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        using = context["connection"]
        if using.in_atomic_block and not self._are_taken:
            self._are_taken = True
            _take(using.connection, self._tables)
        return execute(statement, params, many, context)


def _take(raw: psycopg.Connection[Any], tables: Mapping[str, str]) -> None:
    """Raises LockNotAvailable where that was not possible in all of PATIENCE."""
    there = [name for name in sorted(tables) if _exists(raw, name)]
    give_up = time.monotonic() + PATIENCE
    raw.execute("SAVEPOINT tables_first")
    while True:
        try:
            _lock(raw, {name: tables[name] for name in there})
            break
        except psycopg.errors.LockNotAvailable:
            raw.execute("ROLLBACK TO SAVEPOINT tables_first")  # lets go of all of them
            if time.monotonic() > give_up:
                raise
            time.sleep(random.uniform(0, _PAUSE))  # noqa: S311
    raw.execute("RELEASE SAVEPOINT tables_first")


def _lock(raw: psycopg.Connection[Any], tables: Mapping[str, str]) -> None:
    began = 0.0
    for name, mode in tables.items():
        left = FIRST if not began else ALL - (time.monotonic() - began)
        raw.execute(f"SET LOCAL lock_timeout = '{max(1, int(left * 1000))}ms'")
        table = sql.Identifier("public", name)
        raw.execute(sql.SQL("LOCK TABLE {} IN {} MODE").format(table, sql.SQL(mode)))
        began = began or time.monotonic()


def _exists(raw: psycopg.Connection[Any], name: str) -> bool:
    found = raw.execute("SELECT to_regclass(%s)", [f'public."{name}"']).fetchone()
    return found is not None and found[0] is not None
