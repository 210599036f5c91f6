"""Usage is counted by the months of the subscription: its anchor is handed to metering.

Stripe keeps the anchor when a plan is changed, so usage goes on; another interval restarts it, and
the running usage period ends with it. Who pays by the year has months from the same anchor. Without
a subscription months are the calendar's.
"""

from __future__ import annotations

from datetime import UTC, datetime

import stripe
from django.utils import timezone

from billing.models import LIVE, plan_item
from metering import periods
from tenants.models import Tenant


def follow(tenant: Tenant, subscription: stripe.Subscription | None) -> None:
    """Give the workspace the months of its subscription, in the current transaction.

    Says the same as often as it is asked; metering notes what is new.
    """
    if subscription is None:
        return
    if subscription.status in LIVE:
        anchor = subscription.billing_cycle_anchor
        periods.set_anchor(tenant, _moment(anchor), since=_moment(_since(subscription)))
    elif subscription.ended_at:
        periods.set_anchor(tenant, None, since=_moment(subscription.ended_at))


def _since(subscription: stripe.Subscription) -> int:
    """When the anchor took force. One in the past did at its own instant; one that lies ahead (the
    end of a trial) with the period that leads up to it."""
    anchor = subscription.billing_cycle_anchor
    item = plan_item(subscription)
    if item is not None and anchor > timezone.now().timestamp():
        return item.current_period_start
    return max(anchor, subscription.start_date)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
