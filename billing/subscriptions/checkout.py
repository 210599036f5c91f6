"""Buying the first subscription on Stripe's hosted page.

A workspace has at most one open checkout. A second click, or a second tab, finds the first one's
page; another choice closes it. So nobody can pay twice.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import stripe
from django.db import transaction
from django.utils import timezone

import events
from billing import catalogue
from billing.event_types import CHECKOUT_STARTED
from billing.models import LIVE, Account
from billing.selling import prices, pricing, terms
from billing.selling.forms import Choice
from billing.stripe_client import client
from billing.subscriptions import customers, invoices, subscription, trials
from identity.models import User
from identity.persons import person_of
from tenants import audit, workspace_url

_SHORTEST_TRIAL = timedelta(hours=49)


class AlreadySubscribed(Exception):
    """There is a subscription (perhaps paid in another tab): change that one instead."""


class ForeignSession(Exception):
    """The checkout is not one of this workspace."""


def begin(account: Account, choice: Choice, *, user: User) -> str:
    """Open (or find) the checkout for a choice; returns the address of Stripe's page.

    Raises AlreadySubscribed, prices.NotForSale, stripe.StripeError; then nothing was opened.
    """
    if account.checkout_open or account.has_subscription:
        account = subscription.sync(account, origin=Account.Origin.PAGE)
    if account.has_subscription and trials.of(account) is None:
        raise AlreadySubscribed
    price = prices.find(choice.plan, choice.interval, choice.currency)
    account = customers.ensure(account, user=user)
    return _open(account, choice, price=price, user=user)


def settle(account: Account, *, session_id: str, by: User | None = None) -> Account:
    """Act on the return from Stripe's page, whether or not a webhook came before.

    Raises ForeignSession, stripe.StripeError.
    """
    try:
        session = client().v1.checkout.sessions.retrieve(session_id)
    except stripe.InvalidRequestError as error:
        raise ForeignSession from error
    if session.client_reference_id != str(account.tenant_id):
        raise ForeignSession
    account = subscription.sync(account, origin=Account.Origin.RETURN, by=by)
    with suppress(stripe.StripeError):  # the plan is in force; its invoice can come later
        invoices.mirror_newest(account)
    return account


@transaction.atomic
def forget_expired(account: Account) -> None:
    """Note that the open checkout has run out, which Stripe says a day after it began.

    Raises stripe.StripeError.
    """
    account = Account.objects.locked(account.pk)
    if account.checkout_open:
        session = client().v1.checkout.sessions.retrieve(account.checkout_session_id)
        account.checkout_open = session.status == "open"
        account.save(update_fields=["checkout_open", "updated_at"])


@transaction.atomic
def close_open(account: Account) -> None:
    """Let nobody pay in the open checkout any more; one that was paid meanwhile is left as it is.

    Raises stripe.StripeError.
    """
    account = Account.objects.locked(account.pk)
    if account.checkout_open:
        with suppress(AlreadySubscribed):
            _close(client().v1.checkout.sessions.retrieve(account.checkout_session_id))
        account.checkout_open = False
        account.save(update_fields=["checkout_open", "updated_at"])


@transaction.atomic
def _open(account: Account, choice: Choice, *, price: stripe.Price, user: User) -> str:
    account = Account.objects.locked(account.pk)
    if account.checkout_open:
        earlier = client().v1.checkout.sessions.retrieve(account.checkout_session_id)
        for_the_same = _noted(earlier, "price") == price.id
        for_the_same &= _noted(earlier, "seats") == str(choice.seats)
        for_the_same &= _noted(earlier, "from") == _paid_from(account, choice)
        for_the_same &= earlier.customer == account.stripe_customer_id
        if earlier.status == "open" and for_the_same:
            return str(earlier.url)
        _close(earlier)
    session = _create(account, choice, price=price)
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


def _create(account: Account, choice: Choice, *, price: stripe.Price) -> stripe.checkout.Session:
    tenant, plan = account.tenant, choice.plan
    subscribed: Any = {
        "metadata": {"tenant": str(tenant.pk), terms.METADATA: terms.current(plan).digest}
    }
    if (end := _trial_goes_on_until(account, choice)) is not None:
        subscribed["trial_end"] = int(end.timestamp())
    # Stripe puts the session's id where the braces are ("Customize redirect behavior").
    success_url = workspace_url(tenant, "/billing/return/?session_id={CHECKOUT_SESSION_ID}")
    usage = " ".join(pricing.usage_prices(plan, choice.currency, seats=choice.seats))
    return client().v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": account.stripe_customer_id or "",
            "client_reference_id": str(tenant.pk),
            "line_items": [{"price": price.id, "quantity": choice.seats}],
            "metadata": {
                "tenant": str(tenant.pk),
                "plan": plan.key,
                "price": price.id,
                "seats": str(choice.seats),
                "from": _paid_from(account, choice),
            },
            "subscription_data": subscribed,
            "allow_promotion_codes": bool(catalogue.promotion_codes()),
            "custom_text": {"submit": {"message": usage}} if usage else {},
            "success_url": success_url,
            "cancel_url": workspace_url(tenant, "/billing/"),
        },
        {"idempotency_key": _session_key(account, choice, price)},
    )


def _trial_goes_on_until(account: Account, choice: Choice) -> datetime | None:
    """Who buys within a trial pays from its end on, for a plan that can be tried; None: at once, also
    within the last two days, which Stripe does not take ("trial_end")."""
    trial = trials.of(account)
    if trial is None or trial.trial_end is None or not choice.plan.trial_days:
        return None
    return trial.trial_end if trial.trial_end - timezone.now() > _SHORTEST_TRIAL else None


def _session_key(account: Account, choice: Choice, price: stripe.Price) -> str:
    """The earlier session's id makes the key new after each checkout, and only then."""
    seats, former = choice.seats, account.checkout_session_id
    since = _paid_from(account, choice)
    return f"checkout-{account.tenant_id}-{price.id}-{seats}-{since}-{former}"


def _paid_from(account: Account, choice: Choice) -> str:
    """In seconds since 1970, or "now". A trial that was made longer makes it another checkout."""
    until = _trial_goes_on_until(account, choice)
    return f"{until.timestamp():.0f}" if until else "now"


def _noted(session: stripe.checkout.Session, key: str) -> str | None:
    return session.metadata[key] if session.metadata and key in session.metadata else None


def _close(session: stripe.checkout.Session) -> None:
    """Make sure that nobody can pay in this session any more.

    Raises AlreadySubscribed when somebody has, a moment ago.
    """
    if session.status == "open":
        try:
            client().v1.checkout.sessions.expire(session.id)
        except stripe.InvalidRequestError as error:
            raise AlreadySubscribed from error
    elif session.status == "complete":
        bought = client().v1.subscriptions.retrieve(str(session.subscription))
        if bought.status in LIVE:
            raise AlreadySubscribed
