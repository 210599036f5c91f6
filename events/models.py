"""Tables of this app in the primary database: the outbox, how far readers that write here are, and
the level of pressure."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models

from events import new_rows


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

    @staticmethod
    def keep(lines: Sequence[bytes]) -> None:
        """Write encoded events in the current transaction."""
        new_rows.insert(*(OutboxEvent(payload=line.decode()) for line in lines))


class ReaderPosition(models.Model):
    """How far a reader has come whose handler writes to this database (events.readers.place.State).

    Written by events.readers.rows, in the transaction of what the handler writes.
    """

    reader = models.CharField(max_length=63, primary_key=True)
    position = models.CharField(max_length=60)
    events = models.BigIntegerField()
    tries = models.IntegerField()
    reason = models.TextField()
    retry_at = models.DateTimeField(null=True)
    narrowed = models.IntegerField()
    paused_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.reader} at {self.position}"


class ReaderAsideQuerySet(models.QuerySet["ReaderAside"]):
    """Events that wait for a decision."""

    def for_tenant(self, schema: str) -> ReaderAsideQuerySet:
        """Those of a workspace, by its schema's name."""
        return self.filter(tenant=schema)


class ReaderAside(models.Model):
    """An event that a reader could not handle, with the reason, until somebody decides.

    At most Reader.most_aside for each reader. A purge removes those of its workspace.
    """

    reader = models.CharField(max_length=63)
    tenant = models.TextField(null=True)
    payload = models.TextField()  # one line of JSON
    reason = models.TextField()
    at = models.DateTimeField()

    objects = ReaderAsideQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=["reader", "id"], name="events_readeraside_reader"),)

    def __str__(self) -> str:
        return f"{self.reader}: {self.reason}"


class PressureChange(models.Model):
    """A change of the level of pressure, and what has held since: the newest one holds now.

    These lines are the audit log of it: who, when, why. They are never changed.
    """

    version = models.BigIntegerField(primary_key=True)
    level = models.PositiveSmallIntegerField()  # at that moment, of both below
    own = models.PositiveSmallIntegerField()  # what the signals have led to
    hand = models.PositiveSmallIntegerField(null=True)  # what somebody has set
    until = models.DateTimeField(null=True)
    by = models.CharField(max_length=254)
    because = models.CharField(max_length=300)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.level} since {self.at:%Y-%m-%d %H:%M}: {self.because}"
