"""What is left of a workspace's usage when it is purged: what its invoices rest on."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from metering.quotas import counters
from tenants import life
from tenants.models import Tenant
from tenants.signals import workspace_purged

_LAW = "invoices rest on it; tax law wants it kept for years"


@receiver(workspace_purged)
def forget_limits(tenant: Tenant, **_: Any) -> None:
    """Counters go by themselves, an hour after their last use."""
    counters.forget_limits(tenant.schema_name)


def register() -> None:
    """Statements and what proves them stay."""
    for label in ("metering.Statement", "metering.Adjustment", "metering.Ledger"):
        life.keep_at_purge(label, why=_LAW)
