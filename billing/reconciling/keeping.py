"""Differences as rows: one as long as it is there, settled when a later look does not find it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from billing.models import Difference
from billing.reconciling.comparers import Found, Scope
from tenants.models import Tenant

MOST_OPEN = 1_000  # that are kept; a run counts and prints the others, too
_KEPT = timedelta(days=90)  # after it was settled


def unsettled(limit: int = 200) -> Sequence[Difference]:
    """The differences that there are, the newest first."""
    rows = Difference.objects.filter(settled_at=None).select_related("tenant")
    return list(rows.order_by("-first_seen_at", "-pk")[:limit])


def settled(limit: int = 50) -> Sequence[Difference]:
    """Those that are gone, the last first."""
    rows = Difference.objects.exclude(settled_at=None).select_related("tenant")
    return list(rows.order_by("-settled_at", "-pk")[:limit])


def count() -> int:
    """How many differences there are, MOST_OPEN at most."""
    return Difference.objects.filter(settled_at=None).count()


def keep(comparer: str, tenant: Tenant | None, found: Found, *, now: datetime) -> int | None:
    """Write it down, or that it is still there. Returns its key; None where there are too many."""
    said = {
        "what": found.what[:300],
        "meter": found.meter,
        "period_start": found.period_start,
        "period_end": found.period_end,
        "expected": _number(found.expected),
        "found": _number(found.found),
        "unit": found.unit,
        "last_seen_at": now,
    }
    named = {"tenant": tenant, "comparer": comparer, "key": found.key[:200], "settled_at": None}
    if not Difference.objects.filter(**named).exists() and count() >= MOST_OPEN:
        return None
    row, _ = Difference.objects.update_or_create(
        **named, defaults=said, create_defaults={**said, "first_seen_at": now}
    )
    return row.pk


def settle_gone(
    comparer: str, scope: Scope, *, seen: Collection[int], but_of: Collection[UUID] = ()
) -> int:
    """Settle what this run has not `seen`, within what it has looked at, and not of workspaces that could
    not be compared. Returns how many."""
    whole = Q(period_end__gt=scope.start) | Q(period_end=None, period_start__gte=scope.start)
    within = Q(period_start=None) | (Q(period_start__lt=scope.end) & whole)
    gone = Difference.objects.filter(within, comparer=comparer, settled_at=None)
    gone = gone.exclude(pk__in=seen).exclude(tenant__in=but_of)
    if scope.tenant is not None:
        gone = gone.filter(tenant=scope.tenant)
    return gone.update(settled_at=scope.now)


def tidy(*, now: datetime) -> int:
    """Remove what was settled long ago."""
    return Difference.objects.filter(settled_at__lt=now - _KEPT).delete()[0]


def _number(value: Decimal | int | None) -> Decimal | None:
    return None if value is None else Decimal(value)
