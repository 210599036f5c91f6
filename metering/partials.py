"""A batch of events summed up in memory: what it adds to each rollup, in any store.

This is the one place that says what an event adds to a meter; the SQL that recounts raw events says
the same a second time, and tests compare the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import localcontext
from operator import itemgetter
from typing import Any, Literal, NamedTuple
from uuid import UUID

from events import Event
from metering import conf
from metering.catalogue import ANONYMOUS_ID, PERSON, Meter, meters
from metering.definitions import accepted
from metering.values import (
    EXACT,
    LONGEST_DIMENSION,
    TOTAL,
    Dims,
    Number,
    dimension,
    distinct_value,
    key_of,
    number,
    text,
)

Grain = Literal["minute", "hour", "day"]
GRAINS: tuple[Grain, ...] = ("minute", "hour", "day")
BROKEN_DOWN: tuple[Grain, ...] = ("hour", "day")  # the grains of breakdowns
MINUTES: Mapping[Grain, int] = {"minute": 1, "hour": 60, "day": 24 * 60}
_EPOCH_MINUTE = datetime(1970, 1, 1).toordinal() * 24 * 60


class Total(NamedTuple):
    """What the batch adds to one bucket. `bucket` is its start in seconds since 1970.

    `value` is the batch's own count, sum, maximum, latest value, or number of different values;
    `at` and `event_id` say whose value it is, for "latest" alone.
    """

    tenant: str
    meter: str
    bucket: int
    value: Number
    count: int
    late: int
    at: datetime | None
    event_id: UUID | None


class Breakdown(NamedTuple):
    """The same for one combination of dimensions, in the order of the meter's group_by."""

    tenant: str
    meter: str
    bucket: int
    key: UUID
    dims: Dims
    value: Number
    count: int
    late: int
    at: datetime | None
    event_id: UUID | None


class Distinct(NamedTuple):
    """A value that a unique count has seen in a bucket; `key` is TOTAL or a breakdown's."""

    tenant: str
    meter: str
    bucket: int
    key: UUID
    value: str


@dataclass(frozen=True)
class Partials:
    """Everything a batch adds, each list in the order of its first columns."""

    totals: Mapping[Grain, list[Total]]
    breakdowns: Mapping[Grain, list[Breakdown]]  # of hour and day
    distinct: Mapping[Grain, list[Distinct]]


# What a bucket has of a batch while it is summed up: count, late, value, at, event id. The value of
# a unique count is the set of its values.
_Cell = list[Any]
_Cells = dict[tuple[Any, ...], _Cell]  # by workspace, minute or hour, and dimensions


def aggregate(events: Iterable[Event]) -> Partials:
    """Sum up events of any workspaces and names. Those that no meter counts add nothing."""
    sums = [_Sums(meter) for meter in meters().values()]
    adders: dict[str, list[Callable[[Event, int, bool], None]]] = {}
    for each in sums:
        adders.setdefault(each.meter.event, []).append(each.add)
    late_after = conf.late_after()
    with localcontext(EXACT):
        for event in events:
            adds = adders.get(event.name)
            if adds is None or event.tenant is None:
                continue
            time, received_at = event.time, event.received_at
            minute = (time.toordinal() * 24 + time.hour) * 60 + time.minute - _EPOCH_MINUTE
            late = received_at - time > late_after and is_late(time, received_at, late_after)
            for add in adds:
                add(event, minute, late)
        return _collect(sums)


def is_late(time: datetime, received_at: datetime, late_after: timedelta) -> bool:
    """Whether it came more than `late_after` after the end of its minute."""
    minute = time.replace(second=0, microsecond=0)
    return received_at - minute > late_after + timedelta(minutes=1)


