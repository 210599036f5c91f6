"""Writes a workspace into an archive: everything from one snapshot, row by row.

The rows come from one REPEATABLE READ transaction, so that no table is younger than another. Files
are read after that: one that was deleted in between is named in the manifest as missing. Memory
holds a row or a block of a file, whatever the size of the workspace.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO, Any

import msgspec
from django.apps import apps
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection, transaction
from psycopg.sql import SQL, Composable, Identifier, Literal

from events.event import Event
from events.steps import step
from events.store import get_store
from tenants.archive import layout, shared, tables
from tenants.archive.declared import Portability, portability
from tenants.archive.layout import Manifest, Workspace
from tenants.archive.writing import ArchiveWriter
from tenants.models import Tenant
from tenants.pool.fingerprints import of_migrations

LEFT_OUT = [
    "passwords, sessions, the secrets of API keys and of invitations, and their hashes",
    "invoices and statements of usage: they stay where they were made",
    "people who are no members any more: their ids mean nothing elsewhere",
]
NO_EVENTS = "events: ask for them when you export"
ARCHIVED_EVENTS = "raw events that had left the log for this installation's archive"
_BLOCK = 256 * 1024
_MOST_EVENTS = 10_000  # in memory at once
_HOUR = timedelta(hours=1)

# (what is being written, how much of it is done, how much there is); rows, files or days.
Progress = Callable[[str, int, int], None]


@dataclass
class _Work:
    tenant: Tenant
    out: ArchiveWriter
    tell: Progress
    product: Portability
    columns: dict[str, dict[str, tables.Column]] = field(default_factory=dict)


def write(
    tenant: Tenant,
    out: IO[bytes],
    *,
    with_events: bool = False,
    progress: Progress = lambda part, done, total: None,
) -> Manifest:
    """Write the archive; `out` need not be seekable. Returns its manifest.

    Call it outside of any transaction. Raises StoreUnavailable when events are wanted and away.
    """
    work = _Work(tenant, ArchiveWriter(out), progress, portability())
    with _snapshot() as cursor:
        step("export.snapshot")
        _write_tables(work, cursor)
        migrations = [
            name
            for name in tables.migrations(cursor, tenant.schema_name)
            if name.partition(".")[0] in _labels()
        ]
        for name, part in shared.parts().items():
            _write_shared(work, name, part)
        files = _write_files(work, cursor)
    left_out = LEFT_OUT + (_write_events(work) if with_events else [NO_EVENTS])
    manifest = _manifest(work, migrations, files, left_out)
    encoded = manifest.encode()
    with work.out.open(layout.MANIFEST) as entry:
        entry.write(encoded)
    with work.out.open(layout.SIGNATURE) as entry:
        entry.write(layout.signature(encoded).encode())
    work.out.close()
    return manifest


def _manifest(
    work: _Work, migrations: list[str], files: layout.Files, left_out: list[str]
) -> Manifest:
    tenant = work.tenant
    return Manifest(
        format=layout.FORMAT,
        version=layout.VERSION,
        made_at=datetime.now(UTC),
        made_by=layout.installation(),
        product=settings.PRODUCT_APP,
        fingerprint=tenant.fingerprint or of_migrations(),
        migrations=migrations,
        workspace=Workspace(
            str(tenant.pk), tenant.name, tenant.slug, tenant.time_zone, tenant.created_at
        ),
        tables={
            table: {name: column.type for name, column in columns.items()}
            for table, columns in work.columns.items()
        },
        entries=dict(work.out.entries),  # files have an index of their own: they may be many
        files=files,
        left_out=left_out,
    )


@contextmanager
def _snapshot() -> Iterator[Any]:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield cursor


def _labels() -> set[str]:
    """Of the tenant apps: the bookkeeping of a schema names shared migrations, too."""
    return {app.label for app in apps.get_app_configs() if app.name in settings.TENANT_APPS}


def _write_tables(work: _Work, cursor: Any) -> None:
    schema = work.tenant.schema_name
    work.columns = tables.of(cursor, schema)
    for table, columns in work.columns.items():
        total = tables.count(cursor, schema, table)
        with work.out.open(layout.table_entry(table)) as entry:
            for line in tables.lines(cursor, schema, table, list(columns), _instead(work, table)):
                entry.line(line)
                if entry.lines % 1000 == 0:
                    work.tell(table, entry.lines, total)
        work.tell(table, total, total)


def _instead(work: _Work, table: str) -> Mapping[str, Composable]:
    """Names of files without the schema, which is another one elsewhere; nothing for secrets."""
    names = work.product.files.get(table, ())
    files = {name: tables.without_schema(work.tenant.schema_name, name) for name in names}
    emptied = work.product.emptied.get(table, {})
    return files | {name: tables.literal(value) for name, value in emptied.items()}


def _write_shared(work: _Work, name: str, part: shared.Part) -> None:
    with work.out.open(layout.shared_entry(name)) as entry:
        for row in part.rows(work.tenant):
            entry.line(msgspec.json.encode(row))
    work.tell(name, entry.lines, entry.lines)


def _write_files(work: _Work, cursor: Any) -> layout.Files:
    """What the rows name, in the order of the names, and an index with the checksums."""
    total, done, size = _file_count(work, cursor), 0, 0
    missing: list[str] = []
    with tempfile.SpooledTemporaryFile(max_size=_BLOCK) as index:
        for name in _file_names(work, cursor):
            entry = _write_file(work, name)
            if entry is None:
                missing.append(name)
                continue
            line = {"name": name, "size": entry.size, "sha256": entry.sha256}
            index.write(msgspec.json.encode(line) + b"\n")
            done, size = done + 1, size + entry.size
            work.tell("files", done, total)
        index.seek(0)
        with work.out.open(layout.FILES) as out:
            for line_read in index:
                out.line(line_read.rstrip(b"\n"))
    return layout.Files(done, size, missing)


def _write_file(work: _Work, name: str) -> layout.Entry | None:
    """None where there is none: it was deleted since the snapshot."""
    entry_name = layout.file_entry(name)
    if not layout.is_entry(entry_name):
        return None
    try:
        content = storages["workspaces"].open(f"{work.tenant.schema_name}/{name}")
    except FileNotFoundError:
        return None
    with content, work.out.open(entry_name, packed=False) as out:
        while block := content.read(_BLOCK):
            out.write(block)
    return work.out.entries.pop(entry_name)


def _file_count(work: _Work, cursor: Any) -> int:
    return sum(
        tables.count(cursor, work.tenant.schema_name, table)
        for table in work.product.files
        if table in work.columns
    )


def _file_names(work: _Work, cursor: Any) -> Iterator[str]:
    """Each name once; a server-side cursor of the same transaction."""
    schema = work.tenant.schema_name
    selects = [
        SQL("SELECT {} AS name FROM {}").format(
            tables.without_schema(schema, column), Identifier(schema, table)
        )
        for table, columns in work.product.files.items()
        if table in work.columns
        for column in columns
    ]
    if not selects:
        return
    query = SQL(
        "DECLARE exported_files NO SCROLL CURSOR FOR"
        " SELECT DISTINCT name FROM ({}) found WHERE name IS NOT NULL ORDER BY name"
    )
    cursor.execute(query.format(SQL(" UNION ALL ").join(selects)))
    while True:
        cursor.execute(SQL("FETCH {} FROM exported_files").format(Literal(500)))
        found = cursor.fetchall()
        if not found:
            return
        yield from (name for (name,) in found)


def _write_events(work: _Work) -> list[str]:
    """Raw events by days; returns what is left out of them, in words."""
    store, schema = get_store(), work.tenant.schema_name
    oldest = store.find(tenant=schema, limit=1)
    newest = store.find(tenant=schema, limit=1, newest_first=True)
    if oldest and newest:
        day = oldest[0].time.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        total, done = (newest[0].time - day).days + 1, 0
        while day <= newest[0].time:
            _write_day(work, day)
            day, done = day + timedelta(days=1), done + 1
            work.tell("events", done, total)
    return [ARCHIVED_EVENTS] if store.retention.raw_since() else []


def _write_day(work: _Work, day: datetime) -> None:
    schema = work.tenant.schema_name
    end = day + timedelta(days=1)
    if not get_store().find(tenant=schema, start=day, end=end, limit=1):
        return
    with work.out.open(f"events/{day:%Y-%m-%d}.jsonl") as entry:
        for hour in range(24):
            start = day + hour * _HOUR
            for event in _events(schema, start, start + _HOUR):
                entry.line(event.encode())


def _events(schema: str, start: datetime, end: datetime) -> Iterator[Event]:
    """Oldest first; a span with too many is halved until a part fits."""
    found = get_store().find(tenant=schema, start=start, end=end, limit=_MOST_EVENTS)
    if len(found) < _MOST_EVENTS or end - start <= timedelta(milliseconds=1):
        if len(found) == _MOST_EVENTS:
            found = get_store().find(tenant=schema, start=start, end=end)
        yield from found
        return
    middle = start + (end - start) / 2
    yield from _events(schema, start, middle)
    yield from _events(schema, middle, end)


def checksum(content: IO[bytes]) -> str:
    """SHA-256 of a file from its beginning, in hex; leaves it at its end."""
    content.seek(0)
    digest = hashlib.sha256()
    while block := content.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()
