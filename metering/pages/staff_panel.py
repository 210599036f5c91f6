"""What metering tells on the page of a workspace for staff."""

from __future__ import annotations

from metering.asking import usage
from metering.definitions.catalogue import shown
from metering.definitions.meter import Meter
from metering.quotas import limits
from metering.wording import quantity
from staff import navigation, panels
from tenants.models import Tenant


def register() -> None:
    """The page of usage over all workspaces, and the panel of one."""
    navigation.register(navigation.Item("Usage", "staff_usage", order=30))
    panels.register("workspace", panels.Panel("Usage", "staff/facts.html", _usage, order=30))


def _usage(tenant: Tenant) -> dict[str, object]:
    known = shown()
    used, most = usage.totals(tenant, list(known)), limits.of(tenant)
    return {
        "facts": [
            (meter.label, _in_words(meter, int(used[key]), most[key].value))
            for key, meter in known.items()
        ]
    }


def _in_words(meter: Meter, used: int, limit: int | None) -> str:
    if limit is None:
        return f"{quantity(meter, used)}, no limit"
    return f"{quantity(meter, used)} of {quantity(meter, limit)}"
