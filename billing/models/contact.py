"""Who, beside the owners, gets the mails about invoices and payments."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from identity.addresses import AddressField
from identity.addresses import constraint as normal_address
from tenants.models import ForTenant, Tenant


class BillingContact(models.Model):
    """An address that gets mails about money once whoever reads it has said so (`confirmed_at`)."""

    MOST = 5  # of a workspace

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="billing_contacts")
    email = AddressField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "email"], name="one_contact_an_address"),
            normal_address("billing_contact_email_is_normal"),
        ]

    def __str__(self) -> str:
        return f"{self.email} of {self.tenant_id}"
