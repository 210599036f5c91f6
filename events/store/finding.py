"""Raw events of the PostgreSQL store by what they say: one query, its parts by what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from psycopg import Connection, sql
from psycopg.rows import kwargs_row

from events.event import Event
from events.store import copytext
from events.store.interface import Wanted

# Each is left out of the query when its parameter says nothing.
_CONDITIONS = {
    "tenant": "tenant = %(tenant)s",
    "names": "name = ANY(%(names)s)",
    "person": "person = %(person)s",
    "anonymous_ids": "anonymous_id = ANY(%(anonymous_ids)s)",
    "not_anonymous_ids": "(anonymous_id IS NULL OR anonymous_id <> ALL(%(not_anonymous_ids)s))",
    "start": "time >= %(start)s",
    "end": "time < %(end)s",
}


def find(connection: Connection[Any], **wanted: Unpack[Wanted]) -> list[Event]:
    """See EventStore.find."""
    said = {key: value for key, value in wanted.items() if value is not None and value != ()}
    parameters = {key: _parameter(value) for key, value in said.items()}
    conditions = [sql.SQL(text) for key, text in _CONDITIONS.items() if parameters.get(key)]
    direction = sql.SQL("DESC" if wanted.get("newest_first") else "ASC")
    query = sql.SQL(
        "SELECT {columns} FROM event WHERE {conditions}"
        " ORDER BY time {direction}, id {direction} LIMIT %(limit)s"
    ).format(
        columns=sql.SQL(copytext.COLUMNS),
        conditions=sql.SQL(" AND ").join(conditions or [sql.SQL("true")]),
        direction=direction,
    )
    with connection.cursor(row_factory=kwargs_row(Event)) as cursor:
        return cursor.execute(query, {"limit": None, **parameters}).fetchall()


def _parameter(value: Any) -> Any:
    is_collection = not isinstance(value, str) and hasattr(value, "__iter__")
    return _texts(value) if is_collection else value


def _texts(values: Sequence[object]) -> list[str]:
    return [str(value) for value in values]
