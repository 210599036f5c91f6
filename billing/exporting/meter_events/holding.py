"""The renewal's draft waits until its usage is complete, and both sides have counted the same; three days
at most. Then what our charges say is asked for, whatever Stripe's meter has: a difference stands on the page
of differences before (`reconciling.waiting`) and after.

What the draft's metered lines come to and what our charges say is compared to the cent before it is
finalized; a difference (too much was sent, more than a day ago) is made good by an item on the same draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import stripe
import structlog

from billing.exporting.meter_events import items, sending
from billing.models import MeteredPeriod, MeterExport, UsageCharge
from billing.stripe_client import client
from metering.models import Statement

log = structlog.get_logger()

HELD_AT_MOST = timedelta(days=3)  # after the period's end
SETTLES = "usage_settles"  # metadata key of an item that makes a difference good


def release(customer: str, ended: Sequence[MeteredPeriod], *, now: datetime) -> int:
    """Finalize the draft that has the usage of these periods (of one subscription and end), once it is
    complete, or has waited too long; returns how many invoices were. Raises stripe.StripeError."""
    invoice, is_late = _invoice_of(customer, ended[0]), now - ended[0].period_end > HELD_AT_MOST
    if invoice is None and is_late:
        for period in ended:  # its subscription has gone without one: statements bill it
            items.give_up(period)
    if invoice is None:
        return 0
    if not all(_is_complete(period) for period in ended):
        if not is_late or not all(_is_stated(period) for period in ended):
            return 0
        log.error("billing.usage_held_too_long", stripe=invoice.id, tenant=str(ended[0].tenant_id))
        _send_no_more(ended)
    invoice = client().v1.invoices.retrieve(str(invoice.id))
    _settle(customer, invoice, ended)
    if invoice.status == "draft":
        client().v1.invoices.finalize_invoice(str(invoice.id), {"auto_advance": True})
    for period in ended:
        period.state, period.invoice_id = MeteredPeriod.State.BILLED, str(invoice.id)
        period.save(update_fields=["state", "invoice_id"])
    log.info("billing.usage_released", stripe=invoice.id, tenant=str(ended[0].tenant_id))
    return int(invoice.status == "draft")


def _invoice_of(customer: str, period: MeteredPeriod) -> stripe.Invoice | None:
    """The subscription's invoice that was made when the period ended."""
    listed = client().v1.invoices.list(
        {
            "customer": customer,
            "subscription": period.subscription_id,
            "limit": 20,
        }
    )
    end = int(period.period_end.timestamp())
    for invoice in listed.data:
        for line in _lines(invoice):
            if _price(line) == period.price_id and line.period.end == end:
                return invoice
    return None


def _is_complete(period: MeteredPeriod) -> bool:
    """All of it was sent, and Stripe has counted the same."""
    if period.exported_until < period.period_end:
        return False
    waits = (MeterExport.State.WRITTEN, MeterExport.State.WITHDRAWING)
    if period.exports.filter(state__in=waits).exists():
        return False
    sent = period.exports.filter(state=MeterExport.State.SENT)
    ours = sum(sent.values_list("quantity", flat=True))
    return _is_stated(period) and sending.summary(period) == ours


def _is_stated(period: MeteredPeriod) -> bool:
    """Its month is sealed, so that we know what it costs."""
    rows = Statement.objects.filter(tenant=period.tenant, meter=period.meter)
    return rows.filter(period_start=period.period_start).exists()


def _send_no_more(ended: Sequence[MeteredPeriod]) -> None:
    """What Stripe has not heard by now is asked for by an item on the draft."""
    for period in ended:
        period.exports.filter(state=MeterExport.State.WRITTEN).delete()


def _settle(customer: str, invoice: stripe.Invoice, ended: Sequence[MeteredPeriod]) -> None:
    """Make the draft ask for what the charges say; where somebody has finalized it before its usage was
    complete, the next invoice."""
    missing = _charged(ended) - _metered_amount(invoice, ended)
    if not missing or _is_settled(customer, invoice):
        return
    log.warning("billing.usage_settled", stripe=invoice.id, amount=missing)
    on: Any = {"invoice": str(invoice.id)} if invoice.status == "draft" else {}
    client().v1.invoice_items.create(
        {
            "customer": customer,
            **on,
            "amount": missing,
            "currency": invoice.currency,
            "description": "Usage, corrected to what was counted",
            "metadata": {SETTLES: str(invoice.id), "tenant": str(ended[0].tenant_id)},
        },
        {"idempotency_key": f"usage-settles-{invoice.id}"},
    )


def _is_settled(customer: str, invoice: stripe.Invoice) -> bool:
    listed = client().v1.invoice_items.list(
        {"customer": customer, "created": {"gte": invoice.created}, "limit": 100}
    )
    items: list[Any] = [item.metadata or {} for item in listed.auto_paging_iter()]
    return any(SETTLES in said and said[SETTLES] == invoice.id for said in items)


def _charged(ended: Sequence[MeteredPeriod]) -> int:
    rows = UsageCharge.objects.filter(metered__in=ended)
    return sum(rows.values_list("amount", flat=True))


def _metered_amount(invoice: stripe.Invoice, ended: Sequence[MeteredPeriod]) -> int:
    ours = {period.price_id for period in ended}
    return sum(line.amount for line in _lines(invoice) if _price(line) in ours)


def _lines(invoice: stripe.Invoice) -> list[Any]:
    if invoice.lines.has_more:
        return list(client().v1.invoices.line_items.list(str(invoice.id), {"limit": 100}).data)
    return list(invoice.lines.data)


def _price(line: Any) -> str | None:
    details = line.pricing.price_details if line.pricing else None
    return details.price if details else None
