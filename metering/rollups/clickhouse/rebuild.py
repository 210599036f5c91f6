"""Makes the rollups of a ClickHouse store anew from its raw events, a day at a time.

Nobody writes meanwhile (`ClickHouseEventStore.alone`). What a day's partitions will hold is made in
tables beside; then each partition is replaced at once. A reader sees the old rows of a table or the
new ones. A crash between two tables leaves the rest as they were: run it again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from clickhouse_connect.driver.client import Client

from events.store.clickhouse import ClickHouseEventStore, Turn, quote
from metering.definitions.meter import Meter
from metering.definitions.values import TOTAL
from metering.rollups.clickhouse import raw
from metering.rollups.clickhouse.merge import COLUMNS, columns_of, partition
from metering.rollups.partials import BROKEN_DOWN, GRAINS, Grain
from metering.rollups.protocol import Bucket, Value

TABLES = (
    *(f"rollup_{grain}" for grain in GRAINS),
    *(f"breakdown_{grain}" for grain in BROKEN_DOWN),
    *(f"distinct_{grain}" for grain in GRAINS),
)
_NIL = f"toUUID('{TOTAL}')"
_DAYS = """
    SELECT DISTINCT toDate(bucket) AS day FROM rollup_day WHERE meter IN ({meters}){tenant}
    UNION DISTINCT SELECT toDate(time) AS day FROM event GROUP BY day ORDER BY day
"""
_KEPT = """
    SELECT toString(meter), tenant, bucket{grouped}, sum(sum), max(max), max(latest), sum(count),
           sum(late)
    FROM {table} WHERE {where} GROUP BY meter, tenant, bucket{grouped}
"""
# What the meters count, read from the raw events once for all tables.
_METERED = """
    CREATE TABLE metered {on_cluster} (
        meter String, tenant String, time DateTime64(6, 'UTC'), event_id String,
        number Decimal(76, 30), word String, dims Array(Nullable(String)), late UInt8
    ) ENGINE = {replicated}MergeTree ORDER BY (meter, tenant)
"""
_COLLECT = """
    INSERT INTO metered
    SELECT meter, tenant, time, event_id, assumeNotNull(number), ifNull(word, ''), dims, late
    FROM ({events})
