"""Statements beside what was charged for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum

from billing.models import UsageCharge
from billing.reconciling.comparers import Found, Scope
from billing.usage import months
from metering.definitions import EXACT
from metering.models import Adjustment, Statement
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


def charged_otherwise(scope: Scope, ids: Collection[UUID]) -> Collection[UUID]:
    """Which of these workspaces have a month that was not charged for what it costs, or one in which a
    price changed, which only a look at each says."""
    rows = _priced(scope).filter(tenant__in=ids)
    found = set(rows.exclude(month_start=None).values_list("tenant", flat=True).distinct())
    whole = rows.filter(month_start=None).annotate(
        added=_sum(Adjustment.objects.all(), "value"),
        charged=_sum(UsageCharge.objects.all(), "amount"),
    )
    columns = (
        "tenant_id", "value", "included", "price_amount", "price_per", "price_tiers", "added", "charged"
    )  # fmt: skip
    for row in whole.values_list(*columns, named=True):
        value = EXACT.add(row.value, row.added or Decimal(0))
        if months.terms_of(row).cost(value) != (row.charged or 0):
            found.add(row.tenant_id)
    return found


def _sum(rows: QuerySet, column: str) -> Subquery:
    """What a statement's rows of another table add up to."""
    own = rows.filter(statement=OuterRef("pk")).order_by().values("statement")
    return Subquery(own.annotate(total=Sum(column)).values("total"))


def _priced(scope: Scope) -> QuerySet[Statement]:
    has_price = Q(price_amount__isnull=False) | Q(price_tiers__isnull=False)
    return Statement.objects.filter(
        has_price | Q(month_start__isnull=False),
        period_end__gt=scope.start,
        period_start__lt=scope.end,
        cutoff__lt=scope.now - _CHARGED_WITHIN,
    )


def _months(tenant: Tenant, scope: Scope) -> Iterator[list[Statement]]:
    rows = _priced(scope).filter(tenant=tenant)
    found: defaultdict[tuple[str, object], list[Statement]] = defaultdict(list)
    for statement in rows.order_by("number"):
        found[statement.meter, statement.month_start or statement.period_start].append(statement)
    for month in found.values():
        yield list(months.of(month[0]))


def on_an_invoice(tenant: Tenant, scope: Scope) -> Iterator[Found]:
    """Charges that cost something and are neither on an invoice nor billed by a meter."""
    for charge in _lost(scope).filter(tenant=tenant).select_related("statement"):
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


def not_invoiced(scope: Scope, ids: Collection[UUID]) -> Collection[UUID]:
    """Which of these workspaces have one."""
    return set(_lost(scope).filter(tenant__in=ids).values_list("tenant", flat=True).distinct())


def _lost(scope: Scope) -> QuerySet[UsageCharge]:
    lost = UsageCharge.objects.filter(invoice=None, metered=None).exclude(amount=0)
    return lost.filter(statement__period_end__gt=scope.start, statement__period_start__lt=scope.end)
