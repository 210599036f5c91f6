"""What people are told while a payment is missing: the last notice, the loss of the plan, its return.

Each attempt that fails has its mail in `invoices.note_if_unpaid`. All of them go once, by the fact that
they name, whoever finds it first: a webhook, a page or the periodic check.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import stripe
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from billing import catalogue
from billing.models import Account, Owed
from billing.subscriptions import invoices, payment_letters
from tenants import audit

LAST_NOTICE = timedelta(days=3)  # before the plan is lost


@dataclass(frozen=True)
class Before:
    """How it stood before Stripe was asked."""

    plan_key: str
    since: datetime | None
    grace_ended: bool
    subscription_id: str | None

    @classmethod
    def of(cls, account: Account) -> Before:
        return cls(
            account.plan_key, account.past_due_since, account.grace_ended, account.subscription_id
        )


def explains(before: Before, account: Account, found: stripe.Subscription | None) -> bool:
    """Whether money is why the plan changed: then the mails here say so, and no other does."""
    if before.plan_key == account.plan_key:
        return False
    lost = account.grace_ended and not before.grace_ended
    back = before.grace_ended and not account.grace_ended and account.has_subscription
    return lost or back or _given_up(before, found)


def follow(
    account: Account, *, before: Before, owed: Owed, found: stripe.Subscription | None
) -> None:
    """Tell what has come of it, in the transaction that writes it down."""
    for invoice in owed.invoices:  # also those of which no webhook told us
        asks = invoice.id in owed.asking
        invoices.keep(invoice)
        invoices.note_if_unpaid(invoice, account=account, asks=asks)
    if account.grace_ended and not before.grace_ended:
        _lost(account, since=account.past_due_since or owed.asked_at, plan=before.plan_key)
    elif _given_up(before, found) and before.plan_key != account.plan_key:
        _lost(account, since=before.since or owed.asked_at, plan=before.plan_key)
    elif before.since and not account.is_behind and _is_paid(before, account):
        was_lost = before.grace_ended
        details = {"owed_since": before.since.isoformat()}
        audit.note(account.tenant, "payment.recovered", by=None, details=details)
        payment_letters.recovered(account, since=before.since, was_lost=was_lost)
    else:
        tell_last_notice(account, now=owed.asked_at)


def tell_due(*, now: datetime | None = None) -> int:
    """Mail the last notice of all that is due, also where Stripe says nothing for days; returns how many
    workspaces are within these days."""
    now = now or timezone.now()
    told = 0
    for account in _near_the_end(now).select_related("tenant").iterator():
        with transaction.atomic():
            tell_last_notice(account, now=now)
        told += 1
    return told


def tell_last_notice(account: Account, *, now: datetime) -> None:
    """Within three days of the end of grace, once for one failure; else nothing."""
    ends_at = account.grace_ends_at
    if ends_at is None or account.grace_ended:
        return
    is_near = ends_at - now <= min(LAST_NOTICE, catalogue.rules().grace / 2)
    if is_near and ends_at > now:
        payment_letters.last_notice(account, ends_at=ends_at)


def _near_the_end(now: datetime) -> QuerySet[Account]:
    grace = catalogue.rules().grace
    return Account.objects.filter(
        subscription_id__isnull=False,
        grace_ended=False,
        past_due_since__gt=now - grace,
        past_due_since__lte=now - grace + min(LAST_NOTICE, grace / 2),
        tenant__purged_at=None,
    )


def _is_paid(before: Before, account: Account) -> bool:
    """Rather than gone with a subscription that has just ended."""
    return account.has_subscription or before.subscription_id is None


def _given_up(before: Before, found: stripe.Subscription | None) -> bool:
    """Whether Stripe ended the subscription because nobody paid ("cancellation_details.reason")."""
    if found is None or found.status != "canceled" or found.id != before.subscription_id:
        return False
    details = found.cancellation_details
    return details is not None and details.reason == "payment_failed"


def _lost(account: Account, *, since: datetime, plan: str) -> None:
    audit.note(account.tenant, "plan.lost", by=None, target=plan,
               details={"owed_since": since.isoformat()})  # fmt: skip
    payment_letters.lost(account, since=since, plan=plan)
