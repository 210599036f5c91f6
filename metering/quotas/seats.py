"""A workspace that is full takes nobody else in.

Members are rows of the primary database, so they are counted there, under a lock and in the
transaction that adds one; the seats meter shows and bills the same changes.
"""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from metering.definitions.catalogue import meters
from metering.quotas import limits
from metering.quotas.decision import decide
from tenants.members import SeatRefused
from tenants.models import Membership, Tenant
from tenants.signals import seat_requested

METER = "seats"  # limited where the product's catalogue has such a meter


@receiver(seat_requested)
def refuse_without_a_seat(*, tenant: Tenant, take: bool, **_: Any) -> None:
    """Raises SeatRefused, in words. `take`: somebody joins now; else it is only asked."""
    meter = meters().get(METER)
    if meter is None:
        return
    if take:  # two who join at once come one after the other
        Tenant.objects.select_for_update(no_key=True).only("pk").get(pk=tenant.pk)
    taken = Membership.objects.for_tenant(tenant).count()
    limit = limits.of(tenant)[METER]
    decision = decide(meter, limit=limit, used=taken, amount=1, resets_at=None)
    if not decision.allowed:
        raise SeatRefused(decision.reason)
