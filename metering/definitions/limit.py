"""How much of a meter is included, and what more of it costs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any, Protocol

from metering.definitions.tiers import Tier, Tiers
from metering.definitions.values import EXACT


@dataclass(frozen=True)
class UsagePrice:
    """What usage costs: `amount` (minor currency units) for each `per` units of the meter.

    Exact, and rounded half up once for a meter and period: amount * quantity / per.
    """

    amount: int
    per: int = 1

    def __post_init__(self) -> None:
        if self.amount < 0 or self.per < 1:
            raise ValueError("A usage price is not negative, for one unit or more.")

    def cost(self, quantity: Decimal | int) -> int:
        """What so many units cost, in minor units; a quantity below zero costs nothing."""
        return floor(self.exact(quantity) + Fraction(1, 2))

    def exact(self, quantity: Decimal | int) -> Fraction:
        """The same before it is rounded."""
        return max(Fraction(0), Fraction(quantity) * self.amount / self.per)

    @property
    def is_free(self) -> bool:
        """Whether nothing ever costs anything."""
        return not self.amount

    def tier_of(self, quantity: Decimal | int) -> Tier:
        """What one more costs, as prices in tiers answer it."""
        return Tier(None, self.amount, self.per)

    def affordable(self, money: int) -> int:
        """The most whole units whose exact cost is within `money` (minor units, and a price above 0)."""
        return money * self.per // self.amount


Price = UsagePrice | Tiers


def price_columns(price: Price | None) -> dict[str, Any]:
    """A price as rows keep it: an amount for so many units, or tiers; all empty without one."""
    if isinstance(price, Tiers):
        return {"price_amount": None, "price_per": None, "price_tiers": price.stored()}
    if price is None:
        return {"price_amount": None, "price_per": None, "price_tiers": None}
    return {"price_amount": price.amount, "price_per": price.per, "price_tiers": None}


def price_of(row: Priced) -> Price | None:
    """The price that a row with these columns holds; None where there is none."""
    if row.price_tiers is not None:
        return Tiers.read(row.price_tiers)
    if row.price_amount is None or row.price_per is None:
        return None
    return UsagePrice(row.price_amount, row.price_per)


class Priced(Protocol):
    """A row that keeps a price."""

    price_amount: Any
    price_per: Any
    price_tiers: Any


@dataclass(frozen=True)
class Limit:
    """How much of a meter a plan includes (None: no limit). Only a hard limit ever refuses.

    `price` is what each unit above a soft limit costs; None: nothing. A limit that the workspace
    has set for itself is its `own`, always hard; `included` is then what its plan includes.
    """

    value: int | None
    hard: bool = True
    price: Price | None = None
    own: bool = False
    included: int | None = None

    @property
    def refuses(self) -> bool:
        """Whether more than this is ever refused."""
        return self.hard and self.value is not None

    def capped(self, most: int) -> Limit:
        """This limit with one of the workspace's own, where that is lower than what is refused."""
        if self.hard and self.value is not None and self.value <= most:
            return self
        return Limit(most, hard=True, price=self.price, own=True, included=self.value)

    def above(self, used: Decimal | int) -> Decimal:
        """How much of what was used is not included, exact."""
        included = self.included if self.own else self.value
        if included is None:
            return Decimal(0)
        return max(Decimal(0), EXACT.subtract(Decimal(used), Decimal(included)))

    def cost(self, used: Decimal | int) -> int:
        """What a period with this usage costs, in minor units: the price of what is above."""
        return self.price.cost(self.above(used)) if self.price else 0

    def exact(self, used: Decimal | int) -> Fraction:
        """The same before it is rounded."""
        return self.price.exact(self.above(used)) if self.price else Fraction(0)
