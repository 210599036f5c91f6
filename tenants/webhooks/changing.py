"""What people do with endpoints: within bounds, and each thing in the audit log."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from identity.models import User
from outbound import webhooks
from outbound.models import WebhookEndpoint
from tenants import audit, row_bounds
from tenants.models import Tenant


@transaction.atomic
def add(
    tenant: Tenant, *, url: str, names: Collection[str], description: str, by: User
) -> tuple[WebhookEndpoint, str]:
    """The endpoint and its secret. Raises row_bounds.TooManyRows, webhooks.NotAllowed."""
    rows = WebhookEndpoint.objects.for_tenant(tenant)
    row_bounds.require(tenant, row_bounds.WEBHOOKS, rows)
    endpoint, secret = webhooks.add(
        tenant_id=tenant.pk, url=url, names=names, by=by.pk, description=description
    )
    _note(tenant, "webhook.added", endpoint, by, details={"events": ", ".join(endpoint.names)})
    return endpoint, secret


@transaction.atomic
def change(
    tenant: Tenant, endpoint: WebhookEndpoint, *, url: str, names: Collection[str],
    description: str, by: User,
) -> None:  # fmt: skip
    """Raises webhooks.NotAllowed."""
    before = endpoint.url
    webhooks.change(endpoint, url=url, names=names, description=description)
    moved = {"from": before, "to": url} if before != url else {}
    _note(
        tenant,
        "webhook.changed",
        endpoint,
        by,
        details={"events": ", ".join(endpoint.names), **moved},
    )


@transaction.atomic
def roll(tenant: Tenant, endpoint: WebhookEndpoint, *, by: User) -> str:
    """The new secret."""
    secret = webhooks.roll(endpoint)
    _note(tenant, "webhook.secret_rolled", endpoint, by)
    return secret


@transaction.atomic
def pause(tenant: Tenant, endpoint: WebhookEndpoint, *, by: User) -> None:
    if webhooks.pause(endpoint):
        _note(tenant, "webhook.paused", endpoint, by)


@transaction.atomic
def resume(tenant: Tenant, endpoint: WebhookEndpoint, *, by: User) -> None:
    if endpoint.state != WebhookEndpoint.State.ACTIVE:
        webhooks.resume(endpoint)
        _note(tenant, "webhook.resumed", endpoint, by)


@transaction.atomic
def remove(tenant: Tenant, endpoint: WebhookEndpoint, *, by: User) -> None:
    _note(tenant, "webhook.removed", endpoint, by)
    webhooks.remove(endpoint)


def _note(
    tenant: Tenant, action: str, endpoint: WebhookEndpoint, by: User,
    details: dict[str, object] | None = None,
) -> None:  # fmt: skip
    audit.note(tenant, action, by=by, target=endpoint.url, details=details)
