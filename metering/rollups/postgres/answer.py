"""Questions as SQL for a PostgreSQL store: one statement a question, all in one round trip.

A statement adds up rows of (window, groups, value, count, late) from each source that the plan
needs; what a source gives is a bucket of a rollup or a raw event.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby, product
from math import prod
from typing import Any

import msgspec
from psycopg import Connection

from events import Event
from metering import conf
from metering.definitions.values import key_of
from metering.rollups.plan import TENANT
from metering.rollups.postgres import raw as postgres_raw
from metering.rollups.protocol import Found, Piece, Plan, Source

_MOST_KEYS = 1_000
_ALL_HOURS = (1 << 24) - 1
_VALUES = {
    "count": "coalesce(sum(number), 0)",
    "sum": "coalesce(sum(number), 0)",
    "max": "max(number)",
    "latest": "(array_agg(number ORDER BY at DESC, event_id DESC))[1]",
    "unique": "count(DISTINCT word)",
}
# Each gives: window, groups, number, word, count, late, at, event_id.
_KEPT = """
    SELECT no{groups}, {number}, NULL::text, kept.count, kept.late, kept.at, kept.event_id
    FROM unnest(%({source}_no)s::int[], %({source}_start)s::timestamptz[],
                %({source}_end)s::timestamptz[]) AS piece (no, start, stop)
    JOIN {table}_{source} AS kept
      ON kept.meter = %(meter)s AND kept.bucket >= start AND kept.bucket < stop{where}
"""
_SEEN = """
    SELECT no{groups}, NULL::numeric, kept.value, 0, 0, NULL::timestamptz, NULL::uuid
    FROM unnest(%({name}_no)s::int[], %({name}_start)s::timestamptz[],
                %({name}_end)s::timestamptz[], %({name}_hours)s::int[])
         AS piece (no, start, stop, hours)
    JOIN distinct_day AS kept
      ON kept.meter = %(meter)s AND kept.bucket >= start AND kept.bucket < stop
         AND kept.hours & piece.hours <> 0{where}
"""
_RAW = """
    SELECT no{groups}, kept.number, kept.word, 1, kept.late::int, kept.at, kept.event_id
    FROM ({events} AND event.time >= %({raw}_low)s AND event.time < %({raw}_high)s) AS kept
    JOIN unnest(%({raw}_no)s::int[], %({raw}_start)s::timestamptz[], %({raw}_end)s::timestamptz[])
         AS piece (no, start, stop) ON kept.at >= start AND kept.at < stop{where}
"""
# Events that were accepted and are perhaps not stored: those that are not, as this statement sees it.
_WAITING_EVENTS = """jsonb_to_recordset(%(waiting)s::text::jsonb) AS event (id uuid, name text,
    time timestamptz, received_at timestamptz, tenant text, person uuid, anonymous_id text,
    properties jsonb)"""
_WAITING = """
    SELECT no{groups}, kept.number, kept.word, 1, kept.late::int, kept.at, kept.event_id
    FROM ({events} AND NOT EXISTS (SELECT FROM event_key WHERE event_key.id = event.id)) AS kept
    JOIN unnest(%(waiting_no)s::int[], %(waiting_start)s::timestamptz[],
                %(waiting_end)s::timestamptz[])
         AS piece (no, start, stop) ON kept.at >= start AND kept.at < stop{where}
"""
_ANSWER = """
    SELECT no{groups}, {value} AS value, sum(count)::bigint AS count, sum(late)::bigint AS late
    FROM ({parts}) AS part (no{groups}, number, word, count, late, at, event_id)
    GROUP BY no{groups}
"""
_TOP = """
    SELECT no{groups}, value, count, late FROM (
        SELECT *, dense_rank() OVER (ORDER BY size DESC{groups}) AS place FROM (
            SELECT *, sum(value) OVER (PARTITION BY NULL::int{groups}) AS size
            FROM ({answer}) AS answer
        ) AS sized
    ) AS ranked WHERE place <= %(top)s
