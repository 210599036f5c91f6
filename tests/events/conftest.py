from collections.abc import Iterator

import pytest

import events
from events import EventType
from events.models import OutboxEvent
from tests.events.log import (  # noqa: F401 (fixtures)
    clickhouse_events,
    events_database,
    log,
    postgres_events,
    store_kind,
)

DOOR_OPENED = EventType("Door Opened", {"floor": int, "who": str | None, "force": float | None})


@pytest.fixture(autouse=True, scope="session")
def door_opened() -> Iterator[None]:
    events.register(DOOR_OPENED)
    yield
    events.registry._registered.pop(DOOR_OPENED.name)


@pytest.fixture
def empty_outbox(db: None) -> None:
    """Consumers look into the outbox, a table of the primary database: nothing of others in it."""
    OutboxEvent.objects.all().delete()
