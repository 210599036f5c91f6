"""The cards of a workspace, as Stripe has them: listed, one of them charged, taken away.

Every id is looked up among those of our own customer, so another workspace's is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import stripe
from django.db import transaction
from django.utils import timezone

from billing.models import LIVE, Account
from billing.stripe_client import client
from billing.subscriptions import subscription
from identity.models import User
from tenants import audit

MOST = 100  # of one customer that are looked at


class NotThere(Exception):
    """The workspace has no such card."""


class StillNeeded(Exception):
    """A card that cannot go; why, in words."""


@dataclass(frozen=True)
class Card:
    """`expires` like "12/34"; `charged`: the one that pays from now on."""

    id: str
    brand: str
    last4: str
    expires: str
    has_expired: bool
    charged: bool

    @property
    def words(self) -> str:
        return f"{self.brand} ending in {self.last4}"


def of(account: Account, *, now: datetime | None = None) -> Sequence[Card]:
    """The cards, that which is charged first. Raises stripe.StripeError."""
    if account.stripe_customer_id is None:
        return []
    methods = _listed(account.stripe_customer_id)
    default = _default(account)
    found = [_card(each, default, now or timezone.now()) for each in methods]
    return sorted(found, key=lambda card: not card.charged)


def charged(account: Account) -> str | None:
    """The id of the card that pays; None: there is none. Raises stripe.StripeError."""
    return _default(account) if account.stripe_customer_id else None


@transaction.atomic
def charge(account: Account, card_id: str, *, by: User) -> Card:
    """Let this card be the one that pays from now on. Safe to repeat.

    Raises NotThere, stripe.StripeError.
    """
    account = Account.objects.locked(account.pk)
    card = _own(account, card_id)
    if make_default(account, card.id):
        audit.note(account.tenant, "payment_method.made_default", by=by, target=card.words)
    return card


@transaction.atomic
def settle(account: Account, *, by: User | None) -> Card | None:
    """After a visit to the page where a card is set: the customer's default pays the subscription, too.

    Raises stripe.StripeError.
    """
    account = Account.objects.locked(account.pk)
    if account.stripe_customer_id is None:
        return None
    default = _of_customer(account)
    if default is None:
        return None
    if make_default(account, default):
        audit.note(account.tenant, "payment_method.made_default", by=by)
    return next((each for each in of(account) if each.id == default), None)


@transaction.atomic
def remove(account: Account, card_id: str, *, by: User) -> Card:
    """Take a card away; never one that a subscription will be paid with.

    Raises NotThere, StillNeeded, stripe.StripeError.
    """
    account = Account.objects.locked(account.pk)
    card = _own(account, card_id)
    is_paid_by = card.charged or len(of(account)) == 1
    if is_paid_by and _live(account) is not None:
        raise StillNeeded(
            "Your plan is paid with this card. Add another one, or make another the one that is "
            "charged, before you remove it."
        )
    client().v1.payment_methods.detach(card.id)
    audit.note(account.tenant, "payment_method.removed", by=by, target=card.words)
    return card


def _own(account: Account, card_id: str) -> Card:
    card = next((each for each in of(account) if each.id == card_id), None)
    if card is None:
        raise NotThere
    return card


def make_default(account: Account, card_id: str) -> bool:
    """Both are made to name it: the subscription, whose card is charged, first. False: they do already,
    and then nothing is asked for; so a try that broke off between the two is taken up by the next."""
    live, changed = _live(account), False
    if live is not None and _id(live.default_payment_method) != card_id:
        client().v1.subscriptions.update(live.id, {"default_payment_method": card_id})
        changed = True
    if _of_customer(account) != card_id:
        client().v1.customers.update(
            account.stripe_customer_id or "",
            {"invoice_settings": {"default_payment_method": card_id}},
        )
        changed = True
    return changed


def _of_customer(account: Account) -> str | None:
    customer = client().v1.customers.retrieve(account.stripe_customer_id or "")
    settings = getattr(customer, "invoice_settings", None)
    return _id(settings.default_payment_method) if settings else None


def _default(account: Account) -> str | None:
    """The subscription's, else the customer's ("Payment method priority")."""
    live = _live(account)
    own = _id(live.default_payment_method) if live is not None else None
    if own is not None:
        return own
    return _of_customer(account)


def _live(account: Account) -> stripe.Subscription | None:
    newest = subscription.newest(account.stripe_customer_id)
    return newest if newest is not None and newest.status in LIVE else None


def _listed(customer_id: str) -> list[stripe.PaymentMethod]:
    try:
        return list(client().v1.payment_methods.list({"customer": customer_id, "limit": MOST}).data)
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing":  # the customer was deleted at Stripe
            return []
        raise


def _card(method: stripe.PaymentMethod, default: str | None, now: datetime) -> Card:
    if method.type != "card" or method.card is None:
        name = method.type.replace("_", " ").title()
        return Card(method.id, name, "", "", has_expired=False, charged=method.id == default)
    card = method.card
    brand = (card.display_brand or card.brand).replace("_", " ").title()
    return Card(
        id=method.id,
        brand=brand,
        last4=card.last4 or "",
        expires=f"{card.exp_month:02}/{card.exp_year % 100:02}",
        has_expired=(card.exp_year, card.exp_month) < (now.year, now.month),
        charged=method.id == default,
    )


def _id(thing: stripe.PaymentMethod | str | None) -> str | None:
    return None if thing is None else thing if isinstance(thing, str) else str(thing.id)
