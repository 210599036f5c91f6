"""Statements beside what was charged for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q

from billing.models import UsageCharge
from billing.reconciling.comparers import Found, Scope
from billing.usage import months
from metering.models import Statement
from tenants.models import Tenant

_CHARGED_WITHIN = timedelta(hours=1)  # of the closing: the periodic check charges each ten minutes


def charges(tenant: Tenant, scope: Scope) -> Iterator[Found]:
    """What each month of a meter costs beside the sum of its charges, in minor units."""
    for month in _months(tenant, scope):
        first = month[0]
        cost = months.costs(month, added=months.added_to(month))
        expected = sum(each.amount for each in cost.values())
        found = months.charged(month)
        if expected != found:
            yield Found(
                key=f"{first.meter}:{first.period_start:%Y%m%dT%H%M%S%f}",
                what=f"{first.meter} from {first.period_start:%-d %b %Y}, charged",
                expected=expected,
                found=found,
                unit=months.currency_of(first) or first.currency,
                meter=first.meter,
                period_start=first.period_start,
                period_end=month[-1].period_end,
            )


def _months(tenant: Tenant, scope: Scope) -> Iterator[list[Statement]]:
    has_price = Q(price_amount__isnull=False) | Q(price_tiers__isnull=False)
    rows = Statement.objects.for_tenant(tenant).filter(
        has_price | Q(month_start__isnull=False),
        period_end__gt=scope.start,
        period_start__lt=scope.end,
        cutoff__lt=scope.now - _CHARGED_WITHIN,
    )
    found: defaultdict[tuple[str, object], list[Statement]] = defaultdict(list)
    for statement in rows.order_by("number"):
        found[statement.meter, statement.month_start or statement.period_start].append(statement)
    for month in found.values():
        yield list(months.of(month[0]))


def on_an_invoice(tenant: Tenant, scope: Scope) -> Iterator[Found]:
    """Charges that cost something and are neither on an invoice nor billed by a meter."""
    lost = UsageCharge.objects.for_tenant(tenant).filter(invoice=None, metered=None)
    lost = lost.exclude(amount=0).filter(
        statement__period_end__gt=scope.start, statement__period_start__lt=scope.end
    )
    for charge in lost.select_related("statement"):
        yield Found(
            key=f"{charge.key}",
            what=f"{charge.statement.meter} from {charge.statement.period_start:%-d %b %Y}, on an "
            "invoice",
            expected=charge.amount,
            found=0,
            unit=charge.currency,
            meter=charge.statement.meter,
            period_start=charge.statement.period_start,
            period_end=charge.statement.period_end,
        )
