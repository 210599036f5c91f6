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
from django.db.models import QuerySet
from django.utils import timezone
from djstripe import models as mirror

import events
from billing.event_types import INVOICE_PAID, PAYMENT_FAILED
from billing.models import Account
from billing.stripe_client import client
from billing.subscriptions import entries, held_drafts, owing, payment_letters

_EVENT_IDS = UUID("5d9f4d4e-7c0a-5f5b-9c62-0d1c3c5f6f0e")  # namespace of ids made from invoice ids
_STATUS = {  # Stripe's status: words, kind of badge
    "paid": ("Paid", "success"),
    "open": ("Open", "warn"),
    "uncollectible": ("Unpaid", "error"),
    "void": ("Void", ""),
}
USAGE_INVOICE = owing.USAGE_INVOICE
_LATER = {"subscription_cycle", "subscription_threshold", "manual"}  # Stripe's `billing_reason`
SHOWN = 24


@dataclass(frozen=True)
class Invoice:
    """A line of the invoice list. `amount`, and `due` of it, in minor currency units; `url` is Stripe's own
    page, `pdf` its file."""

    stripe_id: str
    what: str
    number: str
    date: datetime
    amount: int
    currency: str
    status: str
    url: str
    pdf: str = ""
    due: int = 0

    @property
    def status_words(self) -> str:
        return _STATUS.get(self.status, (self.status, ""))[0]

    @property
    def status_kind(self) -> str:
        return _STATUS.get(self.status, ("", ""))[1]


def of(account: Account) -> Sequence[Invoice]:
    """The newest invoices of the workspace, drafts left out; asks our own database only."""
    return [line(one) for one in rows_of(account)[:SHOWN]]


def rows_of(account: Account) -> QuerySet[Any, Any]:
    """What Stripe said of each invoice of the workspace, the newest first, drafts left out."""
    rows = mirror.Invoice.objects.none()
    if account.stripe_customer_id is not None:
        rows = mirror.Invoice.objects.filter(customer__id=account.stripe_customer_id)
    said = rows.exclude(stripe_data__status="draft").order_by("-created", "-id")
    return said.values_list("stripe_data", flat=True)


def one_of(account: Account, invoice_id: str) -> Invoice | None:
    """An invoice of the workspace by its id at Stripe; None: it has none of this id."""
    data = rows_of(account).filter(id=invoice_id).first()
    return line(data) if data else None


def open_of(account: Account) -> Sequence[Invoice]:
    """Those that Stripe tried to have paid, and that are open; the oldest first."""
    rows = rows_of(account).filter(stripe_data__status="open", stripe_data__attempted=True)
    return [line(one) for one in rows.reverse()[:SHOWN]]


def mirror_newest(account: Account) -> None:
    """Copy the newest invoices from Stripe, for a page that is drawn before their webhooks came.

    Raises stripe.StripeError.
    """
    if account.stripe_customer_id is None:
        return
    found = client().v1.invoices.list({"customer": account.stripe_customer_id, "limit": 5})
    for invoice in found.data:
        keep(invoice)


def mirror_newest_if_reached(account: Account) -> None:
    """The same, where Stripe answers; else their webhooks bring them."""
    with suppress(stripe.StripeError):
        mirror_newest(account)


def take(invoice: stripe.Invoice, *, account: Account) -> None:
    """Mirror an invoice, and record what it says: that it was paid, or could not be."""
    keep(invoice)
    held_drafts.hold(invoice)
    entries.keep(account, [entries.of_invoice(invoice)] if invoice.status != "draft" else [])
    Account.objects.filter(pk=account.pk).update(money_at=None)  # its payments are read soon
    record_if_paid(invoice, account=account)
    if invoice.status == "open" and invoice.attempted:
        note_if_unpaid(invoice, account=account, asks=owing.asks(invoice))


def keep(invoice: stripe.Invoice) -> None:
    """Copy it into our mirror."""
    discounts = invoice.discounts
    try:
        invoice["discounts"] = []  # dj-stripe takes none that is only an id, as Stripe sends them
        # Where somebody else writes the same row at this moment, that one will do.
        with suppress(IntegrityError), transaction.atomic():
            mirror.Invoice.sync_from_stripe_data(invoice)
    finally:
        invoice["discounts"] = discounts


def record_if_paid(invoice: stripe.Invoice | str | None, *, account: Account) -> None:
    """Record "Invoice Paid" in the current transaction, for an invoice and not just the id of one.

    The event's id comes from the invoice's: however often and from wherever we hear of it, it
    counts once.
    """
    if not isinstance(invoice, stripe.Invoice) or invoice.status != "paid":
        return
    paid_at = datetime.fromtimestamp(invoice.status_transitions.paid_at or invoice.created, UTC)
    events.record_with_row(
        INVOICE_PAID.name,
        id=uuid5(_EVENT_IDS, str(invoice.id)),
        tenant=account.tenant,
        time=min(paid_at, timezone.now()),  # Stripe's clock is ahead where days were skipped in it
        properties={
            "invoice_id": invoice.id,
            "amount": invoice.amount_paid,
            "currency": invoice.currency,
        },
    )
    payment_letters.invoice_paid(account, invoice, paid_at=paid_at)


def note_if_unpaid(invoice: stripe.Invoice, *, account: Account, asks: bool = False) -> None:
    """Record "Payment Failed" and mail the owners, once for each attempt. Who buys a plan is told on the
    page; this is about what is paid without them. `asks`: its card's bank waits for the holder."""
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
    at = datetime.fromtimestamp(again, UTC) if again else None
    payment_letters.attempt_failed(account, once=fact, event=said, again=at, asks=asks)


def line(data: dict[str, Any]) -> Invoice:
    """From what Stripe said of it."""
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
        pdf=data.get("invoice_pdf") or "",
        due=data.get("amount_remaining") or 0,
    )
