"""Questions as SQL for a ClickHouse store: one statement for all, so one round trip.

A statement adds up rows of (window, groups, number, count, late) from each source that a plan
needs; what a source gives is a bucket of a rollup, a value that a unique count has seen, or a raw
event.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from events import Event
from events.store.clickhouse import quote
from metering import conf
from metering.definitions.values import TOTAL
from metering.rollups.clickhouse import raw
from metering.rollups.clickhouse.merge import COLUMNS
from metering.rollups.plan import TENANT
from metering.rollups.protocol import Found, Piece, Plan, Source

# How the numbers of a window come together, by the meter's aggregation.
_VALUES = {
    "count": "sum(number)",
    "sum": "sum(number)",
    "max": "max(number)",
    "latest": "max(number).3",
    "unique": "toDecimal256(uniqExact(number), 30)",
}
_NO_WORD = "CAST(NULL, 'Nullable(String)')"
_PART = """
    SELECT {window} AS no{groups}, {number} AS number, {count} AS count, {late} AS late
    FROM {table} WHERE {where}
"""
_WAITING = (
    "id UUID, name String, time DateTime64(6, 'UTC'), received_at DateTime64(6, 'UTC'), "
    "tenant String, person Nullable(UUID), anonymous_id Nullable(String), properties String"
)
_ANSWER = """
    SELECT no{groups}, {value} AS value, sum(count) AS count, sum(late) AS late
    FROM ({parts}) GROUP BY no{groups}
"""
_TOP = """
    SELECT no{groups}, value, count, late FROM (
        SELECT *, dense_rank() OVER (ORDER BY size DESC{groups}) AS place FROM (
            SELECT *, sum(value) OVER (PARTITION BY tuple({group_list})) AS size FROM ({answer})
        )
    ) WHERE place <= {top}
