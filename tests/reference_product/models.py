"""The tables of one workspace. People are kept as ids: no foreign key leaves the schema."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

NAME_MAX_LENGTH = 120


class Thing(models.Model):
    """What people make here."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=NAME_MAX_LENGTH)
    created_by = models.UUIDField("person who made it", null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    is_sample = models.BooleanField("came with the workspace", default=False)

    class Meta:
        ordering: ClassVar = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
