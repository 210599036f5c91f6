"""Reads timelines of the ClickHouse store: the days in question alone, and of their parts those that may
have anything of these persons or browsers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from clickhouse_connect.driver.client import Client

from events.event import Event
from events.store import archive, timeline
from events.store.clickhouse import finding, presence
from events.store.clickhouse.batch import COLUMNS
from events.store.clickhouse.literals import quote
from events.store.clickhouse.retention import ClickHouseRetention
from events.store.shelf import Readable, Shelf
from events.store.timeline import Day, Left, Question

_TIME = "DateTime64(6, 'UTC')"
# Two halves: an index is not looked at for the two sides of an OR.
_NEWEST = """
    SELECT {columns} FROM {table}
    PREWHERE {whose}
    WHERE toDate(time) IN {{days:Array(Date)}}
          AND time >= {{since:{time}}} AND time < {{until:{time}}} {conditions}
    ORDER BY time DESC, toString(id) DESC LIMIT {{most:UInt32}}
"""
_OF_PERSON = "person IN ({ids})"
_OF_BROWSER = "anonymous_id IN ({ids}) AND person IS NULL"
_CONDITIONS = {
    "names": "AND name IN {names:Array(String)}",
    "tenant": "AND tenant = {tenant:String}",
    "start": f"AND time >= {{start:{_TIME}}}",
    "end": f"AND time < {{end:{_TIME}}}",
    # As text: ClickHouse compares the second half of a UUID first.
    "before": f"AND (time, toString(id)) < ({{time:{_TIME}}}, {{event:String}})",
}


class Connects(Protocol):
    """A store, as far as it is needed here."""

    def connection(self) -> AbstractContextManager[Client]: ...

    def alone(self) -> AbstractContextManager[Any]: ...


@dataclass(frozen=True)
class ClickHouseTimeline:
    """See timeline.Reads. `shelf` has the archived files."""

    store: Connects
    shelf: Shelf
    at_first = 4

    def days(self, asked: Question) -> list[Day]:
        with self.store.connection() as client:
            present, unknown = presence.present(client, timeline.ids_of(asked))
        return timeline.days_of(asked, present, unknown)

    def stored(self, days: Sequence[Day], asked: Question) -> list[Event]:
        return self._of_table("event", days, asked)

    def left(self, days: Sequence[Day], asked: Question) -> Left:
        files: dict[date, list[Readable]] = {}
        leaving: list[Day] = []
        by_day = {each.day: each for each in days}
        kept = ClickHouseRetention(self.store, self.shelf)
        for note in kept.notes(among=list(by_day)):
            # A note may say "not finished" while its file is there, and the rows nowhere else.
            if note.archived_at or archive.exists(kept.file(note)):
                files.setdefault(note.day, []).append(kept.file(note))
            if not note.archived_at:
                leaving.append(by_day[note.day])
        return Left(self._of_table("event_leaving", leaving, asked) if leaving else (), files)

    def _of_table(self, table: str, days: Sequence[Day], asked: Question) -> list[Event]:
        said: dict[str, Any] = {
            "days": [each.day for each in days], "since": days[-1].start, "until": days[0].end,
            "most": asked.most,
        }  # fmt: skip
        given = {
            "names": list(asked.names), "tenant": asked.tenant,
            "start": asked.start, "end": asked.end,
        }  # fmt: skip
        said |= {key: value for key, value in given.items() if value}
        conditions = [_CONDITIONS[key] for key in given if given[key]]
        if asked.before:
            conditions.append(_CONDITIONS["before"])
            said |= {"time": asked.before.time, "event": str(asked.before.event)}
        persons = sorted({f"toUUID({quote(str(one))})" for each in days for one in each.persons})
        browsers = sorted({quote(one) for each in days for one in each.browsers})
        parts = [
            _NEWEST.format(
                columns=", ".join(COLUMNS), table=table, time=_TIME, conditions=" ".join(conditions),
                whose=whose.format(ids=", ".join(ids)),
            )
            for ids, whose in ((persons, _OF_PERSON), (browsers, _OF_BROWSER)) if ids
        ]  # fmt: skip
        with self.store.connection() as client:
            found = [
                client.query(
                    part, parameters=said, settings={"max_query_size": 2 * len(part) + 100_000}
                ).result_rows
                for part in parts
            ]
        return list(timeline.merged([finding.events(rows) for rows in found]))[: asked.most]
