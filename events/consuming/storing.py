"""Stores events, and tells those that can never be stored from a store that is not right."""

from __future__ import annotations

from collections.abc import Sequence

from events.consuming.batches import Batch
from events.errors import EventsUnstorable, StoreUnavailable
from events.event import Event
from events.store.interface import EventStore
from events.transport.reader import Dead

MOST_DEAD = 100  # of one batch; more are no bad events but a store that is not right: wait for it


def store(into: EventStore, batch: Batch, *, reader: str = "", position: str = "") -> list[Dead]:
    """Store the batch's events; returns what can never be stored, undecodable lines first.

    Raises StoreUnavailable, also when the store refuses event after event.
    """
    return batch.dead + _store(into, batch.events, reader=reader, position=position)


def _store(into: EventStore, events: Sequence[Event], *, reader: str, position: str) -> list[Dead]:
    """Find what the store refuses by halving."""
    dead: list[Dead] = []
    parts = [events] if events else []
    while parts:
        part = parts.pop()
        try:
            into.append(part, reader=reader, position=position)
        except EventsUnstorable as error:
            if len(part) > 1:
                half = len(part) // 2
                parts += [part[half:], part[:half]]
                continue
            dead.append((part[0].encode(), f"unstorable: {error}"))
            if len(dead) > MOST_DEAD:
                raise StoreUnavailable(f"It refuses event after event: {error}") from error
    return dead
