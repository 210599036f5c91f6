"""What the billing page offers beside the plans: what is scheduled, other seats, a promotion code."""

from __future__ import annotations

from dataclasses import dataclass

from billing import catalogue
from billing.models import Account, Subscription
from billing.selling.forms import MOST_SEATS
from billing.subscriptions import telling

_CHANGED = ("active", "trialing", "past_due")


@dataclass(frozen=True)
class Adjust:
    """`scheduled` says what comes when the period ends ("": nothing does). `seats` is what a form offers
    (0: no seats are bought), `code`: whether one can be used. The rest are the form's fields."""

    scheduled: str
    seats: int
    least_seats: int
    most_seats: int
    code: bool
    plan_key: str
    interval: str
    currency: str


def of(account: Account, row: Subscription | None, *, members: int) -> Adjust | None:
    """From our own rows; None where there is no subscription that could be changed."""
    if row is None or not account.has_subscription or account.status not in _CHANGED:
        return None
    try:
        plan = catalogue.plan(row.plan_key)
    except KeyError:
        return None
    tried = account.status == "trialing" and not row.payment_method
    scheduled = "" if row.scheduled_at is None else _words(row, plan)
    return Adjust(
        scheduled=scheduled,
        seats=row.quantity if plan.per_seat and not tried else 0,
        least_seats=max(plan.least_seats, members),
        most_seats=MOST_SEATS,
        code=not (tried or row.discounts or scheduled or account.cancel_at)
        and account.status != "past_due",
        plan_key=row.plan_key,
        interval=row.interval,
        currency=row.currency,
    )


def _words(row: Subscription, plan: catalogue.Plan) -> str:
    """Like "Team until 31 December 2026, then Pro for $29.00 a month."."""
    until = f"{plan.name} until {row.scheduled_at:%-d %B %Y}"
    if not row.scheduled_plan_key:
        return f"{until}. Then our payment provider changes it."
    if row.scheduled_plan_key == row.plan_key:
        seats = f" with {row.quantity:,} seats" if plan.per_seat else ""
        paid = f" by the {row.interval}" if row.scheduled_interval != row.interval else ""
        until = f"{plan.name}{seats}{paid} until {row.scheduled_at:%-d %B %Y}"
    return f"{until}, then {telling.scheduled_words(row)}."
