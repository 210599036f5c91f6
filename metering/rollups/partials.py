"""A batch of events summed up in memory: what it adds to each rollup, in any store.

This is the one place that says what an event adds to a meter; the SQL that recounts raw events says
the same a second time, and tests compare the two.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import localcontext
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from events import Event
from metering import conf
from metering.definitions.catalogue import meters
from metering.definitions.values import EXACT, TOTAL, Dims, Number, key_of
from metering.rollups.summing import Cell, Cells, Grain, Groups, Sums, Take

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
    count: int  # type: ignore[assignment]  # tuple.count() is not missed
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
    count: int  # type: ignore[assignment]  # tuple.count() is not missed
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


class Partials:
    """Everything a batch adds; each list by meter, then by the other columns of its key.

    Rows are made when somebody asks for them; `sums` are what they are made of.
    """

    def __init__(self, sums: Iterable[Sums]) -> None:
        self.sums = list(sums)
        self.keys = Keys()  # of the dimensions in the rows made so far

    @cached_property
    def totals(self) -> Mapping[Grain, list[Total]]:
        """Of minutes, hours and days."""
        found: dict[Grain, list[Total]] = {grain: [] for grain in GRAINS}
        with localcontext(EXACT):
            for each in self.sums:
                for grain, cells in each.totals():
                    found[grain] += total_rows(each.meter.key, grain, cells)
        return found

    @cached_property
    def breakdowns(self) -> Mapping[Grain, list[Breakdown]]:
        """Of hours and days."""
        found: dict[Grain, list[Breakdown]] = {grain: [] for grain in BROKEN_DOWN}
        with localcontext(EXACT):
            for each in self.sums:
                for grain, groups in each.breakdowns():
                    found[grain] += breakdown_rows(each.meter.key, grain, groups, self.keys)
        return found

    def make_rows(self) -> None:
        """Make totals and breakdowns now, where there is time for it."""
        _ = self.totals, self.breakdowns

    def distinct(self, grain: Grain, *, broken_down: bool) -> list[Distinct]:
        """The values seen in each bucket of a grain, or (hours and days) in each breakdown of one.

        A meter without dimensions has no breakdowns.
        """
        found = []
        for each in self.sums:
            if each.meter.aggregation == "unique":
                cells: Mapping[Grain, Mapping[Any, Cell]] = (
                    dict(each.breakdowns()) if broken_down else dict(each.totals())
                )
                rows = _distinct(each.meter.key, grain, cells.get(grain, {}), self.keys)
                found += sorted(rows, key=_WITHOUT_KEY)
        return found


def aggregate(events: Iterable[Event]) -> Partials:
    """Sum up events of any workspaces and names. Those that no meter counts add nothing."""
    with localcontext(EXACT):
        return _aggregate(events)


def _aggregate(events: Iterable[Event]) -> Partials:
    sums = [Sums(meter) for _, meter in sorted(meters().items())]
    takers: dict[str, list[Take]] = {}
    for each in sums:
        takers.setdefault(each.meter.event, []).append(each.taker())
    for (name, tenant, minute, late), some in _by_minute(events, takers).items():
        for take in takers[name]:
            take(some, tenant, minute, late)
    return Partials(each for each in sums if each.minutes)


_Minute = tuple[str, str, int, bool]  # name, workspace, minute since 1970, whether they are late


def _by_minute(events: Iterable[Event], names: Container[str]) -> dict[_Minute, list[Event]]:
    """The events of these names; the meters then take many at a time."""
    late_after = conf.late_after()
    alike: dict[_Minute, list[Event]] = {}
    for event in events:
        name, tenant = event.name, event.tenant
        if name not in names or tenant is None:
            continue
        time, received_at = event.time, event.received_at
        minute = (time.toordinal() * 24 + time.hour) * 60 + time.minute - _EPOCH_MINUTE
        late = received_at - time > late_after and is_late(time, received_at, late_after)
        where = (name, tenant, minute, late)
        known = alike.get(where)
        if known is None:
            alike[where] = [event]
        else:
            known.append(event)
    return alike


def is_late(time: datetime, received_at: datetime, late_after: timedelta) -> bool:
    """Whether it came more than `late_after` after the end of its minute."""
    minute = time.replace(second=0, microsecond=0)
    return received_at - minute > late_after + timedelta(minutes=1)


def total_rows(meter: str, grain: Grain, cells: Cells) -> list[Total]:
    """The rows of one meter, by workspace and bucket."""
    seconds = MINUTES[grain] * 60
    return [
        Total(tenant, meter, bucket * seconds, *_said(cells[tenant, bucket]))
        for tenant, bucket in sorted(cells)
    ]


def breakdown_rows(meter: str, grain: Grain, groups: Groups, keys: Keys) -> list[Breakdown]:
    """The rows of one meter, by workspace, bucket and key."""
    seconds = MINUTES[grain] * 60
    rows = [
        Breakdown(tenant, meter, bucket * seconds, keys[dims], dims, *_said(cell))
        for (tenant, bucket, dims), cell in groups.items()
    ]
    rows.sort(key=_by_key)
    return rows


def _distinct(
    meter: str, grain: Grain, cells: Mapping[Any, Cell], keys: Keys
) -> Iterator[Distinct]:
    seconds = MINUTES[grain] * 60
    for (tenant, bucket, *dims), cell in cells.items():
        key = keys[dims[0]] if dims else TOTAL
        for value in cell[2]:
            yield Distinct(tenant, meter, bucket * seconds, key, value)


class Keys(dict[Dims, UUID]):
    """The key of each combination, made once."""

    def __missing__(self, dims: Dims) -> UUID:
        key = self[dims] = key_of(dims)
        return key


_WITHOUT_KEY = itemgetter(0, 2, 4)  # UUIDs compare slowly


def _by_key(row: Breakdown) -> tuple[str, int, int]:
    """The order of one meter's rows."""
    return row[0], row[2], row[3].int


_NOBODYS = (None, None)


def _said(cell: Cell) -> tuple[Number, int, int, datetime | None, UUID | None]:
    count, late, value = cell[:3]
    if type(value) is set:
        value = len(value)
    at, event_id = cell[3:] or _NOBODYS
    return value, count, late, at, event_id
