"""What a workspace may use: the limits of its plan, handed to metering."""

from __future__ import annotations

from collections import defaultdict

import structlog
from django.db import transaction

from billing import catalogue
from billing.catalogue import Plan
from billing.models import Account
from metering import Limit, UsagePrice, quotas
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


def apply(account: Account) -> None:
    """Set the workspace's limits to those of its plan, in the current transaction.

    Somebody who pays for a plan that left the catalogue keeps the limits they have.
    """
    try:
        plan = catalogue.plan(account.plan_key)
    except KeyError:
        log.error("billing.unknown_plan", plan=account.plan_key, tenant=str(account.tenant_id))
        return
    quotas.set_limits(account.tenant, plan.limits, currency=plan.currency)
    set_allowed(account.tenant, plan.custom_domains)


def begin_to_pay(account: Account) -> None:
    """A workspace that begins to pay has a limit of what usage may cost, until it says otherwise.

    Not where somebody has set one before, or removed it: that was their choice.
    """
    money, tenant = plan_of(account).spend_limit, account.tenant
    if money is not None and not quotas.has_chosen_limits(tenant):
        own = quotas.own_limits_of(tenant)
        quotas.set_own_limits(tenant, OwnLimits(money=money, caps=own.caps), by=None)


def begin(account: Account) -> None:
    """The limits of the plan that everybody starts on, for a workspace that is being made."""
    plan = plan_of(account)
    quotas.begin_limits(account.tenant, plan.limits, currency=plan.currency)
    set_allowed(account.tenant, plan.custom_domains)


def refresh() -> int:
    """Give every workspace the limits that its plan has in the catalogue now. Returns how many
    had others; two queries when none had."""
    in_force: defaultdict[object, dict[str, tuple[Limit, str]]] = defaultdict(dict)
    for row in Quota.objects.all().iterator():
        price = UsagePrice.stored(row.price_amount, row.price_per)
        in_force[row.tenant_id][row.meter] = (Limit(row.limit, row.hard, price), row.currency)
    wanted = {
        plan.key: {meter: _priced(limit, plan) for meter, limit in plan.limits.items()}
        for plan in catalogue.plans()
    }
    changed = 0
    domains = {plan.key: plan.custom_domains for plan in catalogue.plans()}
    for account in Account.objects.select_related("tenant").iterator():
        meters, allowed = in_force[account.tenant_id], account.tenant.domain_limit
        in_plan = (wanted.get(account.plan_key, meters), domains.get(account.plan_key, allowed))
        if (meters, allowed) != in_plan:
            with transaction.atomic():
                apply(Account.objects.locked(account.pk))
            changed += 1
    return changed


def _priced(limit: Limit, plan: Plan) -> tuple[Limit, str]:
    return limit, plan.currency if limit.price else ""
