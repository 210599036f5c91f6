"""What can be sold: the types that a product's catalogue is written in.

Amounts are whole minor currency units (cents), currencies ISO 4217 in small letters.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from metering import Limit, Price, Tiers

Interval = Literal["month", "year"]
INTERVALS: tuple[Interval, ...] = ("month", "year")
Amount = int | Tiers  # of a plan per seat, what each costs, or tiers over their number
Amounts = Mapping[str, Amount]  # by currency


class NotPriced(LookupError):
    """There is no price of this interval in this currency."""


@dataclass(frozen=True)
class Feature:
    """Something that a plan allows or does not: asked for by `billing.entitlements.allows`. `label` is
    as it stands in a sentence: "a domain of your own"."""

    key: str
    label: str


@dataclass(frozen=True)
class Plan:
    """A plan. `prices` are what an interval costs: {"month": {"usd": 29_00, "eur": 27_00}}, or a bare
    amount in `currency`; none means free. With `per_seat` that is for each seat, of which `least_seats`
    are bought at least.

    `limits` holds a Limit for each meter key; a meter that is missing is unlimited. `each_seat` adds to
    a limit for every seat. A Limit's price is in `currency`; `usage_prices` has it in the others:
    {"eur": {"clicks": UsagePrice(95, per=10_000)}}.
    `spend_limit` is what usage above the plan may cost in a period until the workspace says otherwise,
    in `currency` or by currency; it is set when the workspace begins to pay.
    `usage_by` says how usage comes to Stripe (`exporting/`): "statements" on an invoice of its own, or
    "meter_events" on the subscription's, for what is counted by the month and paid by the month.
    `trial_days`: so long it can be tried, once a workspace and without a card.
    `allows` are keys of FEATURES; `features` are words for the price list. A plan that is no longer
    `for_sale` stays in the catalogue as long as somebody is on it.
    """

    key: str
    name: str
    summary: str
    prices: Mapping[Interval, int | Amounts] = field(default_factory=dict)
    currency: str = "usd"
    per_seat: bool = False
    least_seats: int = 1
    limits: Mapping[str, Limit] = field(default_factory=dict)
    each_seat: Mapping[str, int] = field(default_factory=dict)
    usage_prices: Mapping[str, Mapping[str, Price]] = field(default_factory=dict)
    spend_limit: int | Mapping[str, int] | None = None
    usage_by: Literal["statements", "meter_events"] = "statements"
    trial_days: int = 0
    custom_domains: int = 0  # domains of the workspace's own
    allows: Collection[str] = ()
    features: Sequence[str] = ()
    highlighted: bool = False
    for_sale: bool = True

    @property
    def is_free(self) -> bool:
        return not self.prices

    @property
    def currencies(self) -> Sequence[str]:
        """What it can be paid in, its own first."""
        named = [each for interval in self.prices for each in self.amounts(interval)]
        return list(dict.fromkeys([self.currency, *named]))

    def amounts(self, interval: Interval) -> Amounts:
        """The price of an interval by currency; none where it is not sold so."""
        return in_currencies(self.prices.get(interval, {}), self.currency)

    def amount(self, interval: Interval, currency: str) -> Amount:
        """The price of an interval; of a plan per seat, that of one seat, or its tiers.

        Raises NotPriced.
        """
        try:
            return self.amounts(interval)[currency]
        except KeyError:
            raise NotPriced(f"{self.name} by the {interval} in {currency.upper()}") from None

    def cost(self, interval: Interval, currency: str, *, seats: int = 1) -> int:
        """What an interval costs with so many seats. Raises NotPriced."""
        amount = self.amount(interval, currency)
        quantity = seats if self.per_seat else 1
        return amount.cost(quantity) if isinstance(amount, Tiers) else amount * quantity

    def limits_for(self, *, currency: str = "", seats: int = 1) -> Mapping[str, Limit]:
        """The limits of a workspace that pays in this currency for so many seats."""
        priced = self.usage_prices.get(currency, {})
        return {
            key: replace(
                limit,
                value=_with_seats(limit.value, self.each_seat.get(key, 0) * seats),
                price=priced.get(key, limit.price),
            )
            for key, limit in self.limits.items()
        }

    def spend_limit_in(self, currency: str) -> int | None:
        """The first limit of what usage may cost, in this currency; None: there is none."""
        if self.spend_limit is None or isinstance(self.spend_limit, int):
            return self.spend_limit
        return self.spend_limit.get(currency)


@dataclass(frozen=True)
class AddOn:
    """Something bought beside a plan, `most` times at most: it adds to limits, allows features, or
    brings domains. `plans`: with which it is sold; none named: with every paid one."""

    key: str
    name: str
    summary: str
    prices: Mapping[Interval, int | Amounts]
    currency: str = "usd"
    adds: Mapping[str, int] = field(default_factory=dict)
    allows: Collection[str] = ()
    custom_domains: int = 0
    most: int = 100
    plans: Collection[str] = ()
    for_sale: bool = True

    def amounts(self, interval: Interval) -> Amounts:
        """The price of an interval by currency."""
        return in_currencies(self.prices.get(interval, {}), self.currency)


@dataclass(frozen=True)
class Coupon:
    """Less to pay: `percent` (of 100), or an amount by currency, once, for some `months`, or for ever.

    Stripe takes it off plans, not off prorations; usage above a plan has an invoice of its own, without.
    `plans`: off which it is taken; none named: off all.
    """

    key: str
    name: str
    percent: float | None = None
    amounts: Mapping[str, int] = field(default_factory=dict)
    duration: Literal["once", "repeating", "forever"] = "once"
    months: int | None = None
    plans: Collection[str] = ()


@dataclass(frozen=True)
class PromotionCode:
    """What a customer types to get a coupon. `most`: how often it can be used in all."""

    code: str
    coupon: str
    expires: datetime | None = None
    most: int | None = None
    first_time_only: bool = False
    active: bool = True


def in_currencies(amounts: int | Amounts, currency: str) -> Amounts:
    """Amounts by currency, from these or from a bare one in `currency`."""
    return {currency: amounts} if isinstance(amounts, int) else amounts


def _with_seats(value: int | None, more: int) -> int | None:
    return None if value is None else value + more
