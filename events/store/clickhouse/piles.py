"""Few rows of `event_batch` instead of many old ones, so that it does not grow by a row a batch for ever.

A row that stands for others is written first, and says from which number on; then those go. Killed in
between, the others are still there beside it, which no reader minds (a page is asked by numbers and
times): the next run sees what is covered, and removes it before anything is counted again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid4

from clickhouse_connect.driver.client import Client

from events.steps import step
from events.store.batch_order import OLD, PILE

ROUNDS = 1_000  # of one run; the next day goes on
MOST = 500  # rows made before the covered ones go; a mutation names so many
# Those of an hour, as long as they are few events. A clock that was set back makes no hour begin again.
_PILES = """
    SELECT max(number), min(first), max(last), sum(held), min(stored), min(start)
    FROM (
        SELECT *, toStartOfHour(max(stored) OVER so_far) AS hour,
               intDiv(sum(held) OVER so_far - held, {pile:UInt64}) AS pile
        FROM (
            SELECT number, min(first_time) AS first, max(last_time) AS last, max(events) AS held,
                   min(stored_at) AS stored, min(covers_from) AS start
            FROM event_batch WHERE number > 0
            GROUP BY number HAVING stored < {before:DateTime64(3, 'UTC')}
        )
        WINDOW so_far AS (ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
    GROUP BY hour, pile HAVING count() > 1 ORDER BY 1 LIMIT {most:UInt32}
"""
_COVERED = """
    SELECT start, number FROM (
        SELECT number, start, lagInFrame(number, 1, toInt64(0)) OVER (
            ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS previous
        FROM (SELECT number, min(covers_from) AS start FROM event_batch WHERE number > 0 GROUP BY number)
    )
    WHERE start < number AND previous >= start ORDER BY number LIMIT {most:UInt32}
"""
_COLUMNS = ["number", "first_time", "last_time", "events", "stored_at", "covers_from", "batch"]


class Writes(Protocol):
    """A store, as far as it is needed here."""

    def connection(self) -> AbstractContextManager[Client]: ...

    def command(self, statement: str) -> None: ...


@dataclass(frozen=True)
class Piles:
    """`settings` are those of a consistent read."""

    store: Writes
    settings: Mapping[str, Any]

    def make(self, now: datetime) -> int:
        """Put batches of a week ago together; how many rows now stand for others, too."""
        made = 0
        self._remove_covered()
        for _ in range(ROUNDS):
            rows = self._rows(_PILES, pile=PILE, before=now - OLD, most=MOST)
            if not rows:
                break
            with self.store.connection() as client:
                client.insert(
                    "event_batch", [[*row, row[0]] for row in rows], column_names=_COLUMNS,
                    # The server drops rows that it has seen, also when they are gone by now.
                    settings={"insert_deduplication_token": uuid4().hex},
                )  # fmt: skip
            step("piles.made")
            made += len(rows)
            self._remove_covered()
        return made

    def _remove_covered(self) -> None:
        for _ in range(ROUNDS):
            ranges = self._rows(_COVERED, most=MOST)
            if not ranges:
                break
            said = " OR ".join(f"number >= {start} AND number < {end}" for start, end in ranges)
            self.store.command(
                f"ALTER TABLE event_batch {{on_cluster}} DELETE WHERE {said} SETTINGS mutations_sync = 2"
            )

    def _rows(self, query: str, **parameters: object) -> list[Sequence[Any]]:
        with self.store.connection() as client:
            answer = client.query(query, parameters=parameters, settings=dict(self.settings))
            return list(answer.result_rows)
