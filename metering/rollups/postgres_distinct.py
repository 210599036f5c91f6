"""The values that unique counts have seen, in a PostgreSQL store: a row for a day and a value.

Which of a batch's values are new, in each hour and day, is asked before they are kept; nobody else
adds meanwhile (`postgres_merge`). A value that has been seen in the hour writes nothing at all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from psycopg import Connection

from metering.catalogue import meters
from metering.partials import Distinct, Grain, Partials
from metering.rollups.postgres_arrays import plain, texts
from metering.values import TOTAL

_DAY, _HOUR = 86400, 3600

_GIVEN = "unnest(%s::text[], %s::text[], %s::bigint[], %s::text[]"
_KNOWN = f"""
    SELECT number, key, hours
    FROM {_GIVEN}) WITH ORDINALITY AS given (tenant, meter, bucket, value, number)
    JOIN distinct_day AS kept ON kept.tenant = given.tenant AND kept.meter = given.meter
         AND kept.bucket = to_timestamp(given.bucket) AND kept.value = given.value
"""  # noqa: S608
# The dimensions come as the text of an array each.
_INSERT = f"""
    INSERT INTO distinct_day (tenant, meter, bucket, value, key, hours, dims)
    SELECT tenant, meter, to_timestamp(bucket), value, key, hours, dims::text[]
    FROM {_GIVEN}, %s::uuid[], %s::int[], %s::text[])
         AS given (tenant, meter, bucket, value, key, hours, dims)
"""  # noqa: S608
_UPDATE = f"""
    UPDATE distinct_day AS kept SET hours = kept.hours | given.hours
    FROM {_GIVEN}, %s::uuid[], %s::int[]) AS given (tenant, meter, bucket, value, key, hours)
    WHERE kept.tenant = given.tenant AND kept.meter = given.meter AND kept.key = given.key
          AND kept.bucket = to_timestamp(given.bucket) AND kept.value = given.value
"""  # noqa: S608
# How many values a bucket had not seen before: (workspace, meter, seconds since 1970, key).
Fresh = Mapping[Grain, Counter[tuple[str, str, int, UUID]]]
_Value = tuple[str, str, int, str]  # workspace, meter, day, value
_Hours = dict[UUID, int]  # by breakdown: a bit for each hour


def see(connection: Connection[Any], partials: Partials) -> Fresh:
    """Keep the batch's values; how many of them were new in each bucket."""
    fresh: dict[Grain, Counter[tuple[str, str, int, UUID]]] = {"hour": Counter(), "day": Counter()}
    seen = _by_value(_rows(partials))
    if not seen:
        return fresh
    values = list(seen)
    known = _known(connection, values)
    dims = {key: texts(dims) for dims, key in partials.keys.items()} | {TOTAL: "{}"}
    inserted, updated = [], []
    for number, value in enumerate(values):
        before, comes = known.get(number, {}), seen[value]
        _count(fresh, value, TOTAL, _any(before), _any(comes))
        for key, hours in comes.items():
            had = before.get(key)
            if key is not TOTAL:
                _count(fresh, value, key, had or 0, hours)
            if had is None:
                inserted.append((*value, key, hours, dims[key]))
            elif hours & ~had:
                updated.append((*value, key, hours))
    for statement, rows in ((_INSERT, inserted), (_UPDATE, updated)):
        if rows:
            tenants, keys, days, words, groups, masks, *dims_of = zip(*rows, strict=True)
            columns = (*_columns(tenants, keys, days, words), plain(groups), plain(masks))
            connection.execute(statement, [*columns, *map(texts, dims_of)])
    return fresh


def _rows(partials: Partials) -> Iterator[Distinct]:
    """By breakdown, where the meter has any."""
    yield from partials.distinct("hour", broken_down=True)
    for row in partials.distinct("hour", broken_down=False):
        if not meters()[row.meter].group_by:
            yield row


def _by_value(rows: Iterable[Distinct]) -> dict[_Value, _Hours]:
    seen: dict[_Value, _Hours] = defaultdict(dict)
    for tenant, meter, start, key, value in rows:
        day = start // _DAY * _DAY
        hours = seen[tenant, meter, day, value]
        hours[key] = hours.get(key, 0) | 1 << (start - day) // _HOUR
    return seen


def _known(connection: Connection[Any], values: list[_Value]) -> dict[int, _Hours]:
    found: dict[int, _Hours] = {}
    for number, key, hours in connection.execute(_KNOWN, _columns(*zip(*values, strict=True))):
        found.setdefault(number - 1, {})[key] = hours
    return found


def _columns(tenants: Any, keys: Any, days: Any, words: Any) -> tuple[str, str, str, str]:
    return texts(tenants), plain(keys), plain(days), texts(words)


def _any(hours: _Hours) -> int:
    """The hours in which any breakdown has it."""
    found = 0
    for each in hours.values():
        found |= each
    return found


def _count(fresh: Any, value: _Value, key: UUID, before: int, comes: int) -> None:
    tenant, meter, day, _ = value
    if not before:
        fresh["day"][tenant, meter, day, key] += 1
    new = comes & ~before
    while new:
        hour = (new & -new).bit_length() - 1
        fresh["hour"][tenant, meter, day + hour * _HOUR, key] += 1
        new &= new - 1
