"""What `outbound` does not know of workspaces: their topics, when one is shut, and what is left of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.dispatch import receiver

from outbound import erasing, gates, webhooks
from outbound.gates import Asked, Verdict
from outbound.models import Message, WebhookEndpoint
from outbound.topics import Kind, Topic
from tenants.archive import shared
from tenants.models import Status, Tenant
from tenants.signals import workspace_purged

TOPICS = (
    Topic("workspace", Kind.TRANSACTIONAL),  # what happens to a workspace, and to one's place in it
    Topic("invitations", Kind.TRANSACTIONAL),
    Topic(
        "exports",
        Kind.PRODUCT,
        label="Archives",
        text="The archive of a workspace that I asked for is ready.",
    ),
    Topic(
        "domains",
        Kind.PRODUCT,
        label="Domains",
        text="A domain of a workspace that I own begins to work, or stops.",
    ),
)
_OPEN = {Status.ACTIVE, Status.PREPARING}


def workspace_is_shut(asked: Asked) -> Verdict | None:
    """A gate: nobody hears of a workspace that is shut but what they have to know, or asked for."""
    tenant_id = asked.message.tenant_id
    if tenant_id is None or asked.topic.key == "exports":
        return None
    if not asked.topic.is_optional and asked.message.channel != webhooks.NAME:
        return None
    status = Tenant.objects.filter(pk=tenant_id).values_list("status", flat=True).first()
    if status in _OPEN:
        return None
    return gates.skip(f"workspace_{status or 'gone'}")


@receiver(workspace_purged)
def forget_messages(tenant: Tenant, **_: Any) -> None:
    erasing.workspace(tenant.pk)


def _messages(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    """What was sent about it, without the words; what is a person's own is not the workspace's."""
    rows = Message.objects.for_tenant(tenant).order_by("pk")
    columns = ("created_at", "channel", "topic", "address", "subject", "state", "reason", "sent_at")
    yield from rows.values(*columns).iterator()


def _webhooks(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    """Without their secrets."""
    rows = WebhookEndpoint.objects.for_tenant(tenant).order_by("pk")
    yield from rows.values("url", "description", "names", "state", "because", "created_at")


shared.register(shared.Part("messages", _messages))
shared.register(shared.Part("webhooks", _webhooks))
