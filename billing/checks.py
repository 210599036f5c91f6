"""System checks: a plan that promises what cannot be billed is found at start-up."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from billing import catalogue
from billing.selling import metered_prices
from events import registry
from metering.definitions import meters


@register()
def check_catalogue(**_: Any) -> list[CheckMessage]:
    """What is for sale makes sense: it can be sold, stated and billed in every currency."""
    try:
        known = meters()
        return [Error(problem, id="billing.E001") for problem in catalogue.problems(known)]
    except (ValueError, TypeError, AttributeError) as error:
        return [Error(f"PRODUCT_APP.catalogue: {error}", id="billing.E002")]
    except ImproperlyConfigured:
        return []  # metering.E001 says what is wrong with the meters


@register()
def check_metered_prices(**_: Any) -> list[CheckMessage]:
    """What a plan's meters cannot charge to the cent is billed from statements: said at start-up."""
    try:
        plans, known = catalogue.plans(), meters()
        return [
            Warning(
                f"{plan.name}: {key} is billed from statements, not by meter events: {why}.",
                id="billing.W002",
            )
            for plan in plans
            if plan.usage_by == "meter_events"
            for currency in plan.currencies
            for key, limit in plan.limits_for(currency=currency).items()
            if limit.price is not None and key in known
            for why in metered_prices.reasons(known[key], limit.price)
        ]
    except Exception:
        return []  # the checks above say what is wrong with the catalogue


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
