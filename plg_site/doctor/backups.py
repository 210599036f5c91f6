"""Backups: there are some, they are young, WAL is being received, and one was restored of late.

What was made is told by `backup_report`; whether WAL is taken is asked of the servers themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict

from plg_site.doctor.findings import Finding, fine, warning
from plg_site.operating import backup_reports
from plg_site.operating.backup_reports import Kind

TITLE = "Backups"
_PAGE = "docs/backups.md says how."
_BEHIND = 64 * 1024**2  # bytes of WAL that the slot keeps for who receives it: four of its files
_WAL = """
    SELECT s.active, pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)::bigint,
           current_setting('archive_mode') <> 'off',
           coalesce(a.last_failed_time > a.last_archived_time, a.last_failed_time IS NOT NULL)
    FROM pg_stat_archiver a LEFT JOIN pg_replication_slots s ON s.slot_name = %s
"""


def look() -> Iterator[Finding]:
    if settings.PUBLIC_SCHEME != "https":
        yield fine("nobody's data is here: PUBLIC_SCHEME is http")
        return
    if not settings.BACKUP_HOURS:
        yield fine("not looked at: BACKUP_HOURS is 0")
        return
    for place in places():
        yield _made(Kind.FILES if place == "files" else Kind.BASE, place)
    yield from _received("main", _primary)
    if "events" in places() and not _in_clickhouse():
        yield from _received("events", _events)
    for place in places():
        if place != "files":
            yield _restored(place)


def ages() -> Iterator[tuple[str, str, float]]:
    """Kind, place, and seconds since the newest of each that should be; infinite where none is known."""
    if settings.PUBLIC_SCHEME != "https" or not settings.BACKUP_HOURS:
        return
    now = timezone.now()
    for place in places():
        made = Kind.FILES if place == "files" else Kind.BASE
        for kind in [made] if place == "files" else [made, Kind.RESTORED]:
            known = backup_reports.newest(kind, place)
            yield str(kind), place, (now - known.at).total_seconds() if known else math.inf


def places() -> list[str]:
    """What has to be backed up here: a server counts once, files where they are on a disk of ours."""
    found = ["main"]
    if _in_clickhouse() or _server(settings.EVENTS_DATABASE_URL) != _main_server():
        found.append("events")
    if isinstance(storages["workspaces"], FileSystemStorage):
        found.append("files")
    return found


def _made(kind: str, place: str) -> Finding:
    known = backup_reports.newest(kind, place)
    if known is None:
        return warning(f"no backup of {place} is known", f"Make one; {_PAGE}", place=place)
    span = timezone.now() - known.at
    says = f"{known} is {backup_reports.age(span)} old"
    facts = {"place": place, "hours": round(span.total_seconds() / 3600, 1), "bytes": known.bytes}
    if span > timedelta(hours=settings.BACKUP_HOURS):
        return warning(f"the newest {says}", "See why the later ones failed.", **facts)
    return fine(says, **facts)


def _restored(place: str) -> Finding:
    known = backup_reports.newest(Kind.RESTORED, place)
    do = f"Restore it beside, look, and tell: manage.py backup_report restored {place}"
    if known is None:
        return warning(f"no backup of {place} was ever restored to prove it", do, place=place)
    span = timezone.now() - known.at
    says = f"{place} was last restored {backup_reports.age(span)} ago"
    if span > timedelta(days=settings.RESTORE_PROVED_DAYS):
        return warning(says, do, place=place, days=span.days)
    return fine(says, place=place, days=span.days)


def _received(place: str, ask: Any) -> Iterator[Finding]:
    """Between two base backups, WAL is what there is: without it, a day is lost."""
    active, behind, archives, fails = ask(_WAL, [settings.BACKUP_SLOT])
    facts = {"place": place, "slot": settings.BACKUP_SLOT, "behind_bytes": behind}
    if active is None and not archives:
        yield warning(
            f"nothing receives the WAL of {place}: what came after the last backup would be lost",
            f"Run deploy/backup/wal.sh {place}, or set archive_mode; {_PAGE}",
            **facts,
        )
    elif active is False:
        yield warning(
            f"nobody reads the slot {settings.BACKUP_SLOT} of {place}, which holds"
            f" {behind or 0:,} bytes of WAL, and its disk fills up",
            f"Start deploy/backup/wal.sh {place} again, or drop the slot.",
            **facts,
        )
    elif active and behind is not None and behind > _BEHIND:
        yield warning(
            f"who receives the WAL of {place} is {behind:,} bytes behind",
            "Look at the network and the disk of the machine that keeps it.",
            **facts,
        )
    elif active is None and fails:
        yield warning(
            f"the server of {place} fails to archive its WAL",
            "Its log says why; until then its disk fills up.",
            **facts,
        )
    else:
        yield fine(f"WAL of {place} is being received", **facts)


def _primary(words: str, values: list[str]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(words, values)
        return tuple(cursor.fetchone())


def _events(words: str, values: list[str]) -> tuple[Any, ...]:
    with psycopg.connect(settings.EVENTS_DATABASE_URL, connect_timeout=5) as link:
        return tuple(link.execute(words, values).fetchone() or ())


def _in_clickhouse() -> bool:
    return str(settings.EVENTS_DATABASE_URL).startswith("clickhouse")


def _main_server() -> tuple[str, str]:
    database = settings.DATABASES["default"]
    return str(database["HOST"]), str(database["PORT"] or 5432)


def _server(url: str) -> tuple[str, str]:
    said = conninfo_to_dict(url)
    return str(said.get("host", "")), str(said.get("port") or 5432)
