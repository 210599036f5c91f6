"""The tail: what was added and is not folded into the rollups of a PostgreSQL store yet.

A batch of 50,000 events over 5,000 workspaces touches 150,000 buckets, each for an event or two. Its
sums are copied here as they are, in one row for each workspace, meter and day, and folded some ten
batches later, workspace by workspace, when a bucket gets its ten batches at once. Answers add the
tail to the rollups (`postgres_answer`), so nobody sees the difference.

Who comes here has the turn (`postgres_merge`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection

from metering import conf
from metering.catalogue import Meter, meters
from metering.partials import (
    BROKEN_DOWN,
    GRAINS,
    Breakdown,
    Grain,
    Keys,
    Partials,
    Total,
    breakdown_rows,
    total_rows,
)
from metering.rollups.postgres_distinct import Fresh
from metering.rollups.postgres_locks import take_fences
from metering.rollups.postgres_write import add_breakdowns, add_totals
from metering.summing import JOINS, Cell, Cells, Groups, Sums
from metering.values import EXACT, Dims, Number

_SPARSE = 3.0  # events for a bucket
_SLICE = 5_000  # rows that are folded at once
_DAY = 24 * 60  # minutes
_SHORT = 1 << 62  # numbers below it travel as such, others as text

_NEXT = "SELECT tenant FROM rollup_tail WHERE tenant >= %s ORDER BY tenant OFFSET %s LIMIT 1"
_AFTER = "SELECT tenant FROM rollup_tail WHERE tenant > %s ORDER BY tenant LIMIT 1"
_OF_SLICE = "tenant >= %(start)s AND (tenant < %(end)s OR %(end)s::text IS NULL)"
_DAYS = f"""
    SELECT DISTINCT extract(epoch FROM bucket)::bigint / 86400 FROM rollup_tail WHERE {_OF_SLICE}
"""  # noqa: S608
_TAKE = f"""
    DELETE FROM rollup_tail WHERE {_OF_SLICE}
    RETURNING tenant, meter, extract(epoch FROM bucket)::bigint / 60, totals::text, groups::text
"""  # noqa: S608
_COPY = "COPY rollup_tail (tenant, meter, bucket, totals, groups) FROM STDIN"
_STATE = "SELECT rows, folded_to FROM rollup_tail_state"
_SET_STATE = "UPDATE rollup_tail_state SET rows = %s, folded_to = %s"


class Entry(msgspec.Struct, array_like=True):
    """What a batch adds to a bucket: see the table's comment."""

    minute: int
    value: int | str
    count: int
    late: int
    at: datetime | None = None
    event_id: UUID | None = None
    of_day: int | None = None
    dims: Dims | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Entry]).decode
_Taken = tuple[str, str, int, str, str]  # workspace, meter, day in minutes, totals, groups
_Row = tuple[list[Entry], list[Entry]]  # totals, groups
_Rows = dict[tuple[str, int], _Row]  # by workspace and day, in minutes since 1970


def is_for(partials: Partials) -> bool:
    """Whether a batch is better copied here: it has many buckets, with few events in each."""
    buckets = sum(3 * len(each.minutes) + 2 * len(each.groups) for each in partials.sums)
    if buckets < conf.tail_from():  # it costs little either way
        return False
    added = sum(cell[0] for each in partials.sums for cell in each.minutes.values())
    return added < _SPARSE * buckets


def add(connection: Connection[Any], partials: Partials, fresh: Mapping[str, Fresh]) -> int:
    """Copy a batch's sums to the tail; `fresh` says what was new to unique counts. The rows."""
    lines = []
    for sums in partials.sums:
        new = fresh.get(sums.meter.key)
        rows = _rows(sums) if new is None else _unique_rows(sums, new)
        for (tenant, day), (totals, groups) in sorted(rows.items()):
            texts = (tenant.encode(), _encode(totals), _encode(groups))
            said, *both = [each.replace(b"\\", b"\\\\") for each in texts]
            said = said.replace(b"\t", b"\\t").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
            lines.append(
                b"%b\t%b\t%b\t%b\t%b\n" % (said, sums.meter.key.encode(), _instant(day), *both)
            )
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.write(b"".join(lines))
    rows_before, folded_to = _state(connection)
    connection.execute(_SET_STATE, [rows_before + len(lines), folded_to])
    return len(lines)


