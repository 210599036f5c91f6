"""Which ids of a batch are stored already, whatever time their events carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clickhouse_connect.driver.client import Client

from events.event import Event

# UUIDv7 ids of a batch lie close together, mostly with nothing between them that is stored.
_BETWEEN = """
    SELECT id FROM event_key
    WHERE id >= toFixedString(unhex('{first}'), 16) AND id <= toFixedString(unhex('{last}'), 16)
    LIMIT {most}
"""
_AMONG = """
    SELECT id FROM event_key WHERE id IN (
        SELECT toFixedString(unhex(substring('{ids}', number * 32 + 1, 32)), 16) FROM numbers({count}))
"""


def ids_known(client: Client, ordered: Sequence[Event], settings: Mapping[str, Any]) -> set[int]:
    """The batch comes in the order of its ids; `settings` are those of a consistent read."""
    if not ordered:
        return set()
    most = 2 * len(ordered) + 1_000
    first, last = ordered[0].id.hex, ordered[-1].id.hex
    between = _ids(client, _BETWEEN.format(first=first, last=last, most=most), settings)
    if len(between) < most:
        return between
    ids = "".join([event.id.hex for event in ordered])
    return _ids(client, _AMONG.format(ids=ids, count=len(ordered)), settings)


def _ids(client: Client, query: str, settings: Mapping[str, Any]) -> set[int]:
    longest = {"max_query_size": len(query) + 1024, **settings}
    found = client.raw_query(query, fmt="RowBinary", settings=longest)
    starts = range(0, len(found), 16)
    return {int.from_bytes(found[start : start + 16], "big") for start in starts}
