"""What a schedule at Stripe will make of a subscription, as the projection keeps it.

A phase names a price, and nothing that could be expanded there says which plan that is: we write it into
the schedule's metadata, with the price that it is about. Of a schedule that was made by hand at Stripe only
the day is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import stripe

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


def fields(schedule: stripe.SubscriptionSchedule | str | None) -> dict[str, Any]:
    """The row's columns: what comes next, or that nothing does."""
    if schedule is None or isinstance(schedule, str) or schedule.current_phase is None:
        return dict(_NOTHING)
    on = schedule.current_phase
    following = [each for each in schedule.phases if each.start_date >= on.end_date]
    if not following:
        return dict(_NOTHING)
    phase = min(following, key=lambda each: each.start_date)
    said = {**_NOTHING, "scheduled_at": datetime.fromtimestamp(phase.start_date, UTC)}
    ours = dict(schedule.metadata or {})
    items = {_price(each): each.quantity or 1 for each in phase["items"]}
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


def _price(item: Any) -> str:
    return item.price if isinstance(item.price, str) else str(item.price.id)
