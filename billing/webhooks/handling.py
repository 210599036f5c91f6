"""What we do when Stripe tells us something. dj-stripe has checked the signature, stored the event
once by its id, and runs this in the transaction of that row: a failure here undoes it, and Stripe
delivers again.

Events come late, twice and in any order, so none is believed: each makes us ask Stripe how things
are now.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.db import transaction
from djstripe.event_handlers import djstripe_receiver
from djstripe.models import Event

from billing import failures
from billing.models import Account
from billing.stripe_client import client
from billing.subscriptions import invoices, subscription

log = structlog.get_logger()


_MOVES = [
    "checkout.session.completed",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
]
WANTED = (
    *_MOVES,
    "invoice.paid",
    "invoice.payment_failed",
)  # what the endpoint at Stripe must send


@djstripe_receiver(_MOVES)
def subscription_moved(event: Event, **_: Any) -> None:
    _settle(event, _sync)


@djstripe_receiver("invoice.paid")
def invoice_was_paid(event: Event, **_: Any) -> None:
    def act(account: Account) -> None:
        account = _sync(account)
        invoice = client().v1.invoices.retrieve(event.data["object"]["id"])
        if account.tenant.purged_at is None:
            invoices.record_if_paid(invoice, account=account)

    _settle(event, act)


@djstripe_receiver("invoice.payment_failed")
def invoice_was_not_paid(event: Event, **_: Any) -> None:
    def act(account: Account) -> None:
        account = _sync(account)
        invoice = client().v1.invoices.retrieve(event.data["object"]["id"])
        if account.tenant.purged_at is None:
            invoices.note_if_unpaid(invoice, account=account)

    _settle(event, act)


def _sync(account: Account) -> Account:
    return subscription.sync(account, origin=Account.Origin.EVENT)


def _settle(event: Event, act: Callable[[Account], object]) -> None:
    """Act, or note why we cannot: Stripe delivers for days what it gets no 200 for, and then switches
    the endpoint off. Raises what passes by itself, so that it is delivered again."""
    account = _account_of(event)
    if account is None:
        return
    try:
        with transaction.atomic():
            act(account)
    except Exception as error:
        if failures.passes(error):
            raise
        failures.note(account, error, what=f"billing.{event.type}_failed")


def _account_of(event: Event) -> Account | None:
    """The workspace's account that the event is about; None when it is nothing of ours."""
    thing = event.data["object"]
    customer = thing["id"] if thing.get("object") == "customer" else thing.get("customer")
    account = Account.objects.filter(stripe_customer_id=customer).first() if customer else None
    log.info(
        "stripe.event", stripe=event.id, type=event.type, customer=customer, ours=bool(account)
    )
    return account
