"""What the mail provider tells us of a message, through anymail's signed webhooks.

Each event once, in any order: what is worse wins.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from anymail.signals import EventType, tracking
from django.db import models, transaction
from django.dispatch import receiver
from django.utils import timezone

from outbound import recipients
from outbound.consents import consent
from outbound.gating import suppression
from outbound.gating.suppression import AFTER_A_BOUNCE, Reason
from outbound.models import Message, MessageEvent, State

log = structlog.get_logger()
_KINDS_OF_BOUNCE = ("Type", "bounceType", "bounce_type", "severity", "event", "type")
# From which states each is told: "delivered" after "bounced" is an older story.
_BECOMES: dict[str, tuple[State, tuple[State, ...]]] = {
    EventType.SENT: (State.SENT, (State.SENDING, State.UNKNOWN)),
    EventType.DELIVERED: (State.DELIVERED, (State.SENDING, State.UNKNOWN, State.SENT)),
    EventType.BOUNCED: (
        State.BOUNCED,
        (State.SENDING, State.UNKNOWN, State.SENT, State.DELIVERED),
    ),
    EventType.REJECTED: (State.BOUNCED, (State.SENDING, State.UNKNOWN, State.SENT)),
    EventType.FAILED: (State.BOUNCED, (State.SENDING, State.UNKNOWN, State.SENT)),
    EventType.COMPLAINED: (
        State.COMPLAINED,
        (State.SENDING, State.UNKNOWN, State.SENT, State.DELIVERED, State.BOUNCED),
    ),
}


@receiver(tracking, dispatch_uid="outbound.provider_events")
def on_tracking(sender: Any, event: Any, esp_name: str, **_: Any) -> None:
    """anymail's signal: the webhook's signature or secret has been checked."""
    take(event, provider=esp_name)


@transaction.atomic
def take(event: Any, *, provider: str, now: datetime | None = None) -> bool:
    """Note an event (anymail's, normalised) and what follows from it. False: it was known."""
    now = now or timezone.now()
    message = _message_of(event)
    detail = str(event.description or event.reject_reason or "")[:300]
    row = MessageEvent(
        provider_event_id=_id_of(event, provider),
        message=message,
        kind=str(event.event_type)[:20],
        detail=detail,
        at=event.timestamp or now,
    )
    known = MessageEvent.objects.filter(provider_event_id=row.provider_event_id)
    MessageEvent.objects.bulk_create([row], ignore_conflicts=True)
    if not known.filter(pk=row.pk).exists():
        return False
    if message is not None:
        _move(message, str(event.event_type), detail)
    _follow(event, message, now)
    return True


def _move(message: Message, kind: str, detail: str) -> None:
    if kind not in _BECOMES:
        return
    state, from_states = _BECOMES[kind]
    rows = Message.objects.filter(pk=message.pk, state__in=from_states)
    reason = "" if state in (State.SENT, State.DELIVERED) else kind
    rows.update(state=state, reason=reason, detail=detail, sealed="", claimed_until=None)


def _follow(event: Any, message: Message | None, now: datetime) -> None:
    """No more to an address that does not exist, or whose owner does not want it."""
    address = event.recipient or (message.address if message else "")
    if not address:
        return
    kind = event.event_type
    if kind == EventType.BOUNCED and not _is_passing(event):
        suppression.add(address, reason=Reason.BOUNCE, until=now + AFTER_A_BOUNCE, now=now)
    elif kind == EventType.COMPLAINED:
        suppression.add(address, reason=Reason.COMPLAINT, now=now)
    elif kind == EventType.UNSUBSCRIBED and message is not None:
        whom = recipients.subject(person_id=message.person_id, to=message.address)
        consent.change(whom, topic=message.topic, given=False, source="mail provider", now=now)


def _is_passing(event: Any) -> bool:
    """A mailbox that is full, a server that is busy: the provider's own word for the bounce says so."""
    if str(event.reject_reason or "") in {"timed_out", "blocked", "spam", "other"}:
        return True
    said = event.esp_event if isinstance(event.esp_event, dict) else {}
    words = " ".join(str(said.get(key, "")) for key in _KINDS_OF_BOUNCE).lower()
    return any(word in words for word in ("soft", "transient", "temporary"))


def _message_of(event: Any) -> Message | None:
    named = str((event.metadata or {}).get("message", ""))
    wanted = models.Q()
    try:
        wanted |= models.Q(pk=UUID(named))
    except ValueError:
        if not event.message_id:
            return None
    if event.message_id:
        wanted |= models.Q(provider_id=str(event.message_id)[:200])
    found: Message | None = Message.objects.filter(wanted).first()
    return found


def _id_of(event: Any, provider: str) -> str:
    """The provider's own, or for those that give none, a sum of what it says."""
    if event.event_id:
        return f"{provider}:{event.event_id}"[:200]
    said = (event.message_id, event.event_type, event.recipient, event.timestamp, event.click_url)
    return f"{provider}:{hashlib.sha256(repr(said).encode()).hexdigest()}"
