"""What keeps plans and bills right when nothing comes: no webhook, no return, a tab closed in
mid-payment, a process killed between two steps."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from billing import entitlements, exporting, failures, granting, money, webhooks
from billing.exporting import meter_events
from billing.models import Account, UsageInvoice
from billing.money import refunding
from billing.paying import trial_cards
from billing.subscriptions import dunning, life, open_checkout, subscription, trials
from billing.usage import usage_charges


def ask_stripe(*, now: datetime | None = None) -> int:
    """Bring every account up to date about which Stripe should have told us something by now, and
    those whose workspace was deleted or brought back.

    Returns how many were asked about. A failure, of whichever kind, leaves that account for the next
    run, and only that one.
    """
    unsettled = Account.objects.unsettled(now=now or timezone.now())
    entitlements.end_due(now=now)
    trials.tell_due(now=now)
    dunning.tell_due(now=now)
    webhooks.work_off()
    webhooks.tidy(now=now)
    asked = ask_about(unsettled) + life.follow_all()
    # What nobody's plan depends on comes last.
    refunding.settle_unsure(now=now)
    granting.settle_due(now=now)
    money.follow_due(now=now)
    return asked


def work_off_inbox() -> int:
    """Settle what Stripe has told us, until nothing is due or the round is full; returns how much."""
    return webhooks.work_off()


def ask_about(accounts: QuerySet[Account]) -> int:
    """Bring these up to date. What fails is noted with the account; returns how many there were."""
    return failures.each(accounts.iterator(), _ask_about, what="billing.check_failed")


def _ask_about(account: Account) -> None:
    trial_cards.take_up(account)
    account = subscription.sync(account, origin=Account.Origin.CHECK)
    open_checkout.forget_expired(account)


def follow_life(tenant: str) -> None:
    """Cancel or keep the subscription of one workspace (its id). Raises stripe.StripeError."""
    for account in life.unsettled().filter(tenant_id=UUID(tenant)):
        life.follow(account)


def bill_usage(tenant: str | None = None) -> int:
    """Bill what is stated and not billed yet, of one workspace (its id) or of all.

    Returns how many invoices were finalized. A failure leaves that workspace for the next run.
    """
    finalized = 0

    def bill(account: Account) -> None:
        nonlocal finalized
        finalized += exporting.bring(account.tenant)

    wanted = [UUID(tenant)] if tenant else _with_something_to_bill()
    # Of purged workspaces, too: what they used is owed.
    rows = Account.objects.filter(tenant__in=wanted, tries__lt=Account.MOST_TRIES)
    accounts = rows.select_related("tenant")
    failures.each(accounts, bill, what="billing.usage_not_billed")
    return finalized


def _with_something_to_bill() -> list[UUID]:
    unasked = UsageInvoice.objects.filter(
        finalized_at=None, tenant__billing_account__stripe_customer_id__isnull=False
    )
    waiting = (
        usage_charges.uncharged_statements(),
        usage_charges.uncharged_adjustments(),
        unasked,
        meter_events.going(),
    )
    found = (pk for rows in waiting for pk in rows.values_list("tenant_id", flat=True).distinct())
    return list(dict.fromkeys(found))
