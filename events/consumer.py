"""Moves events from where they wait into the store: the stream, the spool and the outbox.

Each way in delivers at least once: it lets go of an event only after the store has committed it.
The store keeps each id once. Together that is exactly once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import django.db
import structlog

from events import outbox
from events.errors import EventRefused, EventsUnstorable, StoreUnavailable
from events.event import Event, decode
from events.outage import Outage
from events.reader import Dead, Entry, StreamReader
from events.redis_client import UNAVAILABLE
from events.spool import Spool
from events.store.interface import EventStore

log = structlog.get_logger()

BATCH = 10_000
_WAIT_MS = 100  # for the stream, when nothing moves; the outbox is polled as often
_STREAM_DOWN = (*UNAVAILABLE, StoreUnavailable)
_OUTBOX_DOWN = (*_STREAM_DOWN, django.db.OperationalError, django.db.InterfaceError)


class Consumer:
    """One loop over all ways in. Any number of processes may run one."""

    def __init__(
        self, *, store: EventStore, reader: StreamReader, spool: Spool, take_over_after: float = 5.0
    ) -> None:
        self._store = store
        self._reader = reader
        self._spool = spool
        self._take_over_after = take_over_after
        self._in_hand: list[Entry] = []
        self._next_take_over = 0.0
        self._ways: list[tuple[Outage, Callable[[], int]]] = [
            (Outage("outbox", _OUTBOX_DOWN), self._relay_outbox),
            (Outage("spool", _STREAM_DOWN), self._deliver_spool),
            (Outage("stream", _STREAM_DOWN), self._read_stream),
        ]

    def run(self, stop: threading.Event) -> None:
        """Move events until `stop` is set; what was read is stored before this returns."""
        while not stop.is_set():
            if not self.step() and self._has_outage():
                stop.wait(_WAIT_MS / 1000)  # else the stream has waited for us
        self._leave()

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
        except (django.db.OperationalError, django.db.InterfaceError):
            django.db.connection.close()
            raise

    def _deliver_spool(self) -> int:
        with self._spool.claimed() as path:
            if path is None:
                return 0
            lines = [line for line in path.read_bytes().split(b"\n") if line]
            for start in range(0, len(lines), BATCH):
                self._store_lines(lines[start : start + BATCH], source="spool")
        log.info("events_spool_delivered", events=len(lines))
        return len(lines)

    def _read_stream(self) -> int:
        if not self._in_hand:
            self._in_hand = self._abandoned() or self._reader.read(most=BATCH, wait_ms=self._wait())
        if not self._in_hand:
            return 0
        entries = self._in_hand
        self._store_lines([line for _, line in entries], source="stream", position=entries[-1][0])
        self._reader.finish([entry_id for entry_id, _ in entries])
        self._in_hand = []
        return len(entries)

    def _wait(self) -> int:
        return _WAIT_MS if self._take_over_after else 0

    def _abandoned(self) -> list[Entry]:
        """What a dead consumer left; looked for now and then, and until there is no more."""
        if time.monotonic() < self._next_take_over:
            return []
        idle_ms = int(self._take_over_after * 1000)
        entries = self._reader.take_over(most=BATCH, idle_ms=idle_ms)
        if entries:
            log.info("events_taken_over", events=len(entries))
        else:
            self._reader.forget_the_dead()
            self._next_take_over = time.monotonic() + max(self._take_over_after, 0.1)
        return entries

    def _store_lines(self, lines: Sequence[bytes], *, source: str, position: bytes = b"") -> None:
        """Store encoded events; what can never be stored is put aside with its reason."""
        events, dead = decode_all(lines)
        dead += self._append(events, reader=source, position=position)
        if dead:
            self._reader.bury(dead)
            log.error("events_dead_letters", count=len(dead), first=dead[0][1])

    def _append(self, events: Sequence[Event], **progress: Any) -> list[Dead]:
        """Store the events; find those that the store refuses by halving the batch."""
        if not events:
            return []
        reader, position = progress["reader"], progress["position"].decode()
        try:
            self._store.append(events, reader=reader, position=position)
        except EventsUnstorable as error:
            if len(events) == 1:
                return [(events[0].encode(), str(error))]
            half = len(events) // 2
            return self._append(events[:half], **progress) + self._append(events[half:], **progress)
        return []

    def _leave(self) -> None:
        with suppress(*UNAVAILABLE):
            self._reader.leave()


def decode_all(lines: Sequence[bytes]) -> tuple[list[Event], list[Dead]]:
    """The events of these lines, and the lines that are none."""
    events: list[Event] = []
    dead: list[Dead] = []
    for line in lines:
        try:
            events.append(decode(line))
        except EventRefused as refused:
            dead.append((line, f"{refused.reason}: {refused}"))
    return events, dead
