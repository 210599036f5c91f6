"""Who has said yes or no to what, and which addresses get nothing."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7


class ConsentChange(models.Model):
    """Somebody said yes or no: when, where, and to which words. Rows are added, never changed (a
    trigger refuses); they go with the person."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipient = models.CharField(max_length=80, db_index=True)  # outbound.recipients
    topic = models.CharField(max_length=60)
    channel = models.CharField(max_length=20, default="mail")
    given = models.BooleanField()
    source = models.CharField(max_length=60)
    text_shown = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.recipient}: {'yes' if self.given else 'no'} to {self.topic}"


class Consent(models.Model):
    """What holds now; no row: neither yes nor no was said."""

    recipient = models.CharField(max_length=80)
    topic = models.CharField(max_length=60)
    channel = models.CharField(max_length=20, default="mail")
    given = models.BooleanField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["recipient", "topic", "channel"], name="one_consent_each"
            )
        ]

    def __str__(self) -> str:
        return f"{self.recipient}: {'yes' if self.given else 'no'} to {self.topic}"


class Suppression(models.Model):
    """An address that gets nothing for a time: mail to it came back, or was called spam."""

    class Reason(models.TextChoices):
        BOUNCE = "bounce", "Mail to it came back"
        COMPLAINT = "complaint", "Its owner called our mail spam"
        BY_HAND = "by_hand", "Staff said so"

    address_hash = models.CharField(max_length=64)
    channel = models.CharField(max_length=20, default="mail")
    reason = models.CharField(max_length=12, choices=Reason.choices)
    until = models.DateTimeField(null=True)  # NULL: for good
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["address_hash", "channel", "reason"], name="one_suppression_each"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reason} until {self.until or 'ever'}"
