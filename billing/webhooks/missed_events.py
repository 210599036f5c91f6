"""Events that Stripe has and our inbox has not: a missed webhook, or one that failed here.

Stripe keeps events for 30 days ("Events" in its API reference).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from billing.models import InboxEvent
from billing.stripe_client import client
from billing.webhooks import handling, inbox, whose

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
        yield _take(client().v1.events.retrieve(event_id).to_dict())


def since(moment: datetime) -> Iterator[Taken]:
    """Take all that we listen to and that began since then (aware), the oldest first.

    Raises stripe.StripeError.
    """
    listed = client().v1.events.list(
        {
            "types": list(inbox.WANTED),
            "created": {"gte": int(moment.timestamp())},
            "limit": _PAGE,
        }
    )
    found = []
    for event in listed.auto_paging_iter():
        found.append(event.to_dict())
        if len(found) == MOST:
            break
    yield from map(_take, reversed(found))


def waiting() -> QuerySet[InboxEvent]:
    """Webhooks that came, were believed, and failed here."""
    return InboxEvent.objects.filter(due_at=None, outcome__startswith="failed")


def failed() -> Iterator[Taken]:
    """Take what `waiting` has."""
    for row in waiting().order_by("received_at")[:MOST]:
        InboxEvent.objects.filter(pk=row.pk).update(due_at=timezone.now(), tries=0, outcome="")
        yield _settled(row)


def _take(event: dict[str, Any]) -> Taken:
    """One that fails is said, and the next one has its turn."""
    known = InboxEvent.objects.filter(pk=event["id"]).first()
    if known is not None and known.due_at is None and known.outcome == "done":
        return Taken(known.stripe_id, known.type, "known")
    inbox.store(event)
    return _settled(InboxEvent.objects.get(pk=event["id"]))


def _settled(row: InboxEvent) -> Taken:
    if not row.customer:
        whose.find()
        row.refresh_from_db()
    try:
        handling.settle(row.customer)
    except Exception as error:
        return Taken(row.stripe_id, row.type, f"failed: {error!r}")
    row.refresh_from_db()
    outcome = row.outcome if row.outcome.startswith("failed") else "new"
    return Taken(row.stripe_id, row.type, outcome)
