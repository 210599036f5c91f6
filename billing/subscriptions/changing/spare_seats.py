"""Seats that are paid for, and that nobody sits on."""

from __future__ import annotations

from urllib.parse import urlencode

from billing import catalogue
from billing.models import Account, Subscription
from tenants.members import SeatOffer
from tenants.models import Tenant


def offer(tenant: Tenant, *, members: int) -> SeatOffer | None:
    """To buy fewer, from our own rows; None where none are spare, or it is scheduled already."""
    account = Account.objects.for_tenant(tenant).first()
    if account is None or account.status not in ("active", "trialing"):
        return None
    rows = Subscription.objects.filter(stripe_id=account.subscription_id or "")
    row = rows.filter(cancel_at=None, scheduled_at=None).first()
    plan = next((each for each in catalogue.plans() if row and each.key == row.plan_key), None)
    if row is None or plan is None or not plan.per_seat:
        return None
    wanted = max(members, plan.least_seats)
    spare = row.quantity - wanted
    if spare <= 0:
        return None
    people = "one person is" if members == 1 else f"{members:,} people are"
    query = urlencode({"plan": plan.key, "interval": row.interval, "seats": wanted})
    return SeatOffer(
        text=f"{row.quantity:,} seats are paid for, and {people} here.",
        label="Give a seat back" if spare == 1 else f"Give {spare:,} seats back",
        path=f"/billing/change/?{query}",
    )
