"""Prices that depend on how much is used: graduated and volume tiers (Stripe's words, "Tiered pricing").

The maths, for a quantity q above zero, exact, and rounded half up once at the end:

graduated   each tier's units cost that tier's price; its `flat` is added once q reaches into it:
            sum of (min(q, up_to) - before) * amount / per + flat, over the tiers with before < q
volume      all units cost the price of the one tier that q falls into, and its `flat`:
            q * amount / per + flat, of the first tier with q <= up_to

`before` is the `up_to` of the tier before, 0 for the first. The unit at `up_to` still belongs to its tier.
A quantity of zero or less costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any, Literal

Mode = Literal["graduated", "volume"]
_MODES = ("graduated", "volume")
_HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Tier:
    """Units up to `up_to`, that one included (None: all above): `amount` minor currency units for each
    `per` of them, and `flat` once."""

    up_to: int | None
    amount: int = 0
    per: int = 1
    flat: int = 0


@dataclass(frozen=True)
class Tiers:
    """A price in tiers, ordered, the last without an end. Raises ValueError, in words, for others."""

    mode: Mode
    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "tiers", tuple(self.tiers))
        for problem in self._problems():
            raise ValueError(problem)

    def _problems(self) -> Iterator[str]:
        if self.mode not in _MODES:
            yield f'the mode "{self.mode}" is none of {", ".join(_MODES)}'
        if not self.tiers or self.tiers[-1].up_to is not None:
            yield "the last tier must have no end (up_to=None)"
        before = 0
        for tier in self.tiers[:-1]:
            if tier.up_to is None:
                yield "only the last tier has no end"
            elif tier.up_to <= before:
                yield f"tiers overlap: one ends at {tier.up_to}, and the one before it at {before}"
            before = tier.up_to or before
        if any(each.amount < 0 or each.flat < 0 or each.per < 1 for each in self.tiers):
            yield "a tier's price is not negative, for one unit or more"

    @property
    def is_free(self) -> bool:
        """Whether nothing ever costs anything."""
        return not any(each.amount or each.flat for each in self.tiers)

    def exact(self, quantity: Decimal | int) -> Fraction:
        """What so many units cost in minor units, before it is rounded."""
        used = Fraction(quantity)
        if used <= 0:
            return Fraction(0)
        if self.mode == "volume":
            tier = self.tier_of(quantity)
            return used * tier.amount / tier.per + tier.flat
        cost, before = Fraction(0), 0
        for tier in self.tiers:
            if used <= before:
                break
            within = (
                used - before if tier.up_to is None else min(used, Fraction(tier.up_to)) - before
            )
            cost += within * tier.amount / tier.per + tier.flat
            before = tier.up_to or before
        return cost

    def cost(self, quantity: Decimal | int) -> int:
        """What so many units cost, in minor units, rounded half up."""
        return floor(self.exact(quantity) + _HALF)

    def tier_of(self, quantity: Decimal | int) -> Tier:
        """The tier that a quantity falls into; of zero, the first."""
        return next(each for each in self.tiers if each.up_to is None or quantity <= each.up_to)

    def affordable(self, money: int) -> int:
        """The most whole units that can be used one after the other so that the exact cost is at no
        moment above `money` (minor units): in volume tiers it may be less again further on."""
        most, before = 0, 0
        for tier in self.tiers:
            spent = self.exact(before) if self.mode == "graduated" else Fraction(0)
            left = money - spent - tier.flat
            from_unit = before if self.mode == "graduated" else 0
            if left < 0:
                return most
            if tier.amount == 0:
                most = tier.up_to if tier.up_to is not None else _ENDLESS
            else:
                most = max(most, from_unit + floor(left * tier.per / tier.amount))
            if tier.up_to is None:
                return most
            if most < tier.up_to:
                return most
            most = before = tier.up_to
        return most

    def stored(self) -> dict[str, Any]:
        """As JSON keeps it; `Tiers.read` is the way back."""
        rows = [[each.up_to, each.amount, each.per, each.flat] for each in self.tiers]
        return {"mode": self.mode, "tiers": rows}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Tiers:
        return cls(stored["mode"], tuple(Tier(*row) for row in stored["tiers"]))


_ENDLESS = 2**52  # what no workspace uses, and Redis still counts exactly
