"""Sums up the events of one meter in memory, bucket by bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from events import Event
from metering.definitions.meter import Meter
from metering.definitions.reading import dimensions, filtering, reader
from metering.definitions.values import Dims

Grain = Literal["minute", "hour", "day"]

# What a bucket has of a batch while it is summed up: count, late, value, and for "latest" at and
# event id. The value of a unique count is the set of its values.
Cell = list[Any]
Cells = dict[tuple[str, int], Cell]  # by workspace and minute, hour or day
Groups = dict[tuple[str, int, Dims], Cell]
Take = Callable[[Sequence[Event], str, int, bool], None]


class Sums:
    """What the batch adds to one meter."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.minutes: Cells = {}
        self.groups: Groups = {}  # by hour

    def taker(self) -> Take:
        """Adds events of one minute of a workspace: (events, workspace, minute, are late)."""
        passes, read, dims = filtering(self.meter), reader(self.meter), dimensions(self.meter)
        sum_up, join = _SUM_UP[self.meter.aggregation], JOINS[self.meter.aggregation]

        def take(events: Sequence[Event], tenant: str, minute: int, late: bool) -> None:
            if passes is not None:
                events = [event for event in events if passes(event.properties)]
            values: Sequence[Any] = ()
            if read is not None:
                values = [read(event) for event in events]
                if None in values:
                    events = [
                        e for e, value in zip(events, values, strict=True) if value is not None
                    ]
                    values = [value for value in values if value is not None]
            if not events:
                return
            _join(self.minutes, (tenant, minute), sum_up(values, events, late), join)
            if dims is not None:
                for its, some, alike in _by_dims(dims, values, events):
                    cell = sum_up(some, alike, late)
                    _join(self.groups, (tenant, minute // 60, its), cell, join)

        return take

    def totals(self) -> Iterator[tuple[Grain, Cells]]:
        """The cells of each grain."""
        join = JOINS[self.meter.aggregation]
        cells = self.minutes
        yield "minute", cells
        for grain, times in (("hour", 60), ("day", 24)):
            longer: Cells = {}
            for (tenant, bucket), cell in cells.items():
                known = longer.get((tenant, bucket // times))
                if known is None:
                    longer[tenant, bucket // times] = _copy(cell)
                else:
                    join(known, cell)
            cells = longer
            yield grain, cells  # type: ignore[misc]

    def breakdowns(self) -> Iterator[tuple[Grain, Groups]]:
        """The cells of hours and days, by dimensions."""
        join = JOINS[self.meter.aggregation]
        yield "hour", self.groups
        longer: Groups = {}
        for (tenant, hour, dims), cell in self.groups.items():
            where = (tenant, hour // 24, dims)
            known = longer.get(where)
            if known is None:
                longer[where] = _copy(cell)
            else:
                join(known, cell)
        yield "day", longer


def _copy(cell: Cell) -> Cell:
    copied = cell.copy()
    if type(cell[2]) is set:
        copied[2] = cell[2].copy()
    return copied


def _by_dims(
    dims: Callable[[Event], Dims], values: Sequence[Any], events: Sequence[Event]
) -> Iterator[tuple[Dims, Sequence[Any], Sequence[Event]]]:
    """The values (where the meter reads any) and events of each combination of dimensions."""
    alike: dict[Dims, list[Event]] = {}
    some: dict[Dims, list[Any]] = {}
    for number, event in enumerate(events):
        its = dims(event)
        if its in alike:
            alike[its].append(event)
        else:
            alike[its], some[its] = [event], []
        if values:
            some[its].append(values[number])
    for its, those in alike.items():
        yield its, some[its], those


def _join(cells: Any, where: Any, cell: Cell, join: Callable[[Cell, Cell], None]) -> None:
    known = cells.get(where)
    if known is None:
        cells[where] = cell
    else:
        join(known, cell)


def _count(values: Sequence[Any], events: Sequence[Event], late: bool) -> Cell:
    return [len(events), len(events) * late, len(events)]


def _sum(values: Sequence[Any], events: Sequence[Event], late: bool) -> Cell:
    return [len(events), len(events) * late, sum(values)]


def _max(values: Sequence[Any], events: Sequence[Event], late: bool) -> Cell:
    return [len(events), len(events) * late, max(values)]


def _latest(values: Sequence[Any], events: Sequence[Event], late: bool) -> Cell:
    number = max(range(len(events)), key=lambda n: (events[n].time, events[n].id))
    last = events[number]
    return [len(events), len(events) * late, values[number], last.time, last.id]


def _unique(values: Sequence[Any], events: Sequence[Event], late: bool) -> Cell:
    return [len(events), len(events) * late, set(values)]


_SUM_UP: Mapping[str, Callable[[Sequence[Any], Sequence[Event], bool], Cell]] = {
    "count": _count,
    "sum": _sum,
    "max": _max,
    "latest": _latest,
    "unique": _unique,
}


def _join_sums(cell: Cell, other: Cell) -> None:
    cell[0] += other[0]
    cell[1] += other[1]
    cell[2] += other[2]


def _join_highest(cell: Cell, other: Cell) -> None:
    cell[:] = cell[0] + other[0], cell[1] + other[1], max(cell[2], other[2])


def _join_latest(cell: Cell, other: Cell) -> None:
    newer = max(cell[3:], other[3:])
    value = cell[2] if newer == cell[3:] else other[2]
    cell[:] = cell[0] + other[0], cell[1] + other[1], value, *newer


def _join_seen(cell: Cell, other: Cell) -> None:
    cell[0] += other[0]
    cell[1] += other[1]
    cell[2] |= other[2]


JOINS: Mapping[str, Callable[[Cell, Cell], None]] = {
    "count": _join_sums,
    "sum": _join_sums,
    "max": _join_highest,
    "latest": _join_latest,
    "unique": _join_seen,
}
