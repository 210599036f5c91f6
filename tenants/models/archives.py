"""Archives that were asked for, archives that were brought, and what a purge has left to say."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from tenants.models.for_tenant import ForTenant


class Export(models.Model):
    """An archive of a workspace: asked for, made by a worker, kept for some days."""

    class State(models.TextChoices):
        WAITING = "waiting", "Being made"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "No longer kept"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="exports")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    with_events = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    size = models.BigIntegerField("bytes", null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    rows = models.BigIntegerField(null=True)
    files = models.BigIntegerField(null=True)
    missing_files = models.BigIntegerField(default=0)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(state="waiting"),
                name="one_export_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"export of {self.tenant_id}: {self.state}"

    @property
    def stored_as(self) -> str:
        """Its name in the storage "exports": known before it is there, so a re-run finds it."""
        return f"{self.tenant_id}/{self.pk}.zip"

    def is_open(self, *, now: datetime | None = None) -> bool:
        """Whether it can be downloaded."""
        return (
            self.state == self.State.READY
            and self.expires_at is not None
            and self.expires_at > (now or timezone.now())
        )


class Import(models.Model):
    """An archive that somebody brought, on its way to become a new workspace of theirs."""

    class State(models.TextChoices):
        WAITING = "waiting", "Being checked and written"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    tenant = models.ForeignKey(
        "tenants.Tenant", null=True, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField("of the new workspace", max_length=80, blank=True)
    slug = models.CharField("wanted address", max_length=40, blank=True)
    with_members = models.BooleanField(default=False)  # only who runs the installation may say so
    # More than the plan of a new workspace holds; only who runs the installation may say so.
    beyond_plan = models.BooleanField(default=False, db_default=False)
    brought_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=40, blank=True)
    words = models.CharField(max_length=600, blank=True)
    report = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    # Where an attempt puts files, noted before the first one: what a killed one left is found.
    schema_name = models.CharField(max_length=63, blank=True)
    finished_at = models.DateTimeField(null=True)

    objects = ForTenant.as_manager()

    def __str__(self) -> str:
        return f"import by {self.owner_id}: {self.state}"

    @property
    def stored_as(self) -> str:
        """Its name in the storage "exports"."""
        return f"imports/{self.pk}.zip"


class PurgeReceipt(models.Model):
    """What the purge of a workspace removed and what the law keeps. Stays when all else is gone.

    `hash` is SHA-256 over `body` as JSON with sorted keys, in hex; empty while the purge goes on.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.OneToOneField(
        "tenants.Tenant", on_delete=models.PROTECT, related_name="purge_receipt"
    )
    begun_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    counted = models.JSONField(default=dict, encoder=DjangoJSONEncoder)  # by finished step
    body = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    hash = models.CharField(max_length=64, blank=True)
    mail_to = models.JSONField(default=list)  # emptied once the mail is on its way

    objects = ForTenant.as_manager()

    def __str__(self) -> str:
        return f"receipt {self.pk}"
