"""What the log knows to be used: what is stored, and what was accepted and is on its way."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from events import Event, waiting
from metering.asking import usage
from metering.definitions import accepted, refused
from metering.definitions.meter import Meter
from metering.periods import Period
from tenants.models import Tenant


def used(
    tenant: Tenant, meter: Meter, period: Period, *, now: datetime, without_redis: bool = False
) -> int:
    """The meter's value, rounded up. An event that is being stored right now may count twice.

    `without_redis`: of what waits, only what came with a row is known.

    What waits is read first: the other way round, it could be in neither. A maximum, a latest value
    and different values do not add up: of these only what is stored is known.
    Raises StoreUnavailable.
    """
    on_its_way = Decimal(0)
    if meter.aggregation in ("count", "sum"):
        for event in waiting.events_of(tenant.schema_name, meter.event, outbox_only=without_redis):
            if _lies_in(event, period) and _passes(event, meter):
                on_its_way += _amount(event, meter)
    stored = usage.current(tenant, meter.key, now=now)
    return int((stored + on_its_way).to_integral_value(ROUND_CEILING))


def _lies_in(event: Event, period: Period) -> bool:
    return (period.start is None or period.start <= event.time) and (
        period.end is None or event.time < period.end
    )


def _passes(event: Event, meter: Meter) -> bool:
    return all(
        any(_same(event.properties.get(name), value) for value in accepted(meter, name))
        for name in meter.filters
    ) and not any(
        _same(event.properties.get(name), value)
        for name in meter.excludes
        for value in refused(meter, name)
    )


def _same(given: Any, wanted: Any) -> bool:
    return given == wanted or given == str(wanted)


def _amount(event: Event, meter: Meter) -> Decimal:
    if meter.aggregation == "count":
        return Decimal(1)
    return Decimal(str(event.properties.get(meter.property or "", 0)))
