"""May a workspace use a feature? Asked here by whoever offers it, answered above by who sells plans."""

from __future__ import annotations

from tenants.models import Tenant
from tenants.signals import feature_requested


class FeatureRefused(Exception):
    """The plan does not include it; the text says so, and which plan does, in words for the person."""


def require(tenant: Tenant, feature: str) -> None:
    """Raises FeatureRefused. Where nobody sells the feature everybody has it."""
    feature_requested.send(sender=Tenant, tenant=tenant, feature=feature)
