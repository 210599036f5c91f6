"""Whose an event is may be found out when it is stored: who records need not ask a database for it.

    later.register(persons)                                    # once; by who knows sessions
    events.record("Page Viewed", context={later.SESSION: sealed}, ...)

The event travels with a word for the person in its context: a sealed session (SESSION), or the id that
the caller's own system has for its user (USER). The consumer asks, for a whole batch at once, which
persons these are, and stores the events with them and without the words. While nobody can say, they
wait; all other events do not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from uuid import UUID

import msgspec
import structlog

from events.event import Event
from events.postgres import is_away

log = structlog.get_logger()

# In the context of an event on its way. Where one has both, a session is asked first.
SESSION = "session"
USER = "user"
KINDS = (SESSION, USER)
Persons = Callable[[Collection[str]], Mapping[str, UUID]]


class NobodyCanSay(ConnectionError):
    """What knows the persons is away."""


def _nobody(words: Collection[str]) -> Mapping[str, UUID]:
    return {}


_persons: dict[str, Persons] = dict.fromkeys(KINDS, _nobody)


def register(persons: Persons, *, kind: str = SESSION) -> None:
    """`persons` gives the person of each of these words that is somebody's. It may raise what its
    database raises; it is called in the consumer, for up to some thousand words."""
    if kind not in KINDS:
        raise ValueError(f"Words are of {KINDS}, not {kind!r}.")
    _persons[kind] = persons


def asks(event: Event) -> bool:
    """Whether it is to be found out whose this event is."""
    return SESSION in event.context or USER in event.context


def settled(events: Sequence[Event]) -> list[Event]:
    """The events as they are stored. Raises NobodyCanSay, where one of them asks."""
    known: dict[str, Mapping[str, UUID]] = {}
    for kind in KINDS:
        if words := {str(each.context[kind]) for each in events if kind in each.context}:
            known[kind] = _asked(kind, words)
    if not known:
        return list(events)
    return [_with_person(event, known) if asks(event) else event for event in events]


def without_persons(events: Sequence[Event]) -> list[Event]:
    """The same, for who cannot wait until somebody can say."""
    return [_with_person(event, {}) if asks(event) else event for event in events]


def _asked(kind: str, words: Collection[str]) -> Mapping[str, UUID]:
    try:
        return _persons[kind](words)
    except Exception as error:
        if is_away(error):
            raise NobodyCanSay(str(error)) from error
        log.exception(
            "events_persons_unknown", kind=kind
        )  # better without its person than not at all
        return {}


def _with_person(event: Event, known: Mapping[str, Mapping[str, UUID]]) -> Event:
    context = {key: value for key, value in event.context.items() if key not in KINDS}
    person = event.person
    for kind in KINDS:
        if person is None and kind in event.context:
            person = known.get(kind, {}).get(str(event.context[kind]))
    return msgspec.structs.replace(event, person=person, context=context)
