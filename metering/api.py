"""Usage over the workspace's API."""

from __future__ import annotations

from datetime import datetime

from ninja import Router, Schema
from ninja.errors import HttpError

from events.store import StoreUnavailable
from metering import limits, usage
from tenants.requests import KeyedRequest

router = Router(tags=["Usage"])


class UsageOut(Schema):
    """One meter: amounts are in its unit ("" counts things, "bytes")."""

    meter: str
    label: str
    unit: str
    used: int
    limit: int | None
    hard: bool
    remaining: int | None
    resets_at: datetime | None


@router.get("/usage", response=list[UsageOut], summary="Usage of every meter")
def list_usage(request: KeyedRequest) -> list[UsageOut]:
    """Each meter's usage in its current period, against the limit of the workspace's plan."""
    in_force = limits.of(request.tenant)
    try:
        readings = usage.snapshot(request.tenant, days=1, changes=0).readings
    except StoreUnavailable:
        raise HttpError(503, "Usage cannot be read right now. Nothing is lost.") from None
    found = []
    for reading in readings:
        limit = in_force[reading.meter.key]
        found.append(
            UsageOut(
                meter=reading.meter.key,
                label=reading.meter.label,
                unit=reading.meter.unit,
                used=reading.used,
                limit=limit.value,
                hard=limit.hard,
                remaining=None if limit.value is None else max(0, limit.value - reading.used),
                resets_at=reading.period.end,
            )
        )
    return found
