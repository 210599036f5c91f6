"""The tables: what left or will leave, and who wants what.

Workspaces and persons are named by id, without foreign keys: what lies above this app is not known
here. `outbound.erasing` forgets them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from outbound.consent_models import Consent, ConsentChange, Suppression
from outbound.edited_letters import EditedLetter
from outbound.notification_models import Notification
from outbound.webhook_models import WebhookEndpoint

__all__ = [
    "CapSlot",
    "Consent",
    "ConsentChange",
    "EditedLetter",
    "Message",
    "MessageEvent",
    "Notification",
    "State",
    "Suppression",
    "WebhookEndpoint",
]


class State(models.TextChoices):
    READY = "ready", "Ready"
    HELD = "held", "Held"  # until `not_before`; `reason` says why
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    BOUNCED = "bounced", "Bounced"
    COMPLAINED = "complained", "Complained about"
    SKIPPED = "skipped", "Not sent"  # on purpose; `reason` says why
    UNKNOWN = "unknown", "Unknown"  # the channel was called, and nobody knows what came of it
    DEAD = "dead", "Given up"


WAITING = (State.READY, State.HELD)
# As long as it may still leave, its letter is kept, sealed.
WITH_LETTER = (*WAITING, State.SENDING, State.DEAD)


class Messages(models.QuerySet["Message"]):
    def for_tenant(self, tenant: Any) -> Self:
        return self.filter(tenant_id=tenant.pk)

    def due(self, *, channel: str, priority: int, now: datetime) -> Self:
        """What may leave now by this channel, the oldest first."""
        waiting = self.filter(state__in=WAITING, channel=channel, priority=priority)
        return waiting.filter(not_before__lte=now).order_by("not_before")


class Message(models.Model):
    """One thing for one recipient. The row is written with what it is about, and sent afterwards."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    once_key = models.CharField(max_length=200, unique=True)
    channel = models.CharField(max_length=20, default="mail")
    topic = models.CharField(max_length=60)
    kind = models.CharField(max_length=60, blank=True, default="", db_default="")  # of letter
    priority = models.PositiveSmallIntegerField(default=2)
    person_id = models.UUIDField(null=True, db_index=True)
    tenant_id = models.UUIDField(null=True, db_index=True)
    sender_id = models.UUIDField(null=True)  # the user whose doing it is that somebody else gets it
    address = models.CharField(max_length=254, db_index=True, blank=True)
    subject = models.CharField(max_length=250, blank=True)
    sealed = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.READY)
    reason = models.CharField(max_length=60, blank=True)
    detail = models.CharField(max_length=300, blank=True)  # what the other side answered
    not_before = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    first_tried_at = models.DateTimeField(null=True)
    provider_id = models.CharField(max_length=200, blank=True, db_index=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    sent_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = Messages.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["channel", "priority", "not_before"],
                condition=models.Q(state__in=["ready", "held"]),
                name="message_due_by_channel",
            ),
            models.Index(
                fields=["claimed_until"],
                condition=models.Q(state="sending"),
                name="message_in_hand",
            ),
            models.Index(
                fields=["state", "created_at"],
                condition=models.Q(state__in=["dead", "unknown"]),
                name="message_troubled",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=["ready", "held", "sending", "dead"])
                | models.Q(sealed=""),
                name="no_letter_after_sending",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="sending") | models.Q(claimed_until__isnull=False),
                name="sending_has_a_lease",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} to {self.address}: {self.state}"


class CapSlots(models.QuerySet["CapSlot"]):
    def for_tenant(self, tenant: Any) -> Self:
        return self.none()  # they belong to whoever gets the mail


class CapSlot(models.Model):
    """One of the so many that somebody gets of a group within a window: taken by inserting it."""

    recipient = models.CharField(max_length=80)
    group = models.CharField(max_length=20)
    window = models.DateField()
    number = models.PositiveSmallIntegerField()
    message_id = models.UUIDField(unique=True)

    objects: ClassVar[Any] = CapSlots.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["recipient", "group", "window", "number"], name="one_message_a_slot"
            )
        ]

    def __str__(self) -> str:
        return f"{self.group} {self.number} of {self.window}"


class MessageEvent(models.Model):
    """What the provider has told us of a message, once each."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider_event_id = models.CharField(max_length=200, unique=True)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="events", null=True)
    kind = models.CharField(max_length=20)
    detail = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M}"
