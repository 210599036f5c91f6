"""A subscription ended by its people, with the reason; and what is offered to them instead."""

from __future__ import annotations

from typing import Any

import stripe
from django.db import transaction
from django.utils import timezone

import events
from billing import catalogue
from billing.catalogue import Offer
from billing.event_types import OFFER_TAKEN
from billing.models import LIVE, Account, Subscription, is_tried
from billing.selling import discounts
from billing.stripe_client import client
from billing.subscriptions import letters, scheduled, subscription
from billing.subscriptions.cancelling import Why
from identity.models import User
from identity.persons import person_of
from tenants import audit

_YEAR = 12  # months


class NotAtOnce(Exception):
    """This product's subscriptions end with their period."""


class NoOffer(Exception):
    """There is none, or this workspace has had it."""


def cancel(account: Account, *, why: Why, at_once: bool = False, by: User) -> Account:
    """End it with the period that is paid for, or `at_once`, without money back; what is pending then, as
    prorations, is invoiced. To ask again does nothing.

    Raises NotAtOnce, subscription.NoSubscription, stripe.StripeError.
    """
    if at_once and not catalogue.rules().cancel_at_once:
        raise NotAtOnce
    with transaction.atomic():
        account = Account.objects.locked(account.pk)
        current = _live(account)
        if current is not None:
            _end(current, why=why, at_once=at_once)
    account = subscription.sync(account, origin=Account.Origin.PAGE, by=by)
    if current is None:
        raise subscription.NoSubscription
    return account


def offer_for(account: Account) -> Offer | None:
    """What to show to who is about to cancel, as far as our own rows say; None: nothing."""
    offer = catalogue.rules().offer
    pays = account.status == "active" and account.cancel_at is None and not _is_to_change(account)
    had = account.offer_taken_at is not None
    return offer if offer is not None and pays and not had and _applies(offer, account) else None


@transaction.atomic
def take_offer(account: Account, *, by: User) -> Offer:
    """Give the workspace what is offered instead, once for good. A second click finds the first one's.

    Raises NoOffer, subscription.NoSubscription, stripe.StripeError.
    """
    account = Account.objects.locked(account.pk)
    offer = offer_for(account)
    current = _live(account)
    if current is None:
        raise subscription.NoSubscription
    if offer is None or is_tried(current) or scheduled.comes(current):
        raise NoOffer
    coupon = discounts.coupon_id(offer.coupon)
    kept: list[Any] = [{"discount": _id(each)} for each in current.discounts or ()]
    if not any(_coupon_of(each) == coupon for each in current.discounts or ()):
        client().v1.subscriptions.update(current.id, {"discounts": [*kept, {"coupon": coupon}]})
    account.offer_taken_at = timezone.now()
    account.save(update_fields=["offer_taken_at", "updated_at"])
    audit.note(account.tenant, "offer.taken", by=by, target=offer.title)
    said = {"plan": account.plan_key, "coupon": offer.coupon.key}
    events.record_with_row(
        OFFER_TAKEN.name, tenant=account.tenant, person=person_of(by), properties=said
    )
    letters.offer_taken(account, offer=offer.title, by=by)
    subscription.sync(account, origin=Account.Origin.PAGE, by=by)
    return offer


def _end(current: stripe.Subscription, *, why: Why, at_once: bool) -> None:
    details: Any = why.at_stripe()
    if not at_once:
        scheduled.release(current)  # Stripe lets nobody cancel what a schedule manages
    if at_once:
        ended: Any = {"invoice_now": True, "prorate": False}
        client().v1.subscriptions.cancel(current.id, _with(ended, details))
    else:
        client().v1.subscriptions.update(current.id, _with({"cancel_at_period_end": True}, details))


def _with(params: Any, details: Any) -> Any:
    return {**params, "cancellation_details": details} if details else params


def _live(account: Account) -> stripe.Subscription | None:
    newest = subscription.newest(account.stripe_customer_id)
    return newest if newest is not None and newest.status in LIVE else None


def _is_to_change(account: Account) -> bool:
    """A change that waits brings the discounts that there were when it was made, so another would be lost
    with it. That is taken back, or comes, first: as with codes."""
    of_it = Subscription.objects.for_tenant(account.tenant)
    rows = of_it.filter(stripe_id=account.subscription_id or "")
    return rows.filter(scheduled_at__isnull=False).exists()


def _applies(offer: Offer, account: Account) -> bool:
    """Whether the offer takes something off: some months of it are over before a year is paid again."""
    coupon = offer.coupon
    reaches = account.interval != "year" or coupon.months is None or coupon.months >= _YEAR
    return reaches and (not coupon.plans or account.plan_key in coupon.plans)


def _coupon_of(discount: stripe.Discount | str) -> str:
    coupon = None if isinstance(discount, str) else discount.source.coupon
    return "" if coupon is None else coupon if isinstance(coupon, str) else str(coupon.id)


def _id(thing: stripe.Discount | str) -> str:
    return thing if isinstance(thing, str) else str(thing.id)
