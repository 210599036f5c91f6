"""A subscription follows its workspace: cancelled when that is deleted, kept when it is brought back.

Stripe is asked after the commit, in a worker; the periodic check makes good what was missed. Cancelled
means, as on the billing page: it ends with the period that is paid for. Who brings the workspace back
before has the plan as it was; after that, the free one.
"""

from __future__ import annotations

from contextlib import suppress

from django.db.models import F, Q, QuerySet

from billing import failures
from billing.models import Account
from billing.subscriptions import open_checkout, subscription
from tenants.models import Status

_GONE = frozenset({Status.DELETED, Status.PURGING})


def unsettled() -> QuerySet[Account]:
    """Accounts whose subscription is not yet as their workspace's state wants it."""
    gone = Q(tenant__status__in=_GONE)
    goes_on = Q(cancel_at=None) | Q(cancel_at__gt=F("current_period_end"))
    to_end = gone & (Q(checkout_open=True) | Q(subscription_id__isnull=False) & goes_on)
    to_keep = ~gone & Q(ends_with_workspace=True)
    return Account.objects.filter(to_end | to_keep)


def follow(account: Account) -> None:
    """Make the subscription what the workspace's state wants; safe to repeat.

    Raises stripe.StripeError, and then a later call goes on.
    """
    account = Account.objects.select_related("tenant").get(pk=account.pk)
    if account.tenant.status in _GONE:
        _end(account)
    elif account.ends_with_workspace:
        _keep(account)


def follow_all() -> int:
    """Settle all that are not; returns how many were tried. A failure waits for the next run."""
    rows = unsettled().filter(tries__lt=Account.MOST_TRIES)
    return failures.each(rows.iterator(), follow, what="billing.life_failed")


def _end(account: Account) -> None:
    if account.checkout_open:
        open_checkout.close_open(account)
        account = subscription.sync(account, origin=Account.Origin.CHECK)
    if not account.has_subscription or account.ends_with_period:
        return
    # Noted before Stripe is asked: who had cancelled themselves does not get the plan back.
    Account.objects.filter(pk=account.pk).update(ends_with_workspace=True)
    with suppress(subscription.NoSubscription):
        subscription.cancel(account)


def _keep(account: Account) -> None:
    if account.has_subscription:
        with suppress(subscription.NoSubscription):  # it ended in the meantime
            subscription.resume(account)
    Account.objects.filter(pk=account.pk).update(ends_with_workspace=False)
