"""Making, using and deleting things: ask the limit, do it, record it (docs/adopting.md)."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

import events
from identity.names import plain
from metering import quotas
from tenants.models import Tenant
from tests.reference_product import event_types
from tests.reference_product.models import NAME_MAX_LENGTH, Thing

METER = "things"


def add(tenant: Tenant, name: str, *, person_id: UUID | None) -> Thing:
    """A new thing. Raises metering's QuotaExceeded when the plan has no room for one more."""
    quotas.consume(tenant, METER)
    try:
        with transaction.atomic():  # the row and what is counted: both or none
            thing = Thing.objects.create(name=plain(name)[:NAME_MAX_LENGTH], created_by=person_id)
            _count(tenant, thing.id, person_id, change=+1)
    except BaseException:
        quotas.release(tenant, METER)
        raise
    return thing


def use(tenant: Tenant, thing: Thing, *, person_id: UUID | None) -> None:
    """Use it once. Above its limit it goes on, and a paid plan pays for it."""
    quotas.consume(tenant, "uses")
    properties = {"thing_id": thing.id}
    events.record(
        event_types.THING_USED.name, tenant=tenant, person=person_id, properties=properties
    )


@transaction.atomic
def delete(tenant: Tenant, thing: Thing, *, person_id: UUID | None) -> None:
    """Delete it for good, and give its place back. What it was used for stays counted."""
    thing_id = thing.id
    deleted, _ = Thing.objects.filter(pk=thing_id).delete()
    if not deleted or thing.is_sample:  # somebody else was faster; or nobody counts it
        return
    _count(tenant, thing_id, person_id, change=-1)
    transaction.on_commit(lambda: quotas.release(tenant, METER), robust=True)


def _count(tenant: Tenant, thing_id: UUID, person_id: UUID | None, *, change: int) -> None:
    events.record_with_row(
        event_types.THING_COUNT_CHANGED.name,
        tenant=tenant,
        person=person_id,
        properties={"change": change, "thing_id": thing_id},
    )
