"""The limits and prices that were in force: a period is stated by those that its end found.

A plan that changes after the end of a period, and before its statement, must not change the bill.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from events import new_rows
from metering.definitions.limit import price_of
from metering.models import Quota, Terms
from tenants.models import Tenant

_SAID = ("included", "price_amount", "price_per", "price_tiers", "currency")


def note(tenant: Tenant) -> None:
    """Keep what the workspace's quotas say now, where it is new. In the caller's transaction."""
    in_force = {row.meter: _of(row) for row in Quota.objects.for_tenant(tenant)}
    known = {meter: _said(terms) for meter, terms in _newest(tenant).items()}
    unlimited = Terms(tenant=tenant)
    for meter in known.keys() - in_force.keys():
        in_force[meter] = unlimited
    Terms.objects.bulk_create(
        [
            Terms(tenant=tenant, meter=meter, **said(terms))
            for meter, terms in in_force.items()
            if known.get(meter) != _said(terms)
        ]
    )


def begin(first: Sequence[Quota]) -> None:
    """Keep the first quotas of a workspace. In the caller's transaction."""
    now = timezone.now()
    rows = [(row, _of(row)) for row in first]
    for row, terms in rows:
        terms.tenant_id, terms.meter, terms.since = row.tenant_id, row.meter, now
    new_rows.insert(*(terms for _, terms in rows))


def at(tenant: Tenant, moment: datetime) -> Mapping[str, Terms]:
    """Each meter's terms just before this instant; a meter without was never limited."""
    return _newest(tenant, before=moment)


def had_a_price(tenant: Tenant, *, since: datetime, until: datetime) -> bool:
    """Whether the use of any meter cost something at some instant between these two."""
    rows = Terms.objects.for_tenant(tenant).filter(since__lt=until)
    before = rows.filter(since__lte=since).order_by("meter", "-since", "-pk").distinct("meter")
    in_force = [*before, *rows.filter(since__gt=since)]
    return any(price_of(each) is not None for each in in_force)


def said(found: Terms | None) -> dict[str, object]:
    """The terms' fields, for a statement; without terms everything is included, at no price."""
    return dict(zip(_SAID, _said(found or Terms()), strict=True))


def _newest(tenant: Tenant, *, before: datetime | None = None) -> dict[str, Terms]:
    rows = Terms.objects.for_tenant(tenant)
    if before is not None:
        rows = rows.filter(since__lt=before)
    newest = rows.order_by("meter", "-since", "-pk").distinct("meter")
    return {terms.meter: terms for terms in newest}


def _of(row: Quota) -> Terms:
    return Terms(
        included=row.limit,
        price_amount=row.price_amount,
        price_per=row.price_per,
        price_tiers=row.price_tiers,
        currency=row.currency,
    )


def _said(terms: Terms) -> tuple[object, ...]:
    return tuple(getattr(terms, name) for name in _SAID)
