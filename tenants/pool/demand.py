"""How many schemas shall wait: what the recent sign-ups would take in the next POOL_SECONDS."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from tenants.models import Tenant
from tenants.pool import templates

# A spike shows in the first, a busy hour in the last; the highest rate counts.
_WINDOWS = tuple(timedelta(minutes=minutes) for minutes in (1, 10, 60))


def targets(*, now: datetime | None = None) -> dict[str, int]:
    """For each template the number of schemas that shall be ready, between POOL_MIN and POOL_MAX.

    POOL_MIN for a template that nobody asked for lately, and on top what POOL_SECONDS of the highest
    recent rate take.
    """
    rates = _rates(now or timezone.now())
    return {
        each.name: min(
            settings.POOL_MAX,
            settings.POOL_MIN + math.ceil(rates.get(each.name, 0.0) * settings.POOL_SECONDS),
        )
        for each in templates.listed()
    }


def _rates(now: datetime) -> dict[str, float]:
    """Sign-ups a second by template: the highest of the rates over the windows."""
    counts = {
        f"in_{int(window.total_seconds())}": Count("pk", filter=Q(created_at__gt=now - window))
        for window in _WINDOWS
    }
    rows = (
        Tenant.objects.filter(created_at__gt=now - max(_WINDOWS), created_at__lte=now, held=False)
        .values("template")
        .annotate(**counts)
    )
    return {
        row["template"]: max(row[name] / int(name.removeprefix("in_")) for name in counts)
        for row in rows
    }
