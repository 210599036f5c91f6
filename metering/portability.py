"""What a workspace set for itself goes with it: its alerts and its own limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from metering import catalogue, spend
from metering.models import Alert, SpendLimit
from metering.spend import OwnLimits
from metering.watch_models import MONEY
from tenants.archive import shared
from tenants.models import Tenant

_ALERT = ("meter", "percent", "amount", "is_on")


def _alerts(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    """Without recipients, who are users of this installation: owners and admins get the mail."""
    yield from Alert.objects.for_tenant(tenant).order_by("pk").values(*_ALERT)


def _restore_alerts(
    tenant: Tenant, rows: Iterable[Mapping[str, Any]], people: Mapping[str, UUID]
) -> int:
    alerts = [Alert(tenant=tenant, **{key: row[key] for key in _ALERT}) for row in rows]
    known = [alert for alert in alerts if alert.meter in catalogue.meters()]
    return len(Alert.objects.bulk_create(known))


def _limits(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    rows = SpendLimit.objects.for_tenant(tenant).order_by("pk")
    yield from rows.values("meter", "amount", "currency")


def _restore_limits(
    tenant: Tenant, rows: Iterable[Mapping[str, Any]], people: Mapping[str, UUID]
) -> int:
    found = {str(row["meter"]): int(row["amount"]) for row in rows}
    money = found.pop(MONEY, None)
    caps = {key: amount for key, amount in found.items() if key in catalogue.meters()}
    spend.set_own(tenant, OwnLimits(money=money, caps=caps), by=None)
    return len(caps) + (money is not None)


def register() -> None:
    """Write these into every archive."""
    shared.register(shared.Part("alerts", _alerts, _restore_alerts))
    shared.register(shared.Part("own_limits", _limits, _restore_limits))
