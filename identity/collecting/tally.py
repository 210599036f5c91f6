"""What is counted of names and of calls that were not right, until it is written down together.

A process keeps it for some seconds (`Tally.take`, `write`), outside of any request. What was refused is
also counted by its reason in `events.refusals`, whose counts travel with the events of the same request.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from identity.collecting.cleaning import shortened
from identity.models import EventName

MOST_NAMES = 2_000  # unplanned ones that are kept: whoever has a website's key can invent names
_MOST_AT_ONCE = 1_000  # in a process, between two writings
TOO_MANY_NAMES = "too_many_names"

Example = Mapping[str, Any]


@dataclass
class Count:
    """So many, from `first` to `last` (UTC), and what one of them said."""

    first: datetime
    last: datetime
    example: Example
    words: str = ""
    source: UUID | None = None
    amount: int = 0


@dataclass
class Tally:
    """Threads may call it."""

    names: dict[str, Count] = field(default_factory=dict)
    troubles: dict[tuple[UUID, str, str], Count] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def name(
        self, name: str, *, source: UUID, at: datetime, example: Example, amount: int = 1
    ) -> None:
        """Events of a name that is not registered came."""
        with self._lock:
            if (count := self.names.get(name)) is None:
                if len(self.names) >= _MOST_AT_ONCE:
                    self._trouble((source, "", TOO_MANY_NAMES), at, {"name": name}, "")
                    return
                count = self.names[name] = Count(at, at, shortened(example), source=source)
            count.amount += amount
            count.last = at

    def trouble(
        self, *, source: UUID, name: str, reason: str, at: datetime, example: Example, words: str
    ) -> None:
        """Something was wrong with a call."""
        with self._lock:
            self._trouble((source, name, reason), at, example, words)

    def _trouble(
        self, key: tuple[UUID, str, str], at: datetime, example: Example, words: str
    ) -> None:
        count = self.troubles.get(key)
        if count is None:
            count = self.troubles[key] = Count(at, at, shortened(example), words)
        count.amount += 1
        count.last = at

    def take(self) -> Tally:
        """What was counted since the last time."""
        with self._lock:
            taken = Tally(self.names, self.troubles)
            self.names, self.troubles = {}, {}
        return taken

    def give_back(self, taken: Tally) -> None:
        """It could not be written."""
        with self._lock:
            for mine, theirs in ((self.names, taken.names), (self.troubles, taken.troubles)):
                for key, count in theirs.items():
                    if key in mine:
                        mine[key].amount += count.amount  # type: ignore[index]
                        mine[key].first = count.first  # type: ignore[index]
                    elif len(mine) < 2 * _MOST_AT_ONCE:
                        mine[key] = count  # type: ignore[index]


def write(taken: Tally) -> None:
    """Add it to the tables, all or nothing. Raises what the database raises."""
    if not taken.names and not taken.troubles:
        return
    with transaction.atomic():
        _write_names(taken)
        _write_troubles(taken)


def _write_names(taken: Tally) -> None:
    known = set(EventName.objects.filter(name__in=list(taken.names)).values_list("name", flat=True))
    room = MOST_NAMES - EventName.objects.filter(state=EventName.State.UNPLANNED).count()
    rows: list[Sequence[Any]] = []
    for name, count in sorted(taken.names.items()):
        if name not in known:
            if room <= 0:
                key = (count.source, "", TOO_MANY_NAMES)
                taken._trouble(key, count.last, {"name": name}, "")  # type: ignore[arg-type]
                continue
            room -= 1
        rows.append(
            (name, count.amount, count.first, count.last, count.source, Jsonb(count.example))
        )
    _execute_many(
        "INSERT INTO identity_eventname (name, state, properties, count, first_seen_at, last_seen_at,"
        " source_id, example)"
        " VALUES (%s, 'unplanned', '{}', %s, %s, %s, (SELECT id FROM identity_source WHERE id = %s), %s)"
        " ON CONFLICT (name) DO UPDATE SET count = identity_eventname.count + excluded.count,"
        " first_seen_at = least(identity_eventname.first_seen_at, excluded.first_seen_at),"
        " last_seen_at = greatest(identity_eventname.last_seen_at, excluded.last_seen_at),"
        " source_id = coalesce(identity_eventname.source_id, excluded.source_id),"
        " example = excluded.example",
        rows,
    )


def _write_troubles(taken: Tally) -> None:
    rows = [
        (name, reason, each.words[:300], each.amount, each.first, each.last, Jsonb(each.example), source)
        for (source, name, reason), each in sorted(taken.troubles.items(), key=lambda pair: str(pair[0]))
    ]  # fmt: skip
    _execute_many(
        "INSERT INTO identity_trouble (name, reason, words, count, first_seen_at, last_seen_at,"
        " example, source_id) SELECT %s, %s, %s, %s, %s, %s, %s, id FROM identity_source WHERE id = %s"
        " ON CONFLICT (source_id, name, reason) DO UPDATE SET"
        " count = identity_trouble.count + excluded.count, words = excluded.words,"
        " first_seen_at = least(identity_trouble.first_seen_at, excluded.first_seen_at),"
        " last_seen_at = greatest(identity_trouble.last_seen_at, excluded.last_seen_at),"
        " example = excluded.example",
        rows,
    )


def _execute_many(statement: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)
