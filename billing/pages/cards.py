"""The price list as a workspace sees it: each plan with what it costs and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from billing import catalogue
from billing.catalogue import Interval, Plan
from billing.models import Account, Subscription
from billing.selling import pricing
from billing.selling.forms import Choice
from billing.subscriptions import trials
from metering import wording


@dataclass(frozen=True)
class PlanCard:
    """One plan of the price list as this workspace sees it. Without a `label` it has no button.
    `changes`: it leads to the change of a subscription, not to the first payment.

    `seats` is what a form asks for (0: nothing), `try_label` a second button, for the trial.
    """

    plan: pricing.PublicPlan
    price: str
    period: str
    is_current: bool
    label: str
    note: str
    seats: int
    least_seats: int
    try_label: str
    changes: bool


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool


@dataclass(frozen=True)
class Shown:
    """What the page is about: a workspace, and how it would pay."""

    account: Account
    row: Subscription | None
    interval: Interval
    currency: str
    members: int
    is_tried: bool = False  # a plan is tried, and no way of paying is kept


def of(plan: Plan, shown: Shown) -> PlanCard:
    """The card of a plan."""
    account, interval = shown.account, shown.interval
    same_plan = plan.key == account.plan_key
    is_current = same_plan and (plan.is_free or account.interval == interval)
    is_current &= not (shown.is_tried and same_plan)  # it can be bought
    label = "" if is_current or plan.is_free else _label(plan, account, interval)
    least = max(plan.least_seats, shown.members)
    had = shown.row.quantity if shown.row and same_plan else 0
    seats = max(least, had) if plan.per_seat and label else 0
    return PlanCard(
        plan=pricing.public(plan, shown.currency),
        price=_price(plan, shown),
        period=_period(plan, interval),
        is_current=is_current,
        label=label,
        note=_free_note(account) if plan.is_free and not is_current else _scheduled(plan, shown),
        seats=seats,
        least_seats=least,
        try_label=_try_label(plan, shown) if label else "",
        changes=shown.account.has_subscription and not shown.is_tried,
    )


def interval_tabs(shown: Shown) -> Sequence[Tab]:
    """By the month, or by the year."""
    words: Mapping[Interval, str] = {"month": "Monthly", "year": "Yearly"}
    return [
        Tab(label, _query(shown, interval=key), shown.interval == key)
        for key, label in words.items()
    ]


def currency_tabs(shown: Shown) -> Sequence[Tab]:
    """The currencies, while there is a choice: none once the workspace pays in one."""
    sold = catalogue.currencies()
    if shown.account.pays_in or len(sold) < 2:
        return []
    return [
        Tab(each.upper(), _query(shown, currency=each), shown.currency == each) for each in sold
    ]


def price_of(choice: Choice) -> str:
    """Like "$29 a month", or "$60 a month for 5 seats"."""
    seats = f" for {choice.seats:,} seats" if choice.plan.per_seat else ""
    return f"{cost_of(choice)} a {choice.interval}{seats}"


def cost_of(choice: Choice) -> str:
    """Like "$29": what an interval costs with all seats."""
    cost = choice.plan.cost(choice.interval, choice.currency, seats=choice.seats)
    return wording.money_in_words(cost, choice.currency, short=True)


def price_now(row: Subscription, plan: Plan) -> str:
    """What a subscription costs, as it was bought."""
    if row.amount is None:
        return f"In tiers, by the {row.interval}"
    whole = wording.money_in_words(row.amount * row.quantity, row.currency, short=True)
    if not plan.per_seat:
        return f"{whole} a {row.interval}"
    each = wording.money_in_words(row.amount, row.currency, short=True)
    return f"{whole} a {row.interval} ({each} a seat)"


def discount_in_words(discount: Mapping[str, Any]) -> str:
    """Like "Launch: 20 % off until 1 May 2026"."""
    off = ""
    if discount["percent"] is not None:
        off = f": {discount['percent']:g} % off"
    elif discount["amount"] is not None:
        off = f": {wording.money_in_words(discount['amount'], discount['currency'])} off"
    ends = discount["ends"]
    until = f" until {datetime.fromisoformat(ends):%-d %B %Y}" if ends else ""
    return f"{discount['name']}{off}{until}"


def is_higher(plan: Plan, account: Account) -> bool:
    """Whether a plan stands further down the price list than the workspace's."""
    keys = [one.key for one in catalogue.plans()]
    return account.plan_key not in keys or keys.index(plan.key) > keys.index(account.plan_key)


def _price(plan: Plan, shown: Shown) -> str:
    currency = shown.currency if shown.currency in plan.currencies else plan.currency
    amount = 0 if plan.is_free else plan.cost(shown.interval, currency)
    return wording.money_in_words(amount, currency, short=True)


def _period(plan: Plan, interval: Interval) -> str:
    if plan.is_free:
        return "for ever"
    return f"a seat and {interval}" if plan.per_seat else f"a {interval}"


def _label(plan: Plan, account: Account, interval: Interval) -> str:
    if plan.key == account.plan_key and account.status == "trialing":
        return f"Keep {plan.name}"
    if plan.key == account.plan_key:
        return f"Pay by the {interval}"
    return f"{'Upgrade' if is_higher(plan, account) else 'Change'} to {plan.name}"


def _try_label(plan: Plan, shown: Shown) -> str:
    choice = Choice(plan, shown.interval, shown.currency, max(plan.least_seats, shown.members))
    days = f"{plan.trial_days} days"
    return f"Try it for {days}" if trials.may_begin(shown.account, choice) else ""


def _free_note(account: Account) -> str:
    if account.cancel_at:
        return f"Yours from {account.cancel_at:%-d %B %Y}"
    return "Yours again when you cancel your plan"


def _scheduled(plan: Plan, shown: Shown) -> str:
    """Of the plan that comes when the period ends; who wants other seats asks above."""
    row = shown.row
    if row is None or row.scheduled_at is None or row.scheduled_plan_key != plan.key:
        return ""
    if row.plan_key == plan.key or row.scheduled_interval != shown.interval:
        return ""
    return f"Yours from {row.scheduled_at:%-d %B %Y}"


def _query(shown: Shown, **other: str) -> str:
    asked = {"interval": shown.interval, **other}
    if shown.currency != next(iter(catalogue.currencies()), "") and "currency" not in other:
        asked["currency"] = shown.currency
    return f"?{urlencode(asked)}"
