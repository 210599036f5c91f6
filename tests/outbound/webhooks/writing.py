"""Deliveries of the tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from uuid_utils.compat import uuid7

from events.event import Event
from outbound import webhooks
from outbound.models import Message, WebhookEndpoint


def event_of(tenant: Any, name: str = "Member Joined", **properties: Any) -> Event:
    now = datetime.now(UTC)
    said = properties or {"user_id": str(uuid4()), "role": "member"}
    return Event(uuid7(), name, now, now, tenant=tenant.schema_name, properties=said)


def message_for(endpoint: WebhookEndpoint) -> Message:
    """A test that is to be sent; its row."""
    webhooks.send_test(endpoint)
    rows = Message.objects.filter(channel=webhooks.NAME, address=str(endpoint.pk))
    found: Message = rows.latest("pk")
    return found


def again_now(message: Message) -> Message:
    """As if its pause, and that of its endpoint, were over."""
    WebhookEndpoint.objects.filter(pk=message.address).update(resting_until=None)
    Message.objects.filter(pk=message.pk).update(not_before=datetime.now(UTC))
    return Message.objects.get(pk=message.pk)
