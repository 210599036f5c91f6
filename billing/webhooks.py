"""What we do when Stripe tells us something. dj-stripe has checked the signature, stored the event
once by its id, and runs this in the transaction of that row: a failure here undoes it, and Stripe
delivers again.

Events come late, twice and in any order, so none is believed: each makes us ask Stripe how things
are now.
"""

from __future__ import annotations

from typing import Any

import structlog
from djstripe.event_handlers import djstripe_receiver
from djstripe.models import Event

from billing import invoices, subscription
from billing.models import Account
from billing.stripe_client import client

log = structlog.get_logger()


_MOVES = [
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "invoice.payment_failed",
]
WANTED = (*_MOVES, "invoice.paid")  # what the endpoint at Stripe must send


@djstripe_receiver(_MOVES)
def subscription_moved(event: Event, **_: Any) -> None:
    if (account := _account_of(event)) is not None:
        subscription.sync(account, origin=Account.Origin.EVENT)


@djstripe_receiver("invoice.paid")
def invoice_was_paid(event: Event, **_: Any) -> None:
    if (account := _account_of(event)) is not None:
        subscription.sync(account, origin=Account.Origin.EVENT)
        invoice = client().v1.invoices.retrieve(event.data["object"]["id"])
        invoices.record_if_paid(invoice, account=account)


def _account_of(event: Event) -> Account | None:
    """The workspace's account that the event is about; None when it is nothing of ours."""
    customer = event.data["object"].get("customer")
    account = Account.objects.filter(stripe_customer_id=customer).first() if customer else None
    log.info(
        "stripe.event", stripe=event.id, type=event.type, customer=customer, ours=bool(account)
    )
    return account
