"""On which days whom the ClickHouse store has events of: written with each batch, as its keys are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import uuid4

from clickhouse_connect.driver.client import Client

from events.event import Event
from events.store import archived_rows
from events.store.clickhouse.literals import quote
from events.store.shelf import Shelf

COLUMNS = ("id", "month", "days")
_MOST = 100  # days of one run
_PRESENT = """
    WITH arrayMap(id -> sipHash64(id), [{ids}]) AS asked
    SELECT indexOf(asked, whose), month, groupBitOr(days) FROM event_presence
    WHERE whose IN (SELECT arrayJoin(arrayMap(id -> sipHash64(id), [{ids}]))) GROUP BY whose, month
    UNION ALL SELECT DISTINCT 0, day, 0 FROM event_presence_todo
"""

_TODO = "SELECT DISTINCT day FROM event_presence_todo"


class Writes(Protocol):
    """A store, as far as it is needed here."""

    def connection(self) -> AbstractContextManager[Client]: ...

    def command(self, statement: str) -> None: ...


class Keeps(Writes, Protocol):
    """The same, with its files."""

    @property
    def retention(self) -> Any: ...


def rows(events: Iterable[Event]) -> list[Sequence[Any]]:
    """Rows of COLUMNS, one for each id and month, in their order."""
    found: dict[tuple[str, date], int] = {}
    for event in events:
        whose = str(event.person) if event.person else event.anonymous_id
        if whose is not None:
            day = event.time.date()
            where = (whose, day.replace(day=1))
            found[where] = found.get(where, 0) | 1 << day.day - 1
    return [(*where, days) for where, days in sorted(found.items())]


def add(client: Client, day: date, ids: Collection[str | None]) -> None:
    """Note this day for these ids."""
    said = [[each, day.replace(day=1), 1 << day.day - 1, 0] for each in ids if each is not None]
    if said:
        client.insert("event_presence", said, column_names=[*COLUMNS, "batch"], settings=_fresh())


def present(client: Client, ids: Collection[str]) -> tuple[list[tuple[int, date, int]], list[date]]:
    """(number of the id from 1, month, its days as bits) of what is noted; and days of which nothing is."""
    query = _PRESENT.format(ids=_quoted(ids))
    found = client.query(query, settings={"max_query_size": 2 * len(query) + 1_000}).result_rows
    noted = [(int(number), month, int(days)) for number, month, days in found if number]
    return noted, [day for number, day, _ in found if not number]


def move(store: Writes, ids: Mapping[str, str]) -> None:
    """What is noted of these ids is from now on of others. Nobody writes meanwhile; safe to repeat."""
    if not ids:
        return
    with store.connection() as client:
        of_old, _ = present(client, list(ids))
        new = list(ids.values())
        said = [[new[number - 1], month, days, 0] for number, month, days in of_old]
        if not said:
            return
        client.insert("event_presence", said, column_names=[*COLUMNS, "batch"], settings=_fresh())
        query = f"SELECT arrayJoin(arrayMap(id -> sipHash64(id), [{_quoted(ids)}]))"
        gone = ", ".join(str(whose) for (whose,) in client.query(query).result_rows)
    store.command(
        f"ALTER TABLE event_presence {{on_cluster}} DELETE WHERE whose IN ({gone})"
        " SETTINGS mutations_sync = 2"
    )


def _quoted(ids: Collection[str]) -> str:
    return ", ".join(quote(each) for each in ids)


def _fresh() -> dict[str, str]:
    """The server drops rows that it has seen, also when they are gone by now."""
    return {"insert_deduplication_token": uuid4().hex}


@dataclass(frozen=True)
class ClickHousePresence:
    """`shelf` has the archived files."""

    store: Keeps
    shelf: Shelf

    def catch_up(self) -> int:
        """Note the days of files that were written before there were notes; how many."""
        with self.store.connection() as client:
            days = sorted(day for (day,) in client.query(_TODO).result_rows)[:_MOST]
        for day in days:
            kept = self.store.retention
            for note in kept.notes():
                if note.day == day and note.archived_at:
                    with self.store.connection() as client:
                        add(client, day, archived_rows.whose(kept.file(note)))
            self.store.command(
                f"ALTER TABLE event_presence_todo {{on_cluster}} DELETE WHERE day = '{day}'"
                " SETTINGS mutations_sync = 2"
            )
        return len(days)
