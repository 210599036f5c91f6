"""What is known about the circumstances of an event: request id, API key, and the like.

Never an address of a machine or anything else that names a person, but for one: who acts in somebody
else's place (`acting`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from uuid_utils import uuid7

from events import tracing
from events.event import Event

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

ACTOR, ACTED_FOR = "actor", "acted_for"
_OURS = (ACTOR, ACTED_FOR, tracing.CARRIED)

_context: ContextVar[dict[str, str] | None] = ContextVar("events_context", default=None)


def current() -> dict[str, str]:
    """The circumstances of whatever runs now."""
    return dict(_context.get() or {})


def add(**values: str) -> None:
    """Add to the circumstances of the current request; outside one, this does nothing."""
    context = _context.get()
    if context is not None:
        context.update(values)


def request_id(given: str | None) -> str:
    """The id that a proxy gave the request, or a new one where it gave none that can be kept."""
    return given if given and _REQUEST_ID.fullmatch(given) else uuid7().hex


class _OfRequest:
    """A class, not a generator: every request has one, and this costs a third."""

    __slots__ = ("_token", "_values")

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def __enter__(self) -> None:
        self._token = _context.set(self._values)

    def __exit__(self, *raised: object) -> None:
        _context.reset(self._token)


def of_request(**values: str) -> _OfRequest:
    """Start with these circumstances, and forget them at the end."""
    return _OfRequest(values)


@contextmanager
def acting(actor: UUID, *, person: UUID | None = None) -> Iterator[None]:
    """All events recorded inside say that `actor` (a person's id) did it, in the place of `person`.

    The events' own `person` stays the one in whose place it was done. What a caller of `record` says
    in its own `context` cannot change this. `person` None: for a workspace, for nobody in particular.
    """
    said = {ACTOR: str(actor)} | ({ACTED_FOR: str(person)} if person else {})
    outer = {
        key: value for key, value in (_context.get() or {}).items() if key not in (ACTOR, ACTED_FOR)
    }
    token = _context.set(outer | said)
    try:
        yield
    finally:
        inner = _context.get() or {}
        _context.reset(token)
        add(**{key: inner[key] for key in inner.keys() - outer.keys() - said.keys()})


def with_actor(said: dict[str, str]) -> dict[str, str]:
    """What an event's own context says, beside what is known: who acts, and which trace it belongs to,
    is not for a caller to say."""
    ours = current()
    if trace := tracing.carried():
        ours[tracing.CARRIED] = trace
    own = {key: value for key, value in said.items() if key not in _OURS}
    return {**ours, **own}


def actor_of(event: Event) -> UUID | None:
    """Who did it in somebody else's place; None: the event's person did it, or nobody is known."""
    said = event.context.get(ACTOR)
    return UUID(said) if said else None
