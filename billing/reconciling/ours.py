"""The comparers of billing, in the order in which usage flows."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet

from billing.models import MeteredPeriod, UsageCharge, UsageInvoice
from billing.reconciling import charged, counted, sent
from billing.reconciling.comparers import Comparer, Scope, register
from metering.models import Statement


def register_ours() -> None:
    """Let them be asked."""
    register(
        Comparer("rollups", of_all=counted.rollups),
        Comparer("statements", of_one=counted.sealed, concerns=_stated),
        Comparer("chain", of_one=counted.chain, concerns=_stated_ever),
        Comparer("charges", of_one=charged.charges, concerns=_priced),
        Comparer("invoiced", of_one=charged.on_an_invoice, concerns=_not_invoiced),
        Comparer("exports", of_one=sent.exports, concerns=_metered),
        Comparer("stripe's meters", of_one=sent.summaries, concerns=_metered),
        Comparer("stripe's invoices", of_one=sent.invoices, concerns=_invoiced),
        Comparer("stripe's metered lines", of_one=sent.metered, concerns=_metered),
    )


def _stated(scope: Scope, ids: Collection[UUID]) -> Collection[UUID]:
    rows = Statement.objects.filter(period_end__gt=scope.start, period_start__lt=scope.end)
    return _of(rows, ids)


def _stated_ever(scope: Scope, ids: Collection[UUID]) -> Collection[UUID]:
    return _of(Statement.objects.all(), ids)


def _priced(scope: Scope, ids: Collection[UUID]) -> Collection[UUID]:
    rows = Statement.objects.filter(period_end__gt=scope.start, period_start__lt=scope.end)
    priced = Q(price_amount__isnull=False) | Q(price_tiers__isnull=False)
    return _of(rows.filter(priced | Q(month_start__isnull=False)), ids)


def _not_invoiced(scope: Scope, ids: Collection[UUID]) -> Collection[UUID]:
    return _of(UsageCharge.objects.filter(invoice=None, metered=None).exclude(amount=0), ids)


def _invoiced(scope: Scope, ids: Collection[UUID]) -> Collection[UUID]:
    return _of(UsageInvoice.objects.filter(stripe_id__isnull=False), ids)


def _metered(scope: Scope, ids: Collection[UUID]) -> Collection[UUID]:
    rows = MeteredPeriod.objects.filter(period_end__gt=scope.start, period_start__lt=scope.end)
    return _of(rows, ids)


def _of(rows: QuerySet, ids: Collection[UUID]) -> Collection[UUID]:
    """The workspaces of these rows, of some workspaces."""
    return set(rows.filter(tenant__in=ids).values_list("tenant_id", flat=True).distinct())