"""


def rebuild(
    store: ClickHouseEventStore, day: date, meters: Collection[Meter], tenant: str | None
) -> None:
    """Make all buckets of a day anew. Raises TurnLost (StoreUnavailable) when it took too long."""
    start = int(datetime.combine(day, time(), UTC).timestamp())
    with _metered(store, meters, _of_events(day, tenant)) as (turn, client):
        filled = sorted({table for table, _ in _counted(meters)})
        for table in filled:
            store.command(f"DROP TABLE IF EXISTS {table}_new {{on_cluster}} SYNC")
            store.command(f"CREATE TABLE {table}_new {{on_cluster}} AS {table}")
            _fill(client, table, day, meters, tenant, batch=turn.done)
        for table in filled:
            turn.renew(at_once=True)
            name = partition(_grain(table), start)
            if client.command(f"SELECT count() FROM {table}_new"):  # noqa: S608
                change = f"REPLACE PARTITION ID '{name}' FROM {table}_new"
            else:
                change = f"DROP PARTITION ID '{name}'"
            client.command(f"ALTER TABLE {table} {change}")
        for table in filled:
            store.command(f"DROP TABLE {table}_new {{on_cluster}} SYNC")


@contextmanager
def _metered(
    store: ClickHouseEventStore,
    meters: Collection[Meter],
    where: str,
    *,
    within: float | None = None,
) -> Iterator[tuple[Turn, Client]]:
    """With the table `metered`, while nobody writes; made in `within` seconds at most."""
    with store.alone() as turn, store.connection() as client:
        store.command("DROP TABLE IF EXISTS metered {on_cluster} SYNC")
        store.command(_METERED)
        if meters:
            events = " UNION ALL ".join(raw.events(meter, within=where) for meter in meters)
            client.command(_COLLECT.format(events=events), settings=_bounded(within))
        yield turn, client
        store.command("DROP TABLE metered {on_cluster} SYNC")


def _bounded(within: float | None) -> dict[str, float]:
    return {} if within is None else {"max_execution_time": max(0.001, within)}


def drop(store: ClickHouseEventStore, client: Client, gone: Collection[str]) -> None:
    """Drop all buckets of these meters."""
    for table in TABLES if gone else ():
        store.command(f"DELETE FROM {table} {{on_cluster}} WHERE meter IN ({_keys(gone)})")  # noqa: S608


def differences(
    store: ClickHouseEventStore,
    day: date,
    meters: Collection[Meter],
    tenant: str | None,
    *,
    within: float | None = None,
) -> int:
    """How many rows of the day a rebuild would make, drop or change; each statement `within`."""
    found = 0
    with _metered(store, meters, _of_events(day, tenant), within=within) as (_, client):
        for (table, is_total), counted in _counted(meters).items():
            kept = _kept(table, meters, is_total, _of_buckets(day, tenant))
            query = (
                f"SELECT count() FROM (({counted}) EXCEPT ({kept})) UNION ALL"  # noqa: S608
                f" SELECT count() FROM (({kept}) EXCEPT ({counted}))"
            )
            rows = client.query(query, settings=_bounded(within)).result_rows
            found += sum(row[0] for row in rows)
    return found


def days(client: Client, meters: Collection[str], tenant: str | None) -> list[date]:
    """The days with raw events, or with buckets of these meters."""
    query = _DAYS.format(meters=_keys(meters) or "''", tenant=_of_tenant(tenant))
    return sorted(row[0] for row in client.query(query).result_rows)


def stored(client: Client, grain: Grain, meters: Collection[Meter]) -> dict[Bucket, Value]:
    """What the rollups of a grain hold, for all workspaces."""
    selects = {
        (table, is_total): _kept(table, meters, is_total, "")
        for table, is_total in _counted(meters)
    }
    return _collect(client, grain, meters, selects)


def recount(
    store: ClickHouseEventStore, grain: Grain, meters: Collection[Meter]
) -> dict[Bucket, Value]:
    """What the rollups of a grain must hold, counted again from all raw events."""
    with _metered(store, meters, "") as (_, client):
        return _collect(client, grain, meters, _counted(meters))


def _fill(
    client: Client,
    table: str,
    day: date,
    meters: Collection[Meter],
    tenant: str | None,
    *,
    batch: int,
) -> None:
    """Into the table beside: what stays of the partition, and the day's rows of these meters."""
    start = int(datetime.combine(day, time(), UTC).timestamp())
    columns = ", ".join((*columns_of(table), "batch"))
    gone = f"meter IN ({_keys(meter.key for meter in meters)}){_of_buckets(day, tenant)}"
    client.command(
        f"INSERT INTO {table}_new ({columns}) SELECT {columns} FROM {table}"  # noqa: S608
        f" WHERE _partition_id = '{partition(_grain(table), start)}' AND NOT ({gone})"
    )
    made = [
        f"SELECT tenant, meter, * EXCEPT (meter, tenant), {batch} FROM ({select})"  # noqa: S608
        for (name, _), select in _counted(meters).items()
        if name == table
    ]
    if made:
        client.command(f"INSERT INTO {table}_new ({columns}) {' UNION ALL '.join(made)}")


def _counted(meters: Collection[Meter]) -> dict[tuple[str, bool], str]:
    """By table, and whether these are totals: SELECT of its rows of these meters, without batch."""
    found: dict[tuple[str, bool], list[str]] = {}
    for meter in meters:
        for table, is_total, select in _selects(meter):
            named = f"SELECT {quote(meter.key)} AS meter, * FROM ({select})"  # noqa: S608
            found.setdefault((table, is_total), []).append(named)
    return {where: " UNION ALL ".join(selects) for where, selects in found.items()}


