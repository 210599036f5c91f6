"""What a workspace may use, put in force: the limits of what it holds, handed to metering."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from billing import catalogue
from billing.catalogue import Plan
from billing.entitlements import asking, holding
from billing.entitlements.holding import Holding
from billing.models import LIVE, Account, StaffGrant, Subscription
from metering import Limit, price_of, quotas
from metering.models import Quota
from metering.quotas import OwnLimits
from tenants.domains.face import set_allowed
from tenants.models import Tenant

log = structlog.get_logger()


def plan_for(tenant: Tenant) -> Plan:
    """The plan that the workspace is on now."""
    return plan_of(Account.objects.of(tenant))


def plan_of(account: Account) -> Plan:
    """The account's plan; the first of the catalogue when its own was taken out of it."""
    try:
        return catalogue.plan(account.plan_key)
    except KeyError:
        return catalogue.plans()[0]


def apply(account: Account, *, now: datetime | None = None) -> Holding:
    """Set the workspace's limits to those of what it holds, in the current transaction.

    Somebody who pays for a plan that left the catalogue keeps the limits they have.
    """
    held = holding.of(account, now=now)
    _put(account.tenant, held)
    return held


def _put(tenant: Tenant, held: Holding) -> None:
    asking.forget_once_committed(tenant)
    if held.plan is None:
        log.error("billing.unknown_plan", plan=held.plan_key, tenant=str(tenant.pk))
        return
    quotas.set_limits(tenant, _charged(held), currency=held.currency)
    set_allowed(tenant, held.custom_domains())


def begin_to_pay(account: Account) -> None:
    """A workspace that begins to pay, or is on another plan now, has that plan's limit of what usage may
    cost, until it says otherwise.

    Not where somebody has set one before, or removed it: that was their choice.
    """
    tenant, plan = account.tenant, plan_of(account)
    currency = account.currency or plan.currency
    money = plan.spend_limit_in(currency)
    if money is None:
        return
    own = quotas.own_limits_of(tenant)
    came_with_a_plan = own.money in {each.spend_limit_in(currency) for each in catalogue.plans()}
    follows = own.money is not None and came_with_a_plan and quotas.money_is_of_nobody(tenant)
    if follows or not quotas.has_chosen_limits(tenant):
        quotas.set_own_limits(tenant, OwnLimits(money=money, caps=own.caps), by=None)


def begin(account: Account) -> None:
    """The limits of the plan that everybody starts on, for a workspace that is being made."""
    plan = plan_of(account)
    limits = plan.limits_for(currency=plan.currency)
    quotas.begin_limits(account.tenant, limits, currency=plan.currency)
    set_allowed(account.tenant, plan.custom_domains)


def refresh(*, dry_run: bool = False) -> int:
    """Give every workspace the limits that it holds by the catalogue now. Returns how many had others;
    four queries when none had. `dry_run`: only counts them."""
    in_force, held = _in_force(), _Held(now=timezone.now())
    changed = 0
    for account in Account.objects.select_related("tenant").iterator():
        wanted = held(account)
        if wanted.plan is None:
            continue
        meters = {
            key: (limit, wanted.currency if limit.price else "")
            for key, limit in _charged(wanted).items()
        }
        now = (in_force.get(account.tenant_id, {}), account.tenant.domain_limit)
        if now == (meters, wanted.custom_domains()):
            continue
        changed += 1
        if not dry_run:
            with transaction.atomic():
                apply(Account.objects.locked(account.pk))
    return changed


def _in_force() -> Mapping[UUID, dict[str, tuple[Limit, str]]]:
    found: defaultdict[UUID, dict[str, tuple[Limit, str]]] = defaultdict(dict)
    for row in Quota.objects.all().iterator():
        found[row.tenant_id][row.meter] = (Limit(row.limit, row.hard, price_of(row)), row.currency)
    return found


class _Held:
    """What each workspace holds, from all rows at once."""

    def __init__(self, *, now: datetime) -> None:
        rows = Subscription.objects.filter(status__in=LIVE).select_related("terms")
        self._subscriptions = {each.stripe_id: each for each in rows.iterator()}
        self._grants: defaultdict[UUID, list[StaffGrant]] = defaultdict(list)
        for grant in StaffGrant.objects.all().in_force(now=now).iterator():
            self._grants[grant.tenant_id].append(grant)

    def __call__(self, account: Account) -> Holding:
        subscription = self._subscriptions.get(account.subscription_id or "")
        return holding.holds(account, subscription, self._grants[account.tenant_id])


def _charged(held: Holding) -> Mapping[str, Limit]:
    """What is granted costs nothing: its soft limits have no price. Nor does what is tried without a card,
    and there nobody will ever pay for it: what the first plan refuses, above its limit, a trial does, too."""
    limits = held.limits()
    if held.source == "grant":
        return {key: Limit(limit.value, limit.hard) for key, limit in limits.items()}
    if not held.tried:
        return limits
    first = catalogue.plans()[0].limits
    return {
        key: Limit(
            limit.value, limit.hard or (limit.price is not None and _refuses(first.get(key)))
        )
        for key, limit in limits.items()
    }


def _refuses(limit: Limit | None) -> bool:
    return limit is not None and limit.refuses
