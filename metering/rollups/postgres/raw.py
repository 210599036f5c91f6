"""What raw events in a PostgreSQL store count as, said in SQL: to answer, recount and rebuild."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from psycopg import Connection, sql

from metering import conf
from metering.definitions import accepted, refused
from metering.definitions.meter import ANONYMOUS_ID, PERSON, Meter
from metering.definitions.values import LONGEST_VALUE, TOTAL, text
from metering.rollups.partials import Grain

# How a bucket's value comes from its events, by the meter's aggregation. Events are `number` or
# `word` (for unique counts), `at` and `event_id`.
VALUES = {
    "count": "count(*)",
    "sum": "sum(number)",
    "max": "max(number)",
    "latest": "(array_agg(number ORDER BY at DESC, event_id DESC))[1]",
    "unique": "count(DISTINCT word)",
}
_WHOSE = """(array_agg(at ORDER BY at DESC, event_id DESC))[1],
            (array_agg(event_id ORDER BY at DESC, event_id DESC))[1]"""
_NOBODYS = "NULL::timestamptz, NULL::uuid"

_EVENTS = """
    SELECT {meter} AS meter, tenant, event.time AS at, event.id AS event_id, {number} AS number,
           {word} AS word, {dims} AS dims, {late} AS late
    FROM {source} WHERE name = {event} AND tenant IS NOT NULL{filters}
"""
_TOTALS = """
    SELECT tenant, meter, date_trunc('{grain}', at, 'UTC') AS bucket, {value}, count(*),
           count(*) FILTER (WHERE late), {whose}
    FROM metered WHERE meter = %(meter)s GROUP BY 1, 2, 3
"""
_BREAKDOWNS = """
    SELECT tenant, meter, bucket, metered_key(dims), dims, value, count, late, at, event_id
    FROM (SELECT tenant, meter, date_trunc('{grain}', at, 'UTC') AS bucket, dims, {value}, count(*),
                 count(*) FILTER (WHERE late), {whose}
          FROM metered WHERE meter = %(meter)s GROUP BY 1, 2, 3, 4)
         AS grouped (tenant, meter, bucket, dims, value, count, late, at, event_id)
"""
_DISTINCT = """
    SELECT tenant, meter, date_trunc('day', at, 'UTC'), word, {key},
           bit_or(1 << extract(hour FROM at AT TIME ZONE 'UTC')::int), dims
    FROM metered WHERE meter = %(meter)s GROUP BY 1, 2, 3, 4, dims
"""


def events(meter: Meter, *, source: str = "event") -> str:
    """SELECT of the events that a meter counts; add conditions with AND. No parameters.

    `source` is the table `event`, or something of its columns under that name.
    """
    return _EVENTS.format(
        source=source,
        meter=quoted(meter.key),
        event=quoted(meter.event),
        number="1" if meter.aggregation == "count" else _number(meter),
        word=_word(meter),
        dims=f"ARRAY[{', '.join(map(dimension, meter.group_by))}]::text[]",
        late=_late(),
        filters="".join(
            f" AND {_passes(meter, name, property_text(name))}" for name in meter.filters
        )
        + "".join(f" AND {_is_kept(meter, name, property_text(name))}" for name in meter.excludes)
        + ("" if meter.aggregation == "count" else f" AND {_has_value(meter)}"),
    )


def word(meter: Meter) -> str:
    """Of a unique count: an event's value, as an expression over the table `event`; NULL where the meter
    does not count it. A short one needs no function."""
    given = property_text(str(meter.property))
    return f"""CASE WHEN {given} IS NULL OR NOT ({condition(meter)}) THEN NULL
        WHEN length({given}) <= {LONGEST_VALUE} THEN {given} ELSE {_word(meter)} END COLLATE "C\""""


