"""What a schedule at Stripe will make of a subscription: as the projection keeps it, and taken back.

A phase names a price, and nothing that could be expanded there says which plan that is: we write it into
the schedule's metadata, with the price that it is about. Of a schedule that was made by hand at Stripe only
the day is known.

A schedule that an upgrade has made pointless is named in the metadata of the subscription by the request
that upgrades, and released by whoever sees that next: so no crash leaves a downgrade behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import stripe

from billing.models import LIVE
from billing.stripe_client import client

RELEASES = "releases"  # metadata key of a subscription: the schedule that is to let go of it
_NOTHING: Mapping[str, Any] = {
    "scheduled_at": None,
    "scheduled_plan_key": "",
    "scheduled_interval": "",
    "scheduled_quantity": None,
    "scheduled_amount": None,
}


def metadata(price: stripe.Price, *, seats: int) -> dict[str, str]:
    """What we write with a schedule, for `fields` to find."""
    recurring = price.recurring
    return {
        "price": price.id,
        "plan": price.metadata["plan"],
        "interval": recurring.interval if recurring else "",
        "amount": "" if price.unit_amount is None else str(price.unit_amount),
        "seats": str(seats),
    }


def said_by(schedule: stripe.SubscriptionSchedule | str | None) -> dict[str, str]:
    """What `metadata` wrote with a schedule; nothing where it was made by hand, or there is none."""
    written: Any = None if schedule is None or isinstance(schedule, str) else schedule.metadata
    return {str(key): str(value) for key, value in (written or {}).items()}


def fields(schedule: stripe.SubscriptionSchedule | str | None) -> dict[str, Any]:
    """The row's columns: what comes next, or that nothing does."""
    if schedule is None or isinstance(schedule, str) or schedule.current_phase is None:
        return dict(_NOTHING)
    on = schedule.current_phase
    following = [each for each in schedule.phases if each.start_date >= on.end_date]
    if not following:
        return dict(_NOTHING)
    phase = min(following, key=lambda each: each.start_date)
    said: dict[str, Any] = {
        **_NOTHING,
        "scheduled_at": datetime.fromtimestamp(phase.start_date, UTC),
    }
    ours = said_by(schedule)
    items = {_price(each): getattr(each, "quantity", None) or 1 for each in phase["items"]}
    if ours.get("price") not in items:
        return said
    amount = ours.get("amount", "")
    return {
        **said,
        "scheduled_plan_key": ours.get("plan", "")[:40],
        "scheduled_interval": ours.get("interval", "")[:10],
        "scheduled_quantity": items[ours["price"]],
        "scheduled_amount": int(amount) if amount.isdigit() else None,
    }


def comes(current: stripe.Subscription) -> bool:
    """Whether something is scheduled. A schedule in its last phase changes nothing any more."""
    return fields(current.schedule)["scheduled_at"] is not None


def id_of(current: stripe.Subscription) -> str:
    """The schedule that the subscription has; "" for none."""
    schedule = current.schedule
    return "" if schedule is None else schedule if isinstance(schedule, str) else schedule.id


def settled(current: stripe.Subscription) -> stripe.Subscription:
    """The subscription without the schedule that it has outgrown, if there is one. Raises
    stripe.StripeError."""
    schedule, metadata = id_of(current), current.metadata
    outgrown = metadata[RELEASES] if metadata and RELEASES in metadata else ""
    if schedule and schedule == outgrown and current.status in LIVE:
        client().v1.subscription_schedules.release(schedule)
        current["schedule"] = None
    return current


def release(current: stripe.Subscription) -> bool:
    """Take the scheduled change back. False: nothing was scheduled. Raises stripe.StripeError."""
    if not id_of(current):
        return False
    client().v1.subscription_schedules.release(id_of(current))
    return True


def _price(item: Any) -> str:
    return item.price if isinstance(item.price, str) else str(item.price.id)
