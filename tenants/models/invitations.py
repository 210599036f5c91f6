"""Invitations, and who is not let in without one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from identity.addresses import AddressField
from identity.addresses import constraint as normal_address
from tenants.models.for_tenant import ForTenant
from tenants.models.life import Status
from tenants.permissions import May, Role, roles_that_may

LIFETIME = timedelta(days=7)


class Invitations(ForTenant):
    def open(self, *, now: datetime | None = None) -> Invitations:
        """Those that let somebody in: in time, of a workspace that is open, and sent by a member who
        may still invite."""
        return self.filter(
            accepted_at=None,
            expires_at__gt=now or timezone.now(),
            tenant__status=Status.ACTIVE,
            tenant__memberships__user=models.F("invited_by"),
            tenant__memberships__role__in=roles_that_may(May.INVITE),
        )


class Invitation(models.Model):
    """A mailed invitation. The link's secret is stored as a hash; it opens once, until it expires."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, related_name="invitations"
    )
    email = AddressField()
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    objects = Invitations.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "email"],
                condition=models.Q(accepted_at=None),
                name="one_open_invitation_an_address",
            ),
            normal_address("invitation_email_is_normal"),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.tenant}"

    @property
    def sent_at(self) -> datetime:
        """When it was last mailed."""
        return self.expires_at - LIFETIME


class KeptOut(models.Model):
    """Somebody who was removed or has left: no door lets them in until they are invited again.

    `address_hash` is of an address they had proved (who had proved none: of the login's id) and the
    workspace's id, so that they are known with another login, too, and the row does not keep the address.
    """

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="kept_out")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    address_hash = models.CharField(max_length=64)
    since = models.DateTimeField(default=timezone.now)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "address_hash"], name="kept_out_once_an_address"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} out of {self.tenant_id}"
