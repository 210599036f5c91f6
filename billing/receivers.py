"""What billing does when workspaces change."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from billing import entitlements
from billing.models import Account
from tenants.models import Tenant
from tenants.signals import workspace_created


@receiver(workspace_created)
def open_account(tenant: Tenant, **_: Any) -> None:
    """Every workspace starts on the first plan, in the transaction that makes it."""
    entitlements.apply(Account.objects.create(tenant=tenant))