def _selects(meter: Meter) -> Iterator[tuple[str, bool, str]]:
    """(table, whether these are totals, SELECT of its rows without meter and batch)."""
    source = f"FROM metered WHERE meter = {quote(meter.key)}"
    sums = (
        f"{_merged(meter, 'sum', 'sum(number)', raw.ZERO)},"
        f" {_merged(meter, 'max', 'max(number)', raw.ZERO)},"
        f" {_merged(meter, 'latest', 'max(tuple(time, event_id, number))', raw.NOWHERE)},"
        " toUInt64(count()), toUInt64(countIf(late))"
    )
    groups: list[tuple[Grain, bool, str, str]] = []
    for grain in GRAINS:
        bucket = f"{raw.STARTS[grain]}(time) AS bucket"
        none = f"{_NIL} AS key, CAST([], 'Array(Nullable(String))') AS dims"
        groups.append((grain, True, bucket, none))
        if grain in BROKEN_DOWN and meter.group_by:
            groups.append((grain, False, bucket, f"{raw.key('dims')} AS key, dims"))
    for each, is_total, bucket, key in groups:
        where = f"SELECT tenant, {bucket}"
        if is_total:
            yield f"rollup_{each}", True, f"{where}, {sums} {source} GROUP BY tenant, bucket"
        else:
            select = f"{where}, {key}, {sums} {source} GROUP BY tenant, bucket, dims"
            yield f"breakdown_{each}", False, select
        if meter.aggregation == "unique":
            word = key.replace(" AS key,", " AS key, word AS value,")
            distinct = f"SELECT DISTINCT{where.removeprefix('SELECT')}, {word} {source}"
            yield f"distinct_{each}", is_total, distinct


def _merged(meter: Meter, column: str, how: str, otherwise: str) -> str:
    return how if COLUMNS[meter.aggregation] == column else otherwise


def _kept(table: str, meters: Collection[Meter], is_total: bool, within: str) -> str:
    """SELECT of what a table has, its parts merged; the columns are those of _counted."""
    where = f"meter IN ({_keys(meter.key for meter in meters)}){within}"
    if table.startswith("distinct"):
        side = "=" if is_total else "!="
        return (
            f"SELECT DISTINCT toString(meter), tenant, bucket, key, value, dims FROM {table}"  # noqa: S608
            f" WHERE {where} AND key {side} {_NIL}"
        )
    return _KEPT.format(table=table, where=where, grouped="" if is_total else ", key, dims")


def _collect(
    client: Client,
    grain: Grain,
    meters: Collection[Meter],
    selects: Mapping[tuple[str, bool], str],
) -> dict[Bucket, Value]:
    words: dict[tuple[Any, ...], set[str]] = {}
    rows: list[tuple[bool, Sequence[Any]]] = []
    for (table, is_total), select in selects.items():
        if _grain(table) != grain:
            continue
        found = client.query(select).result_rows
        if table.startswith("distinct"):
            for meter, tenant, bucket, key, value, _ in found:
                words.setdefault((tenant, meter, bucket, key), set()).add(value)
        else:
            rows += [(is_total, row) for row in found]
    columns = {meter.key: COLUMNS[meter.aggregation] for meter in meters}
    return dict(_bucket(is_total, row, words, columns) for is_total, row in rows)


def _bucket(
    is_total: bool,
    row: Sequence[Any],
    words: Mapping[tuple[Any, ...], set[str]],
    columns: Mapping[str, str],
) -> tuple[Bucket, Value]:
    meter, tenant, bucket, *rest = row
    key, dims = (TOTAL, None) if is_total else (rest[0], tuple(rest[1]))
    total, highest, (at, event_id, latest), count, late = rest[-5:]
    distinct = frozenset(words.get((tenant, meter, bucket, key), ()))
    numbers = {"": Decimal(len(distinct)), "sum": total, "max": highest, "latest": latest}
    column = columns[meter]
    whose = (at, UUID(event_id)) if column == "latest" else (None, None)
    value = Value(numbers[column], count, late, whose[0], whose[1], distinct)
    return Bucket(tenant, meter, bucket, dims), value


def _grain(table: str) -> Grain:
    return table.partition("_")[2]  # type: ignore[return-value]


def _keys(keys: Any) -> str:
    return ", ".join(quote(key) for key in keys)


def _of_events(day: date, tenant: str | None) -> str:
    return f" AND toDate(time) = '{day}'{_of_tenant(tenant)}"


def _of_buckets(day: date, tenant: str | None) -> str:
    following = day + timedelta(days=1)
    return (
        f" AND bucket >= toDateTime('{day} 00:00:00', 'UTC')"
        f" AND bucket < toDateTime('{following} 00:00:00', 'UTC'){_of_tenant(tenant)}"
    )


def _of_tenant(tenant: str | None) -> str:
    return "" if tenant is None else f" AND tenant = {quote(tenant)}"
