"""Reading the audit log: filtered, by page, and as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from tenants.audit.spreadsheet import Echo, safe
from tenants.models import AuditEntry, Tenant

COLUMNS = ("time", "who", "action", "target", "details", "address")


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for. `kind` is the part of an action before its dot; days are whole days in
    the workspace's time zone, both inclusive."""

    kind: str = ""
    who: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Line:
    """An entry as it is shown."""

    at: datetime
    who: str
    action: str
    target: str
    details: str
    ip: str


def entries(tenant: Tenant, wanted: Wanted) -> QuerySet[AuditEntry]:
    """The entries, newest first."""
    rows = AuditEntry.objects.for_tenant(tenant)
    if wanted.kind:
        rows = rows.filter(action__startswith=f"{wanted.kind}.")
    if wanted.who == _staff():
        rows = rows.filter(by_staff=True)
    elif wanted.who:
        rows = rows.filter(by_name=wanted.who, by_staff=False)
    zone = ZoneInfo(tenant.time_zone)
    if wanted.first:
        rows = rows.filter(at__gte=datetime.combine(wanted.first, time(), zone))
    if wanted.last:
        rows = rows.filter(at__lt=datetime.combine(wanted.last + timedelta(days=1), time(), zone))
    found: QuerySet[AuditEntry] = rows.order_by("-id")  # the ids are made from the time
    return found


def kinds(tenant: Tenant) -> list[str]:
    """What happened in this workspace at all, as choices for `Wanted.kind`."""
    actions = AuditEntry.objects.for_tenant(tenant).order_by("action").distinct()
    return sorted({action.partition(".")[0] for action in actions.values_list("action", flat=True)})


def people(tenant: Tenant) -> list[str]:
    """Who did something, as choices for `Wanted.who`."""
    rows = AuditEntry.objects.for_tenant(tenant)
    members = rows.filter(by_staff=False).exclude(by_name="").order_by("by_name")
    staff = [_staff()] if rows.filter(by_staff=True).exists() else []
    return [*members.values_list("by_name", flat=True).distinct(), *staff]


def _staff() -> str:
    return AuditEntry(by_staff=True).who


def line(entry: AuditEntry, tenant: Tenant) -> Line:
    """ "member.role_changed" is "Member role changed", {"from": "admin"} is "from: admin"."""
    # PostgreSQL keeps no order of keys: "to" comes after "from".
    details = sorted(entry.details.items(), key=lambda pair: pair[0] == "to")
    return Line(
        at=entry.at.astimezone(ZoneInfo(tenant.time_zone)),
        who=entry.who or "the system",
        action=in_words(entry.action),
        target=entry.target,
        details=", ".join(f"{_words(key)}: {_value(value)}" for key, value in details),
        ip=entry.address,
    )


def in_words(action: str) -> str:
    """Like "API key revoked"."""
    words = _words(action.replace(".", " "))
    return (words[:1].upper() + words[1:]).replace("Api ", "API ")


def csv_rows(tenant: Tenant, wanted: Wanted) -> Iterator[str]:
    """The entries as CSV (RFC 4180), row by row; times are ISO 8601 in the workspace's zone."""
    write = csv.writer(Echo()).writerow
    yield write(COLUMNS)
    zone = ZoneInfo(tenant.time_zone)
    for entry in entries(tenant, wanted).iterator(chunk_size=1000):
        shown = line(entry, tenant)
        cells = [entry.who, entry.action, entry.target, shown.details, shown.ip]
        yield write([entry.at.astimezone(zone).isoformat(), *map(safe, cells)])


def _words(key: str) -> str:
    return key.replace("_", " ")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)
