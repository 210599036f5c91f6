"""A workspace has one live subscription: two would be paid for twice."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from uuid import UUID

from django.db.models import Count

from billing.models import LIVE, Subscription
from billing.reconciling.comparers import Found, Scope
from tenants.models import Tenant


def subscriptions(tenant: Tenant, scope: Scope) -> Iterator[Found]:
    """More than one that is live, of a workspace. The pages here make none; what was made by hand at Stripe
    is ended by people, who see which one is meant."""
    rows = Subscription.objects.for_tenant(tenant).filter(status__in=LIVE)
    ids = sorted(rows.values_list("stripe_id", flat=True)[:20])
    if len(ids) > 1:
        what = f"Live subscriptions ({', '.join(ids)})"
        yield Found(key="live", what=what[:300], expected=1, found=len(ids))


def with_more_than_one(scope: Scope, ids: Collection[UUID]) -> Collection[UUID]:
    """Which of these workspaces have more than one."""
    rows = Subscription.objects.filter(status__in=LIVE, tenant__in=ids).values("tenant")
    return set(rows.annotate(n=Count("pk")).filter(n__gt=1).values_list("tenant", flat=True))
