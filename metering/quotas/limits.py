"""Which limits are in force: rows are the truth, Redis keeps a short-lived copy of them.

The plan sets some (`Quota`), the workspace may set lower ones for itself (`spend.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from events import new_rows
from metering.definitions.catalogue import get, meters
from metering.definitions.limit import Limit, price_columns, price_of
from metering.models import Quota
from metering.periods import terms
from metering.quotas import counters, spend
from tenants.models import Tenant


def set_limits(
    tenant: Tenant, limits: Mapping[str, Limit | int | None], *, currency: str = ""
) -> None:
    """Make these the workspace's limits; a meter that is not named becomes unlimited.

    A number is a hard limit, None is no limit; prices are in `currency` (ISO 4217, small letters).
    In force once the current transaction commits. Lowering a limit below what is used deletes
    nothing. Raises KeyError for an unknown meter.
    """
    rows = _rows(tenant, limits, currency=currency)
    counters.forget_limits(tenant.schema_name)  # for whoever reads on in this transaction
    with transaction.atomic():
        Quota.objects.for_tenant(tenant).exclude(meter__in=limits).delete()
        Quota.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["tenant", "meter"],
            update_fields=[
                *("limit", "hard", "price_amount", "price_per", "price_tiers", "currency")
            ],
        )
        terms.note(tenant)
        # Written, not just forgotten: a reader that still holds the old rows cannot put them back.
        transaction.on_commit(lambda: put_in_force(tenant))


def begin(tenant: Tenant, limits: Mapping[str, Limit | int | None], *, currency: str = "") -> None:
    """The first limits of a workspace, in the transaction that makes it: there are none to replace,
    and none that a process remembers. Otherwise as `set_limits`."""
    rows = _rows(tenant, limits, currency=currency)
    new_rows.insert(*rows)
    terms.begin(rows)


def put_in_force(tenant: Tenant) -> None:
    """Let every process decide by the rows as they are now. After the commit that changed them."""
    counters.remember_limits(tenant.schema_name, of(tenant))


def of(tenant: Tenant) -> dict[str, Limit]:
    """The limit of every meter of the catalogue: the plan's, or the workspace's own if lower."""
    caps = spend.caps(tenant, plan := of_plan(tenant))
    return {key: limit.capped(caps[key]) if key in caps else limit for key, limit in plan.items()}


def of_plan(tenant: Tenant) -> dict[str, Limit]:
    """The limit of every meter of the catalogue as the plan sets it."""
    known = {row.meter: _limit(row) for row in Quota.objects.for_tenant(tenant)}
    return {key: known.get(key, Limit(None)) for key in meters()}


def currency_of(tenant: Tenant) -> str:
    """The currency of the workspace's usage prices (ISO 4217, small letters); "" without one."""
    rows = Quota.objects.for_tenant(tenant).exclude(currency="")
    return rows.values_list("currency", flat=True).first() or ""


def as_limit(value: Limit | int | None) -> Limit:
    """A Limit, from one or from a bare number."""
    return value if isinstance(value, Limit) else Limit(value)


def _rows(
    tenant: Tenant, limits: Mapping[str, Limit | int | None], *, currency: str
) -> list[Quota]:
    return [
        _row(tenant, get(key).key, as_limit(value), currency=currency)
        for key, value in limits.items()
    ]


def _row(tenant: Tenant, meter: str, limit: Limit, *, currency: str) -> Quota:
    row = Quota(tenant=tenant, meter=meter, limit=limit.value, hard=limit.hard)
    if limit.price is not None:
        for name, value in price_columns(limit.price).items():
            setattr(row, name, value)
        row.currency = currency
    return row


def _limit(row: Quota) -> Limit:
    return Limit(row.limit, row.hard, price_of(row))
