"""Puts other values in the place of some, in the rollups of a ClickHouse store.

They are in the order of the tables, so no mutation can change them: each partition that has one is made
anew beside and replaced at once, as in a rebuild. Whoever calls has the turn: nobody writes meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from events.store.clickhouse import ClickHouseEventStore, quote
from metering.definitions.values import key_of
from metering.rollups.clickhouse.merge import columns_of
from metering.rollups.partials import BROKEN_DOWN, GRAINS
from metering.rollups.renaming import Renamed

_DISTINCT = tuple(f"distinct_{grain}" for grain in GRAINS)
_BROKEN_DOWN = tuple(f"breakdown_{grain}" for grain in BROKEN_DOWN)


def rename(store: ClickHouseEventStore, renamed: Sequence[Renamed]) -> int:
    """How many rows changed."""
    return sum(_rename(store, table, renamed) for table in (*_BROKEN_DOWN, *_DISTINCT))


def _rename(store: ClickHouseEventStore, table: str, renamed: Sequence[Renamed]) -> int:
    conditions = list(_conditions(table, renamed))
    if not conditions:
        return 0
    where = " OR ".join(conditions)
    found = _rows(
        store,
        f"SELECT _partition_id, count() FROM {table} WHERE {where} GROUP BY 1 ORDER BY 1",  # noqa: S608
    )
    if not found:
        return 0
    said = {name: name for name in (*columns_of(table), "batch")} | _changed(
        store, table, renamed, where
    )
    for part, _ in found:
        store.command(f"DROP TABLE IF EXISTS {table}_new {{on_cluster}} SYNC")
        store.command(f"CREATE TABLE {table}_new {{on_cluster}} AS {table}")
        _command(
            store,
            f"INSERT INTO {table}_new ({', '.join(said)}) SELECT {', '.join(said.values())}"  # noqa: S608
            f" FROM {table} WHERE _partition_id = '{part}'",
        )
        _command(store, f"ALTER TABLE {table} REPLACE PARTITION ID '{part}' FROM {table}_new")
    store.command(f"DROP TABLE IF EXISTS {table}_new {{on_cluster}} SYNC")
    return sum(count for _, count in found)


def _conditions(table: str, renamed: Sequence[Renamed]) -> Iterator[str]:
    for each in renamed:
        meter = f"meter = {quote(each.meter)}"
        if each.values and table in _DISTINCT:
            yield f"({meter} AND value IN ({_listed(each.values)}))"
        if each.dims:
            yield f"({meter} AND arrayElement(dims, {each.place}) IN ({_listed(each.dims)}))"


def _changed(
    store: ClickHouseEventStore, table: str, renamed: Sequence[Renamed], where: str
) -> dict[str, str]:
    """The columns that change, as expressions."""
    said: dict[str, str] = {}
    values = [each for each in renamed if each.values]
    if values and table in _DISTINCT:
        cases = ", ".join(
            f"meter = {quote(each.meter)}, {_mapped('value', each.values)}" for each in values
        )
        said["value"] = f"multiIf({cases}, value)"
    dims = [each for each in renamed if each.dims]
    if dims:
        cases = ", ".join(
            f"meter = {quote(each.meter)}, arrayMap((dim, place) -> if(place = {each.place},"
            f" {_mapped('dim', each.dims)}, dim), dims, arrayEnumerate(dims))"
            for each in dims
        )
        said["dims"] = f"multiIf({cases}, dims)"
        if keys := _keys(store, table, dims, where):
            among = ", ".join(quote(each.meter) for each in dims)
            told = _mapped("toString(key)", keys)
            said["key"] = f"if(meter IN ({among}), toUUID({told}), key)"
    return said


def _keys(
    store: ClickHouseEventStore, table: str, dims: Sequence[Renamed], where: str
) -> dict[str, str]:
    """By the old one; a key is a function of the values."""
    by_meter = {each.meter: each for each in dims}
    found: dict[str, str] = {}
    query = f"SELECT DISTINCT toString(meter), toString(key), dims FROM {table} WHERE {where}"  # noqa: S608
    for meter, key, values in _rows(store, query):
        each = by_meter.get(meter)
        if each and len(values) >= each.place:
            at = each.place - 1
            new = [*values[:at], each.dims.get(values[at], values[at]), *values[each.place :]]
            found[key] = str(key_of(new))
    return found


def _mapped(word: str, told: Mapping[str, str]) -> str:
    news = ", ".join(quote(new) for new in told.values())
    return f"transform({word}, [{_listed(told)}], [{news}], {word})"


def _listed(told: Mapping[str, str]) -> str:
    return ", ".join(quote(old) for old in told)


def _rows(store: ClickHouseEventStore, query: str) -> list[Any]:
    with store.connection() as client:
        return list(client.query(query, settings=_long(query)).result_rows)


def _command(store: ClickHouseEventStore, statement: str) -> None:
    with store.connection() as client:
        client.command(statement, settings=_long(statement))


def _long(text: str) -> dict[str, int]:
    return {"max_query_size": len(text.encode()) + 10_000}
