"""Who of the staff looked at whom, and when."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7


class Look(models.Model):
    """Somebody opened the page about a workspace or a person. It holds no name: what stands there is
    looked up when the trail is read, so nothing stays of who is gone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    kind = models.CharField(max_length=20)
    subject = models.UUIDField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-at"], name="looks_newest_first"),
            models.Index(fields=["kind", "subject", "-at"], name="looks_at_one"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}, {self.at:%Y-%m-%d %H:%M}"
