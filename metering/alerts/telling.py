"""Tells managers by mail that usage has reached a threshold, once for each period and threshold.

    alerts.of(tenant)            # what is watched: 80 and 100 % of each limit, and what they chose
    alerts.evaluate(tenant)      # soon after its usage changed; safe to repeat

A row with a unique key decides who sends: two workers send one mail. A meter that never starts
again may warn again after it has gone down below nine tenths of the threshold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction

import events
from events import changes, conf
from events.redis import patient
from events.store import StoreUnavailable
from identity.models import User
from metering import periods
from metering.alerts import alert_mail, bursts, quiet
from metering.asking import usage
from metering.definitions.catalogue import get, meters
from metering.definitions.limit import Limit
from metering.definitions.meter import Meter
from metering.event_types import USAGE_ALERT_SENT
from metering.models import Alert, AlertSent
from metering.periods import Period
from metering.quotas import limits
from metering.wording.words import quantity
from tenants import audit, jobs, row_bounds
from tenants.models import Tenant

DEFAULT_PERCENTS = (80, 100)
MOST = 100  # that a workspace has switched on
LARGEST = 10**18  # amount
_TOGETHER = 200  # workspaces
_AGAIN_BELOW = Decimal("0.9")  # of the threshold: what was deleted and made again is no news


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """`percent` of the meter's limit or an `amount` in its unit; `recipients` are user ids.

    No recipients: all owners and admins. `by_default`: it exists although nobody made it.
    """

    meter: str
    percent: int | None = None
    amount: int | None = None
    recipients: tuple[UUID, ...] = ()
    is_on: bool = True
    by_default: bool = False

    @property
    def key(self) -> str:
        """A name for it within the meter: "80%" or "5000"."""
        return f"{self.percent}%" if self.percent is not None else str(self.amount)

    def at(self, limit: Limit) -> int | None:
        """The amount that reaches it, rounded up; None where a percentage has no limit."""
        if self.percent is None:
            return self.amount
        return None if limit.value is None else -(-limit.value * self.percent // 100)

    def words(self) -> str:
        """Like "80 % of the limit" or "5,000"."""
        if self.percent is not None:
            return f"{self.percent} % of the limit"
        return quantity(get(self.meter), self.amount or 0)


def of(tenant: Tenant, *, in_force: dict[str, Limit] | None = None) -> list[Threshold]:
    """All thresholds of a workspace, those that are off too, in the catalogue's order."""
    in_force = in_force or limits.of(tenant)
    found = {
        (meter, f"{percent}%"): Threshold(meter=meter, percent=percent, by_default=True)
        for meter, limit in in_force.items()
        if limit.value is not None
        for percent in DEFAULT_PERCENTS
    }
    for row in Alert.objects.for_tenant(tenant).filter(meter__in=in_force):
        threshold = Threshold(
            meter=row.meter,
            percent=row.percent,
            amount=row.amount,
            recipients=tuple(row.recipients),
            is_on=row.is_on,
            by_default=(row.meter, f"{row.percent}%") in found,
        )
        found[row.meter, threshold.key] = threshold
    order = list(in_force)
    return sorted(
        found.values(),
        key=lambda one: (order.index(one.meter), one.percent is None, one.percent or one.amount),
    )


@transaction.atomic
def put(tenant: Tenant, threshold: Threshold, *, by: User | None = None) -> None:
    """Watch this threshold, or change who is told. Raises KeyError, ValueError."""
    meter = get(threshold.meter).key
    if (threshold.percent is None) == (threshold.amount is None):
        raise ValueError("An alert is at a percentage or at an amount.")
    if (threshold.percent or threshold.amount or 0) <= 0 or (threshold.percent or 0) > 1000:
        raise ValueError("An alert is above nothing, and at 1,000 percent at most.")
    if (threshold.amount or 0) > LARGEST:
        raise ValueError("An alert is not at so large an amount.")
    row_bounds.one_by_one(tenant)  # else two who name them in other orders wait for each other
    rows = Alert.objects.for_tenant(tenant)
    row, is_new = rows.get_or_create(
        tenant=tenant,
        meter=meter,
        percent=threshold.percent,
        amount=threshold.amount,
        defaults={"recipients": list(threshold.recipients), "is_on": threshold.is_on},
    )
    if is_new or (row.recipients, row.is_on) != ([*threshold.recipients], threshold.is_on):
        row.recipients, row.is_on = list(threshold.recipients), threshold.is_on
        row.save(update_fields=["recipients", "is_on"])
        audit.note(tenant, "alert.set", by=by, target=_named(threshold))
        if row.is_on and rows.filter(is_on=True).count() > MOST:
            raise ValueError(f"A workspace has at most {MOST} alerts: remove some first.")
    look_soon(tenant)


@transaction.atomic
def remove(tenant: Tenant, meter: str, key: str, *, by: User | None = None) -> None:
    """Watch it no longer: one that exists by default is switched off, another one is deleted."""
    row_bounds.one_by_one(tenant)
    for threshold in of(tenant):
        if (threshold.meter, threshold.key) == (meter, key):
            _switch_off(tenant, threshold, by=by)


