"""An archive that holds more than the new workspace's plan is not written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.dispatch import receiver

from metering.definitions.catalogue import meters
from metering.quotas import limits
from metering.wording.words import quantity, things
from tenants.archive import ArchiveRefused
from tenants.models import Tenant
from tenants.signals import amounts_requested


@receiver(amounts_requested)
def refuse_more_than_the_plan_holds(
    *, tenant: Tenant, amounts: Mapping[str, int], **_: Any
) -> None:
    """Raises ArchiveRefused for the first meter whose hard limit is below what the archive adds."""
    in_force = limits.of_plan(tenant)
    for key, amount in sorted(amounts.items()):
        meter, limit = meters().get(key), in_force.get(key)
        if meter is None or limit is None or not limit.refuses:
            continue
        if limit.value is not None and amount > limit.value:
            raise ArchiveRefused(
                "beyond_plan", f"{things(meter, amount)}, of {quantity(meter, limit.value)}"
            )