def _rows(sums: Sums) -> _Rows:
    rows: _Rows = {}
    for (tenant, minute), (count, late, value, *whose) in sums.minutes.items():
        start = minute % _DAY
        totals, _ = rows.setdefault((tenant, minute - start), ([], []))
        at, event_id = whose or (None, None)
        totals.append(Entry(start, _number(value), count, int(late), at, event_id))
    for (tenant, hour, dims), (count, late, value, *whose) in sums.groups.items():
        start = hour * 60 % _DAY
        _, groups = rows.setdefault((tenant, hour * 60 - start), ([], []))
        at, event_id = whose or (None, None)
        groups.append(Entry(start, _number(value), count, int(late), at, event_id, None, dims))
    return rows


def _unique_rows(sums: Sums, fresh: Fresh) -> _Rows:
    """By the hour; what was new on the day is said by the first entry of it."""
    rows: _Rows = {}
    days = fresh.days.copy()
    hours = dict(sums.totals())["hour"]
    cells: list[tuple[str, int, Dims | None, Cell]] = [
        (tenant, hour, None, cell) for (tenant, hour), cell in hours.items()
    ]
    cells += [(tenant, hour, dims, cell) for (tenant, hour, dims), cell in sums.groups.items()]
    for tenant, hour, dims, (count, late, _) in cells:
        day = hour // 24
        new, of_day = fresh.hours[tenant, hour, dims], days.pop((tenant, day, dims), 0)
        entry = Entry(hour % 24 * 60, new, count, int(late), None, None, of_day, dims)
        both = rows.setdefault((tenant, day * _DAY), ([], []))
        both[dims is not None].append(entry)
    return rows


