"""What an endpoint is told of an event, and the row of the ledger that tells it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from uuid_utils.compat import uuid7

from events.event import Event
from outbound.delivery import ledger
from outbound.delivery.ledger import About
from outbound.letter import Letter
from outbound.models import WAITING, Message, WebhookEndpoint
from outbound.topics import Kind, Topic

TOPIC = Topic("webhooks", Kind.TRANSACTIONAL)
NAME = "webhook"  # of the channel
MOST_WAITING = 10_000  # of an endpoint; then it is paused
KEPT_FOR = timedelta(days=4)  # what has not left by then is worth nothing any more
TEST = "webhook.test"


def type_of(name: str) -> str:
    """ "Link Clicked" as Standard Webhooks writes it: "link.clicked"."""
    return name.lower().replace(" ", ".")


def tell(endpoint: WebhookEndpoint, event: Event) -> bool:
    """Write down that it is to be told, in the caller's transaction. False: it was, already."""
    data: dict[str, Any] = {"id": str(event.id), **event.properties}
    if event.person is not None:
        data["person"] = str(event.person)
    return _write(endpoint, event.id, type_of(event.name), event.time, data)


def send_test(endpoint: WebhookEndpoint) -> bool:
    """One that says nothing but that it is a test."""
    fresh = uuid7()
    return _write(endpoint, fresh, TEST, timezone.now(), {"id": str(fresh)})


def waiting(endpoint: WebhookEndpoint) -> int:
    """How many wait for it; counted up to MOST_WAITING."""
    rows = Message.objects.filter(address=str(endpoint.pk), channel=NAME, state__in=WAITING)
    return int(rows[:MOST_WAITING].count())


def _write(
    endpoint: WebhookEndpoint, once: UUID, kind: str, at: datetime, data: Mapping[str, Any]
) -> bool:
    body = {"type": kind, "timestamp": at.astimezone(UTC).isoformat(), "data": data}
    return ledger.send(
        Letter(kind, json.dumps(body, ensure_ascii=False, separators=(",", ":"))),
        to=str(endpoint.pk),
        topic=TOPIC.key,
        once=f"webhook:{endpoint.pk}:{once}",
        about=About(tenant=endpoint.tenant_id),
        channel=NAME,
        expires_at=timezone.now() + KEPT_FOR,
    )
