"""A workspace's subscription: brought up to date from Stripe, cancelled, resumed.

Stripe holds the truth. `sync` asks for it and writes it down; return page, webhook and periodic
check all call it, so neither the order nor the number of calls matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import stripe
from django.db import transaction
from django.utils import timezone

import events
from billing import catalogue, entitlements
from billing.event_types import PLAN_CHANGED, SUBSCRIPTION_CANCELED, SUBSCRIPTION_RESUMED
from billing.models import FAILING, LIVE, Account, is_own_trial, plan_item
from billing.revenue import movements
from billing.stripe_client import client
from billing.subscriptions import (
    cancelling,
    customers,
    cycles,
    dunning,
    intent,
    invoices,
    letters,
    owing,
    projection,
    scheduled,
    telling,
)
from events.steps import step
from identity.models import User
from identity.persons import person_of
from tenants import audit

_NEWEST = 20  # subscriptions of one customer that are looked at; two is already unusual


class NoSubscription(Exception):
    """There is nothing to change, cancel or resume."""


class OnlyTried(Exception):
    """A trial without a card is not changed into another plan, which nobody would pay: it is bought."""


@transaction.atomic
def sync(account: Account, *, origin: Account.Origin, by: User | None = None) -> Account:
    """Write down what Stripe says now, set the limits, record what changed. Returns the account.

    `by` is who did it here; None: we heard of it from Stripe.

    The row is locked before Stripe is asked: an older answer never overwrites a newer one.
    Raises stripe.StripeError, and then nothing has changed.
    """
    account = Account.objects.locked(account.pk)
    ours = [scheduled.settled(each) for each in _ours(account.stripe_customer_id)]
    found = _that_counts(ours)
    step("billing.asked")
    if found is None or found.status not in LIVE:
        customers.forget_deleted(account)
        account.refresh_from_db()
    plan_before, cancel_before = account.plan_key, account.cancel_at
    period_before, status_before = account.current_period_end, account.status
    before, owed = dunning.Before.of(account), owing.of(account, found)
    account.adopt(found)
    account.bear(owed)
    if account.grace_ended:
        account.bear(owed := owing.without_what_was_not_had(account, owed, found))
    account.updated_from = origin
    account.must_ask, account.tries, account.trouble = False, 0, ""
    account.save()
    if account.tenant.purged_at is not None:
        movements.close(account.tenant)
        return account  # nothing is left that limits, months or events could be about
    was, row_before = projection.before(found), telling.before(found.id if found else None)
    rows = {each.id: projection.write(account, each) for each in _without_superseded(ours, found)}
    row = rows[found.id] if found is not None else None
    if not rows:
        projection.end_unknown(account)
    movements.note(account, rows.values())
    cycles.follow(account.tenant, found)
    entitlements.apply(account)
    if plan_before != account.plan_key != catalogue.first_plan_key():
        entitlements.begin_to_pay(account)
    if account.has_subscription:
        intent.forget(account.tenant)
    by_money = dunning.explains(before, account, found)
    _record_changes(
        account, plan_before=plan_before, cancel_before=cancel_before, by=by, found=found,
        by_money=by_money, had=before.subscription_id is not None,
    )  # fmt: skip
    if row is not None:
        telling.differences(account, row_before, row, by=by)
    dunning.follow(account, before=before, owed=owed, found=found)
    if account.is_behind and before.since is None and status_before not in FAILING:
        letters.payment_is_due(account)
    if row is not None and found is not None:
        letters.trial_ends_soon(account, row)
        if was not in (None, projection.paid_by(row)) and projection.is_moved(found):
            audit.note(account.tenant, "subscription.moved", by=None, target=row.plan_key)
            letters.moved(account, row)
    if found is not None and account.current_period_end != period_before:
        invoices.record_if_paid(found.latest_invoice, account=account)
    step("billing.written")
    return account


def cancel(account: Account, *, by: User | None = None) -> Account:
    """Let the subscription end with the period that is paid for; a change that was scheduled for then
    gives way. Raises NoSubscription, stripe.StripeError."""
    return _set_cancel(account, at_period_end=True, by=by)


def resume(account: Account, *, by: User | None = None) -> Account:
    """Take a cancellation back before it happens. Raises as `cancel`."""
    return _set_cancel(account, at_period_end=False, by=by)


def _set_cancel(account: Account, *, at_period_end: bool, by: User | None) -> Account:
    current = scheduled.settled(_changeable(account))
    if at_period_end:
        scheduled.release(current)
        client().v1.subscriptions.update(current.id, {"cancel_at_period_end": True})
    elif said := cancelling.taken_back(current):
        kept: Any = said
        client().v1.subscriptions.update(current.id, kept)
    return sync(account, origin=Account.Origin.PAGE, by=by)


def _changeable(account: Account) -> stripe.Subscription:
    current = newest(account.stripe_customer_id)
    if current is None or current.status not in LIVE:
        sync(account, origin=Account.Origin.PAGE)  # it ended, and we have not heard of it yet
        raise NoSubscription
    return current


def newest(customer_id: str | None) -> stripe.Subscription | None:
    """The customer's live subscription to a plan of ours, or the newest that has ended, or None.

    Others, which somebody made by hand at Stripe, are none of our business. Raises stripe.StripeError.
    """
    return _that_counts(_ours(customer_id))


def _that_counts(ours: Sequence[stripe.Subscription]) -> stripe.Subscription | None:
    # Stripe lists the newest first; max() keeps the first of equals.
    return max(ours, key=lambda one: one.status in LIVE, default=None)


def _without_superseded(
    ours: Sequence[stripe.Subscription], counts: stripe.Subscription | None
) -> Iterator[stripe.Subscription]:
    """As they are once a trial of ours is ended that was begun without paying, and then bought."""
    for one in ours:
        if counts is None or one.id == counts.id or not is_own_trial(one):
            yield one
        else:
            yield client().v1.subscriptions.cancel(one.id)


def _ours(customer_id: str | None) -> list[stripe.Subscription]:
    if customer_id is None:
        return []
    try:
        found = client().v1.subscriptions.list(
            {
                "customer": customer_id,
                "status": "all",
                "limit": _NEWEST,
                "expand": projection.EXPAND,
            }
        )
    except stripe.InvalidRequestError:
        if customers.is_deleted(customer_id):
            return []
        raise
    return [one for one in found.data if plan_item(one) is not None]


def _record_changes(
    account: Account,
    *,
    plan_before: str,
    cancel_before: datetime | None,
    by: User | None,
    found: stripe.Subscription | None,
    by_money: bool,
    had: bool,
) -> None:
    """As events, in the audit log, and by mail to the owners; `by_money`: of the plan another mail tells;
    `had`: there was a subscription, whose plan may have been lost before."""
    tenant, person = account.tenant, person_of(by) if by else None
    plan_changed = account.plan_key != plan_before
    if plan_changed:
        change = {"from": plan_before, "to": account.plan_key}
        audit.note(tenant, "plan.changed", by=by, details=change)
        said = {
            **change, "interval": account.interval or None, "status": account.status or None
        }  # fmt: skip
        events.record_with_row(PLAN_CHANGED.name, tenant=tenant, person=person, properties=said)
        if not by_money:
            letters.plan_changed(account, before=plan_before, by=by, event=said)
    ended_at_once = had and not account.has_subscription and cancel_before is None
    item = plan_item(found) if found is not None else None
    plan_before = item.price.metadata["plan"] if item is not None else plan_before
    if (account.cancel_at and not cancel_before) or ended_at_once:
        ends_at = (account.cancel_at or timezone.now()).isoformat()
        said = {"plan": plan_before, "ends_at": ends_at, **cancelling.why(found)}
        if ends := account.cancel_at:
            letters.canceled(account, plan=plan_before, ends_at=ends, by=by, event=said)
        details = {"ends": ends_at, **{k: v for k, v in cancelling.why(found).items() if v}}
        audit.note(tenant, "subscription.canceled", by=by, details=details)
        events.record_with_row(
            SUBSCRIPTION_CANCELED.name,
            tenant=tenant,
            person=person,
            properties=said,
        )
    if cancel_before and account.has_subscription and not account.cancel_at:
        audit.note(tenant, "subscription.resumed", by=by, target=plan_before)
        letters.resumed(account, plan=plan_before, by=by, event={"plan": plan_before})
        events.record_with_row(
            SUBSCRIPTION_RESUMED.name,
            tenant=tenant,
            person=person,
            properties={"plan": plan_before},
        )
