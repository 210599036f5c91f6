"""What people decide about readers: pause, go on, read again, and what becomes of events put aside."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog

from events.event import decode
from events.readers.place import Aside, Hold
from events.readers.reader import Reader, registered
from events.store import get_store
from events.store.batch_order import BEGINNING, Mark

log = structlog.get_logger()


@dataclass(frozen=True)
class Retried:
    """How many events could be handled now, and how many stay aside."""

    handled: int
    failed: int


def pause(reader: Reader) -> None:
    """Stand still from now on, whatever is stored: its batch in hand is finished first."""
    with _row(reader) as hold:
        if hold:
            hold.state.paused_at = hold.state.paused_at or datetime.now(UTC)
            hold.save()


def resume(reader: Reader) -> None:
    """Go on where it stood; what failed is tried at once."""
    with _row(reader) as hold:
        if hold:
            hold.state.paused_at = hold.state.retry_at = None
            hold.save()


def replay(reader: Reader, *, since: datetime | None) -> None:
    """Hand over again what was stored from this instant on (None: from the beginning on).

    What the handler wrote before stays: it must be made for that, or be emptied first.
    """
    order = get_store().order
    mark = BEGINNING if since is None else order.at(since)
    with _row(reader) as hold:
        if hold:
            state = hold.state
            state.position, state.tries, state.narrowed = str(mark), 0, 0
            state.reason, state.retry_at = "", None
            hold.save()
    log.info("events_reader_replays", reader=reader.name, since=str(since or "the beginning"))


def asides(reader: Reader) -> list[Aside]:
    """The events that wait for a decision, oldest first."""
    if not reader.place.look(reader.name)[1]:
        return []
    with _row(reader) as hold:
        return hold.asides() if hold else []


def retry(reader: Reader, *, ids: Sequence[int] = ()) -> Retried:
    """Hand events over again that were put aside, one by one; what works is forgotten with it.

    They come out of their order: later events have been handled meanwhile.
    """
    handled = failed = 0
    for aside in asides(reader):
        if ids and aside.id not in ids:
            continue
        try:
            handled += _retry(reader, aside)
        except Exception as error:
            failed += 1
            log.warning("events_reader_failed", reader=reader.name, reason=str(error)[:500])
    return Retried(handled, failed)


def drop(reader: Reader, *, ids: Sequence[int] = ()) -> int:
    """Forget events that were put aside, for ever; returns how many."""
    return _forget(reader, lambda aside: not ids or aside.id in ids)


def erase(tenant: str, persons: Collection[UUID] = (), browsers: Collection[str] = ()) -> int:
    """Remove from what was put aside a workspace's events, and those of people outside of any."""

    def is_meant(aside: Aside) -> bool:
        event = decode(aside.payload)
        if event.tenant is not None:
            return event.tenant == tenant
        return event.person in persons or event.anonymous_id in browsers

    return sum(_forget(reader, is_meant) for reader in registered())


def _retry(reader: Reader, aside: Aside) -> int:
    with _row(reader) as hold:
        if hold is None or not hold.asides(ids=[aside.id]):  # somebody else has decided
            return 0
        reader.handle([decode(aside.payload)], hold.session)
        _decide(hold, aside)
        return 1


def _forget(reader: Reader, is_meant: Callable[[Aside], bool]) -> int:
    waiting = asides(reader)
    if not waiting:
        return 0
    with _row(reader) as hold:
        found = [aside for aside in waiting if is_meant(aside)]
        for aside in found:
            _decide(hold, aside)
        return len(found)


def _decide(hold: Hold | None, aside: Aside) -> None:
    """Forget it; a reader that waited for room goes on."""
    if hold is None:
        raise LookupError("A row that is waited for is never in another's hands.")
    hold.forget(aside)
    hold.state.retry_at = None
    hold.save()


def _row(reader: Reader) -> AbstractContextManager[Hold | None]:
    """Locked, once the batch in hand is through; made where the reader has never run."""
    return reader.place.held(reader.name, first=lambda: _first(reader), wait=True)


def _first(reader: Reader) -> str:
    mark: Mark = BEGINNING if reader.starts == "beginning" else get_store().order.end()
    return str(mark)
