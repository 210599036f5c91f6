"""Events that Stripe has and our inbox has not processed: a missed webhook, or one that failed here.

Stripe keeps events for 30 days ("Events" in its API reference). dj-stripe's own command hands the SDK's
objects to handlers that read dicts, says what failed in a line of its output, and exits 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import stripe
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from djstripe.models import Event, WebhookEventTrigger

from billing.stripe_client import client
from billing.webhooks import handling

_PAGE = 100
MOST = 10_000  # events of one run


@dataclass(frozen=True)
class Taken:
    """What became of one event: "new", "known" or why it "failed"."""

    id: str
    type: str
    outcome: str


def named(ids: Iterable[str]) -> Iterator[Taken]:
    """Take these events. Raises stripe.StripeError for one that Stripe does not have."""
    for event_id in ids:
        yield _take(_plain(client().v1.events.retrieve(event_id)))


def since(moment: datetime) -> Iterator[Taken]:
    """Take all that we listen to and that began since then (aware), the oldest first.

    Raises stripe.StripeError.
    """
    listed = client().v1.events.list(
        {
            "types": list(handling.WANTED),
            "created": {"gte": int(moment.timestamp())},
            "limit": _PAGE,
        }
    )
    found = []
    for event in listed.auto_paging_iter():
        found.append(_plain(event))
        if len(found) == MOST:
            break
    yield from map(_take, reversed(found))


def waiting() -> QuerySet[WebhookEventTrigger]:
    """Webhooks that came, were believed, and failed here."""
    return WebhookEventTrigger.objects.filter(valid=True, processed=False).exclude(exception="")


def failed() -> Iterator[Taken]:
    """Take what `waiting` has."""
    for trigger in waiting().order_by("pk")[:MOST]:
        taken = _take(trigger.json_body)
        if not taken.outcome.startswith("failed"):
            trigger.processed, trigger.exception, trigger.traceback = True, "", ""
            trigger.save(update_fields=["processed", "exception", "traceback"])
        yield taken


def _plain(event: stripe.Event) -> dict[str, Any]:
    """As it stands in a webhook: decimal amounts are text in JSON, and Decimal in the SDK."""
    plain: dict[str, Any] = json.loads(json.dumps(event.to_dict(), cls=DjangoJSONEncoder))
    return plain


def _take(event: dict[str, Any]) -> Taken:
    """One that fails is said, and the next one has its turn."""
    event_id, kind = str(event.get("id", "")), str(event.get("type", ""))
    if Event.objects.filter(id=event_id).exists():
        return Taken(event_id, kind, "known")
    try:
        Event.process(event)
    except Exception as error:
        return Taken(event_id, kind, f"failed: {error!r}")
    return Taken(event_id, kind, "new")
