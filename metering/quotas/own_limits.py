"""Setting the limits that a workspace sets for itself, and whether it ever has."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

import events
from identity.models import User
from identity.persons import person_of
from metering.definitions.catalogue import get
from metering.event_types import SPEND_LIMIT_CHANGED
from metering.models import SpendLimit
from metering.models.watching import MONEY
from metering.quotas import counters, limits, spend
from metering.quotas.spend import OwnLimits
from tenants import audit
from tenants.models import AuditEntry, Tenant

LARGEST = 10**18


def has_chosen(tenant: Tenant) -> bool:
    """Whether the workspace has, or ever had, a limit of money: by the audit log, which forgets none."""
    said = AuditEntry.objects.for_tenant(tenant).filter(action="limit.changed", target="money")
    return spend.of(tenant).money is not None or said.exists()


def money_is_of_nobody(tenant: Tenant) -> bool:
    """Whether there is a limit of money that came with the plan, and that nobody has set."""
    rows = SpendLimit.objects.for_tenant(tenant).filter(meter=MONEY)
    return rows.filter(set_by=None).exists()


def set_own(tenant: Tenant, wanted: OwnLimits, *, by: User | None) -> None:
    """Make these the workspace's own limits; what is not named is not limited by it.

    In force once the current transaction commits. Raises KeyError (no such meter), ValueError (a
    negative limit, or one above LARGEST).
    """
    rows = {get(key).key: amount for key, amount in wanted.caps.items()}
    if wanted.money is not None:
        rows[MONEY] = wanted.money
    if any(not 0 <= amount <= LARGEST for amount in rows.values()):
        raise ValueError("A limit is not negative, and not larger than anything can be.")
    with transaction.atomic():
        # Two who set limits at once do so one after the other; rows that are not there cannot be locked.
        Tenant.objects.select_for_update(no_key=True).only("pk").get(pk=tenant.pk)
        before = dict(SpendLimit.objects.for_tenant(tenant).values_list("meter", "amount"))
        if before == rows:
            return
        SpendLimit.objects.for_tenant(tenant).exclude(meter__in=rows).delete()
        currency = limits.currency_of(tenant)
        for meter in rows.keys() - {key for key in rows if before.get(key) == rows[key]}:
            SpendLimit.objects.update_or_create(
                tenant=tenant,
                meter=meter,
                defaults={
                    "amount": rows[meter],
                    "currency": currency if meter == MONEY else "",
                    "set_by": by,
                    "set_at": timezone.now(),
                },
            )
        _record(tenant, before, rows, by=by)
        counters.forget_limits(tenant.schema_name)
        transaction.on_commit(lambda: limits.put_in_force(tenant))


def _record(
    tenant: Tenant, before: Mapping[str, int], after: Mapping[str, int], *, by: User | None
) -> None:
    for meter in sorted(before.keys() | after.keys()):
        if before.get(meter) != after.get(meter):
            audit.note(
                tenant,
                "limit.changed",
                by=by,
                target=get(meter).label if meter else "money",
                details={"from": before.get(meter), "to": after.get(meter)},
            )
            events.record_with_row(
                SPEND_LIMIT_CHANGED.name,
                tenant=tenant,
                person=person_of(by) if by else None,
                properties={
                    "meter": meter or None,
                    "before": before.get(meter),
                    "after": after.get(meter),
                },
            )
