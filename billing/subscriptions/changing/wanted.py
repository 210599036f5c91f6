"""What is asked for, and when it comes: more at once, less when the period that is paid for has ended.

A plan further down the price list, a longer interval and more seats hold at once; a plan further up, a
shorter interval and fewer seats from the next period on, so nobody loses what is paid for and nothing is
paid back. Within a trial all holds at once and costs nothing until its end; a plan that cannot be tried
ends the trial.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import stripe

from billing import catalogue
from billing.models import plan_item
from billing.selling import prices
from billing.selling.forms import Choice
from billing.subscriptions import scheduled
from billing.subscriptions.changing import codes
from billing.subscriptions.changing.codes import Code

When = Literal["now", "period_end", "never"]


class NotNow(Exception):
    """The subscription cannot be changed so at the moment; the text says why, to a person."""


@dataclass(frozen=True)
class Wanted:
    """`when` is "never" where it is there already. `interval_changes`: another period begins with it."""

    choice: Choice
    price: stripe.Price
    code: Code | None
    when: When
    ends_trial: bool
    interval_changes: bool

    @property
    def is_nothing(self) -> bool:
        """Whether it is all there already."""
        return self.when == "never" and self.code is None


def of(current: stripe.Subscription, choice: Choice, *, code: str = "") -> Wanted:
    """What a choice means for a subscription. Raises NotNow, codes.CodeRefused, prices.NotForSale,
    stripe.StripeError."""
    item = item_of(current)
    if current.status in ("unpaid", "paused"):
        raise NotNow("Please pay the open invoice first: then the plan can be changed.")
    price = _price(item, choice)
    when = _when(current, item, choice)
    if current.status == "past_due" and (when == "now" or code):
        raise NotNow("The last payment failed. Please pay it first: then the plan can be changed.")
    if (current.cancel_at or current.cancel_at_period_end) and (when == "period_end" or code):
        raise NotNow("The plan is cancelled. Please keep it first: then it can be changed.")
    found = codes.find(code, current=current, price=price) if code else None
    if found and when == "never" and scheduled.comes(current):
        raise codes.CodeRefused(
            "A change is scheduled, and a code would be lost with it. Please take the change back first, or "
            "use the code once it has come."
        )
    if found and when == "period_end":
        raise codes.CodeRefused(
            "A code counts at once, and this change comes later. Please use it once the change has come."
        )
    trial = current.status == "trialing"
    return Wanted(
        choice=choice,
        price=price,
        code=found,
        when=when,
        ends_trial=trial and when == "now" and not choice.plan.trial_days,
        interval_changes=_interval(item.price) != choice.interval,
    )


def item_of(current: stripe.Subscription) -> stripe.SubscriptionItem:
    """The item that is the plan. Raises ValueError where it is no plan of ours."""
    item = plan_item(current)
    if item is None:
        raise ValueError(f"{current.id} has no item that is a plan of ours.")
    return item


def _price(item: stripe.SubscriptionItem, choice: Choice) -> stripe.Price:
    """Who only changes seats keeps the price that they subscribed at."""
    same = item.price.metadata["plan"] == choice.plan.key
    if same and _interval(item.price) == choice.interval:
        return item.price
    return prices.find(choice.plan, choice.interval, choice.currency)


def _when(current: stripe.Subscription, item: stripe.SubscriptionItem, choice: Choice) -> When:
    plan, interval, seats = item.price.metadata["plan"], _interval(item.price), item.quantity or 1
    if (plan, interval, seats) == (choice.plan.key, choice.interval, choice.seats):
        return "never"
    if current.status == "trialing":
        return "now"
    lower = _rank(choice.plan.key) < _rank(plan)
    fewer = plan == choice.plan.key and interval == choice.interval and choice.seats < seats
    shorter = (interval, choice.interval) == ("year", "month")
    return "period_end" if lower or fewer or shorter else "now"


def _rank(plan_key: str) -> int:
    """The place in the price list; of a plan that has left it, before all."""
    keys = [each.key for each in catalogue.plans()]
    return keys.index(plan_key) if plan_key in keys else -1


def _interval(price: stripe.Price) -> str:
    return price.recurring.interval if price.recurring else ""
