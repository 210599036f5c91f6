"""Bars of a chart above and below a line of nothing: what came in a month, and what went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.models import MrrMovement
from metering.wording import money_in_words

Kind = MrrMovement.Kind
# From the line outwards, with the colour of each.
_UP = ((Kind.NEW, "1"), (Kind.REACTIVATION, "3"), (Kind.EXPANSION, "2"))
_DOWN = ((Kind.CONTRACTION, "5"), (Kind.CHURN, "4"))
_WIDE, _HIGH, _BAR = 50, 100, 28  # units of the drawing: a column, all of it, a bar


@dataclass(frozen=True)
class Bar:
    """A rectangle in units of the drawing."""

    series: str
    x: str
    y: str
    height: str


@dataclass(frozen=True)
class Flows:
    """`rows` are the table of the same: a month, each kind's sum and what they come to, in words."""

    bars: Sequence[Bar]
    legend: Sequence[tuple[str, str]]
    rows: Sequence[tuple[str, Sequence[str], str]]
    width: int
    zero: str
    highest: str
    lowest: str

    @property
    def is_empty(self) -> bool:
        return not self.bars


def of(months: Mapping[datetime, Mapping[str, int]], currency: str) -> Flows:
    """From the sums of each month and kind, in minor units."""
    up = max((_sum(kinds, _UP) for kinds in months.values()), default=0)
    down = max((-_sum(kinds, _DOWN) for kinds in months.values()), default=0)
    scale = Decimal(_HIGH) / ((up + down) or 1)
    zero = up * scale
    bars: list[Bar] = []
    for position, kinds in enumerate(months.values()):
        bars += _column(position, kinds, zero, scale)
    order = (*_UP, *_DOWN)
    return Flows(
        bars=bars,
        legend=[(series, kind.label) for kind, series in order],
        rows=[_row(month, kinds, currency) for month, kinds in months.items()],
        width=_WIDE * len(months),
        zero=_text(zero),
        highest=money_in_words(up, currency),
        lowest=money_in_words(-down, currency),
    )


def _column(
    position: int, kinds: Mapping[str, int], zero: Decimal, scale: Decimal
) -> Sequence[Bar]:
    x = _text(Decimal(position * _WIDE + (_WIDE - _BAR) // 2))
    bars, top, bottom = [], zero, zero
    for kind, series in _UP:
        if height := kinds.get(kind, 0) * scale:
            top -= height
            bars.append(Bar(series, x, _text(top), _text(height)))
    for kind, series in _DOWN:
        if height := -kinds.get(kind, 0) * scale:
            bars.append(Bar(series, x, _text(bottom), _text(height)))
            bottom += height
    return bars


def _row(
    month: datetime, kinds: Mapping[str, int], currency: str
) -> tuple[str, Sequence[str], str]:
    cells = [money_in_words(kinds.get(kind, 0), currency) for kind, _ in (*_UP, *_DOWN)]
    return f"{month:%B %Y}", cells, money_in_words(sum(kinds.values()), currency)


def _sum(kinds: Mapping[str, int], which: Sequence[tuple[Kind, str]]) -> int:
    return sum(kinds.get(kind, 0) for kind, _ in which)


def _text(number: Decimal) -> str:
    """Never localized: it is an attribute of the drawing."""
    return f"{number:.2f}"
