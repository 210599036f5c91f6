"""What a month costs whose terms changed within it: each part by the terms that were in force in it.

Of what is counted by the month, included amounts and tiers go on where the part before stopped. A part
that begins when `before` was used, and ends when `after` was, under terms with the price c, costs

    c(after) - c(before)        and never less than nothing

so who used 300,000 of 100,000 and then changes to a plan with 1,000,000 has paid for 200,000 by the first
price, and goes on with 700,000 that are included. Of what exists (bytes, things) a part costs its share of
the month, by what there was when the part ended: c(level) * seconds of the part / seconds of the month.

Each part is rounded half up once, in minor currency units. One part alone is the plain price of a month.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from metering.definitions.limit import Limit
from metering.definitions.values import EXACT

WHOLE = Fraction(1)


@dataclass(frozen=True)
class Part:
    """What a part of a month added to its meter or, of what exists, what there was at its end; and its
    share of the month, of which only what exists takes notice."""

    terms: Limit
    value: Decimal
    share: Fraction = WHOLE


@dataclass(frozen=True)
class PartCost:
    """`quantity` above what is included, exact (0 without a price); `amount` in minor currency units."""

    quantity: Decimal
    amount: int


def cost_of(parts: Sequence[Part], *, of_level: bool) -> list[PartCost]:
    """What each part costs, in their order in time. `of_level`: of what exists."""
    if of_level:
        return [
            PartCost(_above(part.terms, part.value), shared(part.terms, part.value, part.share))
            for part in parts
        ]
    found, before = [], Decimal(0)
    for part in parts:
        after = EXACT.add(before, part.value)
        above = EXACT.subtract(_above(part.terms, after), _above(part.terms, before))
        found.append(PartCost(max(Decimal(0), above), between(part.terms, before, after)))
        before = after
    return found


def _above(terms: Limit, used: Decimal) -> Decimal:
    return terms.above(used) if terms.price is not None else Decimal(0)


def between(terms: Limit, before: Decimal | int, after: Decimal | int) -> int:
    """What it costs to go from one use of the month to another by these terms."""
    return max(0, terms.cost(after) - terms.cost(before))


def shared(terms: Limit, level: Decimal | int, share: Fraction) -> int:
    """What it costs, by these terms, that so much exists for a share of the month."""
    return floor(terms.exact(level) * share + Fraction(1, 2))
