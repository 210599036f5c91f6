"""Keys of a workspace's API."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from identity.models import User
from identity.names import NameField
from tenants.models.for_tenant import ForTenant
from tenants.permissions import May, roles_that_may
from tenants.scopes import ALL, all_scopes


class Ended(models.TextChoices):
    """Why a key does not work any more, beside its time."""

    REVOKED = "revoked", "Revoked"
    RIGHT = "right", "Ended with its holder's right"
    MERGED = "merged", "Ended when its holder's accounts became one"


class ApiKeys(ForTenant):
    def live(self, *, now: datetime | None = None) -> ApiKeys:
        """Those that open something: not ended, not over, and their holder may have keys now.

        The right is asked here, in the query that finds a key, so that it ends with the
        membership or the role however that went.
        """
        in_time = Q(expires_at=None) | Q(expires_at__gt=now or timezone.now())
        return self.filter(
            in_time,
            revoked_at=None,
            holder__tenant=F("tenant"),
            holder__role__in=roles_that_may(May.MAKE_KEYS),
            holder__user__is_active=True,
        )


class ApiKey(models.Model):
    """A key of a workspace's API: shown once, stored as SHA-256 of 256 random bits.

    Its holder is the member who answers for it: first who made it, then whom it was handed to.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="api_keys")
    name = NameField(max_length=80)
    prefix = models.CharField(max_length=16)
    key_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    holder = models.ForeignKey(
        "tenants.Membership", null=True, on_delete=models.SET_NULL, related_name="api_keys"
    )
    scopes = ArrayField(models.CharField(max_length=10), default=all_scopes)
    expires_at = models.DateTimeField(null=True)
    expiry_warned_at = models.DateTimeField(null=True, editable=False)
    ended_because = models.CharField(
        max_length=10, choices=Ended.choices, blank=True, default="", db_default=""
    )

    objects = ApiKeys.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=list(ALL)) & ~Q(scopes=[]),
                name="a_key_has_known_scopes",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def acts_for(self) -> User | None:
        """The user in whose name it does what it does."""
        return self.holder.user if self.holder else None

    def state(self, *, now: datetime | None = None) -> str:
        """ "live", "over" (its time), or "ended"."""
        if self.revoked_at is not None or self.holder_id is None:
            return "ended"
        over = self.expires_at is not None and self.expires_at <= (now or timezone.now())
        return "over" if over else "live"
