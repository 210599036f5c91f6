"""Events as the collector records them, and how tests let them be followed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import connection, transaction

from events.event import Event
from identity.people import following, identifiers

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
_IDS = UUID("b7a1f9f6-7f0a-4f2e-8a44-0d7d1b6e0001")


def event(
    name: str, key: str, *, minute: int = 0, user: str = "", browser: str | None = None,
    previous: str = "", kind: str = "server", traits: dict[str, Any] | None = None,
    person: UUID | None = None,
) -> Event:  # fmt: skip
    """One fact, stored: a server's user has been made a person, as the consumer does."""
    at = NOON + timedelta(minutes=minute)
    if user and kind in {"server", "import"}:
        person = identifiers.persons([user])[user]
    said = {"source_kind": kind, "user_id": user, "previous_id": previous}
    return Event(
        id=uuid5(_IDS, key), name=name, time=at, received_at=at, person=person,
        anonymous_id=browser, properties=traits or {},
        context={name: value for name, value in said.items() if value},
    )  # fmt: skip


def identify(key: str, **details: Any) -> Event:
    return event("Person Described", key, **details)


def alias(key: str, **details: Any) -> Event:
    return event("Person Aliased", key, **details)


def follow(*events: Event) -> None:
    with transaction.atomic():
        following.handle(events, connection)
