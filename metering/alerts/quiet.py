"""Who of many workspaces has nothing to be told, found by a few questions for all of them.

Most of those whose usage changes are far from every limit, as the new ones are. Who has chosen something (an
alert, a limit, months of their own), or was told something before, is looked at alone; so is everybody of
whom this cannot be said.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from events.store import StoreUnavailable
from metering import periods
from metering.asking.query import Question, ask_each
from metering.definitions.catalogue import meters
from metering.models import Alert, AlertSent, BillingCycle, Quota, SpendLimit
from tenants.models import Tenant

log = structlog.get_logger()
_HOUR = timedelta(hours=1)


def without(
    tenants: Sequence[Tenant], *, percent: int, now: datetime | None = None
) -> Sequence[Tenant]:
    """Those that must be looked at: from `percent` of a limit on there is something to tell.

    Raises StoreUnavailable.
    """
    try:
        return _without(tenants, percent=percent, now=now or datetime.now(UTC))
    except StoreUnavailable:
        raise
    except Exception:  # one of them, perhaps, and there it is found
        log.exception("alerts_looked_at_one_by_one", workspaces=len(tenants))
        return tenants


def _without(tenants: Sequence[Tenant], *, percent: int, now: datetime) -> Sequence[Tenant]:
    by_id = {tenant.pk: tenant for tenant in tenants}
    loud = _have_chosen(by_id)
    plain = by_id.keys() - loud
    asked: list[tuple[UUID, int, Question]] = []  # whose, from which amount on, and what
    known = meters()
    quotas = Quota.objects.filter(tenant__in=plain, meter__in=known).exclude(limit=None)
    for pk, key, limit in quotas.values_list("tenant_id", "meter", "limit"):
        assert limit is not None  # noqa: S101 - those were left out
        period = periods.current(known[key].period, now=now)
        question = Question(meter=key, start=period.start, end=period.end)
        asked.append((pk, -(-limit * percent // 100), question))
    end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    for meter in known.values():
        if meter.burst is not None:
            question = Question(meter=meter.key, start=end - _HOUR, end=end)
            asked += [(pk, meter.burst, question) for pk in plain]
    answers = ask_each([(by_id[pk].schema_name, question) for pk, _, question in asked])
    for (pk, enough, _), answer in zip(asked, answers, strict=True):
        if answer is None or answer[0] >= enough:
            loud.add(pk)
    return [tenant for tenant in tenants if tenant.pk in loud]


def _have_chosen(some: Collection[UUID]) -> set[UUID]:
    """Who has a row that makes them another case than the plan's limits by the calendar."""
    found: set[UUID] = set()
    for model in (Alert, AlertSent, SpendLimit, BillingCycle):
        rows = model.objects.filter(tenant__in=some).values_list("tenant_id", flat=True)
        found.update(rows.distinct())
    return found
