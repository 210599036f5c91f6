"""A trial that ends later than it would have: at Stripe, for a workspace that tries a plan now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import stripe
from django.db import transaction
from django.utils import timezone

from billing.entitlements import NotGranted
from billing.models import Account, Subscription, TrialExtension
from billing.stripe_client import client
from billing.subscriptions import subscription
from identity.models import User
from tenants import audit
from tenants.models import Tenant

_AT_ONCE = timedelta(minutes=1)


def running(account: Account) -> Subscription | None:
    """The trial that could be made longer; None: the workspace tries nothing at the moment."""
    if account.status != "trialing" or not account.subscription_id:
        return None
    return (
        Subscription.objects.for_tenant(account.tenant)
        .filter(stripe_id=account.subscription_id, status="trialing", trial_end__isnull=False)
        .first()
    )


def begin(
    tenant: Tenant, *, until: datetime, reason: str, by: User | None, now: datetime
) -> TrialExtension:
    """Write it down, with its line in the audit log, in the current transaction. Raises NotGranted."""
    account = Account.objects.locked(Account.objects.of(tenant).pk)
    row = running(account)
    if row is None or row.trial_end is None:
        raise NotGranted("This workspace has no trial to make longer.")
    if row.cancel_at is not None:
        raise NotGranted(f"It was cancelled, and ends on {row.cancel_at:%-d %B %Y}. Keep it first.")
    if until <= row.trial_end:
        raise NotGranted(f"The trial goes on until {row.trial_end:%-d %B %Y} already.")
    made = TrialExtension.objects.create(
        tenant=tenant, subscription_id=row.stripe_id, was=row.trial_end, ends_at=until,
        reason=reason, by=by, given_at=now,
    )  # fmt: skip
    audit.note(tenant, "trial.extended", by=by, target=row.plan_key,
               details={"until": until.isoformat(), "reason": reason})  # fmt: skip
    return made


def make(row: TrialExtension) -> None:
    """Bring it to Stripe; safe to repeat. Raises stripe.StripeError."""
    with transaction.atomic():
        account = Account.objects.locked(Account.objects.of(row.tenant).pk)
        row.refresh_from_db()
        if row.done_at is not None or row.is_over or row.revoked_at is not None:
            return
        current = client().v1.subscriptions.retrieve(row.subscription_id)
        if current.status != "trialing":
            row.refused, row.is_over = "The trial had ended before.", True
        else:
            _set_end(current, row.ends_at)
            row.done_at = timezone.now()
        row.save(update_fields=["done_at", "refused", "is_over"])
    subscription.sync(account, origin=Account.Origin.CHECK)


def take_back(row: TrialExtension) -> None:
    """When it was revoked: the trial ends when it would have, or now where that is past. One that came
    to its end has nothing to give back. Safe to repeat. Raises stripe.StripeError."""
    with transaction.atomic():
        account = Account.objects.locked(Account.objects.of(row.tenant).pk)
        row.refresh_from_db()
        if row.is_over:
            return
        if row.revoked_at is not None:
            current = client().v1.subscriptions.retrieve(row.subscription_id)
            # Another change of its end is not undone.
            if current.status == "trialing" and _end(current) == row.ends_at.replace(microsecond=0):
                _set_end(current, row.was)
        row.is_over = True
        row.save(update_fields=["is_over"])
    subscription.sync(account, origin=Account.Origin.CHECK)


def _set_end(current: stripe.Subscription, until: datetime) -> None:
    """To set the same end again changes nothing, so no idempotency key is needed. What is past is in a
    minute: "now" is refused for a trial without a card, whose end nobody could pay."""
    end = max(until, timezone.now() + _AT_ONCE)
    client().v1.subscriptions.update(
        current.id, {"trial_end": int(end.timestamp()), "proration_behavior": "none"}
    )


def _end(current: stripe.Subscription) -> datetime | None:
    return datetime.fromtimestamp(current.trial_end, UTC) if current.trial_end else None
