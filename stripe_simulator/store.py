"""State: one SQLite file, one transaction per request, durable before it is acknowledged."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stripe_simulator.clock import Clock
from stripe_simulator.errors import StripeError, no_such
from stripe_simulator.shapes import Json

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    object TEXT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (object, id)
);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (object, seq);
CREATE INDEX IF NOT EXISTS objects_by_customer
    ON objects (object, json_extract(data, '$.customer'));
CREATE INDEX IF NOT EXISTS objects_by_subscription
    ON objects (object, json_extract(data, '$.subscription'));
CREATE INDEX IF NOT EXISTS objects_by_invoice
    ON objects (object, json_extract(data, '$.invoice'));
CREATE INDEX IF NOT EXISTS objects_by_test_clock
    ON objects (object, json_extract(data, '$.test_clock'));
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS idempotency (
    key TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    created INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS meter_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    identifier TEXT NOT NULL,
    event_name TEXT NOT NULL,
    customer TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    value INTEGER NOT NULL,
    created INTEGER NOT NULL,
    canceled INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS meter_events_by_time ON meter_events (event_name, customer, timestamp);
CREATE INDEX IF NOT EXISTS meter_events_by_identifier ON meter_events (identifier);
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL DEFAULT 0,
    delivered INTEGER,
    outcome TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS outbox_pending ON outbox (seq) WHERE delivered IS NULL;
CREATE INDEX IF NOT EXISTS outbox_by_event ON outbox (event);
"""

_SKIPPED = "seconds skipped"


@dataclass(frozen=True)
class Origin:
    """The API request that a change comes from; the clock's own changes have none."""

    request_id: str | None = None
    idempotency_key: str | None = None


class State:
    """The objects, as seen and changed within one transaction."""

    def __init__(
        self, connection: sqlite3.Connection, clock: Clock, public_url: str, origin: Origin
    ) -> None:
        self.connection = connection
        self.clock = clock
        self.public_url = public_url
        self.origin = origin
        self._frozen: int | None = None

    def now(self) -> int:
        return self.clock.now() if self._frozen is None else self._frozen

    @contextmanager
    def at(self, instant: int | None) -> Iterator[None]:
        """Live in a frozen time: a test clock's, or that of something due. None: in ours."""
        before, self._frozen = self._frozen, instant
        try:
            yield
        finally:
            self._frozen = before

    def skip(self, seconds: int) -> None:
        """Move the clock of all who have no test clock, for good."""
        self.connection.execute(
            "INSERT INTO counters VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
            (_SKIPPED, seconds),
        )
        self.clock.skipped += seconds

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Undo all that is written inside, however it ends: what a preview is made of."""
        self.connection.execute("SAVEPOINT rehearsal")
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK TO rehearsal")
            self.connection.execute("RELEASE rehearsal")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what was written inside when it fails, unless the error keeps its changes."""
        self.connection.execute("SAVEPOINT attempt")
        try:
            yield
        except Exception as error:
            if not (isinstance(error, StripeError) and error.keeps_changes):
                self.connection.execute("ROLLBACK TO attempt")
            raise
        finally:
            self.connection.execute("RELEASE attempt")

    def get(self, kind: str, id: str) -> Json | None:
        row = self.connection.execute(
            "SELECT data FROM objects WHERE object = ? AND id = ?", (kind, id)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def find(self, id: str) -> Json | None:
        """The object with this identifier, of whatever kind."""
        row = self.connection.execute("SELECT data FROM objects WHERE id = ?", (id,)).fetchone()
        return json.loads(row[0]) if row else None

    def require(self, kind: str, id: str, *, param: str = "id", status: int = 404) -> Json:
        """The object, or Stripe's `resource_missing` error naming `param`."""
        found = self.get(kind, id)
        if found is None or found.get("deleted"):
            raise no_such(_LABELS.get(kind, kind), id, param=param, status=status)
        return found

    def save(self, object: Json) -> Json:
        self.connection.execute(
            "INSERT INTO objects (id, object, data) VALUES (?, ?, ?)"
            " ON CONFLICT (object, id) DO UPDATE SET data = excluded.data",
            (object["id"], object["object"], json.dumps(object)),
        )
        return object

    def remove(self, kind: str, id: str) -> None:
        self.connection.execute("DELETE FROM objects WHERE object = ? AND id = ?", (kind, id))

    def position(self, kind: str, id: str) -> int | None:
        row = self.connection.execute(
            "SELECT seq FROM objects WHERE object = ? AND id = ?", (kind, id)
        ).fetchone()
        return row[0] if row else None

    def select(
        self,
        kind: str,
        where: dict[str, Any] | None = None,
        *,
        condition: str = "",
        values: tuple[Any, ...] = (),
        newest_first: bool = False,
        limit: int = -1,
    ) -> list[Json]:
        """Objects of a kind in order of creation.

        `where` maps attribute paths ("recurring.interval") to a value or a list of values;
        `condition` is more SQL with its `values`.
        """
        clauses, arguments = ["object = ?"], [kind]
        for path, wanted in (where or {}).items():
            options = wanted if isinstance(wanted, list) else [wanted]
            marks = ", ".join("?" * len(options))
            clauses.append(f"json_extract(data, '$.{path}') IN ({marks})")
            arguments.extend(options)
        if condition:
            clauses.append(condition)
            arguments.extend(values)
        order = "DESC" if newest_first else "ASC"
        rows = self.connection.execute(
            f"SELECT data FROM objects WHERE {' AND '.join(clauses)}"  # noqa: S608 - paths are ours
            f" ORDER BY seq {order} LIMIT ?",
            (*arguments, limit),
        )
        return [json.loads(row[0]) for row in rows]

    def next_number(self, counter: str) -> int:
        row = self.connection.execute(
            "INSERT INTO counters VALUES (?, 1)"
            " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            (counter,),
        ).fetchone()
        return int(row[0])


_LABELS = {
    "payment_method": "PaymentMethod",
    "checkout.session": "checkout session",
    "webhook_endpoint": "webhook endpoint",
    "subscription_item": "subscription item",
    "promotion_code": "promotion code",
    "subscription_schedule": "subscription schedule",
    "test_helpers.test_clock": "test clock",
    "billing.meter": "meter",
    "entitlements.feature": "feature",
    "tax_rate": "tax rate",
    "credit_note": "credit note",
}


class Store:
    """The SQLite file. Requests, deliveries and the clock's work take turns on one connection.

    `public_url` is where a browser finds the hosted pages. Not `durable`: a write is not waited for
    until the disk has it, for tests that never lose power.
    """

    def __init__(
        self, path: Path, *, public_url: str, clock: Clock | None = None, durable: bool = True
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.clock = clock or Clock()
        self.public_url = public_url
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        self._connection.executescript(_SCHEMA)
        skipped = self._connection.execute("SELECT value FROM counters WHERE name = ?", (_SKIPPED,))
        self.clock.skipped = (skipped.fetchone() or (0,))[0]

    @contextmanager
    def transaction(self, origin: Origin | None = None) -> Iterator[State]:
        """Commit on success, roll back on any exception."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            skipped = self.clock.skipped
            try:
                yield State(self._connection, self.clock, self.public_url, origin or Origin())
            except BaseException:
                self._connection.execute("ROLLBACK")
                self.clock.skipped = skipped
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        with self._lock:
            self._connection.close()
