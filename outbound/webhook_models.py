"""Where a workspace wants to be told of what happens in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7


class WebhookEndpoints(models.QuerySet["WebhookEndpoint"]):
    def for_tenant(self, tenant: Any) -> Self:
        return self.filter(tenant_id=tenant.pk)


class WebhookEndpoint(models.Model):
    """An address that gets a POST for each event of some types. Its secrets are sealed."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        DISABLED = "disabled", "Disabled"  # it answered that it is gone for good

    class Because(models.TextChoices):
        BY_HAND = "by_hand", "Somebody paused it."
        FAILING = "failing", "What we sent was not taken for three days."
        GONE = "gone", "It answered 410 Gone."
        TOO_MANY = "too_many", "Too much waited for it."

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField(db_index=True)
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=100, blank=True)
    names = models.JSONField(default=list)  # of events, as they are recorded
    sealed_secret = models.TextField()
    sealed_former = models.TextField(blank=True)  # signs, too, until `former_until`
    former_until = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    because = models.CharField(max_length=10, choices=Because.choices, blank=True)
    made_by_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    failures = models.PositiveIntegerField(default=0)  # in a row
    resting_until = models.DateTimeField(null=True)  # nothing leaves until then
    took_at = models.DateTimeField(null=True)  # about when it last took something

    objects: ClassVar[Any] = WebhookEndpoints.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["resting_until"],
                condition=models.Q(resting_until__isnull=False),
                name="endpoint_at_rest",
            ),
        ]

    def __str__(self) -> str:
        return self.url

    def signs_twice(self, *, now: datetime | None = None) -> bool:
        """Whether the former secret signs, too."""
        until = self.former_until
        return bool(self.sealed_former and until and until > (now or timezone.now()))
