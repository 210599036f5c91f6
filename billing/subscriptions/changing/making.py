"""The change itself: looked at, offered, confirmed, taken back.

Nothing is changed that was not shown. More is invoiced and paid at once, or refused whole
(`error_if_incomplete`: where the bank declines, or wants to ask its holder, Stripe changes nothing).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import stripe
import structlog
from django.db import transaction

from billing.models import LIVE, Account, is_tried
from billing.selling import forms, terms
from billing.stripe_client import client
from billing.subscriptions import cancelling, projection, scheduled, subscription
from billing.subscriptions.changing import asking, codes, offers, scheduling, wanted
from billing.subscriptions.changing.asking import Asked
from billing.subscriptions.changing.offers import Offer
from billing.subscriptions.changing.wanted import Wanted
from events.steps import step
from identity.models import User
from tenants.models import Membership

log = structlog.get_logger()


class NoLongerTrue(Exception):
    """What was shown is not what it would cost now; the text says so, and `choice` is what to show anew."""

    def __init__(self, words: str, choice: dict[str, str]) -> None:
        super().__init__(words)
        self.choice = choice


@dataclass(frozen=True)
class Looked:
    """A change as it would be: what it costs, and the offer to confirm (None: it is there already)."""

    current: stripe.Subscription
    wanted: Wanted
    asked: Asked
    offer: Offer | None


@dataclass(frozen=True)
class Made:
    """What was done. `charged`: minor units, taken at once; `when` as in `Wanted`."""

    account: Account
    offer: Offer
    charged: int


def look(account: Account, data: Mapping[str, str]) -> Looked:
    """What a choice (a form's "plan", "interval", "seats", "code") would mean. Changes nothing.

    Raises forms.NotOffered, wanted.NotNow, codes.CodeRefused, subscription.NoSubscription and OnlyTried,
    prices.NotForSale, stripe.StripeError.
    """
    current = _changeable(account)
    found = _wanted(account, current, data)
    if found.is_nothing:
        return Looked(current, found, Asked(None, None, None), None)
    try:
        asked = asking.ask(current, found)
    except stripe.InvalidRequestError as error:
        raise codes.refusal(error) or error from None
    offer = offers.offer(account.tenant, current, found, bill=asked.now, at=asked.at)
    return Looked(current, found, asked, offer)


def confirm(account: Account, signed: str, *, by: User) -> Made:
    """Make the change that was offered, and no other. To confirm what is done already does nothing.

    Raises offers.NotOffered, NoLongerTrue, and as `look` and Stripe do; then nothing has changed, or Stripe
    is asked again soon whether it has.
    """
    offer = offers.read(signed, tenant=account.tenant)
    _ask_soon(account)
    try:
        charged = _confirm(account, offer)
    except subscription.NoSubscription:
        subscription.sync(
            account, origin=Account.Origin.PAGE
        )  # it ended, and we had not heard of it
        raise
    except stripe.StripeError as error:
        raise codes.refusal(error) or error from None
    account = subscription.sync(account, origin=Account.Origin.PAGE, by=by)
    return Made(account, offer, charged)


def revoke(account: Account, *, by: User) -> bool:
    """Take the scheduled change back; False: there was none any more.

    Raises subscription.NoSubscription, stripe.StripeError.
    """
    _ask_soon(account)
    with transaction.atomic():
        account = Account.objects.locked(account.pk)
        current = subscription.newest(account.stripe_customer_id)
        released = current is not None and _release(scheduled.settled(current))
    account = subscription.sync(account, origin=Account.Origin.PAGE, by=by)
    if not account.has_subscription:
        raise subscription.NoSubscription
    return released


def _release(current: stripe.Subscription) -> bool:
    """What has come is not taken back: its schedule goes on to let go of the subscription by itself."""
    return current.status in LIVE and scheduled.comes(current) and scheduled.release(current)


def _ask_soon(account: Account) -> None:
    """Committed before Stripe is asked for anything: whether we die, or its answer is lost after it acted,
    the periodic check finds out. `sync` takes it back."""
    Account.objects.filter(pk=account.pk).update(must_ask=True)


@transaction.atomic
def _confirm(account: Account, offer: Offer) -> int:
    account = Account.objects.locked(account.pk)
    current = scheduled.settled(_changeable(account))
    if _is_done(current, offer):
        return 0
    if offers.state(current) != offer.state:
        raise NoLongerTrue("The subscription has changed since you looked at it.", offer.choice)
    found = _wanted(account, current, offer.choice)
    if (found.price.id, found.when) != (offer.price, offer.when):
        raise NoLongerTrue("The price has changed since you looked at it.", offer.choice)
    bill = asking.ask_now(current, found, at=offer.at)
    if offers.digest(bill) != offer.bill:
        raise NoLongerTrue("What it costs has changed since you looked at it.", offer.choice)
    step("billing.change-asked")
    if found.when == "period_end":
        scheduling.schedule(current, found, key=offer.key)
        step("billing.change-made")
        return 0
    changed = _update(current, found, offer)
    step("billing.change-made")
    _note_difference(changed, bill)
    return bill.due if bill else 0


def _update(current: stripe.Subscription, found: Wanted, offer: Offer) -> stripe.Subscription:
    params: dict[str, Any] = {**asking.discounts(found), "expand": ["latest_invoice"]}
    metadata: dict[str, str] = {}
    if found.code is not None:
        metadata |= codes.metadata(current, found.code)
    if found.when == "now":
        params |= {
            "items": asking.changed_items(current, found),
            **asking.prorations(current, found, at=offer.at),
            **cancelling.taken_back(current),
            "payment_behavior": "error_if_incomplete",
        }
        metadata |= {
            terms.METADATA: scheduling.terms_of(current, found),
            projection.MOVED: "",
            scheduled.RELEASES: scheduled.id_of(current),
        }
    if metadata:
        params["metadata"] = metadata
    asked: Any = params
    return client().v1.subscriptions.update(current.id, asked, {"idempotency_key": offer.key})


def _note_difference(changed: stripe.Subscription, bill: asking.Bill | None) -> None:
    """Stripe promises that there is none; if there is, somebody must hear of it."""
    invoice = changed.latest_invoice
    if bill is None or invoice is None or isinstance(invoice, str):
        return
    if invoice.total != bill.total:
        log.error(
            "billing.charged_otherwise", stripe=invoice.id, total=invoice.total, shown=bill.total
        )


def _is_done(current: stripe.Subscription, offer: Offer) -> bool:
    item = wanted.item_of(current)
    if offer.when == "period_end":
        said = scheduled.said_by(current.schedule)
        return (said.get("price"), said.get("seats")) == (offer.price, str(offer.seats))
    if offer.promotion_code and offer.promotion_code not in codes.used(current):
        return False
    if (item.price.id, item.quantity or 1) != (offer.price, offer.seats):
        return False
    return not cancelling.taken_back(current)


def _wanted(account: Account, current: stripe.Subscription, data: Mapping[str, str]) -> Wanted:
    members = Membership.objects.for_tenant(account.tenant).count()
    choice = forms.choice(data, currency=current.currency, members=members)
    code = data.get("code", "")
    found = wanted.of(current, choice, code=code)
    if account.past_due_since is not None and (found.when == "now" or code):
        raise wanted.NotNow(
            "An invoice is not paid. Please pay it first: then the plan can be changed."
        )
    return found


def _changeable(account: Account) -> stripe.Subscription:
    current = subscription.newest(account.stripe_customer_id)
    if current is None or current.status not in LIVE:
        raise subscription.NoSubscription
    if is_tried(current):
        raise subscription.OnlyTried
    return current
