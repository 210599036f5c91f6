"""Moves events from where they wait into the store: the stream, the spool, the outbox, the bucket.

Each way in delivers at least once: it lets go of an event only after the store has committed it.
The store keeps each id once. Together that is exactly once.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import django.db
import structlog

from events import changes, conf, heartbeats, later, tracing
from events.consuming import storing
from events.consuming.batches import FEWEST, Batch, Batches, decode_all
from events.consuming.outage import Outage
from events.errors import StoreUnavailable
from events.event import Event
from events.health import Watch
from events.metrics import Counter
from events.redis.redis_client import UNAVAILABLE
from events.store.interface import EventStore
from events.transport import left, outbox
from events.transport.reader import AT_ONCE, DeadLettersFull, Entry, StreamReader
from events.transport.spool import Spool

log = structlog.get_logger()

_WAIT_MS = 100  # for the stream, when nothing moves; the outbox is polled as often
# Seconds after a small batch, and after another: a commit for each event costs more than it brings.
_GATHER, _GATHER_ON = 0.05, 0.3
_FEW = 1_000
_PARKED_EVERY = 1.0  # seconds
STORED = Counter(
    "plg_events_stored_total", "Events that a consumer has stored", labels=("source",), most=6
)
STORING = Counter("plg_events_storing_seconds_total", "Seconds that consumers took to store")
_LEFT_EVERY = 10.0  # seconds between two looks for what machines have left in the bucket
_STREAM_DOWN = (*UNAVAILABLE, StoreUnavailable, DeadLettersFull)
_DATABASE_DOWN = (
    django.db.OperationalError,
    django.db.InterfaceError,
    django.db.InternalError,  # of a transaction that stood still for too long
)
_OUTBOX_DOWN = (*_STREAM_DOWN, *_DATABASE_DOWN)


def collect_rarely() -> None:
    """Let Python look for garbage in cycles a few times an hour, not a hundred times a batch.

    For the whole process: a batch is some 100,000 objects that live for a second, in no cycle; the
    collector would look at them again and again, for half of the time that reading takes.
    """
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)


class Consumer:
    """One loop over all ways in. Any number of processes may run one."""

    def __init__(
        self,
        *,
        store: EventStore,
        reader: StreamReader,
        spool: Spool,
        take_over_after: float = 5.0,
        fewest: int = FEWEST,
    ) -> None:
        """`fewest`: events that a batch has when more wait, before it learns to take more."""
        self._event_store = store
        self._reader = reader
        self._spool = spool
        self._take_over_after = take_over_after
        self._in_hand: Batch | None = None
        self._batches = Batches(self._fetch, fewest=fewest)
        self._next_take_over = self._next_parked = self._next_look = 0.0
        self._watch = Watch()
        self._ways: list[tuple[Outage, Callable[[], int]]] = [
            (Outage("outbox", _OUTBOX_DOWN), self._relay_outbox),
            (Outage("spool", _STREAM_DOWN), self._deliver_spool),
            (Outage("bucket", _STREAM_DOWN), self._take_left),
            (Outage("stream", _STREAM_DOWN), self.read_stream),
            (Outage("parked", (*_STREAM_DOWN, later.NobodyCanSay)), self._store_parked),
        ]

    def run(self, stop: threading.Event) -> None:
        """Move events until `stop` is set; what was read is stored before this returns."""
        pause = _GATHER
        while not stop.is_set():
            heartbeats.beat("events")
            moved = self.step()
            self._watch.look()
            if not moved and self._has_outage():
                stop.wait(_WAIT_MS / 1000)  # else the stream has waited for us
            elif 0 < moved < _FEW:
                stop.wait(pause)
            pause = _GATHER_ON if moved else _GATHER
        self._leave()
        heartbeats.end("events")

    def drain(self) -> bool:
        """Move all that waits now. False when something could not be reached."""
        self._take_over_after = 0.0
        while self.step():
            pass
        complete = not self._has_outage()
        self._leave()
        return complete

    def step(self) -> int:
        """One round over all ways in; returns how many events moved."""
        return sum(outage.guard(way) for outage, way in self._ways)

    def _has_outage(self) -> bool:
        return any(outage.is_on for outage, _ in self._ways)

    def _relay_outbox(self) -> int:
        try:
            return outbox.relay(lambda lines: self._store_lines(lines, source="outbox"))
        except _DATABASE_DOWN:
            django.db.connection.close()
            raise

    def _deliver_spool(self) -> int:
        with self._spool.claimed() as path:
            if path is None:
                return 0
            lines = [line for line in path.read_bytes().split(b"\n") if line]
            for start in range(0, len(lines), FEWEST):
                heartbeats.beat("events")
                self._store_lines(lines[start : start + FEWEST], source="spool")
        log.info("events_spool_delivered", events=len(lines))
        return len(lines)

    def _take_left(self) -> int:
        """What machines left that ended while the stream was away (transport.left)."""
        if not left.is_shared() or time.monotonic() < self._next_look:
            return 0
        moved = left.take(lambda lines: self._store_lines(lines, source="spool"))
        if moved:
            log.info("events_left_taken", events=moved)
        else:
            self._next_look = time.monotonic() + _LEFT_EVERY
        return moved

    def read_stream(self) -> int:
        """Move one batch of the stream; returns how many events it had."""
        return self._store_in_hand(self._batches.take)

    def _store_in_hand(self, take: Callable[[], Batch]) -> int:
        """Store the batch in hand, or else the next; it is let go of once it is committed."""
        batch = self._in_hand = self._in_hand or take()
        if batch.ids:
            began = time.monotonic()
            self._batches.read_ahead(batch)
            self._store(batch, source="stream", position=batch.position)
            self._reader.finish(batch.ids)
            self._batches.stored(batch, seconds=time.monotonic() - began)
        self._in_hand = None
        return batch.size

    def _fetch(self, most: int) -> Batch:
        """Runs in a thread of its own when there is a backlog."""
        batch = Batch().add(self._abandoned(min(most, AT_ONCE)))
        while batch.size < most:
            wait_ms = 0 if batch.ids else self._wait()
            asked = min(AT_ONCE, most - batch.size)
            entries = self._reader.read(most=asked, wait_ms=wait_ms)
            batch.add(entries)
            if len(entries) < asked:
                break
        return batch

    def _wait(self) -> int:
        return _WAIT_MS if self._take_over_after else 0

    def _abandoned(self, most: int) -> list[Entry]:
        """What a dead consumer left; looked for now and then, and until there is no more."""
        if time.monotonic() < self._next_take_over:
            return []
        idle_ms = int(self._take_over_after * 1000)
        entries = self._reader.take_over(most=most, idle_ms=idle_ms)
        if entries:
            log.info("events_taken_over", parcels=len(entries))
        else:
            self._reader.forget_the_dead()
            self._next_take_over = time.monotonic() + max(self._take_over_after, 0.1)
        return entries

    def _store_lines(self, lines: Sequence[bytes], *, source: str) -> None:
        events, dead = decode_all(lines)
        self._store(Batch(events=events, dead=dead), source=source)

    def _store_parked(self) -> int:
        """What waited for somebody to say whose it is; looked for once a second, and until it is gone."""
        if time.monotonic() < self._next_parked:
            return 0
        if not (entries := self._reader.parked(most=AT_ONCE)):
            self._next_parked = time.monotonic() + _PARKED_EVERY
            return 0
        batch = Batch().add(entries)
        batch.events = self._settled(batch.events)
        self._store(batch, source="parked")
        self._reader.unpark(list(batch.ids))
        return batch.size

    def _settled(self, events: Sequence[Event]) -> list[Event]:
        """With their persons. Raises NobodyCanSay."""
        try:
            return later.settled(events)
        except later.NobodyCanSay:
            if not django.db.connection.in_atomic_block:
                django.db.connection.close()  # it may be a dead one
            raise

    def _settle(self, batch: Batch) -> None:
        """Find out whose the events are; those of which nobody can say it now are parked, or, where
        there is no more room for that, nobody's."""
        try:
            batch.events = self._settled(batch.events)
        except later.NobodyCanSay:
            asking = [event for event in batch.events if later.asks(event)]
            parked = self._reader.park([event.encode() for event in asking])
            rest = later.without_persons(asking[parked:])
            batch.events = [event for event in batch.events if not later.asks(event)] + rest

    def _store(self, batch: Batch, *, source: str, position: str = "") -> None:
        """Store a batch, tell who watches, and put aside with its reason what can never be stored."""
        self._settle(batch)
        began = time.monotonic()
        dead = storing.store(self._event_store, batch, reader=source, position=position)
        seconds = time.monotonic() - began
        STORED.add(len(batch.events), source)
        STORING.add(seconds)
        tracing.stored(batch.events, seconds=seconds)
        if conf.says_batches():
            log.info(
                "events_batch", source=source, events=len(batch.events), ms=round(seconds * 1000, 1)
            )
        if batch.events:
            workspaces = {event.tenant for event in batch.events if event.tenant}
            changes.announce(self._reader.client, workspaces)
        if dead:
            self._reader.bury(dead)
            log.error("events_dead_letters", count=len(dead), first=dead[0][1])

    def _leave(self) -> None:
        """Store what is in hand, if that is possible now; then say goodbye."""
        with suppress(*_STREAM_DOWN):
            while self._store_in_hand(self._batches.take_last):
                pass
            self._reader.leave()
        self._batches.close()
