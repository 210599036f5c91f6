"""Decides, in the request path, whether a workspace may use more of a meter.

    quota.consume(tenant, "links")       # before making the link; raises QuotaExceeded
    quota.release(tenant, "links")       # when it is deleted, or could not be made

Hard limits are exact while Redis works, also after it was away. Without it the log decides: exact
for what is recorded with a row, some 100 ms late for the rest; without that too, people are let in:
a quota must never stop a paying customer because of our own outage.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime

import structlog
from django.db import DatabaseError

from events.postgres import is_away, is_told
from events.store import StoreUnavailable
from metering import periods
from metering.asking import recorded
from metering.asking.query import WrongQuestion
from metering.definitions.catalogue import get
from metering.definitions.limit import Limit
from metering.definitions.meter import Meter
from metering.periods import Period
from metering.quotas import counters, filling, leases, limits
from metering.quotas.counters import CountersUnavailable
from metering.quotas.decision import Decision, QuotaExceeded, decide
from metering.quotas.filling import Counter
from metering.quotas.leases import Key
from metering.quotas.limits import set_limits
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
    decision = leases.of_this_process().spend(
        (tenant.schema_name, meter_key), amount, now=now.timestamp() if now else time.time()
    )
    if decision is None:
        decision = _decide(tenant, get(meter_key), amount, now or datetime.now(UTC))
    if not decision.allowed:
        raise QuotaExceeded(decision)
    return decision


def peek(tenant: Tenant, meter_key: str, *, now: datetime | None = None) -> Decision:
    """Where the meter stands, without using any of it. Never raises QuotaExceeded.

    What other processes have spent of their leases is known when these end.
    """
    return _decide(tenant, get(meter_key), 0, now or datetime.now(UTC))


def release(
    tenant: Tenant, meter_key: str, amount: int = 1, *, now: datetime | None = None
) -> None:
    """Give back `amount` that was consumed, or that existed and is now deleted."""
    period = _period(tenant, get(meter_key), now or datetime.now(UTC))
    with suppress(CountersUnavailable):  # without a counter, the recorded event says it all
        counters.give_back(tenant.schema_name, meter_key, period.key, amount=amount)


def _decide(tenant: Tenant, meter: Meter, amount: int, now: datetime) -> Decision:
    try:
        return _ask(tenant, meter, amount, now)
    except DatabaseError as error:  # limits and periods are rows
        if not is_away(error):
            raise
        return _without_rows(tenant, meter, amount, now)


def _ask(tenant: Tenant, meter: Meter, amount: int, now: datetime) -> Decision:
    period = _period(tenant, meter, now)
    try:
        return filling.ask(
            leases.of_this_process(),
            Counter(
                key=(tenant.schema_name, meter.key),
                period=period,
                limits=lambda: limits.of(tenant),
                used=lambda: recorded.used(tenant, meter, period, now=now),
            ),
            amount,
            now=now.timestamp(),
        )
    except CountersUnavailable:
        return _decide_by_rollup(tenant, meter, period, amount, now)
    except (StoreUnavailable, WrongQuestion) as error:
        if not is_told():
            schema = tenant.schema_name
            log.warning("quota_undecided", meter=meter.key, schema=schema, error=str(error))
        return _undecided(meter, period, amount)


def _decide_by_rollup(
    tenant: Tenant, meter: Meter, period: Period, amount: int, now: datetime
) -> Decision:
    """Without Redis: exact for what is recorded with its row, else as the rollup is fresh.

    Two at the same moment may both get the last one. Without the rollup: allowed.
    """
    limit = limits.of(tenant)[meter.key]
    key = (tenant.schema_name, meter.key)
    try:
        used = recorded.used(tenant, meter, period, now=now, without_redis=True)
    except (StoreUnavailable, WrongQuestion):
        _note_alone(key, period, amount, limit)
        return _undecided(meter, period, amount, limit)
    if not limit.refuses:
        leases.of_this_process().allow_for_now(key, period, limit=limit, used=used + amount)
    decision = decide(
        meter,
        limit=limit,
        used=used,
        amount=amount,
        resets_at=period.end,
        since=period.start,
    )
    if decision.allowed:
        _note_alone(key, period, amount, limit)
    return decision


def _without_rows(tenant: Tenant, meter: Meter, amount: int, now: datetime) -> Decision:
    """While the primary database is away: allowed, and the counter is filled anew afterwards."""
    try:
        period = _period(tenant, meter, now)
    except DatabaseError:
        period = periods.current(meter.period, now=now)  # what most workspaces have
    if amount:
        leases.of_this_process().allowed_alone((tenant.schema_name, meter.key, period.key))
    return _undecided(meter, period, amount)


def _note_alone(key: Key, period: Period, amount: int, limit: Limit) -> None:
    """What is allowed now, the counter does not know when Redis is back with it."""
    if amount and limit.refuses:
        leases.of_this_process().allowed_alone((*key, period.key))


def _undecided(meter: Meter, period: Period, amount: int, limit: Limit | None = None) -> Decision:
    value = limit.value if limit else None
    return Decision(meter.key, value, amount, allowed=True, resets_at=period.end, asked=amount)


def _period(tenant: Tenant, meter: Meter, now: datetime) -> Period:
    return periods.current(meter.period, tenant=tenant, now=now)
