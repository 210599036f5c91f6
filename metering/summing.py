"""Sums up the events of one meter in memory, bucket by bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from events import Event
from metering.catalogue import Meter
from metering.reading import dimensions, filtering, reader
from metering.values import Dims

Grain = Literal["minute", "hour", "day"]

# What a bucket has of a batch while it is summed up: count, late, value, and for "latest" at and
# event id. The value of a unique count is the set of its values.
Cell = list[Any]
Cells = dict[tuple[str, int], Cell]  # by workspace and minute, hour or day
Groups = dict[tuple[str, int, Dims], Cell]
Add = Callable[[Event, str, int, bool], None]


class Sums:
    """What the batch adds to one meter."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.minutes: Cells = {}
        self.groups: Groups = {}  # by hour

    def adder(self) -> Add:
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


def _first(value: Any, late: bool, event: Event) -> Cell:
    return [1, int(late), value]


def _add(cell: Cell, value: Any, late: bool, event: Event) -> None:
    cell[0] += 1
    cell[1] += late
    cell[2] += value


def _rise(cell: Cell, value: Any, late: bool, event: Event) -> None:
    cell[0] += 1
    cell[1] += late
    if value > cell[2]:
        cell[2] = value


def _first_of_latest(value: Any, late: bool, event: Event) -> Cell:
    return [1, int(late), value, event.time, event.id]


def _replace(cell: Cell, value: Any, late: bool, event: Event) -> None:
    cell[0] += 1
    cell[1] += late
    if (event.time, event.id) > (cell[3], cell[4]):
        cell[2:] = value, event.time, event.id


def _first_of_unique(value: Any, late: bool, event: Event) -> Cell:
    return [1, int(late), {value}]


def _see(cell: Cell, value: Any, late: bool, event: Event) -> None:
    cell[0] += 1
    cell[1] += late
    cell[2].add(value)


_STEPS: Mapping[str, tuple[Callable[..., Cell], Callable[..., None]]] = {
    "count": (_first, _add),
    "sum": (_first, _add),
    "max": (_first, _rise),
    "latest": (_first_of_latest, _replace),
    "unique": (_first_of_unique, _see),
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
