"""The primary database: it answers, is new enough, and its shared tables are of this code."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from plg_site.doctor.findings import Finding, fine, problem, warning
from plg_site.operating import versions

TITLE = "Database"
OLDEST, TESTED = 15, 18  # major versions of PostgreSQL
_NEARLY = 0.7


def look() -> Iterator[Finding]:
    try:
        connection.ensure_connection()
    except Exception as error:
        yield problem(
            f"does not answer: {str(error).strip().splitlines()[0]}",
            "Start PostgreSQL, or correct DATABASE_URL.",
        )
        return
    yield _version()
    yield from _prepared()
    yield from _locks()
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if missing:
        yield problem(
            f"{missing} migrations of the shared tables have not run",
            "Run manage.py prepare.",
            missing=missing,
        )


def _prepared() -> Iterator[Finding]:
    """Whose `prepare` was here last, and whether it came to its end."""
    ours, found = versions.declared(), versions.standing()
    if found.begun and versions.numbers(found.begun) > versions.numbers(ours.version):
        yield problem(
            f"was prepared by version {found.begun}; this code is {ours.version}",
            f"Install {found.begun} or later here, too.",
            begun=found.begun,
        )
    elif found.begun != found.finished:
        yield problem(
            f"the prepare of version {found.begun} has not come to its end",
            "Run manage.py prepare again.",
            begun=found.begun,
        )


def _locks() -> Iterator[Finding]:
    """pg_dump holds a lock on each table while it runs; the server has room for so many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p')),"
            " current_setting('max_locks_per_transaction')::int"
            " * (current_setting('max_connections')::int"
            "    + current_setting('max_prepared_transactions')::int)"
        )
        tables, room = cursor.fetchone()
    if tables > _NEARLY * room:
        yield warning(
            f"pg_dump of all {tables:,} tables needs a lock each, and there is room for {room:,}",
            "Raise max_locks_per_transaction (the server restarts), or back up with pg_basebackup.",
            tables=tables,
            locks=room,
        )


def _version() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        said = str(cursor.fetchone()[0])
    major = int(said.split(".")[0])
    if major < OLDEST:
        return problem(f"is PostgreSQL {said}", f"Use {OLDEST} or newer.", version=said)
    if major < TESTED:
        return warning(
            f"is PostgreSQL {said}",
            f"It works; {TESTED} also tells poolers and us when a search_path changes.",
            version=said,
        )
    return fine(f"PostgreSQL {said}", version=said)
