"""What a workspace set for itself goes with it: its alerts and its own limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import msgspec

from metering import alerts
from metering.alerts import Threshold
from metering.definitions import catalogue
from metering.models import Alert, SpendLimit
from metering.models.watching import MONEY
from metering.quotas import own_limits
from metering.quotas.spend import OwnLimits
from tenants import archive
from tenants.models import Tenant


class _Alert(msgspec.Struct):
    meter: str
    percent: int | None
    amount: int | None
    is_on: bool


class _Limit(msgspec.Struct):
    meter: str
    amount: int


def _alerts(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    """Without recipients, who are users of this installation: owners and admins get the mail."""
    yield from Alert.objects.for_tenant(tenant).order_by("pk").values(*_Alert.__struct_fields__)


def _restore_alerts(
    tenant: Tenant, rows: Iterable[Mapping[str, Any]], people: Mapping[str, UUID]
) -> int:
    """Those of meters that there are here."""
    said = [msgspec.convert(row, _Alert) for row in rows]
    known = [each for each in said if each.meter in catalogue.meters()]
    for each in known:
        alerts.put(tenant, Threshold(**msgspec.structs.asdict(each)))
    return len(known)


def _limits(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    rows = SpendLimit.objects.for_tenant(tenant).order_by("pk")
    yield from rows.values("meter", "amount", "currency")


def _restore_limits(
    tenant: Tenant, rows: Iterable[Mapping[str, Any]], people: Mapping[str, UUID]
) -> int:
    said = [msgspec.convert(row, _Limit) for row in rows]
    found = {each.meter: each.amount for each in said}
    money = found.pop(MONEY, None)
    caps = {key: amount for key, amount in found.items() if key in catalogue.meters()}
    own_limits.set_own(tenant, OwnLimits(money=money, caps=caps), by=None)
    return len(caps) + (money is not None)


def register() -> None:
    """Write these into every archive."""
    archive.register_part(archive.Part("alerts", _alerts, _restore_alerts, most=2 * alerts.MOST))
    archive.register_part(archive.Part("own_limits", _limits, _restore_limits, most=100))
