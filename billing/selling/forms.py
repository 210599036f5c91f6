"""What a person chooses: a plan and how often to pay for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from billing import catalogue
from billing.catalogue import Interval, Plan


class NotOffered(ValueError):
    """The choice is not on the price list."""


@dataclass(frozen=True)
class Choice:
    plan: Plan
    interval: Interval


def choice(data: Mapping[str, str]) -> Choice:
    """The plan and interval in a form or query. Raises NotOffered."""
    key, interval = data.get("plan", ""), data.get("interval", "month")
    for plan in catalogue.plans():
        if plan.key == key and plan.for_sale and interval in plan.prices:
            return Choice(plan, interval)  # type: ignore[arg-type] # a key of `prices`
    raise NotOffered(f"{key} by the {interval}")


def interval(data: Mapping[str, str], *, default: str) -> Interval:
    """The interval that the page should show; month when it makes no sense."""
    wanted = data.get("interval", default)
    return wanted if wanted in get_args(Interval) else "month"  # type: ignore[return-value]
