"""Raw events of the ClickHouse store by what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import msgspec
from clickhouse_connect.driver.client import Client

from events.event import Event
from events.store.clickhouse.batch import COLUMNS
from events.store.interface import Wanted

# Each is left out of the query when its parameter says nothing.
_CONDITIONS = {
    "tenant": "tenant = {tenant:String}",
    "names": "name IN {names:Array(String)}",
    "person": "person = {person:UUID}",
    "anonymous_ids": "anonymous_id IN {anonymous_ids:Array(String)}",
    "not_anonymous_ids": "ifNull(anonymous_id NOT IN {not_anonymous_ids:Array(String)}, true)",
    "start": "time >= {start:DateTime64(6, 'UTC')}",
    "end": "time < {end:DateTime64(6, 'UTC')}",
}


def find(client: Client, **wanted: Unpack[Wanted]) -> list[Event]:
    """See EventStore.find."""
    direction = "DESC" if wanted.get("newest_first") else "ASC"
    conditions = {key: text for key, text in _CONDITIONS.items() if wanted.get(key)}
    parameters = {key: _parameter(wanted[key]) for key in conditions}  # type: ignore[literal-required]
    limit = wanted.get("limit")
    query = (
        f"SELECT {', '.join(COLUMNS)} FROM event"  # noqa: S608 (constants only)
        f" WHERE {' AND '.join(conditions.values()) or 'true'}"
        f" ORDER BY time {direction}, toString(id) {direction}"
        f"{'' if limit is None else f' LIMIT {int(limit)}'}"
    )
    return events(client.query(query, parameters=parameters).result_rows)


def of_batch(client: Client, number: int) -> list[Event]:
    """The raw events of one of the writer's batches."""
    query = f"SELECT {', '.join(COLUMNS)} FROM event WHERE batch = {{number:UInt64}}"  # noqa: S608
    return events(client.query(query, parameters={"number": number}).result_rows)


def events(rows: Sequence[Sequence[Any]]) -> list[Event]:
    """Rows of COLUMNS as events. A workspace that is empty text is none."""
    return [
        Event(
            id=event_id,
            name=name,
            time=time,
            received_at=received_at,
            tenant=tenant or None,
            person=person,
            anonymous_id=anonymous_id,
            properties=msgspec.json.decode(properties),
            context=msgspec.json.decode(context),
        )
        for event_id, name, time, received_at, tenant, person, anonymous_id, properties, context in rows
    ]


def _parameter(value: Any) -> Any:
    is_collection = not isinstance(value, str) and hasattr(value, "__iter__")
    return [str(each) for each in value] if is_collection else value
