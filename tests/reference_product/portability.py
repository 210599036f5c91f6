"""What archives of a workspace must know of these tables: see tenants/archive/declared.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

import events
from identity.names import plain
from tenants.models import Tenant
from tests.reference_product import event_types
from tests.reference_product.models import Thing

PERSONS = {"reference_product_thing": ["created_by"]}
SAMPLES = {"reference_product_thing": "is_sample"}
ONE_LINE = {"reference_product_thing": ["name"]}
METERED: dict[str, dict[str, str | int]] = {"reference_product_thing": {"things": 1}}


def check(table: str, row: Mapping[str, Any]) -> None:
    """A row must be one that a page could have made. Raises ValidationError."""
    if not plain(row["name"]):
        raise ValidationError("A thing has no name.")


def imported(tenant: Tenant, *, person_id: UUID) -> None:
    """Meters of what exists now begin with what came; the plan was asked before (`METERED`)."""
    events.record_with_row(
        event_types.THING_COUNT_CHANGED.name,
        tenant=tenant,
        person=person_id,
        properties={"change": Thing.objects.filter(is_sample=False).count(), "thing_id": None},
    )
