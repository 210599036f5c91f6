"""Buying the first subscription on Stripe's hosted page, or giving a card for the one that is tried.

A workspace has at most one open checkout. A second click, or a second tab, finds the first one's
page; another choice closes it. So nobody can pay twice, and who tries a plan keeps that subscription.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import stripe
from django.db import transaction

import events
from billing import catalogue
from billing.event_types import CHECKOUT_STARTED
from billing.models import LIVE, Account, Subscription, is_tried
from billing.selling import prices, pricing, terms
from billing.selling.forms import Choice
from billing.stripe_client import client
from billing.subscriptions import customers, invoices, open_checkout, subscription, trials
from billing.subscriptions.changing import wanted
from billing.subscriptions.open_checkout import AlreadySubscribed, noted
from identity.models import User
from identity.persons import person_of
from metering.wording import money_in_words
from tenants import audit, workspace_url


class OwesFirst(Exception):
    """An invoice is not paid: nothing is bought beside it."""


class ForeignSession(Exception):
    """The checkout is not one of this workspace."""


def begin(account: Account, choice: Choice, *, user: User) -> str:
    """Open (or find) the checkout for a choice; returns the address of Stripe's page.

    Raises AlreadySubscribed, OwesFirst, prices.NotForSale, stripe.StripeError; then nothing was opened.
    """
    if account.checkout_open or account.has_subscription:
        account = subscription.sync(account, origin=Account.Origin.PAGE)
    if account.has_subscription and trials.of(account) is None:
        raise AlreadySubscribed
    if account.past_due_since is not None:
        raise OwesFirst
    price = prices.find(choice.plan, choice.interval, choice.currency)
    account = customers.ensure(account, user=user)
    return _open(account, choice, price=price, user=user)


@dataclass(frozen=True)
class Settled:
    """`card_only`: nothing was sold, a card was kept for a trial. `then`: what was chosen, in the words of a
    form, where it is still to be confirmed."""

    account: Account
    card_only: bool
    then: Mapping[str, str] | None


def session_of(account: Account, session_id: str) -> stripe.checkout.Session:
    """A checkout of this workspace. Raises ForeignSession, stripe.StripeError."""
    try:
        session = client().v1.checkout.sessions.retrieve(session_id)
    except stripe.InvalidRequestError as error:
        raise ForeignSession from error
    if session.client_reference_id != str(account.tenant_id):
        raise ForeignSession
    return session


def settle(
    account: Account, session: stripe.checkout.Session, *, by: User | None = None
) -> Settled:
    """Act on the return from Stripe's page, whether or not a webhook came before.

    Raises stripe.StripeError.
    """
    account = subscription.sync(account, origin=Account.Origin.RETURN, by=by)
    with suppress(stripe.StripeError):  # the plan is in force; its invoice can come later
        invoices.mirror_newest(account)
    return Settled(account, session.mode == "setup", _still_to_confirm(account, session))


def _still_to_confirm(
    account: Account, session: stripe.checkout.Session
) -> Mapping[str, str] | None:
    """A card was given for something else than what is tried: what that costs is shown next."""
    wants = {key: noted(session, key) or "" for key in ("plan", "interval", "seats")}
    rows = Subscription.objects.for_tenant(account.tenant)
    row = rows.filter(stripe_id=account.subscription_id or "").first()
    if session.mode != "setup" or row is None or not row.payment_method:
        return None
    has = {"plan": row.plan_key, "interval": row.interval, "seats": str(row.quantity)}
    return None if wants == has else wants


@transaction.atomic
def _open(account: Account, choice: Choice, *, price: stripe.Price, user: User) -> str:
    account = Account.objects.locked(account.pk)
    tried = _tried(account)
    if account.checkout_open:
        earlier = client().v1.checkout.sessions.retrieve(account.checkout_session_id)
        for_the_same = noted(earlier, "price") == price.id
        for_the_same &= noted(earlier, "seats") == str(choice.seats)
        for_the_same &= noted(earlier, "about") == _about(tried)
        for_the_same &= earlier.customer == account.stripe_customer_id
        if earlier.status == "open" and for_the_same:
            return str(earlier.url)
        open_checkout.close_session(earlier)
    session = _create(account, choice, price=price, tried=tried)
    account.checkout_session_id = session.id
    account.checkout_open = True
    account.save(update_fields=["checkout_session_id", "checkout_open", "updated_at"])
    audit.note(
        account.tenant,
        "checkout.started",
        by=user,
        target=choice.plan.name,
        details={"interval": choice.interval, "seats": choice.seats},
    )
    events.record_with_row(
        CHECKOUT_STARTED.name,
        tenant=account.tenant,
        person=person_of(user),
        properties={"plan": choice.plan.key, "interval": choice.interval},
    )
    return str(session.url)


def _tried(account: Account) -> stripe.Subscription | None:
    """The subscription that is tried without a card, as Stripe says now, while the account is held: there
    is never a second one. None: there is none. Raises AlreadySubscribed, stripe.StripeError."""
    current = subscription.newest(account.stripe_customer_id)
    if current is None or current.status not in LIVE:
        return None
    if not is_tried(current):
        raise AlreadySubscribed
    return current


def _create(
    account: Account, choice: Choice, *, price: stripe.Price, tried: stripe.Subscription | None
) -> stripe.checkout.Session:
    tenant, plan = account.tenant, choice.plan
    # Stripe puts the session's id where the braces are ("Customize redirect behavior").
    success_url = workspace_url(tenant, "/billing/return/?session_id={CHECKOUT_SESSION_ID}")
    usage = " ".join(pricing.usage_prices(plan, choice.currency, seats=choice.seats))
    asked: Any = {
        "customer": account.stripe_customer_id or "",
        "client_reference_id": str(tenant.pk),
        "metadata": {
            "tenant": str(tenant.pk),
            "plan": plan.key,
            "interval": choice.interval,
            "price": price.id,
            "seats": str(choice.seats),
            "about": _about(tried),
        },
        "success_url": success_url,
        "cancel_url": workspace_url(tenant, "/billing/"),
    }
    if tried is None:
        asked |= _sale(account, choice, price=price, words=usage)
    else:
        asked |= _card_only(account, choice, tried, usage=usage)
        if _is_kept(tried, choice):
            asked["metadata"]["keeps"] = tried.id
    key = _session_key(account, choice, price, _about(tried))
    return client().v1.checkout.sessions.create(asked, {"idempotency_key": key})


def _sale(account: Account, choice: Choice, *, price: stripe.Price, words: str) -> dict[str, Any]:
    said = {terms.METADATA: terms.current(choice.plan).digest, "tenant": str(account.tenant_id)}
    return {
        "mode": "subscription",
        "line_items": [{"price": price.id, "quantity": choice.seats}],
        "subscription_data": {"metadata": said},
        "allow_promotion_codes": bool(catalogue.promotion_codes()),
        "custom_text": {"submit": {"message": words}} if words else {},
    }


def _card_only(
    account: Account, choice: Choice, tried: stripe.Subscription, *, usage: str
) -> dict[str, Any]:
    """Checkout in setup mode: the card is kept, and the subscription that is tried goes on."""
    name = choice.plan.name
    words = f"Nothing is charged yet: what {name} costs is shown next, and you confirm it there."
    if _is_kept(tried, choice):
        amount = wanted.item_of(tried).price.unit_amount  # as it began, whatever the catalogue says
        each = choice.plan.cost(choice.interval, choice.currency) if amount is None else amount
        cost = money_in_words(each * choice.seats, tried.currency)
        end = datetime.fromtimestamp(tried.trial_end or 0, UTC)
        words = (
            f"Nothing is charged now. From {end:%-d %B %Y} on {name} costs {cost} a "
            f"{choice.interval}. {usage}"
        )
    return {
        "mode": "setup",
        "currency": tried.currency,
        "setup_intent_data": {
            "metadata": {"tenant": str(account.tenant_id), "subscription_id": tried.id}
        },
        "custom_text": {"submit": {"message": words.strip()}},
    }


def _is_kept(tried: stripe.Subscription, choice: Choice) -> bool:
    """Whether a choice is what is tried already, so that a card is all that it needs."""
    item = wanted.item_of(tried)
    interval = item.price.recurring.interval if item.price.recurring else ""
    has = (item.price.metadata["plan"], interval, item.quantity or 1)
    return has == (choice.plan.key, choice.interval, choice.seats)


def _session_key(account: Account, choice: Choice, price: stripe.Price, about: str) -> str:
    """The earlier session's id makes the key new after each checkout, and only then."""
    seats, former = choice.seats, account.checkout_session_id
    return f"checkout-{account.tenant_id}-{price.id}-{seats}-{about}-{former}"


def _about(tried: stripe.Subscription | None) -> str:
    """A first purchase, or a card for a trial; one that was made longer makes it another checkout."""
    return f"{tried.id}-{tried.trial_end}" if tried is not None else "new"
