"""Which limits are in force: rows are the truth, Redis keeps a short-lived copy of them."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from metering import counters
from metering.catalogue import Limit, get, meters
from metering.models import Quota
from tenants.models import Tenant


def set_limits(tenant: Tenant, limits: Mapping[str, Limit | int | None]) -> None:
    """Make these the workspace's limits; a meter that is not named becomes unlimited.

    A number is a hard limit, None is no limit. In force once the current transaction commits.
    Lowering a limit below what is used deletes nothing. Raises KeyError for an unknown meter.
    """
    rows = [
        Quota(tenant=tenant, meter=get(key).key, limit=limit.value, hard=limit.hard)
        for key, limit in ((key, as_limit(value)) for key, value in limits.items())
    ]
    counters.forget_limits(tenant.schema_name)  # for whoever reads on in this transaction
    with transaction.atomic():
        Quota.objects.for_tenant(tenant).exclude(meter__in=limits).delete()
        Quota.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["tenant", "meter"],
            update_fields=["limit", "hard"],
        )
        # Written, not just forgotten: a reader that still holds the old rows cannot put them back.
        transaction.on_commit(lambda: counters.remember_limits(tenant.schema_name, of(tenant)))


def of(tenant: Tenant) -> dict[str, Limit]:
    """The limit of every meter of the catalogue, from the rows."""
    rows = Quota.objects.for_tenant(tenant).values_list("meter", "limit", "hard")
    known = {meter: Limit(limit, hard) for meter, limit, hard in rows}
    return {key: known.get(key, Limit(None)) for key in meters()}


def as_limit(value: Limit | int | None) -> Limit:
    """A Limit, from one or from a bare number."""
    return value if isinstance(value, Limit) else Limit(value)
