"""Trying a plan without a card, once a workspace.

The trial is a subscription at Stripe from its first day, which ends by itself where no way of paying is
given: then the workspace has the limits of the first plan, and nothing is deleted.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import stripe
from django.db import transaction
from django.utils import timezone

import events
from billing.event_types import TRIAL_STARTED
from billing.models import CARDLESS, LIVE, Account, Subscription
from billing.selling import prices, terms
from billing.selling.forms import Choice
from billing.stripe_client import client
from billing.subscriptions import customers, letters, open_checkout, subscription
from identity.models import User
from identity.persons import person_of
from tenants import audit


class NoTrial(Exception):
    """The plan has none, or the workspace has had its own."""


def may_begin(account: Account, choice: Choice) -> bool:
    """Whether the workspace can try this, as far as our own rows say."""
    had = account.trial_began_at is not None or account.has_subscription
    return choice.plan.trial_days > 0 and not (had or account.pays_in or account.is_behind)


def begin(account: Account, choice: Choice, *, user: User) -> Account:
    """Begin the trial of a plan. A second click finds the first one's.

    Raises NoTrial, prices.NotForSale, stripe.StripeError.
    """
    if account.checkout_open or account.has_subscription:
        account = subscription.sync(account, origin=Account.Origin.PAGE)
    if not may_begin(account, choice):
        raise NoTrial
    price = prices.find(choice.plan, choice.interval, choice.currency)
    account = customers.ensure(account, user=user)
    with transaction.atomic():
        account = Account.objects.locked(account.pk)
        if not may_begin(account, choice):
            raise NoTrial  # another click was faster
        _close_the_way_to_a_second(account)
        _subscribe(account, choice, price)
        account.trial_began_at = timezone.now()
        account.save(update_fields=["trial_began_at", "checkout_open", "updated_at"])
        audit.note(account.tenant, "trial.started", by=user, target=choice.plan.name,
                   details={"days": choice.plan.trial_days})  # fmt: skip
        events.record_with_row(
            TRIAL_STARTED.name,
            tenant=account.tenant,
            person=person_of(user),
            properties={"plan": choice.plan.key, "days": choice.plan.trial_days},
        )
    return subscription.sync(account, origin=Account.Origin.PAGE, by=user)


def _close_the_way_to_a_second(account: Account) -> None:
    """Nobody can pay in a checkout from before the trial; and what was bought a moment ago, of which we
    have not heard, is no reason to begin one. Raises NoTrial, stripe.StripeError."""
    try:
        open_checkout.close(account)
    except open_checkout.AlreadySubscribed:
        raise NoTrial from None
    current = subscription.newest(account.stripe_customer_id)
    if current is not None and current.status in LIVE:
        raise NoTrial
    account.checkout_open = False


def _subscribe(account: Account, choice: Choice, price: stripe.Price) -> None:
    """One a workspace, by the idempotency key, if we die before we write it down; what was made is found
    by `sync` all the same."""
    tenant = str(account.tenant_id)
    client().v1.subscriptions.create(
        {
            "customer": account.stripe_customer_id or "",
            "items": [{"price": price.id, "quantity": choice.seats}],
            "trial_period_days": choice.plan.trial_days,
            "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
            "metadata": {
                "tenant": tenant,
                CARDLESS: "without a card",
                terms.METADATA: terms.current(choice.plan).digest,
            },
        },
        {"idempotency_key": f"trial-{tenant}-{account.stripe_customer_id}"},
    )


def of(account: Account) -> Subscription | None:
    """The running trial for which no way of paying is kept yet, cancelled or not: it can be bought; None:
    there is none."""
    if account.status != "trialing":
        return None
    rows = Subscription.objects.filter(stripe_id=account.subscription_id or "")
    return rows.filter(status="trialing", payment_method="").first()


def days_left(row: Subscription, *, now: datetime | None = None) -> int:
    """Whole days until the trial ends, the last one counted as 1; 0 when it is over, or none is."""
    if row.trial_end is None:
        return 0
    left = row.trial_end - (now or timezone.now())
    return max(0, -(-left // timedelta(days=1)))


def tell_due(*, now: datetime | None = None) -> None:
    """Mail the owners of workspaces whose trial ends soon, also when Stripe did not tell us so."""
    now = now or timezone.now()
    soon = Subscription.objects.filter(
        status="trialing", trial_end__gt=now, trial_end__lte=now + letters.TOLD_BEFORE
    )
    accounts = {each.subscription_id: each for each in Account.objects.filter(
        subscription_id__in=soon.values("stripe_id")).select_related("tenant")}  # fmt: skip
    for row in soon.iterator():
        if row.stripe_id in accounts:
            with transaction.atomic():
                letters.trial_ends_soon(accounts[row.stripe_id], row, now=now)
