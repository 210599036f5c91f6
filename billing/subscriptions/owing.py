"""What is owed at Stripe: the open invoices of a subscription whose payment failed.

A pure reading, as the projection's: the same answer says the same, however often and whenever it is asked.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import stripe
from django.utils import timezone

from billing.models import FAILING, Owed
from billing.stripe_client import client

MOST = 24  # invoices of one subscription that are looked at: two years by the month
_MOST_PAYMENTS = 10  # of one invoice


def of(subscription: stripe.Subscription | None) -> Owed:
    """Ask Stripe, where the subscription says that a payment failed. Raises stripe.StripeError."""
    if subscription is None or subscription.status not in FAILING:
        return Owed((), None, 0, frozenset(), timezone.now())
    listed = client().v1.invoices.list(
        {"subscription": subscription.id, "status": "open", "limit": MOST}
    )
    tried = sorted((each for each in listed.data if each.attempted), key=asked_for_at)
    return Owed(
        invoices=tried,
        since=asked_for_at(tried[0]) if tried else None,
        amount=sum(each.amount_remaining for each in tried),
        asking=frozenset(str(each.id) for each in tried if asks(each)),
        asked_at=_time_of(listed),
    )


def asked_for_at(invoice: stripe.Invoice) -> datetime:
    """When an invoice was finalized, which is when its payment is due."""
    at = invoice.status_transitions.finalized_at or invoice.created
    return datetime.fromtimestamp(at, UTC)


def asks(invoice: stripe.Invoice) -> bool:
    """Whether its payment waits for the card's holder (3-D Secure). Raises stripe.StripeError."""
    return intent_that_asks(str(invoice.id)) is not None


def intent_that_asks(invoice_id: str) -> stripe.PaymentIntent | None:
    """The payment of an invoice that waits for the card's holder. Raises stripe.StripeError."""
    payments = client().v1.invoice_payments.list(
        {
            "invoice": invoice_id,
            "limit": _MOST_PAYMENTS,
            "expand": ["data.payment.payment_intent"],
        }
    )
    for each in payments.data:
        intent = each.payment.payment_intent
        if isinstance(intent, stripe.PaymentIntent) and intent.status == "requires_action":
            return intent
    return None


def _time_of(answer: stripe.ListObject[stripe.Invoice]) -> datetime:
    """Stripe's clock when it answered, which is the simulator's after days were skipped there."""
    response = answer.last_response
    date = response.headers.get("Date", "") if response is not None else ""
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except (TypeError, ValueError):
        return timezone.now()
