"""A reader of the log: what happens in a workspace is written to the ledger for its endpoints.

The ledger lies in the database of the reader's position: each event counts once there, and a key of
endpoint and event keeps it so when the log is read again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from events import registry
from events.event import Event
from events.readers import Reader
from outbound import webhooks
from outbound.models import WebhookEndpoint
from outbound.webhooks import Because
from tenants.models import Tenant

NAME = "webhooks"


def offered() -> list[str]:
    """The names of events that an endpoint may be told of."""
    return [each.name for each in registry.for_webhooks()]


def feed(events: Sequence[Event], _session: Any) -> None:
    """The handler of the reader."""
    active = WebhookEndpoint.objects.filter(state=WebhookEndpoint.State.ACTIVE)
    if not active.exists():
        return
    schemas = {event.tenant for event in events if event.tenant}
    tenants = dict(Tenant.objects.filter(schema_name__in=schemas).values_list("pk", "schema_name"))
    by_schema: defaultdict[str, list[WebhookEndpoint]] = defaultdict(list)
    for endpoint in active.filter(tenant_id__in=tenants).order_by("pk"):
        by_schema[tenants[endpoint.tenant_id]].append(endpoint)
    may_be_told = set(offered())
    full: dict[UUID, bool] = {}
    for event in events:
        if event.name in may_be_told:
            for endpoint in by_schema.get(event.tenant or "", ()):
                _tell(endpoint, event, full)


def _tell(endpoint: WebhookEndpoint, event: Event, full: dict[UUID, bool]) -> None:
    if event.name not in endpoint.names or event.received_at < endpoint.created_at:
        return
    if endpoint.pk not in full:  # once a batch
        full[endpoint.pk] = webhooks.waiting(endpoint) >= webhooks.MOST_WAITING
        if full[endpoint.pk]:
            webhooks.stop(endpoint.pk, because=Because.TOO_MANY)
    if not full[endpoint.pk]:
        webhooks.tell(endpoint, event)


READER = Reader(NAME, feed, at_once=500)