def _switch_off(tenant: Tenant, threshold: Threshold, *, by: User | None) -> None:
    audit.note(tenant, "alert.removed", by=by, target=_named(threshold))
    rows = Alert.objects.for_tenant(tenant)
    same: dict[str, Any] = {
        "meter": threshold.meter,
        "percent": threshold.percent,
        "amount": threshold.amount,
    }
    if threshold.by_default:
        rows.update_or_create(tenant=tenant, **same, defaults={"is_on": False})
    else:
        rows.filter(**same).delete()


def replace(tenant: Tenant, wanted: Iterable[Threshold], *, by: User | None = None) -> None:
    """Make these all that is watched. Raises KeyError, ValueError."""
    with transaction.atomic():
        row_bounds.one_by_one(tenant)
        keep = {(one.meter, one.key) for one in wanted}
        for threshold in wanted:
            put(tenant, threshold, by=by)
        for threshold in of(tenant):
            if threshold.is_on and (threshold.meter, threshold.key) not in keep:
                _switch_off(tenant, threshold, by=by)


def _named(threshold: Threshold) -> str:
    return f"{get(threshold.meter).label} at {threshold.words()}"


def look_soon(tenant: Tenant) -> None:
    """Let the next round look at this workspace, once the current transaction has committed."""
    client = patient(conf.redis_url())
    transaction.on_commit(lambda: changes.announce(client, [tenant.schema_name]))


def evaluate(tenant: Tenant, *, now: datetime | None = None) -> int:
    """Send what is due; returns how many mails' worth of alerts. Raises StoreUnavailable."""
    now = now or datetime.now(UTC)
    in_force = limits.of(tenant)
    watched = [one for one in of(tenant, in_force=in_force) if one.is_on]
    if not watched:
        return 0
    used = usage.totals(tenant, {one.meter for one in watched}, now=now)
    rows = AlertSent.objects.for_tenant(tenant)
    told = set(rows.values_list("meter", "period", "threshold", "at"))
    sent = 0
    for meter in meters().values():
        mine = [one for one in watched if one.meter == meter.key]
        if mine:
            period = periods.current(meter.period, tenant=tenant, now=now)
            limit = in_force[meter.key]
            sent += _tell(tenant, meter, mine, used[meter.key], limit, period, told)
    return sent


def evaluate_changed() -> int:
    """Look at every workspace whose usage changed since the last time; returns how many."""
    with changes.taken(patient(conf.redis_url())) as schemas:
        changed = Tenant.objects.filter(schema_name__in=schemas).order_by("pk")
        for tenant in _with_something_to_tell(changed.iterator()):
            try:
                evaluate(tenant)
                bursts.evaluate(tenant)
            except StoreUnavailable:
                raise  # all of them come again
            except Exception as error:  # one workspace must not keep the others from their mail
                jobs.row_failed("alerts.evaluate", tenant.pk, error)
    return len(schemas)


def _with_something_to_tell(tenants: Iterable[Tenant]) -> Iterator[Tenant]:
    """So far as many can be asked about together. Raises StoreUnavailable."""
    remaining = iter(tenants)
    while some := list(islice(remaining, _TOGETHER)):
        yield from quiet.without(some, percent=min(DEFAULT_PERCENTS))


def _tell(
    tenant: Tenant, meter: Meter, watched: Sequence[Threshold], used: Decimal, limit: Limit,
    period: Period, told: set[tuple[str, str, str, int]],
) -> int:  # fmt: skip
    """Of the thresholds that were passed together, mail the highest; the lower ones say less.

    `told` is what was sent before (meter, period, threshold, at): mostly there is nothing to do.
    """
    reached = []
    for threshold in watched:
        at = threshold.at(limit)
        if at is None:
            continue
        is_told = (meter.key, period.key, threshold.key, at) in told
        if used >= at:
            if not is_told:
                reached.append((at, threshold))
        elif is_told and period.end is None and used < at * _AGAIN_BELOW:
            rows = AlertSent.objects.for_tenant(tenant)
            rows.filter(meter=meter.key, threshold=threshold.key, at=at).delete()
    if not reached:
        return 0
    with transaction.atomic():
        new = [
            (at, threshold)
            for at, threshold in reached
            if AlertSent.objects.get_or_create(
                tenant=tenant, meter=meter.key, period=period.key, threshold=threshold.key, at=at
            )[1]
        ]
        if not new:
            return 0
        at, threshold = max(new, key=lambda one: one[0])
        count = alert_mail.send(
            tenant, meter, threshold.words(), at=at, used=int(used), limit=limit, period=period,
            to=threshold.recipients,
        )  # fmt: skip
        events.record_with_row(
            USAGE_ALERT_SENT.name,
            tenant=tenant,
            properties={
                "meter": meter.key,
                "threshold": threshold.key,
                "at": at,
                "used": int(used),
                "recipients": count,
            },
        )
    return 1
