"""Usage by Stripe's meters: items on the subscription, an event an hour, and the draft that waits."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from billing import catalogue
from billing.models import LIVE, Account, MeteredPeriod


def going() -> QuerySet[Account]:
    """Accounts whose usage goes by meters, or has a period that did and is not billed yet."""
    plans = [plan.key for plan in catalogue.plans() if plan.usage_by == "meter_events"]
    now = Q(plan_key__in=plans, interval="month", status__in=LIVE)
    open_periods = MeteredPeriod.objects.filter(state=MeteredPeriod.State.OPEN)
    return Account.objects.filter(now | Q(tenant__in=open_periods.values("tenant")))
