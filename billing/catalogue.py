"""What is for sale: typed plans, defined once by the product and read by site, app and Stripe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Literal

from django.conf import settings

from metering import Limit

Interval = Literal["month", "year"]


@dataclass(frozen=True)
class Plan:
    """A plan. `prices` are minor currency units for each interval; none means free.

    `limits` holds a Limit for each meter key; a meter that is missing is unlimited.
    `spend_limit` is what usage above the plan may cost in a period (minor units) until the workspace
    says otherwise; it is set when the workspace begins to pay. A plan that is no longer `for_sale`
    stays in the catalogue as long as somebody is on it.
    """

    key: str
    name: str
    summary: str
    prices: Mapping[Interval, int] = field(default_factory=dict)
    currency: str = "usd"
    limits: Mapping[str, Limit] = field(default_factory=dict)
    spend_limit: int | None = None
    custom_domains: int = 0  # domains of the workspace's own
    features: Sequence[str] = ()
    highlighted: bool = False
    for_sale: bool = True

    @property
    def is_free(self) -> bool:
        return not self.prices


@cache
def plans() -> tuple[Plan, ...]:
    """All plans in the order of the price list; the first is the one that everybody starts on."""
    return tuple(import_module(f"{settings.PRODUCT_APP}.catalogue").PLANS)


def first_plan_key() -> str:
    """The key of the plan that everybody starts on, and falls back to."""
    return plans()[0].key


def plan(key: str) -> Plan:
    """The plan of this key. Raises KeyError with the known keys."""
    for candidate in plans():
        if candidate.key == key:
            return candidate
    raise KeyError(f"No plan {key!r}; the catalogue has {[p.key for p in plans()]}.")
