"""Bars of a chart, stacked by group, with their scale: numbers for a template without logic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from metering.asking.query import Row, Window
from metering.definitions.meter import Meter
from metering.wording.words import quantity

MOST_GROUPS = 5  # colours that can be told apart; the rest is one group
OTHERS = "others"


@dataclass(frozen=True)
class Part:
    """One rectangle: its place in percent of the plot, from the bottom; `series` is its colour."""

    series: str
    label: str
    value: int
    display: str
    bottom: str
    height: str


@dataclass(frozen=True)
class Column:
    """One day or hour. `expected`: it lies ahead, and this is the pace of the forecast."""

    label: str
    start: datetime
    end: datetime
    value: int
    display: str
    late: int
    parts: Sequence[Part]
    expected: bool = False


@dataclass(frozen=True)
class Chart:
    """Columns from left to right, the labels of the scale from the top, and the legend."""

    columns: Sequence[Column]
    scale: Sequence[str]
    legend: Sequence[tuple[str, str]] = ()
    has_late: bool = False
    is_empty: bool = False
    first: str = ""
    middle: str = ""
    last: str = ""


@dataclass(frozen=True, kw_only=True)
class Data:
    """What a chart is made of: values by window start, and for each shown group the same."""

    meter: Meter
    window: Window
    zone: ZoneInfo
    spans: Sequence[tuple[datetime, datetime]]
    values: Mapping[datetime, int]
    late: Mapping[datetime, int] = field(default_factory=dict)
    groups: Mapping[str, Mapping[datetime, int]] = field(default_factory=dict)  # by its name
    has_others: bool = False
    expected: Mapping[datetime, int] = field(default_factory=dict)


def by_start(rows: Sequence[Row]) -> dict[datetime, int]:
    """Values by the start of their window."""
    return {row.start: int(row.value) for row in rows if row.start}


def draw(data: Data) -> Chart:
    """The chart of this data."""
    totals = [*data.values.values(), *data.expected.values()]
    top = nice(max([*totals, 0]))
    columns = [_column(data, start, end, top) for start, end in data.spans]
    names = list(data.groups)
    legend = [(str(number + 1), name) for number, name in enumerate(names)]
    if data.has_others:
        legend.append((OTHERS, "All others"))
    return Chart(
        columns=columns,
        scale=[quantity(data.meter, at) for at in (top, top // 2, 0)]
        if top > 1
        else ["1", "", "0"],
        legend=legend,
        has_late=any(data.late.values()),
        is_empty=not any(data.values.values()),
        first=columns[0].label if columns else "",
        middle=columns[len(columns) // 2].label if len(columns) > 8 else "",
        last=columns[-1].label if len(columns) > 1 else "",
    )


def nice(value: int) -> int:
    """An even number at or above the value whose half reads well: 1, 2, 4, 6, 8, 10, 20, 40, …"""
    if value <= 1:
        return 1
    size = 10 ** (len(str(value)) - 1)
    for step in (1, 2, 4, 6, 8, 10):
        if step * size >= value and (step * size) % 2 == 0:
            return step * size
    return 2 * size * 10


def _column(data: Data, start: datetime, end: datetime, top: int) -> Column:
    expected = start not in data.values and start in data.expected
    value = data.expected[start] if expected else data.values.get(start, 0)
    return Column(
        label=label(start, data.window, data.zone),
        start=start,
        end=end,
        value=value,
        display=quantity(data.meter, value),
        late=data.late.get(start, 0),
        parts=_parts(data, start, value, top),
        expected=expected,
    )


def _parts(data: Data, start: datetime, value: int, top: int) -> list[Part]:
    if not data.groups:
        return [_part("1", "", value, 0, top, data.meter)]
    parts, bottom = [], 0
    for number, (name, values) in enumerate(data.groups.items()):
        amount = values.get(start, 0)
        if amount > 0:
            parts.append(_part(str(number + 1), name, amount, bottom, top, data.meter))
            bottom += amount
    if value - bottom > 0:
        parts.append(_part(OTHERS, "All others", value - bottom, bottom, top, data.meter))
    return parts


def _part(series: str, name: str, value: int, bottom: int, top: int, meter: Meter) -> Part:
    return Part(
        series=series,
        label=name,
        value=value,
        display=quantity(meter, value),
        bottom=_percent(bottom, top),
        height=_percent(max(0, value), top),
    )


def _percent(value: int, of: int) -> str:
    return f"{Decimal(100 * value) / of:.2f}"


def label(start: datetime, window: Window, zone: ZoneInfo) -> str:
    """Like "3 May", or "3 May, 14:00"."""
    local = start.astimezone(zone)
    return f"{local:%-d %b, %H:%M}" if window == "hour" else f"{local:%-d %b}"
