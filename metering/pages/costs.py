"""What usage above the included amount costs, now and at the forecast end of the period.

Minor currency units, exact, rounded half up once a meter and period: as the statement will say it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metering.asking.forecast import Forecast
from metering.definitions.limit import Limit, Price
from metering.definitions.meter import Meter
from metering.quotas.earlier import NOTHING, Earlier


@dataclass(frozen=True)
class Cost:
    """One priced meter. `above` and `included` are in its unit; without a forecast, no `by_end`."""

    meter: Meter
    price: Price
    included: int
    above: int
    so_far: int
    by_end: int | None


def of(
    meter: Meter, limit: Limit, *, used: int, forecast: Forecast | None, over: Earlier = NOTHING
) -> Cost | None:
    """The meter's cost; None where usage has no price. A limit of the workspace's own bounds it.

    `over`: the parts of the month before its price changed.
    """
    if limit.price is None:
        return None
    included = limit.included if limit.own else limit.value
    by_end = None
    if forecast is not None:
        expected = max(used, forecast.value)
        if limit.own and limit.value is not None:
            expected = max(used, min(expected, limit.value))
        by_end = over.cost_so_far(limit, expected)
    so_far = over.cost_so_far(limit, used)
    return Cost(meter, limit.price, included or 0, int(limit.above(used)), so_far, by_end)


@dataclass(frozen=True)
class Bill:
    """All priced meters. `by_end` is None as soon as one has no forecast."""

    costs: Sequence[Cost]
    currency: str
    so_far: int
    by_end: int | None


def bill(costs: Mapping[str, Cost | None], *, currency: str) -> Bill:
    """The sum over the meters that have a price."""
    priced = [cost for cost in costs.values() if cost is not None]
    ends = [cost.by_end for cost in priced]
    return Bill(
        costs=priced,
        currency=currency,
        so_far=sum(cost.so_far for cost in priced),
        by_end=None if None in ends else sum(end for end in ends if end is not None),
    )
