"""Paying what is open, because somebody wants to: with the card that is charged, and its bank's word.

An invoice is paid once, at Stripe: to ask again for one that is paid does nothing, so a click that timed
out is repeated without harm.
"""

from __future__ import annotations

from dataclasses import dataclass

import stripe
from django.db import transaction

from billing.models import Account
from billing.paying import payment_methods
from billing.stripe_client import client
from billing.subscriptions import invoices, owing, subscription
from identity.models import User
from tenants import audit, workspace_url

MOST = 24  # paid with one click


class NothingOwed(Exception):
    """There is no open invoice."""


class NoCard(Exception):
    """There is no card to pay with."""


@dataclass(frozen=True)
class Outcome:
    """`paid`: how many invoices were. `confirm_at`: the page of the card's bank, which wants its holder to
    confirm; "" where nothing is asked. `refusal`: why the card was declined, in words."""

    paid: int
    confirm_at: str = ""
    refusal: str = ""


def pay(account: Account, *, by: User) -> Outcome:
    """Pay the open invoices, the oldest first, and write down how things are then.

    Raises NothingOwed, NoCard, stripe.StripeError.
    """
    try:
        outcome = _pay(account, by=by)
    except NothingOwed:
        refresh(account, by=by)  # it was paid elsewhere, and we have not heard of it yet
        raise
    refresh(account, by=by)
    return outcome


def refresh(account: Account, *, by: User | None) -> Account:
    """Write down what Stripe says now, with the invoices. Raises stripe.StripeError."""
    account = subscription.sync(account, origin=Account.Origin.RETURN, by=by)
    invoices.mirror_newest(account)
    return account


@transaction.atomic
def _pay(account: Account, *, by: User) -> Outcome:
    account = Account.objects.locked(account.pk)
    found = _open(account)
    if not found:
        raise NothingOwed
    card = payment_methods.charged(account)
    if card is None:
        raise NoCard
    for number, invoice in enumerate(found):
        try:
            client().v1.invoices.pay(str(invoice.id), {"payment_method": card})
        except stripe.CardError as error:
            address = _bank_page(account, invoice)
            refusal = "" if address else error.user_message or "The card was declined."
            return Outcome(number, confirm_at=address, refusal=refusal)
        except stripe.InvalidRequestError:
            if client().v1.invoices.retrieve(str(invoice.id)).status == "open":
                raise
            continue  # paid or given up a moment ago, elsewhere
        details = {"amount": invoice.amount_remaining, "currency": invoice.currency}
        number_of = invoice.number or str(invoice.id)
        audit.note(account.tenant, "invoice.paid", by=by, target=number_of, details=details)
    return Outcome(len(found))


def _open(account: Account) -> list[stripe.Invoice]:
    """Those that were tried: of the subscription, and for usage."""
    if account.stripe_customer_id is None:
        return []
    listed = client().v1.invoices.list(
        {"customer": account.stripe_customer_id, "status": "open", "limit": MOST}
    )
    return sorted((each for each in listed.data if each.attempted), key=owing.asked_for_at)


def _bank_page(account: Account, invoice: stripe.Invoice) -> str:
    """Where the card's holder confirms, and is sent back to us from; "": nothing is to be confirmed."""
    intent = owing.intent_that_asks(str(invoice.id))
    if intent is None:
        return ""
    back = workspace_url(account.tenant, "/billing/payment/return/")
    confirmed = client().v1.payment_intents.confirm(intent.id, {"return_url": back})
    action = confirmed.next_action
    if action is not None and action.redirect_to_url is not None and action.redirect_to_url.url:
        return str(action.redirect_to_url.url)
    return str(invoice.hosted_invoice_url or "")
