"""How far the store is behind what was recorded: a few cheap questions, also with parts down."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import django.db
import redis
import structlog
from django.db.models import Count, Min

from events import conf
from events.errors import EventRefused
from events.event import decode
from events.readers import Standing, standings
from events.redis.keys import Keys
from events.redis.redis_client import quick
from events.transport.reader import GROUP
from events.transport.spool import get_spool

log = structlog.get_logger()

FULL = 0.8  # of the stream's bound
BEHIND = timedelta(seconds=30)


@dataclass
class Lag:
    """What has been accepted and is not stored yet, and what never will be.

    `waiting` events are in the stream, `pending` of its parcels in a consumer's hands; `outbox` counts
    rows, `spool_bytes` is of this machine. `oldest` is when the oldest of all these was accepted
    (UTC; None when nothing waits). `fill` is the stream's share of its bound, `dead` the number of
    dead letters. Of what is named in `unknown` ("stream", "outbox", "spool") nobody answered:
    its numbers say 0, and `oldest` does not cover it.
    """

    waiting: int = 0
    oldest: datetime | None = None
    pending: int = 0
    dead: int = 0
    spool_bytes: int = 0
    outbox: int = 0
    stream_bound: int = 0
    fill: float = 0.0
    unknown: list[str] = field(default_factory=list)

    def behind(self, *, now: datetime | None = None) -> timedelta:
        """How long the oldest event has waited."""
        return (now or datetime.now(UTC)) - self.oldest if self.oldest else timedelta(0)


def lag() -> Lag:
    """Ask everything once: one round trip to Redis, one query, one look at a folder."""
    found = Lag(stream_bound=conf.stream_max_length())
    _ask(found, "stream", _look_at_stream, redis.RedisError, OSError)
    _ask(found, "outbox", _look_at_outbox, django.db.Error)
    _ask(found, "spool", _look_at_spool, OSError)
    return found


def fill() -> float:
    """The stream's share of its bound. Raises redis errors."""
    found = Lag(stream_bound=conf.stream_max_length())
    _look_at_stream(found)
    return found.fill


def readers() -> list[Standing]:
    """How far each reader of the log is. What does not answer is said, not raised."""
    return standings()


def _ask(found: Lag, what: str, look: Callable[[Lag], None], *down: type[Exception]) -> None:
    try:
        look(found)
    except down:
        found.unknown.append(what)


def _look_at_stream(found: Lag) -> None:
    keys = Keys(conf.stream())
    pipeline = quick(conf.redis_url()).pipeline(transaction=False)
    pipeline.get(keys.waiting)
    pipeline.xlen(keys.stream)
    pipeline.xrange(keys.stream, count=1)
    pipeline.xpending(keys.stream, GROUP)
    pipeline.xlen(keys.dead)
    waiting, entries, first, pending, dead = pipeline.execute(raise_on_error=False)
    for answer in (waiting, entries, first, dead):
        if isinstance(answer, Exception):
            raise answer
    found.waiting, found.dead = max(int(waiting or 0), entries) if entries else 0, dead
    found.pending = _pending(pending)
    found.fill = found.waiting / found.stream_bound if found.stream_bound else 1.0
    if first:
        milliseconds = int(first[0][0].split(b"-")[0])
        _older(found, datetime.fromtimestamp(milliseconds / 1000, UTC))


def _pending(answer: Any) -> int:
    """Without a group, before the first consumer, nothing is in anybody's hands."""
    return 0 if isinstance(answer, Exception) else answer["pending"]


def _look_at_outbox(found: Lag) -> None:
    from events.models import OutboxEvent  # importable only once Django is set up

    kept = OutboxEvent.objects.aggregate(count=Count("pk"), oldest=Min("kept_at"))
    found.outbox = kept["count"]
    _older(found, kept["oldest"])


def _look_at_spool(found: Lag) -> None:
    spool = get_spool()
    found.spool_bytes = spool.size()
    for path in spool.files():
        with path.open("rb") as file:
            line = file.readline()
        try:
            _older(found, decode(line).received_at)
        except EventRefused:  # it will be a dead letter
            _older(found, datetime.fromtimestamp(path.stat().st_mtime, UTC))


def _older(found: Lag, moment: datetime | None) -> None:
    if moment and (found.oldest is None or moment < found.oldest):
        found.oldest = moment


class Watch:
    """Looks at the lag now and then, and logs an alarm once when it begins and when it ends."""

    def __init__(self, *, every: float = 5.0) -> None:
        self._every = every
        self._next = 0.0
        self._alarmed = False

    def look(self) -> None:
        """Look, if it is time to."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._every
        found = lag()
        alarming = found.fill >= FULL or found.behind() > BEHIND
        if alarming == self._alarmed:
            return
        self._alarmed = alarming
        say = log.error if alarming else log.info
        say(
            "events_lag_alarm" if alarming else "events_lag_over",
            waiting=found.waiting,
            fill=round(found.fill, 2),
            seconds=round(found.behind().total_seconds()),
            spool_bytes=found.spool_bytes,
            outbox=found.outbox,
        )
