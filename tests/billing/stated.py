"""Statements as metering makes them, for tests of what is billed from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import stripe as sdk
from django.utils import timezone

from billing.models import UsageInvoice
from metering import UsagePrice
from metering.models import Adjustment, Statement
from tenants.models import Tenant

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
PRO = UsagePrice(1_00, per=10_000)


def statement(
    tenant: Tenant,
    value: Decimal | int,
    *,
    included: int | None = 100_000,
    price: UsagePrice | None = PRO,
    meter: str = "clicks",
    month: int = 0,
) -> Statement:
    """A closed period of 30 days; `month` counts from March 2026."""
    start = MARCH + timedelta(days=30 * month)
    return Statement.objects.create(
        tenant=tenant,
        number=Statement.objects.for_tenant(tenant).count() + 1,
        meter=meter,
        period_start=start,
        period_end=start + timedelta(days=30),
        cutoff=timezone.now(),
        value=Decimal(value),
        count=int(value),
        included=included,
        price_amount=price.amount if price else None,
        price_per=price.per if price else None,
        currency="usd" if price else "",
        hash=uuid4().hex * 2,
    )


def adjustment(stated: Statement, value: Decimal | int, *, in_statement: Statement) -> Adjustment:
    """What was counted late for a closed period."""
    return Adjustment.objects.create(
        tenant=stated.tenant,
        statement=stated,
        in_statement=in_statement,
        value=Decimal(value),
        count=abs(int(value)),
    )


def usage_invoices(stripe: sdk.StripeClient, customer: str) -> list[sdk.Invoice]:
    """The invoices for usage that Stripe has of a customer, the oldest first."""
    listed = stripe.v1.invoices.list({"customer": customer, "limit": 100}).data
    ours = [one for one in listed if one.metadata and "usage_invoice" in one.metadata]
    return sorted(ours, key=lambda one: str(one.metadata and one.metadata["usage_invoice"]))


def lines(invoice: sdk.Invoice) -> list[tuple[str, int]]:
    """What an invoice says, and the amounts."""
    return [(line.description or "", line.amount) for line in invoice.lines.data]


def waiting(tenant: Tenant) -> int:
    """Usage invoices that Stripe does not have in full."""
    return UsageInvoice.objects.for_tenant(tenant).filter(finalized_at=None).count()
