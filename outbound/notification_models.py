"""What people find under the bell."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone


class Notifications(models.QuerySet["Notification"]):
    def for_tenant(self, tenant: Any) -> Self:
        return self.filter(tenant_id=tenant.pk)


class Notification(models.Model):
    """The words of an in-app message that has arrived, and what its person has done with it.

    It comes and goes with its row of the ledger. `path` leads to a page of the workspace, or where
    there is none, of the site: never to a host of somebody else.
    """

    message = models.OneToOneField(
        "outbound.Message", models.CASCADE, primary_key=True, related_name="notification"
    )
    person_id = models.UUIDField()
    tenant_id = models.UUIDField(
        null=True, db_index=True
    )  # NULL: for the person, wherever they are
    title = models.CharField(max_length=250)
    text = models.CharField(max_length=1000, blank=True)
    path = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    dismissed_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = Notifications.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["person_id", "-created_at"],
                condition=models.Q(dismissed_at=None),
                name="notification_listed",
            ),
            models.Index(  # asked on each page
                fields=["person_id", "tenant_id", "expires_at"],
                condition=models.Q(dismissed_at=None, read_at=None),
                name="notification_unread",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(path="") | models.Q(path__regex=r"^/([^/\\].*)?$"),
                name="path_on_a_host_of_ours",
            )
        ]

    def __str__(self) -> str:
        return self.title
