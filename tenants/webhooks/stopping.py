"""When we stop an endpoint, whoever made it and the owners hear so, and the audit log has it."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from identity.models import User
from outbound.models import WebhookEndpoint
from outbound.signals import endpoint_stopped
from outbound.webhooks import Because
from tenants import audit, letters
from tenants.addresses import workspace_url
from tenants.models import Membership, Tenant
from tenants.permissions import May, roles_that_may

_WHY = {
    Because.FAILING: "It has taken nothing for more than three days, though we tried ten times.",
    Because.GONE: "It answered “410 Gone”, which says that nothing should be sent there any more.",
    Because.TOO_MANY: "More events waited for it than we keep.",
}


@receiver(endpoint_stopped)
def tell(endpoint: WebhookEndpoint, **_: Any) -> None:
    tenant = Tenant.objects.filter(pk=endpoint.tenant_id).first()
    if tenant is None:
        return
    because = Because(endpoint.because)
    audit.note(
        tenant, f"webhook.{endpoint.state}", by=None, target=endpoint.url,
        details={"reason": str(because)},
    )  # fmt: skip
    letters.tell(
        _who_hears(tenant, endpoint),
        "tenants.webhook_stopped",
        tenant=tenant,
        bell=(page := f"/settings/webhooks/{endpoint.pk}/"),
        webhook=endpoint.url,
        webhook_why=_WHY[because],
        webhook_page_url=workspace_url(tenant, page),
    )


def _who_hears(tenant: Tenant, endpoint: WebhookEndpoint) -> list[User]:
    people = letters.owners_of(tenant)
    made_it = Membership.objects.for_tenant(tenant).filter(
        user=endpoint.made_by_id, role__in=roles_that_may(May.SET_WEBHOOKS)
    )
    people += [row.user for row in made_it.select_related("user") if row.user not in people]
    return people
