"""Whose an event is may be found out when it is stored: who records need not ask a database for it.

    later.register(persons)                                    # once; by who knows sessions
    events.record("Page Viewed", context={later.SESSION: sealed}, ...)

The event travels with a sealed word for the session in its context. The consumer asks, for a whole
batch at once, which persons these are, and stores the events with them and without the word. While
nobody can say, they wait; all other events do not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from uuid import UUID

import msgspec
import structlog

from events.event import Event
from events.postgres import is_away

log = structlog.get_logger()

SESSION = "session"  # in the context of an event on its way
Persons = Callable[[Collection[str]], Mapping[str, UUID]]


class NobodyCanSay(ConnectionError):
    """What knows the persons is away."""


def _nobody(sealed: Collection[str]) -> Mapping[str, UUID]:
    return {}


_persons: Persons = _nobody


def register(persons: Persons) -> None:
    """`persons` gives the person of each of these words that is somebody's. It may raise what its
    database raises; it is called in the consumer, for up to some thousand words."""
    global _persons
    _persons = persons


def asks(event: Event) -> bool:
    """Whether it is to be found out whose this event is."""
    return SESSION in event.context


def settled(events: Sequence[Event]) -> list[Event]:
    """The events as they are stored. Raises NobodyCanSay, where one of them asks."""
    contexts = [event.context for event in events]
    words = {str(said[SESSION]) for said in contexts if SESSION in said}
    if not words:
        return list(events)
    try:
        known = _persons(words)
    except Exception as error:
        if is_away(error):
            raise NobodyCanSay(str(error)) from error
        log.exception("events_persons_unknown")  # a visit without its person is better than none
        known = {}
    return [_with_person(event, known) if asks(event) else event for event in events]


def without_persons(events: Sequence[Event]) -> list[Event]:
    """The same, for who cannot wait until somebody can say."""
    return [_with_person(event, {}) if asks(event) else event for event in events]


def _with_person(event: Event, known: Mapping[str, UUID]) -> Event:
    context = {key: value for key, value in event.context.items() if key != SESSION}
    person = event.person or known.get(str(event.context[SESSION]))
    return msgspec.structs.replace(event, person=person, context=context)
