"""What is done to an endpoint. Who may, and how many there may be, its workspace's pages say."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from outbound.models import WAITING, Message, State, WebhookEndpoint
from outbound.signals import endpoint_stopped
from outbound.webhooks import keys, places, telling

Because = WebhookEndpoint.Because


def add(
    *, tenant_id: UUID, url: str, names: Collection[str], by: UUID | None, description: str = ""
) -> tuple[WebhookEndpoint, str]:
    """The endpoint and its secret. Raises places.NotAllowed for an address that is never called."""
    places.check_url(url)
    secret, sealed = keys.sealed_new()
    endpoint = WebhookEndpoint.objects.create(
        tenant_id=tenant_id, url=url, names=sorted(names), description=description,
        made_by_id=by, sealed_secret=sealed,
    )  # fmt: skip
    return endpoint, secret


def change(
    endpoint: WebhookEndpoint, *, url: str, names: Collection[str], description: str
) -> None:
    """Raises places.NotAllowed."""
    places.check_url(url)
    endpoint.url, endpoint.names, endpoint.description = url, sorted(names), description
    endpoint.save(update_fields=["url", "names", "description"])


def roll(endpoint: WebhookEndpoint, *, now: datetime | None = None) -> str:
    """A new secret; the one that was signs, too, for keys.OVERLAP."""
    secret, sealed = keys.sealed_new()
    endpoint.sealed_former, endpoint.sealed_secret = endpoint.sealed_secret, sealed
    endpoint.former_until = (now or timezone.now()) + keys.OVERLAP
    endpoint.save(update_fields=["sealed_former", "sealed_secret", "former_until"])
    return secret


@transaction.atomic
def pause(endpoint: WebhookEndpoint) -> bool:
    """By hand: what waits goes on waiting. False: it was not active."""
    return _stop(endpoint.pk, WebhookEndpoint.State.PAUSED, Because.BY_HAND)


@transaction.atomic
def stop(endpoint_id: UUID, *, because: WebhookEndpoint.Because) -> bool:
    """By us; whoever listens to `endpoint_stopped` says so to people. False: it was not active."""
    gone = because == Because.GONE
    state = WebhookEndpoint.State.DISABLED if gone else WebhookEndpoint.State.PAUSED
    if not _stop(endpoint_id, state, because):
        return False
    endpoint = WebhookEndpoint.objects.get(pk=endpoint_id)
    endpoint_stopped.send(WebhookEndpoint, endpoint=endpoint)
    return True


@transaction.atomic
def resume(endpoint: WebhookEndpoint, *, now: datetime | None = None) -> None:
    """Active again, and what waits leaves, as far as it is worth something yet."""
    now = now or timezone.now()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        state=WebhookEndpoint.State.ACTIVE, because="", failures=0, resting_until=None
    )
    waiting_for(endpoint.pk).filter(reason__in=map(waits_because, WebhookEndpoint.State)).update(
        state=State.READY, reason="", not_before=now
    )


@transaction.atomic
def remove(endpoint: WebhookEndpoint) -> None:
    """With its rows of the ledger: nobody can look at them any more."""
    Message.objects.filter(address=str(endpoint.pk), channel=telling.NAME).delete()
    endpoint.delete()


def waiting_for(endpoint_id: UUID) -> QuerySet[Message]:
    rows: QuerySet[Message] = Message.objects.filter(
        address=str(endpoint_id), channel=telling.NAME, state__in=WAITING
    )
    return rows


def waits_because(state: str) -> str:
    """The reason of what waits for an endpoint in this state."""
    return f"endpoint_{state}"


def took(endpoint_id: UUID, *, now: datetime) -> None:
    """It answered well. A row is written once a minute at most."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint_id)
    late = now - timedelta(minutes=1)
    fresh = rows.filter(failures=0, resting_until=None, took_at__gt=late)
    if not fresh.exists():
        rows.update(failures=0, resting_until=None, took_at=now)


def failed(endpoint_id: UUID, *, now: datetime) -> None:
    """It did not: it rests for a moment, longer each time, so that it takes nobody else's turn."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint_id)
    failures = rows.values_list("failures", flat=True).first() or 0
    pause = min(_REST * 2 ** min(failures, 10), _LONGEST_REST)
    rows.update(failures=F("failures") + 1, resting_until=now + timedelta(seconds=pause))


_REST, _LONGEST_REST = 2.0, 300.0  # seconds


def _stop(
    endpoint_id: UUID, state: WebhookEndpoint.State, because: WebhookEndpoint.Because
) -> bool:
    active = WebhookEndpoint.objects.filter(pk=endpoint_id, state=WebhookEndpoint.State.ACTIVE)
    if not active.update(state=state, because=because):
        return False
    # Until somebody resumes it; then each is worth nothing, and is skipped as that.
    waiting_for(endpoint_id).update(
        state=State.HELD, reason=waits_because(state), not_before=F("expires_at")
    )
    return True
