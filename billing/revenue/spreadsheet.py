"""Subscriptions and movements as CSV (RFC 4180), row by row, with nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime

from billing.models import LIVE, Subscription
from billing.revenue import figures
from tenants.audit import Echo, safe

_CHUNK = 1_000  # rows that are in memory at once
SUBSCRIPTIONS = (
    "workspace", "address", "plan", "state", "interval", "seats", "currency",
    "monthly_minor_units", "started", "period_end", "trial_end", "ends", "stripe_id",
)  # fmt: skip
MOVEMENTS = (
    "time", "workspace", "address", "kind", "plan", "currency", "before_minor_units",
    "after_minor_units", "change_minor_units", "subscription",
)  # fmt: skip


def subscriptions() -> Iterator[str]:
    """Every live subscription; times are ISO 8601 in UTC, amounts minor units."""
    write = csv.writer(Echo()).writerow
    yield write(SUBSCRIPTIONS)
    rows = Subscription.objects.filter(status__in=LIVE).select_related("tenant").order_by("pk")
    for row in rows.iterator(chunk_size=_CHUNK):
        yield write([
            safe(row.tenant.name), safe(row.tenant.slug), safe(row.plan_key), row.status,
            row.interval, row.quantity, row.currency, row.monthly, _time(row.started_at),
            _time(row.period_end), _time(row.trial_end), _time(row.cancel_at), row.stripe_id,
        ])  # fmt: skip


def movements(month: datetime) -> Iterator[str]:
    """Every movement of a month, the newest first."""
    write = csv.writer(Echo()).writerow
    yield write(MOVEMENTS)
    for row in figures.movements(month).iterator(chunk_size=_CHUNK):
        yield write([
            _time(row.at), safe(row.tenant.name), safe(row.tenant.slug), row.kind,
            safe(row.plan_key), row.currency, row.before, row.after, row.difference,
            row.subscription_id,
        ])  # fmt: skip


def _time(at: datetime | None) -> str:
    return at.isoformat() if at else ""
