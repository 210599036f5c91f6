"""Who or what used the most of a meter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from metering.asking.query import Row
from metering.definitions.meter import Meter
from metering.wording.words import quantity

TOP = 10


@dataclass(frozen=True)
class Ranked:
    """A group, its part of all, and how long its bar is against the largest (percent)."""

    name: str
    display: str
    share: str
    length: int


def rank(
    meter: Meter, rows: Sequence[Row], *, dimension: str, whole: Decimal,
    names_of: Mapping[str | None, str],
) -> tuple[list[Ranked], str]:  # fmt: skip
    """The groups of these rows, largest first, and words for the rest of the whole.

    Shares are told of what adds up: a visitor of two links is one visitor.
    """
    adds_up = meter.aggregation in ("count", "sum")
    largest = max([row.value for row in rows], default=Decimal(0))
    top = [
        Ranked(
            name=names_of[row.group[dimension]],
            display=quantity(meter, int(row.value)),
            share=_share(row.value, whole) if adds_up else "",
            length=max(0, round(100 * row.value / largest)) if largest > 0 else 0,
        )
        for row in rows
    ]
    rest = whole - sum((row.value for row in rows), Decimal(0))
    if not adds_up or rest <= 0 or len(rows) < TOP:
        return top, ""
    return top, f"All others: {quantity(meter, int(rest))}"


def _share(value: Decimal, whole: Decimal) -> str:
    if whole <= 0:
        return ""
    percent = 100 * value / whole
    return "under 1 %" if 0 < percent < 1 else f"{percent:.0f} %"