def number(meter: Meter) -> str:
    """An event's number for a sum, maximum or last value, as an expression; NULL where it has none. What
    is a number already, and has few digits, needs no function."""
    name = quoted(str(meter.property))
    return f"""CASE WHEN jsonb_typeof(properties -> {name}) = 'number'
             AND length(properties ->> {name}) < 30 THEN (properties -> {name})::numeric
        ELSE {_number(meter)} END"""


def condition(meter: Meter, column: Callable[[str], str] | None = None) -> str:
    """Which events the meter looks at. `column` says where a property's text is, if not in the event."""
    read = column or property_text
    parts = [f"name = {quoted(meter.event)}"]
    parts += [_passes(meter, name, read(name)) for name in meter.filters]
    parts += [_is_kept(meter, name, read(name)) for name in meter.excludes]
    return " AND ".join(parts)


def collect(
    connection: Connection[Any],
    meters: Collection[Meter],
    *,
    start: Any = None,
    end: Any = None,
    tenant: str | None = None,
) -> None:
    """Put the events that these meters count into the temporary table `metered`."""
    within = ""
    if start is not None:
        within = " AND event.time >= %(start)s AND event.time < %(end)s"
    if tenant is not None:
        within += " AND tenant = %(tenant)s"
    connection.execute("DROP TABLE IF EXISTS metered")
    chosen = " UNION ALL ".join(f"({events(meter)}{within})" for meter in meters)
    connection.execute(
        f"CREATE TEMP TABLE metered ON COMMIT DROP AS {chosen}",
        {"start": start, "end": end, "tenant": tenant},
    )


def totals(meter: Meter, grain: Grain) -> str:
    """SELECT of the rows of rollup_<grain>, from `metered`; %(meter)s is the meter's key."""
    return _TOTALS.format(grain=grain, value=VALUES[meter.aggregation], whose=_whose(meter))


def breakdowns(meter: Meter, grain: Grain) -> str:
    """SELECT of the rows of breakdown_<grain>, from `metered`."""
    return _BREAKDOWNS.format(grain=grain, value=VALUES[meter.aggregation], whose=_whose(meter))


def distinct(meter: Meter) -> str:
    """SELECT of the rows of distinct_day, from `metered`."""
    return _DISTINCT.format(key="metered_key(dims)" if meter.group_by else f"'{TOTAL}'::uuid")


def dimension(name: str) -> str:
    """The expression of a dimension's value as breakdowns keep it."""
    return f"metered_dimension({property_text(name)})"


def quoted(value: str) -> str:
    """A literal, in a statement that has parameters."""
    return sql.Literal(value).as_string(None).replace("%", "%%")


def property_text(name: str) -> str:
    """What a property (or whose event it is) says, as text."""
    if name == PERSON:
        return "person::text"
    if name == ANONYMOUS_ID:
        return "anonymous_id"
    return f"metered_text(properties -> {quoted(name)})"


def _number(meter: Meter) -> str:
    if meter.aggregation == "unique":
        return "NULL::numeric"
    return f"metered_number(properties -> {quoted(str(meter.property))})"


def _word(meter: Meter) -> str:
    if meter.aggregation != "unique":
        return "NULL::text"
    return f"metered_distinct({property_text(str(meter.property))})"


def _has_value(meter: Meter) -> str:
    told = _word(meter) if meter.aggregation == "unique" else _number(meter)
    return f"{told} IS NOT NULL"


def _passes(meter: Meter, name: str, read: str) -> str:
    wanted = ", ".join(quoted(str(text(value))) for value in accepted(meter, name))
    return f"{read} IN ({wanted})"


def _is_kept(meter: Meter, name: str, read: str) -> str:
    values = ", ".join(quoted(str(text(value))) for value in refused(meter, name))
    return f"({read} IN ({values})) IS NOT TRUE"


def _late() -> str:
    seconds = 60 + conf.late_after().total_seconds()
    return f"received_at - date_trunc('minute', event.time) > interval '{seconds} seconds'"


def _whose(meter: Meter) -> str:
    return _WHOSE if meter.aggregation == "latest" else _NOBODYS
