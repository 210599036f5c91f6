"""What a workspace holds: its plan with the terms of its subscription, add-ons, and what staff granted.

A pure reading of rows that were written in one transaction, so it is never half of two states.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from django.utils import timezone

from billing import catalogue
from billing.catalogue import AddOn, Plan
from billing.models import Account, PlanTerms, StaffGrant, Subscription
from billing.selling import terms
from metering import Limit
from metering.definitions import meters
from tenants.models import Tenant

Source = Literal["plan", "add_on", "grant"]


@dataclass(frozen=True)
class Owes:
    """A payment that failed: what, in minor units, and until when the plan is kept; None: it is `lost`, or
    there is none to lose. `asks`: its card's bank waits for the holder."""

    amount: int
    currency: str
    kept_until: datetime | None
    asks: bool
    lost: bool


@dataclass(frozen=True)
class Holding:
    """`plan` is None where the catalogue has it no more: then the limits stay as they were set.

    `granted` are features by grants, `status` the subscription's ("" without one; "unpaid" also once the
    days of grace are over), `source` where the plan comes from. `tried`: a trial for which no way of paying
    is kept. `owes`: a payment that failed. `own`: what is held without a granted plan, of which a gift
    takes nothing away.
    """

    plan_key: str
    plan: Plan | None
    source: Source
    status: str
    currency: str
    seats: int
    terms: PlanTerms | None
    add_ons: Mapping[str, int]
    granted: Collection[str]
    tried: bool = False
    owes: Owes | None = None
    own: Holding | None = None

    def limits(self) -> Mapping[str, Limit]:
        """The limits of plan and add-ons, those of meters that there are. Without a plan: none."""
        if self.plan is None:
            return {}
        of_plan = terms.limits(self.plan, self.terms, currency=self.currency, seats=self.seats)
        found = {key: limit for key, limit in of_plan.items() if key in meters()}
        for add_on, quantity in self.bought():
            for key, more in add_on.adds.items():
                limit = found.get(key)
                if limit is not None and limit.value is not None:
                    found[key] = replace(limit, value=limit.value + more * quantity)
        for key, own in (self.own.limits() if self.own else {}).items():
            if key in found and _is_more(own, found[key]):
                found[key] = replace(own, hard=own.hard and found[key].hard)
        return found

    def custom_domains(self) -> int:
        """How many domains of its own the workspace may have."""
        of_plan = self.plan.custom_domains if self.plan else 0
        bought = sum(each.custom_domains * number for each, number in self.bought())
        return max(of_plan + bought, self.own.custom_domains() if self.own else 0)

    def why(self, feature: str) -> Source | None:
        """What allows a feature; None: nothing does."""
        if feature in self.granted:
            return "grant"
        if self.plan is not None and feature in self.plan.allows:
            return self.source
        if any(feature in each.allows for each, _ in self.bought()):
            return "add_on"
        return self.own.why(feature) if self.own else None

    def bought(self) -> list[tuple[AddOn, int]]:
        """The add-ons that the catalogue knows, with how many there are."""
        known = {each.key: each for each in catalogue.add_ons()}
        return [(known[key], number) for key, number in self.add_ons.items() if key in known]


def of(account: Account, *, now: datetime | None = None) -> Holding:
    """What the workspace of this account holds; two questions to the database."""
    rows = Subscription.objects.filter(stripe_id=account.subscription_id or "")
    subscription = rows.select_related("terms").first() if account.subscription_id else None
    grants = StaffGrant.objects.filter(tenant_id=account.tenant_id).in_force(
        now=now or timezone.now()
    )
    return holds(account, subscription, list(grants))


def of_tenant(tenant: Tenant, *, now: datetime | None = None) -> Holding:
    """The same, of a workspace; one from before billing holds the first plan, and gets its row elsewhere."""
    account = Account.objects.for_tenant(tenant).first()
    return of(account or Account(tenant=tenant), now=now)


def holds(
    account: Account, subscription: Subscription | None, grants: Collection[StaffGrant]
) -> Holding:
    """From the rows of a workspace. A granted plan counts where it stands further down the price list."""
    paid = subscription if account.is_entitled else None
    granted = _highest([each.plan_key for each in grants if each.plan_key], account.plan_key)
    features = [each for each in grants if not each.plan_key]
    own = holds(account, subscription, features) if granted else None
    currency = paid.currency if paid else account.pays_in
    key = granted or account.plan_key
    plan = _plan(key)
    return Holding(
        plan_key=key,
        plan=plan,
        source="grant" if granted else "plan",
        status="unpaid" if account.grace_ended else account.status,
        currency=currency or (plan.currency if plan else ""),
        seats=_seats(plan, paid),
        terms=paid.terms if paid and paid.terms.plan_key == key else None,
        add_ons=paid.add_ons if paid else {},
        granted=frozenset(each.feature for each in grants if each.feature),
        tried=paid is not None and paid.status == "trialing" and not paid.payment_method,
        owes=_owes(account),
        own=own,
    )


def _owes(account: Account) -> Owes | None:
    if not account.is_behind:
        return None
    kept_until = None if account.grace_ended else account.grace_ends_at
    currency = account.currency or account.pays_in
    return Owes(account.owed, currency, kept_until, account.asks_to_confirm, account.grace_ended)


def _seats(plan: Plan | None, paid: Subscription | None) -> int:
    least = plan.least_seats if plan else 1
    return max(paid.quantity, least) if paid else least


def _is_more(one: Limit, other: Limit) -> bool:
    return other.value is not None and (one.value is None or one.value > other.value)


def _highest(granted: Collection[str], own: str) -> str | None:
    keys = [each.key for each in catalogue.plans()]
    known = [each for each in granted if each in keys]
    if own not in keys or not known:
        return None
    highest = max(known, key=keys.index)
    return highest if keys.index(highest) > keys.index(own) else None


def _plan(key: str) -> Plan | None:
    try:
        return catalogue.plan(key)
    except KeyError:
        return None
