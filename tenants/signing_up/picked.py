"""The plan that somebody picks on the price list, and how often they pay, until they can buy it.

It travels in addresses as `?plan=pro&interval=year`, through sign-up as hidden fields, and is kept in
`Tenant.intent` as "pro/year" ("pro": by the month).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from cms import slots

_WORDS = {"month": "billed monthly", "year": "billed yearly"}


@dataclass(frozen=True)
class Picked:
    """A plan on the price list. `name` is what people call it; `words` say how it is paid."""

    plan: str
    interval: str
    name: str

    @property
    def words(self) -> str:
        return _WORDS.get(self.interval, "")

    @property
    def query(self) -> str:
        return urlencode({"plan": self.plan, "interval": self.interval})


def of(said: Mapping[str, Any]) -> Picked | None:
    """What an address or a form says; None for the free plan, and for what is not for sale."""
    key, interval = said.get("plan"), said.get("interval") or "month"
    for plan in slots.get("pricing")() if key else ():
        if plan.key == key and plan.prices.get(interval):
            return Picked(plan=plan.key, interval=interval, name=plan.name)
    return None


def to_keep(said: Mapping[str, Any]) -> str:
    """For `Tenant.intent`: a key is kept as it was said, whoever knows what it means later."""
    key, interval = said.get("plan") or "", said.get("interval") or "month"
    return key if not key or interval == "month" else f"{key}/{interval}"


def price_list_of(picked: Picked | None) -> str:
    """The path of a workspace's page where this plan is bought; the home page when none was picked."""
    if picked is None:
        return "/"
    return f"{reverse('billing:overview', urlconf=settings.ROOT_URLCONF)}?{picked.query}"
