"""The values that unique counts have seen, in a PostgreSQL store: a row for a day, value and breakdown.

Which of a batch's values are new, in each hour and day, is asked before they are kept; nobody else
adds meanwhile (`merge`). A value that has been seen in the hour writes nothing at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection

from metering.definitions.values import TOTAL, Dims
from metering.rollups.partials import Grain, Keys, Partials
from metering.rollups.postgres.arrays import plain, texts
from metering.rollups.summing import Sums

# The hours in which each given value was seen: in any breakdown, and in its own.
_KNOWN = """
    SELECT number, bit_or(kept.hours), bit_or(kept.hours) FILTER (WHERE kept.key = given.key)
    FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::uuid[])
         WITH ORDINALITY AS given (tenant, bucket, value, key, number)
    JOIN distinct_day AS kept ON kept.tenant = given.tenant AND kept.meter = %s
         AND kept.bucket = to_timestamp(given.bucket) AND kept.value = given.value
    GROUP BY number
"""
# The dimensions come as the text of an array each.
_INSERT = """
    INSERT INTO distinct_day (tenant, bucket, value, key, hours, dims, meter)
    SELECT tenant, to_timestamp(bucket), value, key, hours, dims::text[], %s
    FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::uuid[], %s::int[], %s::text[])
         AS given (tenant, bucket, value, key, hours, dims)
"""
_UPDATE = """
    UPDATE distinct_day AS kept SET hours = kept.hours | given.hours
    FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::uuid[], %s::int[])
         AS given (tenant, bucket, value, key, hours)
    WHERE kept.tenant = given.tenant AND kept.meter = %s AND kept.key = given.key
          AND kept.bucket = to_timestamp(given.bucket) AND kept.value = given.value
"""
# How many values a bucket had not seen before: by workspace, hour or day since 1970, and dimensions
# (None: the total).
Counts = Counter[tuple[str, int, Dims | None]]
_Value = tuple[str, int, str]  # workspace, day since 1970, value
_Hours = dict[Dims | None, int]  # by breakdown (None: there are none): a bit for each hour


@dataclass(frozen=True)
class Fresh:
    """What was new to the unique counts of a batch."""

    hours: Counts = field(default_factory=Counter)
    days: Counts = field(default_factory=Counter)

    def of(self, grain: Grain) -> Counts:
        """Of hours, or of days."""
        return self.hours if grain == "hour" else self.days


def see(connection: Connection[Any], partials: Partials) -> dict[str, Fresh]:
    """Keep the batch's values; what was new to each meter."""
    return {
        sums.meter.key: _keep(connection, sums, partials.keys)
        for sums in partials.sums
        if sums.meter.aggregation == "unique"
    }


def _keep(connection: Connection[Any], sums: Sums, keys: Keys) -> Fresh:
    fresh = Fresh()
    seen = _by_value(sums)
    given = [(value, dims, mask) for value in sorted(seen) for dims, mask in seen[value].items()]
    known = _known(connection, sums.meter.key, given, keys)
    inserted, updated = [], []
    for number, (value, dims, mask) in enumerate(given, 1):
        tenant, day, _ = value
        anywhere, had = known.get(number, (0, None))
        if (comes := seen.pop(value, None)) is not None:  # once for each value
            _count(fresh, (tenant, day, None), anywhere, _any(comes))
        if dims is not None:
            _count(fresh, (tenant, day, dims), had or 0, mask)
        if had is None:
            inserted.append((value, dims, mask))
        elif mask & ~had:
            updated.append((value, dims, mask))
    if inserted:
        dims_of = {dims: texts(dims or ()) for _, dims, _ in inserted}
        columns = [*_columns(inserted, keys), texts(dims_of[dims] for _, dims, _ in inserted)]
        connection.execute(_INSERT, [sums.meter.key, *columns])
    if updated:
        connection.execute(_UPDATE, [*_columns(updated, keys), sums.meter.key])
    return fresh


def _by_value(sums: Sums) -> dict[_Value, _Hours]:
    """In which hours each value comes, by breakdown where the meter has any."""
    seen: dict[_Value, _Hours] = {}
    for tenant, hour, dims, values in _cells(sums):
        day, bit = hour // 24, 1 << hour % 24
        for value in values:
            masks = seen.get((tenant, day, value))
            if masks is None:
                seen[tenant, day, value] = {dims: bit}
            else:
                masks[dims] = masks.get(dims, 0) | bit
    return seen


def _cells(sums: Sums) -> Iterator[tuple[str, int, Dims | None, set[str]]]:
    if sums.groups:
        for (tenant, hour, dims), cell in sums.groups.items():
            yield tenant, hour, dims, cell[2]
    else:
        for (tenant, minute), cell in sums.minutes.items():
            yield tenant, minute // 60, None, cell[2]


_Given = Sequence[tuple[_Value, Dims | None, int]]


def _known(
    connection: Connection[Any], meter: str, given: _Given, keys: Keys
) -> dict[int, tuple[int, int | None]]:
    """By number, from 1, of those that are known: the hours of the value, and of its breakdown."""
    tenants, days, values, groups, _ = _columns(given, keys)
    rows = connection.execute(_KNOWN, [tenants, days, values, groups, meter])
    return {number: (anywhere, had) for number, anywhere, had in rows}


def _columns(given: _Given, keys: Keys) -> list[str]:
    """tenant, bucket, value, key and hours, as array literals."""
    key_of = {dims: TOTAL if dims is None else keys[dims] for _, dims, _ in given}
    names = {dims: key.hex for dims, key in key_of.items()}
    return [
        texts(value[0] for value, _, _ in given),
        plain(value[1] * 86400 for value, _, _ in given),
        texts(value[2] for value, _, _ in given),
        plain(names[dims] for _, dims, _ in given),
        plain(mask for _, _, mask in given),
    ]


def _any(hours: _Hours) -> int:
    """The hours in which any breakdown has it."""
    found = 0
    for each in hours.values():
        found |= each
    return found


def _count(fresh: Fresh, where: tuple[str, int, Dims | None], before: int, comes: int) -> None:
    tenant, day, dims = where
    if not before:
        fresh.days[where] += 1
    new = comes & ~before
    while new:
        hour = (new & -new).bit_length() - 1
        fresh.hours[tenant, day * 24 + hour, dims] += 1
        new &= new - 1
