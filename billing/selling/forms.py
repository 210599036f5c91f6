"""What a person chooses: a plan, how often to pay for it, in which currency, and for how many seats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from billing import catalogue
from billing.catalogue import INTERVALS, Interval, Plan

MOST_SEATS = 10_000


class NotOffered(ValueError):
    """The choice is not on the price list."""


class WrongSeats(NotOffered):
    """So many seats cannot be bought; the text says why, in words for the person."""


@dataclass(frozen=True)
class Choice:
    """`seats` is 1 for a plan that is not sold per seat."""

    plan: Plan
    interval: Interval
    currency: str
    seats: int = 1


def choice(data: Mapping[str, str], *, currency: str = "", members: int = 1) -> Choice:
    """The plan, interval, currency and seats in a form or query. Raises NotOffered.

    `currency`: the one that the workspace pays in for good; the form's does not matter then. `members`:
    so many have a seat, which is what is bought when the form does not say, and never fewer.
    """
    key, interval = data.get("plan", ""), data.get("interval", "month")
    for plan in catalogue.plans():
        offered = next((each for each in plan.prices if each == interval), None)
        if plan.key == key and plan.for_sale and offered is not None:
            paid_in = currency or data.get("currency") or plan.currency
            if paid_in not in plan.amounts(offered):
                raise NotOffered(f"{key} in {paid_in}")
            return Choice(plan, offered, paid_in, _seats(data.get("seats", ""), plan, members))
    raise NotOffered(f"{key} by the {interval}")


def interval(data: Mapping[str, str], *, default: str) -> Interval:
    """The interval that the page should show; month when it makes no sense."""
    wanted = data.get("interval", default)
    return wanted if wanted in INTERVALS else "month"


def currency(data: Mapping[str, str], *, fixed: str = "") -> str:
    """The currency that the page should show: the workspace's for good, else the one that is asked for,
    else the first of the catalogue."""
    sold = catalogue.currencies()
    wanted = fixed or data.get("currency", "")
    return wanted if wanted in sold or fixed else next(iter(sold), "usd")


def _seats(text: str, plan: Plan, members: int) -> int:
    if not plan.per_seat:
        return 1
    least = max(plan.least_seats, members)
    if not text:
        return least
    try:
        seats = int(text)
    except ValueError:
        raise WrongSeats("Please say how many seats as a number.") from None
    if seats < members:
        raise WrongSeats(f"{members} people are in this workspace: each needs a seat.")
    if not least <= seats <= MOST_SEATS:
        raise WrongSeats(f"{plan.name} is sold with {least} to {MOST_SEATS:,} seats.")
    return seats
