"""The parts of the running month that are over: what they cost stays, whatever the terms are now.

A limit of money, the cost on the usage page and the statement at the end of the month say the same:
`costs_so_far` is the maths of `definitions/parts.py` for a month that goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from math import floor

from metering import periods
from metering.asking.query import Question, ask_stored
from metering.definitions.catalogue import get
from metering.definitions.limit import Limit, price_of
from metering.definitions.parts import WHOLE, Part, between, cost_of, shared
from metering.periods import Month, parts
from tenants.models import Tenant


@dataclass(frozen=True)
class Earlier:
    """`cost` (minor units) of the parts that are over, how much was `used` in them, and the `share` of
    the month that is left for what exists."""

    cost: int = 0
    used: Decimal = Decimal(0)
    share: Fraction = WHOLE
    of_level: bool = False

    def cost_so_far(self, limit: Limit, used: Decimal | int) -> int:
        """What the month costs when so much was used in all of it."""
        if self.of_level:
            return self.cost + shared(limit, used, self.share)
        return self.cost + between(limit, self.used, used)

    def money_for(self, limit: Limit, money: int) -> int:
        """Of what the month may cost, in minor units: what counts by the price of now alone, as if that
        had been in force all month."""
        left = max(0, money - self.cost)
        if self.of_level:
            return floor(left / self.share)
        return left + floor(limit.exact(self.used))


NOTHING = Earlier()


def of(
    tenant: Tenant, meters: Collection[str], *, now: datetime | None = None
) -> Mapping[str, Earlier]:
    """By meter, of those (of these) whose running month has parts that are over.

    One query where there is none. Raises StoreUnavailable.
    """
    if not meters:
        return {}
    now = now or datetime.now(UTC)
    month = periods.current("month", tenant=tenant, now=now)
    assert isinstance(month, Month)  # noqa: S101
    over = {
        key: cuts
        for key, found in parts.of(tenant, month).items()
        if key in meters and (cuts := [part for part in found if part.start <= now])[1:]
    }
    asked = [(key, part) for key, cuts in over.items() for part in cuts[:-1]]
    if not asked:
        return {}
    answers = ask_stored(tenant, *(_question(key, month, part) for key, part in asked), now=now)
    values = iter([answer[0].value for answer in answers])
    return {
        key: _earlier(key, month, cuts, [next(values) for _ in cuts[:-1]])
        for key, cuts in over.items()
    }


def _earlier(key: str, month: Month, cuts: list[parts.Part], until: list[Decimal]) -> Earlier:
    of_level = get(key).period != "month"
    before = [Decimal(0), *until[:-1]]
    known = [
        Part(_limit(part), value if of_level else value - start, part.share_of(month))
        for part, value, start in zip(cuts[:-1], until, before, strict=True)
    ]
    cost = sum(each.amount for each in cost_of(known, of_level=of_level))
    rest = parts.share(cuts[-1].start, month.end, of=(month.start, month.end))
    return Earlier(cost, until[-1], rest if of_level else WHOLE, of_level)


def _limit(part: parts.Part) -> Limit:
    if part.terms is None:
        return Limit(None)
    return Limit(part.terms.included, hard=False, price=price_of(part.terms))


def _question(key: str, month: Month, part: parts.Part) -> Question:
    start = month.start if get(key).period == "month" else None
    return Question(meter=key, start=start, end=part.end)
