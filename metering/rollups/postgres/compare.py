"""Compares the raw events of some days with each grain of the rollups, for every workspace.

Events are read once for all meters that add up: what is alike for every meter (name, what filters ask for)
is counted together, and the meters are made of these few rows. They are read once more for each meter that
counts different values, or keeps the last one. Only what differs leaves the database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from psycopg import Connection

from metering.definitions.meter import Meter
from metering.rollups.postgres import raw
from metering.rollups.protocol import Compared

_ADDS_UP = ("count", "sum")
_MADE_OF_ALIKE = {"count": "sum", "sum": "sum", "max": "max"}  # and how
_GRAINS = ("day", "hour", "minute")
_MEMORY = "64MB"  # for a sort or hash table, before it uses the disk
_DAY = "date_bin('1 day', {0}, %(start)s)"  # days are those of UTC, which has no shorter or longer ones
_WITHIN = """
    FROM event WHERE event.time >= %(start)s AND event.time < %(end)s AND tenant IS NOT NULL {tenant}
          AND name = ANY({names}::text[])
"""
# Each gives: tenant, day, meter, value, count, adds_up, has_minutes.
_ALIKE = """
    SELECT tenant, {day} AS day, name{alike}, count(*) AS events{numbers} {within}
    GROUP BY tenant, day, name{alike_names}
"""
_OF_ALIKE = """
    SELECT tenant, day, {meter}, {value}::numeric, sum({count})::bigint, {adds_up}, TRUE
    FROM alike WHERE {condition} GROUP BY tenant, day HAVING sum({count}) > 0
"""
_UNIQUE = """
    SELECT tenant, day, {meter}, count(DISTINCT word)::numeric, count(*), FALSE, FALSE
    FROM (SELECT tenant, {day} AS day, {word} AS word {within} OFFSET 0) AS counted
    WHERE word IS NOT NULL GROUP BY 1, 2
"""
_LATEST = """
    SELECT tenant, day, {meter}, (array_agg(number ORDER BY at DESC, id DESC))[1], count(*), FALSE, TRUE
    FROM (SELECT tenant, {day} AS day, event.time AS at, id, {number} AS number {within}
          AND {condition}) AS counted
    WHERE number IS NOT NULL GROUP BY tenant, day
"""
_KEPT = """
    SELECT '{grain}' AS grain, tenant, {day} AS day, meter, sum(value) AS value, sum(count) AS count
    FROM rollup_{grain}
    WHERE bucket >= %(start)s AND bucket < %(end)s AND meter = ANY(%(meters)s) {tenant}
    GROUP BY 2, 3, 4
"""
_KEPT_DAYS = """
    SELECT 'day' AS grain, tenant, bucket AS day, meter, value, count FROM rollup_day
    WHERE bucket >= %(start)s AND bucket < %(end)s AND meter = ANY(%(meters)s) {tenant}
"""
_DIFFERING = """
    WITH alike AS MATERIALIZED ({alike}),
    raw (tenant, day, meter, value, count, adds_up, has_minutes) AS ({raw}),
    kept AS ({kept}),
    expected AS (
        SELECT grain, raw.* FROM raw, unnest(%(grains)s::text[]) AS grain
        WHERE has_minutes OR grain <> 'minute'
    )
    SELECT grain, tenant, day, meter, expected.value, expected.count, kept.value, kept.count
    FROM expected FULL JOIN kept USING (grain, tenant, day, meter)
    WHERE expected.count IS DISTINCT FROM kept.count
       OR ((expected.adds_up OR grain = 'day') AND expected.value IS DISTINCT FROM kept.value)
    ORDER BY day, tenant, meter, grain LIMIT %(most)s
