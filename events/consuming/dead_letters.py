"""What could not be stored, with its reason: looked at, tried again, or dropped by a decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, cast

import redis

from events import changes, conf, later
from events.consuming import storing
from events.consuming.batches import Batch
from events.errors import StoreUnavailable
from events.redis.keys import Keys
from events.redis.redis_client import patient
from events.store import get_store
from events.transport.reader import Entry

_AT_ONCE = 1_000


@dataclass(frozen=True)
class DeadLetter:
    """One of them; `id` is its place in the stream of dead letters, and says when it was put there."""

    id: bytes
    line: bytes
    reason: str

    @property
    def at(self) -> datetime:
        """When it was put aside (UTC)."""
        return datetime.fromtimestamp(int(self.id.split(b"-")[0]) / 1000, UTC)


def find(*, reason: str = "") -> Iterator[DeadLetter]:
    """Oldest first, those whose reason begins like this, and that are there now.

    Raises redis.RedisError.
    """
    newest = cast(Any, _redis().xrevrange(_keys().dead, count=1))
    start = "-"
    while newest and (page := _page(start, newest[0][0])):
        for letter in page:
            if letter.reason.startswith(reason):
                yield letter
        start = f"({page[-1].id.decode()}"


def replay(*, reason: str = "") -> tuple[int, int]:
    """Try to store them again; returns how many are stored now, and how many are still dead.

    Safe to repeat and to interrupt: a letter is deleted after it is stored, and the store knows an
    event by its id. What fails again stays, under its new reason. Raises StoreUnavailable,
    redis.RedisError.
    """
    stored = dead = 0
    for some in _some_at_once(find(reason=reason)):
        failed = _replay(some)
        stored, dead = stored + len(some) - failed, dead + failed
    return stored, dead


def drop(*, reason: str = "") -> int:
    """Delete them for ever; returns how many. Raises redis.RedisError."""
    dropped = 0
    for some in _some_at_once(find(reason=reason)):
        _redis().xdel(_keys().dead, *(letter.id for letter in some))
        dropped += len(some)
    return dropped


def _page(start: str, end: bytes) -> list[DeadLetter]:
    page = cast(Any, _redis().xrange(_keys().dead, min=start, max=end, count=_AT_ONCE))
    return [
        DeadLetter(entry_id, fields[b"e"], fields[b"reason"].decode()) for entry_id, fields in page
    ]


def _some_at_once(letters: Iterator[DeadLetter]) -> Iterator[list[DeadLetter]]:
    while some := list(islice(letters, _AT_ONCE)):
        yield some


def _replay(letters: list[DeadLetter]) -> int:
    """Returns how many failed again."""
    entries: list[Entry] = [(letter.id, letter.line) for letter in letters]
    batch = Batch().add(entries)
    try:
        batch.events = later.settled(batch.events)
    except later.NobodyCanSay as error:
        raise StoreUnavailable(str(error)) from error
    still_dead = storing.store(get_store(), batch, reader="dead letters")
    changes.announce(_redis(), {event.tenant for event in batch.events if event.tenant})
    pipeline = _redis().pipeline(transaction=True)
    for line, reason in still_dead:
        pipeline.xadd(_keys().dead, cast(Any, {"e": line, "reason": reason}))
    pipeline.xdel(_keys().dead, *(letter.id for letter in letters))
    pipeline.execute()
    return len(still_dead)


def _redis() -> redis.Redis:
    return patient(conf.redis_url())


def _keys() -> Keys:
    return Keys(conf.stream())
