"""A batch of events summed up in memory: what it adds to each rollup, in any store.

This is the one place that says what an event adds to a meter; the SQL that recounts raw events says
the same a second time, and tests compare the two.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import localcontext
from typing import Any, Literal, NamedTuple
from uuid import UUID

from events import Event
from metering import conf
from metering.catalogue import Meter, meters
from metering.reading import dimensions, filtering, reader
from metering.values import EXACT, TOTAL, Dims, Number, key_of

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
    """Everything a batch adds; each list by meter, then by the other columns of its key."""

    totals: Mapping[Grain, list[Total]]
    breakdowns: Mapping[Grain, list[Breakdown]]  # of hour and day
    distinct: Mapping[Grain, list[Distinct]]


# What a bucket has of a batch while it is summed up: count, late, value, and for "latest" at and
# event id. The value of a unique count is the set of its values.
_Cell = list[Any]
_Cells = dict[tuple[str, int], _Cell]  # by workspace and minute, hour or day
_Groups = dict[tuple[str, int, Dims], _Cell]
_Add = Callable[[Event, str, int, bool], None]


def aggregate(events: Iterable[Event]) -> Partials:
    """Sum up events of any workspaces and names. Those that no meter counts add nothing."""
    with _no_garbage_collection(), localcontext(EXACT):
        return _aggregate(events)


def _aggregate(events: Iterable[Event]) -> Partials:
    sums = [_Sums(meter) for _, meter in sorted(meters().items())]
    adders: dict[str, list[_Add]] = {}
    for each in sums:
        adders.setdefault(each.meter.event, []).append(each.adder())
    late_after = conf.late_after()
    for event in events:
        adds = adders.get(event.name)
        tenant = event.tenant
        if adds is None or tenant is None:
            continue
        time, received_at = event.time, event.received_at
        minute = (time.toordinal() * 24 + time.hour) * 60 + time.minute - _EPOCH_MINUTE
        late = received_at - time > late_after and is_late(time, received_at, late_after)
        for add in adds:
            add(event, tenant, minute, late)
    return _collect(sums)


def is_late(time: datetime, received_at: datetime, late_after: timedelta) -> bool:
    """Whether it came more than `late_after` after the end of its minute."""
    minute = time.replace(second=0, microsecond=0)
    return received_at - minute > late_after + timedelta(minutes=1)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Many small objects and no cycles: looking for some takes half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Sums:
    """What the batch adds to one meter."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.minutes: _Cells = {}
        self.groups: _Groups = {}  # by hour

    def adder(self) -> _Add:
        """Adds an event: (event, workspace, minute, late). Called for each event: few steps."""
        minutes, groups = self.minutes, self.groups
        passes, read, dims = filtering(self.meter), reader(self.meter), dimensions(self.meter)
        first, more = _STEPS[self.meter.aggregation]

        def add(event: Event, tenant: str, minute: int, late: bool) -> None:
            if passes is not None and not passes(event.properties):
                return
            value = 1 if read is None else read(event)
            if value is None:
                return
            cell = minutes.get((tenant, minute))
            if cell is None:
                minutes[tenant, minute] = first(value, late, event)
            else:
                more(cell, value, late, event)
            if dims is None:
                return
            where = (tenant, minute // 60, dims(event))
            cell = groups.get(where)
            if cell is None:
                groups[where] = first(value, late, event)
            else:
                more(cell, value, late, event)

        return add

    def totals(self) -> Iterator[tuple[Grain, _Cells]]:
        """The cells of each grain."""
        join = _JOINS[self.meter.aggregation]
        cells = self.minutes
        yield "minute", cells
        for grain, times in (("hour", 60), ("day", 24)):
            longer: _Cells = {}
            for (tenant, bucket), cell in cells.items():
                known = longer.get((tenant, bucket // times))
                if known is None:
                    longer[tenant, bucket // times] = _copy(cell)
                else:
                    join(known, cell)
            cells = longer
            yield grain, cells  # type: ignore[misc]

    def breakdowns(self) -> Iterator[tuple[Grain, _Groups]]:
        """The cells of hours and days, by dimensions."""
        join = _JOINS[self.meter.aggregation]
        yield "hour", self.groups
        longer: _Groups = {}
        for (tenant, hour, dims), cell in self.groups.items():
            where = (tenant, hour // 24, dims)
            known = longer.get(where)
            if known is None:
                longer[where] = _copy(cell)
            else:
                join(known, cell)
        yield "day", longer


def _copy(cell: _Cell) -> _Cell:
    copied = cell.copy()
    if type(cell[2]) is set:
        copied[2] = cell[2].copy()
    return copied


def _first(value: Any, late: bool, event: Event) -> _Cell:
    return [1, int(late), value]


def _add(cell: _Cell, value: Any, late: bool, event: Event) -> None:
    cell[0] += 1
    cell[1] += late
    cell[2] += value


def _rise(cell: _Cell, value: Any, late: bool, event: Event) -> None:
    cell[0] += 1
    cell[1] += late
    if value > cell[2]:
        cell[2] = value


def _first_of_latest(value: Any, late: bool, event: Event) -> _Cell:
    return [1, int(late), value, event.time, event.id]


def _replace(cell: _Cell, value: Any, late: bool, event: Event) -> None:
    cell[0] += 1
    cell[1] += late
    if (event.time, event.id) > (cell[3], cell[4]):
        cell[2:] = value, event.time, event.id


def _first_of_unique(value: Any, late: bool, event: Event) -> _Cell:
    return [1, int(late), {value}]


def _see(cell: _Cell, value: Any, late: bool, event: Event) -> None:
    cell[0] += 1
    cell[1] += late
    cell[2].add(value)


_STEPS: Mapping[str, tuple[Callable[..., _Cell], Callable[..., None]]] = {
    "count": (_first, _add),
    "sum": (_first, _add),
    "max": (_first, _rise),
    "latest": (_first_of_latest, _replace),
    "unique": (_first_of_unique, _see),
}


def _join_sums(cell: _Cell, other: _Cell) -> None:
    cell[0] += other[0]
    cell[1] += other[1]
    cell[2] += other[2]


def _join_highest(cell: _Cell, other: _Cell) -> None:
    cell[:] = cell[0] + other[0], cell[1] + other[1], max(cell[2], other[2])


def _join_latest(cell: _Cell, other: _Cell) -> None:
    newer = max(cell[3:], other[3:])
    value = cell[2] if newer == cell[3:] else other[2]
    cell[:] = cell[0] + other[0], cell[1] + other[1], value, *newer


def _join_seen(cell: _Cell, other: _Cell) -> None:
    cell[0] += other[0]
    cell[1] += other[1]
    cell[2] |= other[2]


_JOINS: Mapping[str, Callable[[_Cell, _Cell], None]] = {
    "count": _join_sums,
    "sum": _join_sums,
    "max": _join_highest,
    "latest": _join_latest,
    "unique": _join_seen,
}


def _collect(sums: Iterable[_Sums]) -> Partials:
    """All rows, each list by meter, workspace and bucket."""
    found = Partials(
        {grain: [] for grain in GRAINS},
        {grain: [] for grain in BROKEN_DOWN},
        {grain: [] for grain in GRAINS},
    )
    for each in sums:
        if not each.minutes:
            continue
        meter, is_unique = each.meter.key, each.meter.aggregation == "unique"
        for grain, cells in each.totals():
            seconds = MINUTES[grain] * 60
            for tenant, bucket in sorted(cells):
                cell = cells[tenant, bucket]
                where = (tenant, meter, bucket * seconds)
                found.totals[grain].append(Total(*where, *_said(cell)))
                if is_unique:
                    seen = [Distinct(*where, TOTAL, value) for value in sorted(cell[2])]
                    found.distinct[grain].extend(seen)
        if each.groups:
            _collect_breakdowns(found, each)
    return found


def _collect_breakdowns(found: Partials, sums: _Sums) -> None:
    meter, is_unique = sums.meter.key, sums.meter.aggregation == "unique"
    keys: dict[Dims, UUID] = {}
    for grain, cells in sums.breakdowns():
        seconds = MINUTES[grain] * 60
        rows = []
        for (tenant, bucket, dims), cell in cells.items():
            key = keys.get(dims)
            if key is None:
                key = keys[dims] = key_of(dims)
            rows.append(Breakdown(tenant, meter, bucket * seconds, key, dims, *_said(cell)))
            if is_unique:
                found.distinct[grain].extend(
                    [Distinct(tenant, meter, bucket * seconds, key, value) for value in cell[2]]
                )
        rows.sort(key=_by_key)
        found.breakdowns[grain].extend(rows)
        if is_unique:
            found.distinct[grain].sort()


def _by_key(row: Breakdown) -> tuple[str, int, int]:
    """The order of one meter's rows; UUIDs themselves compare slowly."""
    return row[0], row[2], row[3].int


_NOBODYS = (None, None)


def _said(cell: _Cell) -> tuple[Number, int, int, datetime | None, UUID | None]:
    count, late, value = cell[:3]
    if type(value) is set:
        value = len(value)
    at, event_id = cell[3:] or _NOBODYS
    return value, count, late, at, event_id
