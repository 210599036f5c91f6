"""`events.record`: the one call by which anything that happened becomes known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Protocol, TypedDict, Unpack, overload
from uuid import UUID

from uuid_utils.compat import uuid7

from events import context as ambient
from events import refusals, registry
from events.choice import Choice, First, Said, choice, line_of
from events.errors import EventRefused
from events.event import Event, check_time
from events.shedding import sampling
from events.transport import intake

_MOST_AT_ONCE = 1_000  # a command that records for hours must not hold it all in memory
_buffer: ContextVar[list[Said] | None] = ContextVar("events_buffer", default=None)
_rows: ContextVar[list[bytes] | None] = ContextVar("events_rows", default=None)


class HasSchema(Protocol):
    """A workspace, as far as events need to know it."""

    schema_name: Any


class HasKey(Protocol):
    """A person, as far as events need to know it: the key is a UUID."""

    @property
    def pk(self) -> Any: ...


class Details(TypedDict, total=False):
    """What may be said of an event besides its name; each may be left out or None.

    `time` (aware) is when it happened, by default now. `properties` are those of the registered
    type. `context` adds to what is known of the request. Recording one `id` again is harmless.
    """

    tenant: HasSchema | str | None
    person: HasKey | UUID | None
    anonymous_id: UUID | str | None
    properties: Mapping[str, Any] | None
    context: Mapping[str, str] | None
    time: datetime | None
    id: UUID | None


def record(name: str, **details: Unpack[Details]) -> UUID:
    """Record that something happened, and return the event's id. See Details.

    Inside a request or `batch()` events are collected and sent in one round trip; elsewhere at
    once. A rollback does not undo it; see `record_with_row` for that. Under pressure an event of a
    sheddable type may be left out: then its id is that of none.

    Raises UnknownEvent, WrongProperty, WrongTime, TooLarge (all ValueError), EventsNotAccepted.
    """
    one_in = sampling.one_in(name)
    if one_in > 1:
        details["context"] = {**(details.get("context") or {}), sampling.ONE_IN: str(one_in)}
    event_id, line = _encoded(name, details)
    if one_in > 1 and not sampling.is_kept(_whose(details) or event_id, one_in=one_in):
        return event_id
    _take(line)
    return event_id


def _whose(details: Details) -> UUID | str | None:
    """Whose doings belong together: of a visit all is kept, or nothing."""
    person = details.get("person")
    known = person if person is None or isinstance(person, UUID) else person.pk
    return details.get("anonymous_id") or known


def record_first(name: str, first: First, **details: Unpack[Details]) -> UUID:
    """Like `record`, and said in the other way where somebody else was first. See First.

    Without Redis nobody knows of others: then it is recorded as who is first.
    """
    event_id, choice = _encoded(name, details, first=first)
    _take(choice)
    return event_id


def _take(said: Said) -> None:
    buffer = _buffer.get()
    if buffer is None:
        intake.accept([said])
        return
    buffer.append(said)
    if len(buffer) >= _MOST_AT_ONCE:
        flush()


def record_with_row(name: str, **details: Unpack[Details]) -> UUID:
    """Like `record`, but as a row in the current transaction: recorded if and only if it commits.

    For what is billed together with a row (a seat, a stored file). Raises the same ValueErrors.
    """
    event_id, line = _encoded(name, details)
    rows = _rows.get()
    if rows is None:
        _keep([line])
    else:
        rows.append(line)
    return event_id


@contextmanager
def rows_together() -> Iterator[None]:
    """Keep what `record_with_row` records inside in one statement at the end, of a block that lies
    within one transaction. A block that ends by an error keeps none."""
    if _rows.get() is not None:
        yield
        return
    lines: list[bytes] = []
    token = _rows.set(lines)
    try:
        yield
    finally:
        _rows.reset(token)
    _keep(lines)


def _keep(lines: Sequence[bytes]) -> None:
    from events.models import OutboxEvent  # importable only once Django is set up

    OutboxEvent.keep(lines)


class _Batch:
    """A class, not a generator: every request has one, and this costs a third."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = None if _buffer.get() is not None else _buffer.set([])

    def __exit__(self, *raised: object) -> None:
        if self._token is None:
            return
        try:
            flush()
        finally:
            _buffer.reset(self._token)


def batch() -> _Batch:
    """Collect the events recorded inside and send them together at the end, also after an error.

    Inside another batch, or a request, it joins that one. Raises EventsNotAccepted at its end.
    """
    return _Batch()


def flush() -> None:
    """Send what the current batch has collected so far. Raises EventsNotAccepted."""
    buffer = _buffer.get()
    if buffer:
        collected = buffer.copy()
        buffer.clear()
        intake.accept(collected)


def unsent() -> Sequence[bytes]:
    """The encoded events that the current batch has collected and not sent yet."""
    return [line_of(said) for said in _buffer.get() or ()]


@overload
def _encoded(name: str, details: Details) -> tuple[UUID, bytes]: ...
@overload
def _encoded(name: str, details: Details, *, first: First) -> tuple[UUID, Choice]: ...
def _encoded(name: str, details: Details, *, first: First | None = None) -> tuple[UUID, Said]:
    """The event's id, and the event as it travels. What is refused is counted by its reason."""
    try:
        event = _event(name, details)
        line = event.encode()
        if first is None:
            return event.id, line
        return event.id, choice(name, line, first)
    except EventRefused as refused:
        refusals.count(refused.reason, tenant=_schema(details.get("tenant")))
        raise


def _event(name: str, details: Details) -> Event:
    now = datetime.now(UTC)
    time = details.get("time")
    person = details.get("person")
    anonymous_id = details.get("anonymous_id")
    said = ambient.with_actor(dict(details.get("context") or {}))
    return Event(
        id=details.get("id") or uuid7(),
        name=name,
        time=check_time(time, received_at=now) if time else now,
        received_at=now,
        tenant=_schema(details.get("tenant")),
        person=person if person is None or isinstance(person, UUID) else person.pk,
        anonymous_id=None if anonymous_id is None else _text(anonymous_id, "anonymous_id"),
        properties=registry.get(name).validated(details.get("properties") or {}),
        context={key: _text(value, f"context: {key}") for key, value in said.items()},
    )


def _schema(tenant: HasSchema | str | None) -> str | None:
    return tenant if tenant is None or isinstance(tenant, str) else tenant.schema_name


def _text(value: UUID | str, where: str) -> str:
    return registry.storable(str(value), where=where)
