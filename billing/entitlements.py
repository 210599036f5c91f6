"""What a workspace may use: the limits of its plan, handed to metering."""

from __future__ import annotations

from collections import defaultdict

import structlog
from django.db import transaction

from billing import catalogue
from billing.catalogue import Plan
from billing.models import Account
from metering import Limit, quota
from metering.models import Quota
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
    quota.set_limits(account.tenant, plan.limits)


def refresh() -> int:
    """Give every workspace the limits that its plan has in the catalogue now. Returns how many
    had others; two queries when none had."""
    in_force: defaultdict[object, dict[str, Limit]] = defaultdict(dict)
    for tenant, meter, limit, hard in Quota.objects.values_list(
        "tenant_id", "meter", "limit", "hard"
    ).iterator():
        in_force[tenant][meter] = Limit(limit, hard)
    wanted = {plan.key: dict(plan.limits) for plan in catalogue.plans()}
    changed = 0
    for account in Account.objects.all().iterator():
        if in_force[account.tenant_id] != wanted.get(account.plan_key, in_force[account.tenant_id]):
            with transaction.atomic():
                apply(Account.objects.locked(account.pk))
            changed += 1
    return changed