"""


def answer(
    connection: Connection[Any], plans: Sequence[Plan], *, waiting: Sequence[Event] = ()
) -> list[list[Found]]:
    """The rows of each plan, unordered."""
    by_name = _by_name(waiting)
    within = int(conf.answer_within().total_seconds() * 1000)
    with connection.pipeline():
        connection.execute(f"SET LOCAL statement_timeout = {within}")
        cursors = [
            connection.execute(*_statement(plan, by_name.get(plan.meter.event)))
            if plan.pieces
            else None
            for plan in plans
        ]
    return [
        [] if cursor is None else [_found(plan, row) for row in cursor.fetchall()]
        for plan, cursor in zip(plans, cursors, strict=True)
    ]


def answer_each(connection: Connection[Any], plans: Sequence[Plan]) -> list[Found | None]:
    """The row of each plan of a workspace and one window: a statement a meter."""
    of_meter: dict[str, list[int]] = {}
    for number, plan in enumerate(plans):
        if plan.pieces:
            of_meter.setdefault(plan.meter.key, []).append(number)
    found: list[Found | None] = [None] * len(plans)
    together = [_together([plans[number] for number in some]) for some in of_meter.values()]
    for some, rows in zip(of_meter.values(), answer(connection, together), strict=True):
        for row in rows:
            found[some[row.window]] = row._replace(window=0)
    return found


def _together(plans: Sequence[Plan]) -> Plan:
    """One plan of all of these: the windows are theirs, in this order."""
    pieces: dict[Source, list[Piece]] = {}
    for number, plan in enumerate(plans):
        for source, some in plan.pieces.items():
            pieces.setdefault(source, []).extend(piece._replace(window=number) for piece in some)
    if "raw" in pieces:  # one part a day
        pieces["raw"].sort(key=_day)
    tenants = tuple(str(plan.tenant) for plan in plans)
    return replace(
        plans[0], tenant=None, tenants=tenants, pieces=pieces, single=False, most=len(plans)
    )


def _found(plan: Plan, row: Sequence[Any]) -> Found:
    window, *groups, value, count, late = row
    return Found(window, tuple(groups), Decimal(value), count, late)


def _by_name(events: Sequence[Event]) -> dict[str, str]:
    """JSON lists of the events of each name."""
    alike: dict[str, list[Event]] = {}
    for event in events:
        alike.setdefault(event.name, []).append(event)
    return {name: msgspec.json.encode(some).decode() for name, some in alike.items()}


def _statement(plan: Plan, waiting: str | None) -> tuple[str, dict[str, Any]]:
    if waiting is not None:  # then no bucket is the answer as it stands
        plan = replace(plan, single=False)
    params: dict[str, Any] = {
        "tenant": plan.tenant,
        "meter": plan.meter.key,
        "tenants": list(plan.tenants),
        "top": plan.top,
        "most": plan.most + 1,
    }
    where = _where(plan, params)
    parts: list[str] = []
    for source, pieces in plan.pieces.items():
        if source == "raw":
            parts += _raw_parts(plan, pieces, where, params)
        else:
            parts += _kept_parts(plan, source, where, pieces, params)
    if waiting is not None:
        parts.append(_waiting_part(plan, where, params, waiting))
    names = "".join(f", g{n}" for n in range(len(plan.group_by)))
    statement = _ANSWER.format(
        groups=names,
        value=_VALUES["sum" if plan.single else plan.meter.aggregation],
        parts=" UNION ALL ".join(parts),
    )
    if plan.top is not None:
        statement = _TOP.format(groups=names, answer=statement)
    return f"{statement} LIMIT %(most)s", params


def _kept_parts(
    plan: Plan, source: Source, where: str, pieces: Sequence[Piece], params: dict[str, Any]
) -> list[str]:
    """What a rollup says; of a unique count, also the values that it has seen."""
    _send(params, source, pieces)
    is_unique = plan.meter.aggregation == "unique"
    by_values = is_unique and not plan.single
    filled = {
        "source": source,
        "table": "breakdown" if plan.broken_down else "rollup",
        "groups": _groups(plan),
        "where": where + _keys(plan, params),
    }
    kept = _KEPT.format(number="NULL::numeric" if by_values else "kept.value", **filled)
    if not by_values:
        return [kept]
    name = f"{source}_seen"
    _send_days(params, name, pieces, source)
    return [kept, _SEEN.format(name=name, **filled)]


def _raw_parts(
    plan: Plan, pieces: Sequence[Piece], where: str, params: dict[str, Any]
) -> list[str]:
    """What raw events say, a part for each day: so only the partitions of these are looked at."""
    parts = []
    events = postgres_raw.events(plan.meter)
    if plan.tenant is not None:
        events += " AND tenant = %(tenant)s"
    if plan.tenants:
        events += " AND tenant = ANY(%(tenants)s::text[])"
    for number, (_, found) in enumerate(groupby(pieces, key=_day)):
        of_day = list(found)
        raw = f"raw{number}"
        _send(params, raw, of_day)
        params[f"{raw}_low"] = min(piece.start for piece in of_day if piece.start)
        params[f"{raw}_high"] = max(piece.end for piece in of_day if piece.end)
        parts.append(_RAW.format(events=events, groups=_groups(plan), where=where, raw=raw))
    return parts


def _waiting_part(plan: Plan, where: str, params: dict[str, Any], waiting: str) -> str:
    """What waiting events say; all pieces of a window together are the window."""
    params["waiting"] = waiting
    _send(params, "waiting", [piece for pieces in plan.pieces.values() for piece in pieces])
    events = postgres_raw.events(plan.meter, source=_WAITING_EVENTS)
    return _WAITING.format(events=events, groups=_groups(plan), where=where)


def _day(piece: Piece) -> date:
    assert piece.start is not None  # noqa: S101 (only days are open)
    return piece.start.date()


def _send(params: dict[str, Any], name: str, pieces: Iterable[Piece]) -> None:
    numbers, starts, ends = zip(*pieces, strict=True)
    params[f"{name}_no"] = list(numbers)
    params[f"{name}_start"] = [each.isoformat() if each else "-infinity" for each in starts]
    params[f"{name}_end"] = [each.isoformat() if each else "infinity" for each in ends]


def _send_days(params: dict[str, Any], name: str, pieces: Iterable[Piece], source: Source) -> None:
    """Days as they are, with all their hours; hours as their days, with a bit for each."""
    days = dict.fromkeys(pieces, _ALL_HOURS) if source == "day" else _days_of_hours(pieces)
    _send(params, name, days)
    params[f"{name}_hours"] = list(days.values())


def _days_of_hours(pieces: Iterable[Piece]) -> dict[Piece, int]:
    found: dict[Piece, int] = {}
    for piece in pieces:
        hour = piece.start
        while hour is not None and piece.end is not None and hour < piece.end:
            day = hour.replace(hour=0)
            where = Piece(piece.window, day, day + timedelta(days=1))
            found[where] = found.get(where, 0) | 1 << hour.hour
            hour += timedelta(hours=1)
    return found


def _groups(plan: Plan) -> str:
    return "".join(f", {_column(plan, name)} AS g{n}" for n, name in enumerate(plan.group_by))


def _where(plan: Plan, params: dict[str, Any]) -> str:
    conditions = [] if plan.tenant is None else ["kept.tenant = %(tenant)s"]
    if plan.tenants:
        conditions.append("kept.tenant = (%(tenants)s::text[])[no + 1]")
    for number, (name, values) in enumerate(plan.filters.items()):
        params[f"filter{number}"] = [value for value in values if value is not None]
        fits = f"{_column(plan, name)} = ANY(%(filter{number})s::text[])"
        if None in values:
            fits = f"({fits} OR {_column(plan, name)} IS NULL)"
        conditions.append(fits)
    return "".join(f" AND {condition}" for condition in conditions)


def _keys(plan: Plan, params: dict[str, Any]) -> str:
    """When filters leave few combinations, the breakdown's index finds them."""
    dims = plan.meter.group_by
    if not plan.broken_down or not plan.filters.keys() >= set(dims):
        return ""
    wanted = [plan.filters[name] for name in dims]
    if prod(map(len, wanted)) > _MOST_KEYS:
        return ""
    params["keys"] = [key_of(dims) for dims in product(*wanted)]
    return " AND kept.key = ANY(%(keys)s::uuid[])"


def _column(plan: Plan, name: str) -> str:
    if name == TENANT:
        return "kept.tenant"
    return f"kept.dims[{plan.meter.group_by.index(name) + 1}]"