def fold_some(connection: Connection[Any], *, added: int) -> None:
    """Fold a slice, when the last batch did not come here; more than came, when there is much."""
    rows, folded_to = _state(connection)
    if rows > conf.tail_rows():
        _fold(connection, rows, folded_to, most=max(_SLICE, added + added // 4))
    elif rows > 0 and not added:
        _fold(connection, rows, folded_to, most=_SLICE)


def fold_all(connection: Connection[Any]) -> None:
    """Fold everything."""
    rows, _ = _state(connection)
    _fold(connection, rows, "", most=None)


def erase(connection: Connection[Any], tenant: str) -> int:
    """Remove the rows of a workspace, unfolded; returns how many."""
    rows, folded_to = _state(connection)
    statement = "DELETE FROM rollup_tail WHERE tenant = %s"
    gone = connection.execute(statement, [tenant]).rowcount
    connection.execute(_SET_STATE, [max(rows - gone, 0), folded_to])
    return gone


def _state(connection: Connection[Any]) -> tuple[int, str]:
    row = connection.execute(_STATE).fetchone()
    assert row is not None  # noqa: S101 (the migration put it there)
    return row[0], row[1]


def _fold(connection: Connection[Any], rows: int, start: str, *, most: int | None) -> None:
    """Fold the rows of the workspaces from `start` on: about `most`, or all."""
    end = None if most is None else _end(connection, start, most)
    span = {"start": start, "end": end}
    days = [day for (day,) in connection.execute(_DAYS, span)]
    take_fences(connection, days)
    taken = connection.execute(_TAKE, span).fetchall()
    with localcontext(EXACT):
        totals, breakdowns = _summed(taken)
    with connection.pipeline():
        for grain in GRAINS:
            add_totals(connection, grain, totals[grain])
        for grain in BROKEN_DOWN:
            add_breakdowns(connection, grain, breakdowns[grain])
        is_all = start == "" and end is None
        connection.execute(_SET_STATE, [0 if is_all else max(0, rows - len(taken)), end or ""])


def _end(connection: Connection[Any], start: str, most: int) -> str | None:
    """The workspace before which a slice of about so many rows ends; None: it is the last."""
    found = connection.execute(_NEXT, [start, most]).fetchone()
    if found == (start,):  # it alone has more
        found = connection.execute(_AFTER, [start]).fetchone()
    return found[0] if found else None


def _summed(
    taken: Sequence[_Taken],
) -> tuple[dict[Grain, list[Total]], dict[Grain, list[Breakdown]]]:
    """The rows that these add to the rollups, by meter."""
    totals: dict[Grain, list[Total]] = {grain: [] for grain in GRAINS}
    breakdowns: dict[Grain, list[Breakdown]] = {grain: [] for grain in BROKEN_DOWN}
    keys = Keys()
    by_meter: dict[str, list[_Taken]] = {}
    for row in taken:
        by_meter.setdefault(row[1], []).append(row)
    for key, meter in sorted(meters().items()):  # what is of none of these is gone
        for grain, cells, groups in _cells(meter, by_meter.get(key, [])):
            totals[grain] += total_rows(key, grain, cells)
            if grain in BROKEN_DOWN:
                breakdowns[grain] += breakdown_rows(key, grain, groups, keys)
    return totals, breakdowns


def _cells(meter: Meter, rows: Sequence[_Taken]) -> Iterator[tuple[Grain, Cells, Groups]]:
    """The cells of each grain."""
    if _is_unique(meter):
        yield from _unique_cells(meter, rows)
        return
    sums = Sums(meter)
    join, has_whose = JOINS[meter.aggregation], meter.aggregation == "latest"
    for tenant, _, day, totals, groups in rows:
        for entry in _decode(totals):
            if (entry.at is not None) == has_whose:
                _join(sums.minutes, (tenant, day + entry.minute), _cell(entry), join)
        for entry in _decode(groups):
            dims = entry.dims or ()
            if (entry.at is not None) == has_whose and len(dims) == len(meter.group_by):
                where = (tenant, (day + entry.minute) // 60, dims)
                _join(sums.groups, where, _cell(entry), join)
    by_grain = dict(sums.breakdowns())
    for grain, cells in sums.totals():
        yield grain, cells, by_grain.get(grain, {})


def _unique_cells(meter: Meter, rows: Sequence[_Taken]) -> Iterator[tuple[Grain, Cells, Groups]]:
    """What was new, in hours and in days."""
    cells: tuple[Cells, Cells] = ({}, {})
    by_dims: tuple[Groups, Groups] = ({}, {})
    join = JOINS["sum"]
    for tenant, _, day, *both in rows:
        for entry in [*_decode(both[0]), *_decode(both[1])]:
            if entry.of_day is None or len(entry.dims or meter.group_by) != len(meter.group_by):
                continue
            minute = day + entry.minute
            said = ((minute // 60, entry.value), (minute // _DAY, entry.of_day))
            for number, (bucket, value) in enumerate(said):
                cell = [entry.count, entry.late, value]
                if entry.dims is None:
                    _join(cells[number], (tenant, bucket), cell, join)
                else:
                    _join(by_dims[number], (tenant, bucket, entry.dims), cell, join)
    yield "hour", cells[0], by_dims[0]
    yield "day", cells[1], by_dims[1]


def _join(cells: Any, where: Any, cell: Cell, join: Callable[[Cell, Cell], None]) -> None:
    known = cells.get(where)
    if known is None:
        cells[where] = cell
    else:
        join(known, cell)


def _cell(entry: Entry) -> Cell:
    """What was added by an older definition does not fit: that is what a rebuild is for."""
    value = entry.value if isinstance(entry.value, int) else Decimal(entry.value)
    if entry.at is None:
        return [entry.count, entry.late, value]
    return [entry.count, entry.late, value, entry.at, entry.event_id]


def _is_unique(meter: Meter) -> bool:
    return meter.aggregation == "unique"


def _number(value: Number) -> int | str:
    return value if type(value) is int and -_SHORT < value < _SHORT else str(value)


@cache
def _instant(minute: int) -> bytes:
    return datetime.fromtimestamp(minute * 60, UTC).isoformat().encode()
