"""Where collected events come from, the names that they have, and what was wrong with some."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7


class Source(models.Model):
    """Something of the company's that tells of events with a write key: a website, an app, a server.

    The key itself is kept nowhere, only its SHA-256; it is shown when it is made.
    """

    class Kind(models.TextChoices):
        """Who holds the key: everybody who opens the website or the app, or the company alone."""

        WEBSITE = "website", "Website"
        APP = "app", "App"
        SERVER = "server", "Server"
        IMPORT = "import", "Import"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    key_hash = models.CharField(max_length=64, unique=True)
    key_hint = models.CharField(max_length=8)  # its last characters
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class EventName(models.Model):
    """A name that no app registered and that somebody told of, or that staff planned."""

    class State(models.TextChoices):
        UNPLANNED = "unplanned", "Unplanned"
        PLANNED = "planned", "Planned"
        BLOCKED = "blocked", "Blocked"

    name = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UNPLANNED)
    # property: its kind (collecting.plan); a plan without any takes whatever comes.
    properties = models.JSONField(default=dict, blank=True)
    # Of what came: how often, also what was blocked; when; from where first; what the newest said.
    count = models.BigIntegerField(default=0, db_default=0)
    first_seen_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.SET_NULL)
    example = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["state", "-last_seen_at"], name="eventname_by_state")
        ]

    def __str__(self) -> str:
        return self.name


class Trouble(models.Model):
    """What was wrong with calls of a source, one row a reason and name ("": one that nobody knows)."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="troubles")
    name = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=40)
    words = models.CharField(max_length=300, blank=True)
    count = models.BigIntegerField(default=0, db_default=0)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    example = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "name", "reason"], name="trouble_once")
        ]

    def __str__(self) -> str:
        return f"{self.reason} of {self.name or 'a call'}"
