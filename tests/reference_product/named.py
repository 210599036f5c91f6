"""What usage pages call a thing, where they group by its id."""

from __future__ import annotations

from collections.abc import Collection

from metering import wording
from tenants.models import Tenant
from tests.reference_product.models import Thing


def things(tenant: Tenant, ids: Collection[str]) -> dict[str, str]:
    """Names by id. Runs in the workspace's schema."""
    found = Thing.objects.filter(pk__in=wording.uuids(ids))
    return {str(pk): name for pk, name in found.values_list("pk", "name")}
