"""System checks: a plan that promises what cannot be billed is found at start-up."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from billing import catalogue
from billing.catalogue import Plan
from events import registry
from metering.definitions import meters


@register()
def check_usage_prices(**_: Any) -> list[CheckMessage]:
    """What is used in a month is stated and billed, above an amount that does not refuse."""
    try:
        plans, known = catalogue.plans(), meters()
    except Exception:
        return []  # metering.E001 says what is wrong with the catalogue
    return [
        Error(f"{plan.name}: {problem}", id="billing.E001")
        for plan in plans
        for problem in _problems(plan, known.keys())
    ]


@register()
def check_external_events(**_: Any) -> list[CheckMessage]:
    """What programs may send has an end on the plan that costs nothing."""
    try:
        first, known = catalogue.plans()[0], meters()
    except Exception:
        return []  # metering.E001 says what is wrong with the catalogue
    limited = {
        known[key].event
        for key, limit in first.limits.items()
        if limit.refuses and key in known and known[key].aggregation == "count"
    }
    return [
        Warning(
            f'{first.name} has no limit for "{event_type.name}", which programs may send.',
            hint="Give it a meter that counts, and the plan a hard limit of that.",
            id="billing.W001",
        )
        for event_type in registry.external()
        if event_type.name not in limited
    ]


def _problems(plan: Plan, known: Any) -> list[str]:
    found = [f'the catalogue has no meter "{key}"' for key in plan.limits.keys() - known]
    for key, limit in plan.limits.items():
        if limit.price is None or key not in known:
            continue
        if meters()[key].period != "month":
            found.append(f"{key} is not counted by the month, so no period of it can be billed")
        if limit.hard:
            found.append(f"{key} has a price above a limit that lets nothing through")
        if limit.value is None:
            found.append(f"{key} has a price above a limit that there is not")
    return found
