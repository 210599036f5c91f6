"""What was sent beside what was stated, and beside what Stripe says that it has."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from uuid import UUID

import stripe
from django.db.models import F, QuerySet, Sum

from billing.exporting.meter_events import sending
from billing.exporting.meter_events.holding import SETTLES
from billing.models import Account, MeteredPeriod, MeterExport, UsageInvoice
from billing.reconciling.comparers import Found, Scope
from billing.stripe_client import client
from billing.usage import months
from metering.models import Statement
from tenants.models import Tenant

_WAITS_AT_MOST = timedelta(days=1)
_ALIVE = (MeterExport.State.WRITTEN, MeterExport.State.SENT)


def _periods(tenant: Tenant, scope: Scope) -> list[MeteredPeriod]:
    return list(_metered(scope).filter(tenant=tenant).order_by("period_start", "meter"))


def _metered(scope: Scope) -> QuerySet[MeteredPeriod]:
    rows = MeteredPeriod.objects.filter(period_end__gt=scope.start, period_start__lt=scope.end)
    # What was given up is billed by its statements, whatever was sent before.
    return rows.exclude(state=MeteredPeriod.State.GIVEN_UP)


def with_a_meter(scope: Scope, ids: Collection[UUID]) -> Collection[UUID]:
    """Which of these workspaces have a period that a meter at Stripe bills."""
    return _of(_metered(scope), ids)


def metered_on_an_invoice(scope: Scope, ids: Collection[UUID]) -> Collection[UUID]:
    """Which have one that is on an invoice."""
    return _of(_metered(scope).exclude(invoice_id="").exclude(invoice_id=None), ids)


def exported(scope: Scope, ids: Collection[UUID]) -> Collection[UUID]:
    """Which have one that is exported to its end."""
    return _of(_metered(scope).filter(exported_until__gte=F("period_end")), ids)


def invoiced(scope: Scope, ids: Collection[UUID]) -> Collection[UUID]:
    """Which have an invoice at Stripe."""
    return _of(_invoices(scope), ids)


def _invoices(scope: Scope) -> QuerySet[UsageInvoice]:
    return UsageInvoice.objects.filter(
        stripe_id__isnull=False,
        charges__statement__period_end__gt=scope.start,
        charges__statement__period_start__lt=scope.end,
    ).distinct()


def _of(rows: QuerySet, ids: Collection[UUID]) -> Collection[UUID]:
    """The workspaces of these rows, of some workspaces."""
    return set(rows.filter(tenant__in=ids).values_list("tenant_id", flat=True).distinct())


def exports(tenant: Tenant, scope: Scope) -> Iterator[Found]:
    """The export rows of a period that is complete beside its statement, in the meter's unit."""
    for period in _periods(tenant, scope):
        if period.exported_until < period.period_end:
            continue
        statement = Statement.objects.filter(
            tenant=tenant, meter=period.meter, period_start=period.period_start
        ).first()
        if statement is None:
            continue
        expected = int(months.terms_of(statement).above(statement.value))
        found = _sum(period, *_ALIVE)
        if expected != found:
            yield _found(period, "export rows", expected, found)


def waiting(tenant: Tenant, scope: Scope) -> Iterator[Found]:
    """A renewal whose draft waits for its usage for more than a day; after three it is asked for as it is."""
    for period in _late(scope).filter(tenant=tenant).order_by("period_start", "meter"):
        yield Found(
            key=f"{period.meter}:{period.period_start:%Y%m%dT%H%M%S}",
            what=f"{period.meter} from {period.period_start:%-d %b %Y}, the renewal's draft waits for "
            "its usage",
            meter=period.meter,
            period_start=period.period_start,
            period_end=period.period_end,
        )


def held_too_long(scope: Scope, ids: Collection[UUID]) -> Collection[UUID]:
    """Which of these workspaces have one."""
    return _of(_late(scope), ids)


