"""One reader in this process: a step is a batch of events, handed over and committed with its position.

The order of things, and what a crash at each of them leaves (the names are those of the steps):

    readers.read        the row is locked, the events are read          nothing was written
    readers.handled     the handler has written                         the transaction is undone
    readers.moved       the position is written, too                    the same
    readers.committed   both are committed                              the next begins behind it
    readers.failed      a failure was noted, or an event put aside      that is committed by itself

What lies outside the place's database is written at "handled", and again after a crash before
"committed": at least once.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from events.errors import StoreUnavailable
from events.event import Event
from events.postgres import is_told
from events.readers.pages import Pages
from events.readers.place import Hold, State
from events.readers.reader import NotNow, Reader
from events.steps import step
from events.store.archive import ArchiveFailed
from events.store.batch_order import BEGINNING, Mark, Order

log = structlog.get_logger()

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 60.0  # seconds, after a failure and after the next ones
_AWAY_PAUSE = 2.0  # seconds, when something is not there, which is no failure of the events
_LOOK_AGAIN = 5.0  # seconds, at a row that nothing speaks for: it may have been sent back
_REASON = 500  # letters
_AWAY = (NotNow, StoreUnavailable, ArchiveFailed, ConnectionError, TimeoutError)


class Came(enum.Enum):
    """What came of a step."""

    MOVED = "moved"
    NOTHING = "nothing"  # nothing is stored behind the position, or the reader is paused
    BUSY = "busy"  # another process has the reader in hand
    FAILED = "failed"


@dataclass(frozen=True)
class _Chunk:
    """Events in hand, where they end, and the position that they begin at."""

    events: Sequence[Event]
    begin: str
    end: str


class Following:
    """Not for several threads at once; several processes may follow for one reader."""

    def __init__(self, reader: Reader, *, order: Order, pages: Pages) -> None:
        self.reader = reader
        self._order = order
        self._pages = pages
        self._seen: int | None = None  # of the log, when nothing more was to be done
        self._look_at = 0.0
        self._in_hand: _Chunk | None = None

    def step(self, *, now: datetime | None = None) -> Came:
        """Hand over the next batch. A failure is noted and logged, not raised."""
        now = now or datetime.now(UTC)
        self._in_hand = None
        try:
            newest = self._order.newest()
            if newest == self._seen and time.monotonic() < self._look_at:
                return Came.NOTHING
            self._seen = None
            return self._move(now, newest)
        except Exception as error:
            return self._failed(error, now)

    def _move(self, now: datetime, newest: int) -> Came:
        with self.reader.place.held(self.reader.name, first=self._first) as hold:
            if hold is None:
                return Came.BUSY
            state = hold.state
            if state.paused_at or (state.retry_at and state.retry_at > now):
                return Came.NOTHING
            chunk = self._in_hand = self._next(state)
            if chunk.end == chunk.begin:
                if Mark.of(chunk.end).number >= newest or not newest:  # and nobody is storing
                    self._seen, self._look_at = newest, time.monotonic() + _LOOK_AGAIN
                return Came.NOTHING
            step("readers.read")
            if chunk.events:
                self.reader.handle(chunk.events, hold.session)
            step("readers.handled")
            _advance(state, chunk, now=now, at_once=self.reader.at_once)
            hold.save()
            step("readers.moved")
        step("readers.committed")
        return Came.MOVED

    def _first(self) -> str:
        return str(BEGINNING if self.reader.starts == "beginning" else self._order.end())

    def _next(self, state: State) -> _Chunk:
        """The events behind the position, fewer while the ones that fail are being looked for."""
        most = min(state.narrowed or self.reader.at_once, self.reader.at_once)
        page = self._pages.after(Mark.of(state.position), names=self.reader.names, most=most)
        return _Chunk([event for _, event in page.found], state.position, str(page.end))

    def _failed(self, error: Exception, now: datetime) -> Came:
        """Note the failure where the position is; without its database, only log it."""
        passes = isinstance(error, _AWAY) or self.reader.place.is_away(error)
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:_REASON]
        if not (passes and is_told()):
            say = log.warning if passes else log.exception
            say("events_reader_failed", reader=self.reader.name, reason=reason)
        try:
            with self.reader.place.held(self.reader.name, first=self._first) as hold:
                chunk = self._in_hand
                if hold and (chunk is None or hold.state.position == chunk.begin):
                    self._note(hold, chunk, reason, passes=passes, now=now)
                    hold.save()
        except Exception as again:
            if not (isinstance(again, _AWAY) or self.reader.place.is_away(again)):
                log.exception("events_reader_failure_not_noted", reader=self.reader.name)
        step("readers.failed")
        return Came.FAILED

    def _note(
        self, hold: Hold, chunk: _Chunk | None, reason: str, *, passes: bool, now: datetime
    ) -> None:
        state = hold.state
        state.reason = reason
        if passes or chunk is None or not chunk.events:
            state.retry_at = now + timedelta(seconds=_AWAY_PAUSE)
            return
        state.tries += 1
        state.retry_at = now + _pause(state.tries)
        if state.tries < self.reader.tries:
            return
        if len(chunk.events) > 1:
            state.narrowed = len(chunk.events) // 2
            state.retry_at = None
        elif len(hold.asides(most=self.reader.most_aside)) < self.reader.most_aside:
            hold.put_aside(chunk.events[0], reason)
            log.error("events_reader_put_aside", reader=self.reader.name, reason=reason)
            state.position, state.moved_at = chunk.end, now
            state.reason, state.retry_at = "", None


def _advance(state: State, chunk: _Chunk, *, now: datetime, at_once: int) -> None:
    state.position, state.moved_at = chunk.end, now
    state.events += len(chunk.events)
    state.reason, state.retry_at = "", None
    if state.narrowed and state.narrowed * 2 < at_once:
        state.narrowed *= 2  # others that fail may follow at once: the tries are not begun anew
    else:
        state.narrowed = state.tries = 0


def _pause(tries: int) -> timedelta:
    return timedelta(seconds=min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(tries - 1, 10)))
