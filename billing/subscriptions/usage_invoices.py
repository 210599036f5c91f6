"""Charges for usage, asked for by an invoice of their own as soon as they are known.

Not as items that wait for the next renewal: that is a year away for who pays by the year, never
comes for who has cancelled, and is drafted before the period's statement can be made.

An invoice is made in steps: a draft, its items, the finalizing, after which Stripe collects. Each
step first looks whether it was done, by what is written in the metadata, so a try that broke off
anywhere is taken up by the next one, also when Stripe has forgotten the idempotency key (24 hours).
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import stripe
import structlog
from django.db import transaction
from django.utils import timezone

from billing.models import Account, UsageInvoice
from billing.stripe_client import client
from billing.subscriptions import subscription
from billing.subscriptions.invoices import USAGE_INVOICE
from billing.usage import usage_words

log = structlog.get_logger()

_LOOK_BACK = timedelta(days=1)  # our clock and Stripe's may differ


def bring(account: Account) -> int:
    """Bring every invoice for what is charged to Stripe; returns how many were finalized.

    Raises stripe.StripeError; then what is missing is done by the next call.
    """
    waiting = UsageInvoice.objects.for_tenant(account.tenant).filter(finalized_at=None)
    return sum(_complete(account, pk) for pk in waiting.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _complete(account: Account, pk: UUID) -> bool:
    """Bring one invoice to Stripe; False when somebody else has. The account's lock lets the
    second worker wait for the first."""
    account = Account.objects.locked(account.pk)
    invoice = UsageInvoice.objects.get(pk=pk)
    if invoice.finalized_at is not None:
        return False
    at_stripe = _find(account, invoice) or _draft(account, invoice)
    if at_stripe.status == "draft":
        _add_items(account, invoice, at_stripe)
        _let_pay_with_the_subscriptions_card(account, at_stripe)
        client().v1.invoices.finalize_invoice(at_stripe.id, {"auto_advance": True})
    invoice.stripe_id = at_stripe.id
    invoice.finalized_at = timezone.now()
    invoice.save(update_fields=["stripe_id", "finalized_at"])
    log.info("billing.usage_invoiced", stripe=at_stripe.id, tenant=str(account.tenant_id))
    return True


def _find(account: Account, invoice: UsageInvoice) -> stripe.Invoice | None:
    since = int((invoice.created_at - _LOOK_BACK).timestamp())
    found = client().v1.invoices.list(
        {"customer": account.stripe_customer_id or "", "created": {"gte": since}, "limit": 100}
    )
    for one in found.auto_paging_iter():
        if _noted(one, USAGE_INVOICE) == str(invoice.pk):
            return one
    return None


def _draft(account: Account, invoice: UsageInvoice) -> stripe.Invoice:
    return client().v1.invoices.create(
        {
            "customer": account.stripe_customer_id or "",
            "currency": invoice.currency,
            "auto_advance": False,  # nothing is charged before all items are there
            "pending_invoice_items_behavior": "exclude",
            "metadata": {"tenant": str(account.tenant_id), USAGE_INVOICE: str(invoice.pk)},
        },
        {"idempotency_key": f"usage-invoice-{invoice.pk}"},
    )


def _add_items(account: Account, invoice: UsageInvoice, draft: stripe.Invoice) -> None:
    listed = client().v1.invoice_items.list({"invoice": draft.id, "limit": 100})
    there = {_noted(item, "charge") for item in listed.auto_paging_iter()}
    charges = invoice.charges.select_related("statement", "adjustment__in_statement")
    for charge in charges.order_by("pk"):
        if charge.key in there:
            continue
        period = (charge.statement.period_start, charge.statement.period_end)
        client().v1.invoice_items.create(
            {
                "customer": account.stripe_customer_id or "",
                "invoice": draft.id,
                "amount": charge.amount,
                "currency": charge.currency,
                "description": usage_words.line(charge),
                "period": {"start": int(period[0].timestamp()), "end": int(period[1].timestamp())},
                "metadata": {"tenant": str(account.tenant_id), "charge": charge.key},
            },
            {"idempotency_key": f"usage-{charge.key}"},
        )


def _let_pay_with_the_subscriptions_card(account: Account, draft: stripe.Invoice) -> None:
    """Checkout keeps the card with the subscription, also when that has ended; an invoice without
    a subscription would not find it. Apart from `_draft`: the card may differ between two tries."""
    known = subscription.newest(account.stripe_customer_id)
    if known is not None and known.default_payment_method:
        card = known.default_payment_method
        client().v1.invoices.update(
            draft.id,
            {"default_payment_method": card if isinstance(card, str) else card.id},
        )


def _noted(thing: stripe.Invoice | stripe.InvoiceItem, key: str) -> str | None:
    return thing.metadata[key] if thing.metadata and key in thing.metadata else None