def _late(scope: Scope) -> QuerySet[MeteredPeriod]:
    return _metered(scope).filter(
        state=MeteredPeriod.State.OPEN, period_end__lt=scope.now - _WAITS_AT_MOST
    )


def summaries(tenant: Tenant, scope: Scope) -> Iterator[Found]:
    """What is noted as sent beside what Stripe's meter has counted. Raises stripe.StripeError."""
    for period in _periods(tenant, scope):
        expected = _sum(period, MeterExport.State.SENT)
        found = sending.summary(period)
        waits = (MeterExport.State.WRITTEN, MeterExport.State.WITHDRAWING)
        if expected != found and not period.exports.filter(state__in=waits).exists():
            yield _found(period, "Stripe's meter", expected, found)


def invoices(tenant: Tenant, scope: Scope) -> Iterator[Found]:
    """Charges of an invoice beside the lines that Stripe has on it, in minor units.

    Raises stripe.StripeError.
    """
    if not Account.objects.for_tenant(tenant).exclude(stripe_customer_id=None).exists():
        return
    for invoice in _invoices(scope).filter(tenant=tenant).order_by("pk"):
        charges = invoice.charges.select_related("statement", "adjustment__in_statement")
        expected = {charge.key: charge.amount for charge in charges}
        names = {charge.key: f"statement {charge.statement.number}" for charge in charges}
        found = _lines(str(invoice.stripe_id))
        for key in sorted(expected.keys() | found.keys()):
            if expected.get(key) != found.get(key):
                yield Found(
                    key=f"{invoice.pk}:{key}"[:200],
                    what=f"Stripe's invoice {invoice.stripe_id}, the line of {names.get(key, key[:60])}",
                    expected=expected.get(key),
                    found=found.get(key),
                    unit=invoice.currency,
                )


def _lines(invoice: str) -> dict[str, int]:
    """Amounts of the items on an invoice by the charge that they name."""
    found: dict[str, int] = {}
    for item, amount in _items(invoice):
        key = str(item.get("charge", "that is none of ours"))
        found[key] = found.get(key, 0) + amount
    return found


def _items(invoice: str) -> Iterator[tuple[dict[str, str], int]]:
    """What each item of an invoice says of itself, and its amount."""
    try:
        listed = client().v1.invoice_items.list({"invoice": invoice, "limit": 100})
    except stripe.InvalidRequestError as error:
        if error.code != "resource_missing":
            raise
        return
    for item in listed.auto_paging_iter():
        yield item.metadata.to_dict() if item.metadata else {}, item.amount


def metered(tenant: Tenant, scope: Scope) -> Iterator[Found]:
    """Metered lines of a subscription's invoice beside the charges of their periods, in minor units.

    Raises stripe.StripeError.
    """
    for period in _periods(tenant, scope):
        if not period.invoice_id:
            continue
        charged = period.charges.aggregate(total=Sum("amount"))["total"] or 0
        lines = client().v1.invoices.line_items.list(period.invoice_id, {"limit": 100}).data
        details = [(line, line.pricing and line.pricing.price_details) for line in lines]
        on_it = sum(line.amount for line, said in details if said and said.price == period.price_id)
        settled = sum(amount for said, amount in _items(period.invoice_id) if SETTLES in said)
        if charged not in (on_it, on_it + settled):
            yield _found(period, f"Stripe's invoice {period.invoice_id}", charged, on_it + settled)


def _sum(period: MeteredPeriod, *states: str) -> int:
    rows = period.exports.filter(state__in=states)
    return int(rows.aggregate(total=Sum("quantity"))["total"] or 0)


def _found(period: MeteredPeriod, what: str, expected: int, found: int) -> Found:
    return Found(
        key=f"{period.meter}:{period.period_start:%Y%m%dT%H%M%S}",
        what=f"{period.meter} from {period.period_start:%-d %b %Y}, {what}",
        expected=expected,
        found=found,
        meter=period.meter,
        period_start=period.period_start,
        period_end=period.period_end,
    )