"""


def compared(
    connection: Connection[Any],
    first: date,
    last: date,
    meters: Collection[Meter],
    *,
    tenant: str | None,
    most: int,
) -> Iterator[Compared]:
    """Where a grain says otherwise than the raw events of these days; one statement, so one snapshot."""
    given = {
        "start": datetime.combine(first, time(), UTC),
        "end": datetime.combine(last + timedelta(days=1), time(), UTC),
        "meters": [meter.key for meter in meters],
        "grains": list(_GRAINS),
        "tenant": tenant,
        "most": most,
    }
    only = "AND tenant = %(tenant)s" if tenant is not None else ""
    day = _DAY.format("bucket")
    kept = [_KEPT.format(grain=grain, tenant=only, day=day) for grain in ("hour", "minute")]
    together = _Together([meter for meter in meters if meter.aggregation in _MADE_OF_ALIKE])
    statement = _DIFFERING.format(
        alike=together.alike(only),
        raw=" UNION ALL ".join([*together.meters(), *_alone(meters, only)]),
        kept=" UNION ALL ".join([_KEPT_DAYS.format(tenant=only), *kept]),
    )
    connection.execute(f"SET LOCAL work_mem = '{_MEMORY}'")
    connection.execute("SET LOCAL jit = off")
    connection.execute("SET LOCAL enable_mergejoin = off")  # it would sort both sides
    for grain, schema, day, key, *said in connection.execute(statement, given).fetchall():
        yield Compared(schema, key, day, grain, *said)


class _Together:
    """Meters that are made of rows in which events are counted that are alike for each of them."""

    def __init__(self, meters: Sequence[Meter]) -> None:
        self._meters = meters
        self._texts: dict[str, str] = {}  # by property: the column with what it says
        for name in (name for meter in meters for name in (*meter.filters, *meter.excludes)):
            self._texts.setdefault(name, f"text{len(self._texts)}")
        self._numbers: dict[tuple[str, str], int] = {}  # by event and property: the number's place
        for meter in meters:
            if meter.property is not None and self._place(meter) is None:
                place = sum(event == meter.event for event, _ in self._numbers)
                self._numbers[meter.event, meter.property] = place

    def alike(self, only: str) -> str:
        """The rows. Only what some meter asks for is read, and only of its events."""
        texts = []
        for name, column in self._texts.items():
            asking = [m for m in self._meters if name in m.filters or name in m.excludes]
            events = ", ".join(sorted({raw.quoted(meter.event) for meter in asking}))
            read = raw.property_text(name)
            texts.append(f", CASE WHEN name IN ({events}) THEN {read} END AS {column}")
        numbers = []
        for place in sorted(set(self._numbers.values())):
            number = f"CASE name {' '.join(self._read(place))} END"
            wanted = {m.aggregation for m in self._meters if self._place(m) == place}
            numbers += [f", {of}({number}) AS {of}{place}" for of in sorted({"count", *wanted})]
        return _ALIKE.format(
            day=_DAY.format("event.time"),
            alike="".join(texts),
            alike_names="".join(f", {column}" for column in self._texts.values()),
            numbers="".join(numbers),
            within=_within(self._meters, only),
        )

    def _place(self, meter: Meter) -> int | None:
        return self._numbers.get((meter.event, str(meter.property)))

    def _read(self, place: int) -> Iterator[str]:
        read = {(meter.event, meter.property): raw.number(meter) for meter in self._meters}
        for (event, name), at in self._numbers.items():
            if at == place:
                yield f"WHEN {raw.quoted(event)} THEN {read[event, name]}"

    def meters(self) -> Iterator[str]:
        """What each meter makes of them."""
        for meter in self._meters:
            value = count = "events"
            if (place := self._place(meter)) is not None:
                value, count = f"{meter.aggregation}{place}", f"count{place}"
            yield _OF_ALIKE.format(
                meter=raw.quoted(meter.key),
                value=f"{_MADE_OF_ALIKE[meter.aggregation]}({value})",
                count=count,
                adds_up=str(meter.aggregation in _ADDS_UP).upper(),
                condition=raw.condition(meter, column=self._texts.__getitem__),
            )


def _alone(meters: Collection[Meter], only: str) -> Iterator[str]:
    for meter in meters:
        told = {
            "day": _DAY.format("event.time"),
            "meter": raw.quoted(meter.key),
            "within": _within([meter], only),
        }
        if meter.aggregation == "unique":
            yield _UNIQUE.format(word=raw.word(meter), **told)
        elif meter.aggregation == "latest":
            number, condition = raw.number(meter), raw.condition(meter)
            yield _LATEST.format(number=number, condition=condition, **told)


def _within(meters: Collection[Meter], only: str) -> str:
    names = ", ".join(raw.quoted(name) for name in sorted({meter.event for meter in meters}))
    return _WITHIN.format(tenant=only, names=f"ARRAY[{names}]")