class _Sums:
    """What the batch adds to one meter."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.minutes: _Cells = {}  # by workspace and minute
        self.hours: _Cells = {}  # by workspace, hour and dimensions
        self.merge = _MERGES[meter.aggregation]
        self._passes = _filter(meter)
        self._read = _reader(meter)
        self._dims = _dimensions(meter)

    def add(self, event: Event, minute: int, late: bool) -> None:
        if self._passes is not None and not self._passes(event.properties):
            return
        value = 1 if self._read is None else self._read(event)
        if value is None:
            return
        where: tuple[Any, ...] = (event.tenant, minute)
        cell = self.minutes.get(where)
        if cell is None:
            self.minutes[where] = [1, late, value, event.time, event.id]
        else:
            self.merge(cell, 1, late, value, event.time, event.id)
        if self._dims is not None:
            where = (event.tenant, minute // 60, self._dims(event))
            cell = self.hours.get(where)
            if cell is None:
                self.hours[where] = [1, late, value, event.time, event.id]
            else:
                self.merge(cell, 1, late, value, event.time, event.id)

    def coarser(self, cells: _Cells, minutes: int) -> _Cells:
        """The cells of longer buckets: of so many times the length."""
        found: _Cells = {}
        for (tenant, bucket, *dims), cell in cells.items():
            where = (tenant, bucket // minutes, *dims)
            known = found.get(where)
            if known is None:
                found[where] = list(cell)
            else:
                self.merge(known, *cell)
        return found


def _sum(cell: _Cell, count: int, late: int, value: Any, at: datetime, event_id: UUID) -> None:
    cell[0] += count
    cell[1] += late
    cell[2] += value


def _max(cell: _Cell, count: int, late: int, value: Any, at: datetime, event_id: UUID) -> None:
    cell[0] += count
    cell[1] += late
    if value > cell[2]:
        cell[2] = value


def _latest(cell: _Cell, count: int, late: int, value: Any, at: datetime, event_id: UUID) -> None:
    cell[0] += count
    cell[1] += late
    if (at, event_id) > (cell[3], cell[4]):
        cell[2:] = value, at, event_id


def _union(cell: _Cell, count: int, late: int, value: Any, at: datetime, event_id: UUID) -> None:
    cell[0] += count
    cell[1] += late
    cell[2] = cell[2] | value


_MERGES: Mapping[str, Callable[..., None]] = {
    "count": _sum,
    "sum": _sum,
    "max": _max,
    "latest": _latest,
    "unique": _union,
}


def _filter(meter: Meter) -> Callable[[Mapping[str, Any]], bool] | None:
    wanted = [(name, frozenset(map(text, accepted(meter, name)))) for name in meter.filters]
    if not wanted:
        return None
    return lambda properties: all(text(properties.get(name)) in fits for name, fits in wanted)


def _reader(meter: Meter) -> Callable[[Event], Any] | None:
    """Reads an event's value; None for an event that has none. No reader: each counts 1."""
    if meter.aggregation == "count":
        return None
    if meter.aggregation == "unique":
        read = _text_of(str(meter.property))

        def seen(event: Event) -> frozenset[str] | None:
            value = read(event)
            return None if value is None else frozenset((distinct_value(value),))

        return seen
    name = meter.property
    return lambda event: number(event.properties.get(name))


def _dimensions(meter: Meter) -> Callable[[Event], Dims] | None:
    if not meter.group_by:
        return None
    if len(meter.group_by) == 1:
        only = _dimension_of(meter.group_by[0])
        return lambda event: (only(event),)
    each = [_dimension_of(name) for name in meter.group_by]
    return lambda event: tuple([read(event) for read in each])


def _dimension_of(name: str) -> Callable[[Event], str | None]:
    read = _text_of(name)

    def cut(event: Event) -> str | None:
        value = read(event)
        return value if value is None or len(value) <= LONGEST_DIMENSION else dimension(value)

    return cut


def _text_of(name: str) -> Callable[[Event], str | None]:
    """Reads a property, or what an event has besides its properties, as text."""
    if name == PERSON:
        return lambda event: None if event.person is None else str(event.person)
    if name == ANONYMOUS_ID:
        return lambda event: event.anonymous_id
    return lambda event: text(event.properties.get(name))


def _collect(sums: Iterable[_Sums]) -> Partials:
    found = Partials(
        {grain: [] for grain in GRAINS},
        {grain: [] for grain in BROKEN_DOWN},
        {grain: [] for grain in GRAINS},
    )
    for each in sums:
        if not each.minutes:
            continue
        totals = {"minute": each.minutes, "hour": each.coarser(each.minutes, 60)}
        totals["day"] = each.coarser(totals["hour"], 24)
        for grain in GRAINS:
            _add_totals(found, each.meter, grain, totals[grain])
        groups = {"hour": each.hours, "day": each.coarser(each.hours, 24)}
        for grain in BROKEN_DOWN:
            _add_breakdowns(found, each.meter, grain, groups[grain])
    for rows in (*found.totals.values(), *found.breakdowns.values()):
        rows.sort(key=itemgetter(0, 1, 2, 3) if rows and len(rows[0]) > 8 else itemgetter(0, 1, 2))
    for values in found.distinct.values():
        values.sort()
    return found


def _add_totals(found: Partials, meter: Meter, grain: Grain, cells: _Cells) -> None:
    rows, seconds = found.totals[grain], MINUTES[grain] * 60
    for (tenant, bucket), cell in cells.items():
        start = bucket * seconds
        rows.append(Total(tenant, meter.key, start, *_said(meter, cell)))
        if meter.aggregation == "unique":
            found.distinct[grain].extend(
                [Distinct(tenant, meter.key, start, TOTAL, value) for value in cell[2]]
            )


def _add_breakdowns(found: Partials, meter: Meter, grain: Grain, cells: _Cells) -> None:
    rows, seconds = found.breakdowns[grain], MINUTES[grain] * 60
    keys: dict[Dims, UUID] = {}
    for (tenant, bucket, dims), cell in cells.items():
        key = keys.get(dims)
        if key is None:
            key = keys[dims] = key_of(dims)
        start = bucket * seconds
        rows.append(Breakdown(tenant, meter.key, start, key, dims, *_said(meter, cell)))
        if meter.aggregation == "unique":
            found.distinct[grain].extend(
                [Distinct(tenant, meter.key, start, key, value) for value in cell[2]]
            )


def _said(meter: Meter, cell: _Cell) -> tuple[Number, int, int, datetime | None, UUID | None]:
    count, late, value, at, event_id = cell
    if meter.aggregation == "unique":
        value = len(value)
    if meter.aggregation == "latest":
        return value, count, int(late), at, event_id
    return value, count, int(late), None, None