"""
# A statement is text: a page's questions, with a window for each hour of a month, are some 100 KB.
_SETTINGS = {"max_query_size": 64 * 1024 * 1024, "max_ast_elements": 10_000_000,
             "max_expanded_ast_elements": 10_000_000}  # fmt: skip


def answer(
    client: Client, plans: Sequence[Plan], *, waiting: Sequence[Event] = ()
) -> list[list[Found]]:
    """The rows of each plan, unordered.

    A batch's events and its rollups become visible one after the other, within milliseconds: there
    is no transaction here that would hold them together.
    """
    found: list[list[Found]] = [[] for _ in plans]
    statements = [
        _numbered(number, _statement(plan, waiting), plan)
        for number, plan in enumerate(plans)
        if plan.pieces
    ]
    if statements:
        settings = {**_SETTINGS, "max_execution_time": int(conf.answer_within().total_seconds())}
        rows = client.query(" UNION ALL ".join(statements), settings=settings).result_rows
        for number, window, groups, value, count, late in rows:
            found[number].append(Found(window, tuple(groups), Decimal(value), count, late))
    return found


def _numbered(number: int, statement: str, plan: Plan) -> str:
    groups = ", ".join(f"g{n}" for n in range(len(plan.group_by)))
    return (
        f"SELECT toUInt32({number}) AS plan, toUInt32(no) AS no,"  # noqa: S608
        f" CAST([{groups}], 'Array(Nullable(String))') AS groups,"
        f" toString(value) AS value, toUInt64(count) AS count, toUInt64(late) AS late"
        f" FROM ({statement} LIMIT {plan.most + 1})"
    )


def _statement(plan: Plan, waiting: Sequence[Event]) -> str:
    parts: list[str] = []
    for source, pieces in plan.pieces.items():
        if source == "raw":
            parts.append(_raw_part(plan, pieces))
        else:
            parts += _kept_parts(plan, source, pieces)
    if mine := [event for event in waiting if event.name == plan.meter.event]:
        parts.append(_waiting_part(plan, mine))
    names = [f"g{n}" for n in range(len(plan.group_by))]
    groups = "".join(f", {name}" for name in names)
    value = _VALUES[plan.meter.aggregation]
    statement = _ANSWER.format(groups=groups, value=value, parts=" UNION ALL ".join(parts))
    if plan.top is None:
        return statement
    return _TOP.format(groups=groups, group_list=", ".join(names), answer=statement, top=plan.top)


def _kept_parts(plan: Plan, source: Source, pieces: Sequence[Piece]) -> list[str]:
    """What a rollup says; of a unique count, also the values that it has seen."""
    window, within = _windows(pieces, "toInt64(toUnixTimestamp(bucket))", _seconds)
    where = " AND ".join([f"meter = {quote(plan.meter.key)}", *within, *_conditions(plan)])
    table = "breakdown" if plan.broken_down else "rollup"
    by_values = plan.meter.aggregation == "unique"
    filled = {"window": window, "groups": _groups(plan)}
    kept = _PART.format(
        number=_NO_WORD if by_values else COLUMNS[plan.meter.aggregation],
        count="count",
        late="late",
        table=f"{table}_{source}",
        where=where,
        **filled,
    )
    if not by_values:
        return [kept]
    side = "!=" if plan.broken_down else "="
    seen = _PART.format(
        number="toNullable(value)",
        count="toUInt64(0)",
        late="toUInt64(0)",
        table=f"distinct_{source}",
        where=f"{where} AND key {side} toUUID('{TOTAL}')",
        **filled,
    )
    return [kept, seen]


def _raw_part(plan: Plan, pieces: Sequence[Piece]) -> str:
    """What raw events say, of the days that the pieces lie in."""
    start, end = min(piece.start for piece in pieces if piece.start), _end(pieces)
    within = f" AND time >= {_moment(start)} AND time < {_moment(end)}"
    if plan.tenant is not None:
        within += f" AND tenant = {quote(plan.tenant)}"
    if all(_is_within_a_day(piece) for piece in pieces):  # few days of a long span
        days = sorted({piece.start.astimezone(UTC).date() for piece in pieces if piece.start})
        within += f" AND toDate(time) IN ({', '.join(quote(str(day)) for day in days)})"
    return _events_part(plan, pieces, f"({raw.events(plan.meter, within=within)})")


def _waiting_part(plan: Plan, waiting: Sequence[Event]) -> str:
    """What waiting events say that are not stored; all pieces of a window together are the window."""
    pieces = [piece for found in plan.pieces.values() for piece in found]
    first, last = (_moment(find(event.time for event in waiting)) for find in (min, max))
    known = (
        f"SELECT id FROM event WHERE tenant = {quote(plan.tenant or '')}"  # noqa: S608
        f" AND name = {quote(plan.meter.event)} AND time >= {first} AND time <= {last}"
    )
    rows = ", ".join(map(_row, waiting))
    source = f"values({quote(_WAITING)}, {rows})"
    events = raw.events(plan.meter, source=source, within=f" AND id NOT IN ({known})")
    return _events_part(plan, pieces, f"({events})")


def _row(event: Event) -> str:
    """The event as a row of _WAITING. Times are whole microseconds since 1970, and cast by it."""
    times = (_moment(event.time), _moment(event.received_at))
    properties = msgspec.json.encode(event.properties).decode()
    person = "NULL" if event.person is None else quote(str(event.person))
    anonymous_id = "NULL" if event.anonymous_id is None else quote(event.anonymous_id)
    texts = (quote(event.name), *times, quote(event.tenant or ""), person, anonymous_id)
    return f"({quote(str(event.id))}, {', '.join(texts)}, {quote(properties)})"


def _events_part(plan: Plan, pieces: Sequence[Piece], table: str) -> str:
    window, inside = _windows(pieces, "toUnixTimestamp64Micro(time)", _micros)
    numbers = {"latest": "tuple(time, event_id, assumeNotNull(number))", "unique": "word"}
    return _PART.format(
        window=window,
        groups=_groups(plan),
        number=numbers.get(plan.meter.aggregation, "assumeNotNull(number)"),
        count="toUInt64(1)",
        late="toUInt64(late)",
        table=table,
        where=" AND ".join([*inside, *_conditions(plan)]) or "true",
    )


def _is_within_a_day(piece: Piece) -> bool:
    start, end = piece.start, piece.end
    if start is None or end is None:
        return False
    return start.date() == (end - timedelta(microseconds=1)).date()


def _windows(pieces: Sequence[Piece], moment: str, number: Any) -> tuple[str, list[str]]:
    """The window that a moment lies in, and that it lies in one. Pieces do not overlap.

    What ends before ClickHouse's times begin (1970) holds nothing, and must not stand before the piece
    that begins there: the first of two equal beginnings would win.
    """
    spans = sorted(
        (number(piece.start, low=True), number(piece.end, low=False), piece.window)
        for piece in pieces
    )
    spans = [span for span in spans if span[0] < span[1]] or spans[:1]
    starts, ends = [span[0] for span in spans], [span[1] for span in spans]
    within = [f"{moment} >= {starts[0]}", f"{moment} < {ends[-1]}"]
    if number is _seconds:  # said of the column itself, so that other partitions are not read
        within += [f"bucket >= toDateTime({max(0, starts[0])}, 'UTC')"]
        within += [f"bucket < toDateTime({min(ends[-1], 2**32 - 1)}, 'UTC')"]
    if len(spans) == 1:
        return f"toUInt32({spans[0][2]})", within
    begun = f"roundDown({moment}, {_array(starts)})"
    within.append(f"{moment} < transform({begun}, {_array(starts)}, {_array(ends)}, toInt64(0))")
    windows = f"CAST({[span[2] for span in spans]}, 'Array(UInt32)')"
    return f"transform({begun}, {_array(starts)}, {windows}, toUInt32(0))", within


def _array(numbers: Sequence[int]) -> str:
    return f"CAST({list(numbers)}, 'Array(Int64)')"


def _seconds(moment: datetime | None, *, low: bool) -> int:
    if moment is None:
        return 0 if low else 2**32
    return int(moment.timestamp())


def _micros(moment: datetime | None, *, low: bool) -> int:
    if moment is None:  # a span of whole days may be open
        return 0 if low else 2**62
    whole = moment.replace(microsecond=0)
    return int(whole.timestamp()) * 1_000_000 + moment.microsecond


def _end(pieces: Sequence[Piece]) -> datetime:
    return max(piece.end for piece in pieces if piece.end)


def _moment(moment: datetime) -> str:
    return f"fromUnixTimestamp64Micro({_micros(moment, low=True)}, 'UTC')"


def _groups(plan: Plan) -> str:
    return "".join(f", {_column(plan, name)} AS g{n}" for n, name in enumerate(plan.group_by))


def _conditions(plan: Plan) -> list[str]:
    conditions = [] if plan.tenant is None else [f"tenant = {quote(plan.tenant)}"]
    for name, values in plan.filters.items():
        column = _column(plan, name)
        words = ", ".join(quote(value) for value in values if value is not None)
        fits = [f"ifNull({column} IN ({words}), false)"] if words else []
        fits += [f"isNull({column})"] if None in values else []
        conditions.append(f"({' OR '.join(fits) or 'false'})")
    return conditions


def _column(plan: Plan, name: str) -> str:
    if name == TENANT:
        return "toNullable(tenant)"
    return f"dims[{plan.meter.group_by.index(name) + 1}]"
