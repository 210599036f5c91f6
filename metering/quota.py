"""Decides, in the request path, whether a workspace may use more of a meter.

    quota.consume(tenant, "links")       # before making the link; raises QuotaExceeded
    quota.release(tenant, "links")       # when it is deleted, or could not be made

Hard limits are exact while Redis works. Without it the rollup decides, some 100 ms late; without
that too, people are let in: a quota must never stop a paying customer because of our own outage.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import structlog

from events.store import StoreUnavailable
from metering import counters, limits, periods, usage
from metering.catalogue import Meter, get
from metering.counters import CountersUnavailable, Taken
from metering.decision import Decision, QuotaExceeded, decide
from metering.limits import set_limits
from metering.periods import Period
from tenants.models import Tenant

__all__ = ["Decision", "QuotaExceeded", "consume", "peek", "release", "set_limits"]

log = structlog.get_logger()


def consume(
    tenant: Tenant, meter_key: str, amount: int = 1, *, now: datetime | None = None
) -> Decision:
    """Use `amount` of the meter in its unit. Record the event that is metered afterwards.

    Raises QuotaExceeded (a hard limit would be passed; nothing was used), KeyError (no such
    meter), ValueError (a negative amount).
    """
    if amount < 0:
        raise ValueError("Use release() to give something back.")
    decision = _decide(tenant, get(meter_key), amount, now or datetime.now(UTC))
    if not decision.allowed:
        raise QuotaExceeded(decision)
    return decision


def peek(tenant: Tenant, meter_key: str, *, now: datetime | None = None) -> Decision:
    """Where the meter stands, without using any of it. Never raises QuotaExceeded."""
    return _decide(tenant, get(meter_key), 0, now or datetime.now(UTC))


def release(
    tenant: Tenant, meter_key: str, amount: int = 1, *, now: datetime | None = None
) -> None:
    """Give back `amount` that was consumed, or that existed and is now deleted."""
    period = periods.current(get(meter_key).period, now=now or datetime.now(UTC))
    with suppress(CountersUnavailable):  # without a counter, the recorded event says it all
        counters.give_back(tenant.schema_name, meter_key, period.key, amount=amount)


def _decide(tenant: Tenant, meter: Meter, amount: int, now: datetime) -> Decision:
    period = periods.current(meter.period, now=now)
    try:
        taken = _take(tenant, meter, period, amount, now)
    except CountersUnavailable:
        return _decide_by_rollup(tenant, meter, period, amount, now)
    except StoreUnavailable as error:
        log.warning("quota_undecided", meter=meter.key, schema=tenant.schema_name, error=str(error))
        return Decision(meter.key, None, amount, allowed=True, resets_at=period.end, asked=amount)
    return Decision(
        meter=meter.key,
        limit=taken.limit.value,
        used=taken.used,
        allowed=taken.allowed,
        resets_at=period.end,
        asked=amount,
    )


def _take(tenant: Tenant, meter: Meter, period: Period, amount: int, now: datetime) -> Taken:
    """Ask the counter; fill in what it misses, and ask again."""
    schema = tenant.schema_name
    for _ in range(5):  # limits and counter may each be missing, and expire while we fill the other
        answer = counters.take(schema, meter.key, period.key, amount=amount)
        if isinstance(answer, Taken):
            return answer
        if answer == "limits":
            counters.fill_limits(schema, limits.of(tenant))
        else:
            used = usage.current(tenant, meter.key, now=now)
            counters.seed(schema, meter.key, period.key, used=used)
    raise CountersUnavailable("The counter does not stay: Redis is evicting keys.")


def _decide_by_rollup(
    tenant: Tenant, meter: Meter, period: Period, amount: int, now: datetime
) -> Decision:
    """Without Redis: as exact as the rollup is fresh. Without the rollup: allowed."""
    limit = limits.of(tenant)[meter.key]
    try:
        used = usage.current(tenant, meter.key, now=now)
    except StoreUnavailable:
        return Decision(
            meter.key, limit.value, amount, allowed=True, resets_at=period.end, asked=amount
        )
    return decide(meter, limit=limit, used=used, amount=amount, resets_at=period.end)
