"""Forgets a person or a workspace: what was sent to whom is personal data."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import models

from outbound import recipients
from outbound.models import CapSlot, Consent, ConsentChange, Message, Notification, WebhookEndpoint


def person(person_id: UUID) -> None:
    """Nothing more goes to them, and what went names nobody. Suppressions are hashes, and stay."""
    whom = recipients.person(person_id)
    of_person = Message.objects.filter(person_id=person_id)
    addresses = {recipients.address(each) for each in of_person.values_list("address", flat=True)}
    for model in (Consent, ConsentChange, CapSlot):
        model._default_manager.filter(recipient__in=[whom, *addresses]).delete()
    of_person.filter(state__in=["ready", "held", "dead"]).update(
        state="skipped", reason="person_gone", sealed=""
    )
    of_person.update(address="", subject="", detail="", sender_id=None)
    Notification.objects.filter(person_id=person_id).delete()


def addresses(texts: Collection[str]) -> None:
    """What went to these addresses without a person (codes, notes about an account) names nobody."""
    rows = Message.objects.filter(person_id=None, tenant_id=None, address__in=texts)
    rows.exclude(state__in=["ready", "held", "sending"]).update(
        address="", subject="", detail="", sealed=""
    )


def workspace(tenant_id: UUID) -> int:
    """Every row of the workspace; returns how many. What still waited does not leave."""
    rows: models.QuerySet[Message] = Message.objects.filter(tenant_id=tenant_id)
    WebhookEndpoint.objects.filter(tenant_id=tenant_id).delete()
    CapSlot.objects.filter(message_id__in=rows.values("pk")).delete()
    return rows.delete()[0]
