"""Invoices of a workspace, read from dj-stripe's mirror, and the event that one was paid."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import stripe
from django.db import IntegrityError, transaction
from djstripe import models as mirror

import events
from billing.event_types import INVOICE_PAID, PAYMENT_FAILED
from billing.models import Account
from billing.stripe_client import client
from billing.subscriptions import held_drafts, letters

_EVENT_IDS = UUID("5d9f4d4e-7c0a-5f5b-9c62-0d1c3c5f6f0e")  # namespace of ids made from invoice ids
_STATUS = {  # Stripe's status: words, kind of badge
    "paid": ("Paid", "success"),
    "open": ("Open", "warn"),
    "uncollectible": ("Unpaid", "error"),
    "void": ("Void", ""),
}
_LATER = {"subscription_cycle", "subscription_threshold", "manual"}  # Stripe's `billing_reason`
SHOWN = 24
USAGE_INVOICE = "usage_invoice"  # metadata key of the invoices that usage_invoices makes


@dataclass(frozen=True)
class Invoice:
    """A line of the invoice list. `amount` in minor currency units; `url` is Stripe's own page."""

    stripe_id: str
    what: str
    number: str
    date: datetime
    amount: int
    currency: str
    status: str
    url: str

    @property
    def status_words(self) -> str:
        return _STATUS.get(self.status, (self.status, ""))[0]

    @property
    def status_kind(self) -> str:
        return _STATUS.get(self.status, ("", ""))[1]


def of(account: Account) -> Sequence[Invoice]:
    """The newest invoices of the workspace, drafts left out; asks our own database only."""
    if account.stripe_customer_id is None:
        return []
    rows = mirror.Invoice.objects.filter(customer__id=account.stripe_customer_id)
    data = rows.order_by("-created").values_list("stripe_data", flat=True)
    return [_line(one) for one in data[:SHOWN] if one["status"] != "draft"]


def mirror_newest(account: Account) -> None:
    """Copy the newest invoices from Stripe, for a page that is drawn before their webhooks came.

    Raises stripe.StripeError.
    """
    if account.stripe_customer_id is None:
        return
    found = client().v1.invoices.list({"customer": account.stripe_customer_id, "limit": 5})
    for invoice in found.data:
        _mirror(invoice)


def take(invoice: stripe.Invoice, *, account: Account) -> None:
    """Mirror an invoice, and record what it says: that it was paid, or could not be."""
    _mirror(invoice)
    held_drafts.hold(invoice)
    record_if_paid(invoice, account=account)
    note_if_unpaid(invoice, account=account)


def _mirror(invoice: stripe.Invoice) -> None:
    # Where somebody else writes the same row at this moment, that one will do.
    with suppress(IntegrityError), transaction.atomic():
        mirror.Invoice.sync_from_stripe_data(invoice)


def record_if_paid(invoice: stripe.Invoice | str | None, *, account: Account) -> None:
    """Record "Invoice Paid" in the current transaction, for an invoice and not just the id of one.

    The event's id comes from the invoice's: however often and from wherever we hear of it, it
    counts once.
    """
    if not isinstance(invoice, stripe.Invoice) or invoice.status != "paid":
        return
    paid_at = invoice.status_transitions.paid_at or invoice.created
    events.record_with_row(
        INVOICE_PAID.name,
        id=uuid5(_EVENT_IDS, str(invoice.id)),
        tenant=account.tenant,
        time=datetime.fromtimestamp(paid_at, UTC),
        properties={
            "invoice_id": invoice.id,
            "amount": invoice.amount_paid,
            "currency": invoice.currency,
        },
    )


def note_if_unpaid(invoice: stripe.Invoice, *, account: Account) -> None:
    """Record "Payment Failed" and mail the owners, once for each attempt. Who buys a plan is told on the
    page; this is about what is paid without them."""
    if invoice.status != "open" or not invoice.attempted or invoice.billing_reason not in _LATER:
        return
    fact = f"payment-failed:{invoice.id}:{invoice.attempt_count}"
    said: dict[str, str | int | None] = {
        "invoice_id": str(invoice.id),
        "amount": invoice.amount_remaining,
        "currency": invoice.currency,
        "attempt": invoice.attempt_count,
    }
    events.record_with_row(
        PAYMENT_FAILED.name, id=uuid5(_EVENT_IDS, fact), tenant=account.tenant, properties=said
    )
    again = invoice.next_payment_attempt
    letters.payment_failed(
        account, once=fact, event=said, again=datetime.fromtimestamp(again, UTC) if again else None
    )


def _line(data: dict[str, Any]) -> Invoice:
    for_usage = USAGE_INVOICE in (data.get("metadata") or {})
    return Invoice(
        stripe_id=data["id"],
        what="Usage" if for_usage else "Plan",
        number=data.get("number") or data["id"],
        date=datetime.fromtimestamp(data["created"], UTC),
        amount=data["total"],
        currency=data["currency"],
        status=data["status"],
        url=data.get("hosted_invoice_url") or "",
    )
