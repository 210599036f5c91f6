"""What `outbound` does not know of workspaces: their topics, when one is shut, whose they are, and what is
left of one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.dispatch import receiver

from identity.models import User
from outbound import bell, erasing, gating, topics, webhooks
from outbound.bell import Shown
from outbound.gating import Asked, Verdict
from outbound.models import Message, Notification, WebhookEndpoint
from outbound.topics import Kind, Topic
from tenants.addresses import workspace_url
from tenants.archive import shared
from tenants.models import Membership, Status, Tenant
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
    return gating.skip(f"workspace_{status or 'gone'}")


def not_a_member(asked: Asked) -> Verdict | None:
    """A gate: under the bell of a workspace are its members' messages; who left gets no more."""
    message = asked.message
    if message.tenant_id is None or message.channel != "in_app":
        return None
    seats = Membership.objects.filter(tenant=message.tenant_id, user__person=message.person_id)
    return None if seats.exists() else gating.skip("not_a_member")


class TheirWorkspaces:
    """For the bell (`outbound.bell.Workspaces`)."""

    def of(self, user: User) -> QuerySet[Any, Any]:
        seats = Membership.objects.filter(user=user, tenant__status__in=_OPEN)
        return seats.values("tenant_id")

    def shown(self, ids: Collection[UUID]) -> Mapping[UUID, Shown]:
        found = Tenant.objects.filter(pk__in=ids)
        return {each.pk: Shown(each.name, workspace_url(each).rstrip("/")) for each in found}


def register() -> None:
    """Tell outbound."""
    gating.register(workspace_is_shut)
    gating.register(not_a_member)
    bell.register(TheirWorkspaces())
    topics.register(*TOPICS)


@receiver(workspace_purged)
def forget_messages(tenant: Tenant, **_: Any) -> None:
    erasing.workspace(tenant.pk)


def _messages(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    """What was sent about it, without the words; what is a person's own is not the workspace's."""
    rows = Message.objects.for_tenant(tenant).order_by("pk")
    columns = ("created_at", "channel", "topic", "address", "subject", "state", "reason", "sent_at")
    yield from rows.values(*columns).iterator()


def _notifications(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    """What stands under the bell of its members. What somebody has read, and when, is their own."""
    rows = Notification.objects.for_tenant(tenant).order_by("pk")
    rows = rows.annotate(topic=F("message__topic"), address=F("message__address"))
    columns = ("created_at", "topic", "address", "title", "text", "path", "expires_at")
    yield from rows.values(*columns).iterator()


shared.register(shared.Part("notifications", _notifications))


def _webhooks(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    """Without their secrets."""
    rows = WebhookEndpoint.objects.for_tenant(tenant).order_by("pk")
    yield from rows.values("url", "description", "names", "state", "because", "created_at")


shared.register(shared.Part("messages", _messages))
shared.register(shared.Part("webhooks", _webhooks))
