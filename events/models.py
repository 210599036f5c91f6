"""The outbox: the only table of this app in the primary database."""

from __future__ import annotations

from django.db import models


class OutboxQuerySet(models.QuerySet["OutboxEvent"]):
    """Rows that wait for a relay."""

    def waiting(self) -> OutboxQuerySet:
        """Oldest first, locked for this transaction, without those that others hold."""
        return self.select_for_update(skip_locked=True).order_by("pk")


class OutboxEvent(models.Model):
    """An event that was recorded in a transaction. Shared by all workspaces (public schema)."""

    payload = models.TextField()  # the event as it travels: one line of JSON
    kept_at = models.DateTimeField(auto_now_add=True)

    objects = OutboxQuerySet.as_manager()

    def __str__(self) -> str:
        return self.payload

    @classmethod
    def keep(cls, line: bytes) -> OutboxEvent:
        """Write an encoded event in the current transaction."""
        return cls.objects.create(payload=line.decode())
