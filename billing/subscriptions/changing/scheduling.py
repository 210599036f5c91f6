"""A change that waits for the end of the period: a schedule at Stripe with two phases.

The first phase is the subscription as it is, the second what it becomes; then the schedule lets go of it.
"""

from __future__ import annotations

from typing import Any

import stripe

from billing.selling import terms
from billing.stripe_client import client
from billing.subscriptions import scheduled
from billing.subscriptions.changing.wanted import Wanted, item_of
from events.steps import step


def schedule(current: stripe.Subscription, wanted: Wanted, *, key: str) -> None:
    """Let the subscription become what is wanted when its period ends; `key` makes it once. A change
    that was scheduled before gives way to this one. Raises stripe.StripeError."""
    id = scheduled.id_of(current) or _begin(current, key)
    step("billing.schedule-begun")
    client().v1.subscription_schedules.update(
        id,
        {
            "end_behavior": "release",
            "metadata": scheduled.metadata(wanted.price, seats=wanted.choice.seats),
            "phases": phases(_fresh(id), current, wanted),
            "proration_behavior": "none",
        },
        {"idempotency_key": f"{key}-phases"},
    )


def phases(
    schedule: stripe.SubscriptionSchedule, current: stripe.Subscription, wanted: Wanted
) -> Any:
    """What is, until the period ends, and then what is wanted for one period."""
    item, on = item_of(current), schedule.current_phase
    start = on.start_date if on else item.current_period_start
    discounts: Any = [{"discount": _id(each)} for each in current.discounts or ()]
    first: dict[str, Any] = {
        "items": [_as_it_is(each) for each in current["items"].data],
        "start_date": start,
        "end_date": item.current_period_end,
        "discounts": discounts or "",
        "proration_behavior": "none",
    }
    if current.trial_end and current.status == "trialing":
        first["trial_end"] = current.trial_end
    second = {
        "items": _after(current, wanted),
        "duration": {"interval": wanted.choice.interval, "interval_count": 1},
        "discounts": discounts or "",
        "proration_behavior": "none",
        "metadata": {terms.METADATA: terms_of(current, wanted)},
    }
    return [first, second]


def terms_of(current: stripe.Subscription, wanted: Wanted) -> str:
    """The usage terms: those of today with another price, else those that it has."""
    metadata = current.metadata
    if item_of(current).price.id == wanted.price.id and metadata and terms.METADATA in metadata:
        return str(metadata[terms.METADATA])
    return terms.current(wanted.choice.plan).digest


def _after(current: stripe.Subscription, wanted: Wanted) -> list[dict[str, Any]]:
    plan = item_of(current)
    others = [each for each in current["items"].data if each.id != plan.id]
    kept = [_as_it_is(each) for each in others]
    return [_item(wanted.price.id, wanted.choice.seats), *kept]


def _as_it_is(item: stripe.SubscriptionItem) -> dict[str, Any]:
    return _item(item.price.id, getattr(item, "quantity", None))  # one of a meter has none


def _item(price: str, quantity: int | None) -> dict[str, Any]:
    return {"price": price} if quantity is None else {"price": price, "quantity": quantity}


def _begin(current: stripe.Subscription, key: str) -> str:
    made = client().v1.subscription_schedules.create(
        {"from_subscription": current.id}, {"idempotency_key": f"{key}-begin"}
    )
    return made.id


def _fresh(id: str) -> stripe.SubscriptionSchedule:
    return client().v1.subscription_schedules.retrieve(id)


def _id(thing: Any) -> str:
    return thing if isinstance(thing, str) else str(thing.id)
