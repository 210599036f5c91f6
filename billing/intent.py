"""The paid plan that somebody picked on the price list before they signed up.

Kept until they buy a plan, or say that they do not want to be reminded.
"""

from __future__ import annotations

from billing import catalogue
from billing.catalogue import Plan
from billing.models import Account
from tenants.models import Tenant


def plan_to_continue(tenant: Tenant) -> Plan | None:
    """The picked plan while there is something to buy; asks the database only when one was."""
    if not tenant.intent:
        return None
    picked = [plan for plan in catalogue.plans() if plan.key == tenant.intent]
    if not picked or picked[0].is_free or not picked[0].for_sale:
        return None
    return None if Account.objects.of(tenant).has_subscription else picked[0]


def forget(tenant: Tenant) -> None:
    """Do not show it again."""
    if tenant.intent:
        tenant.intent = ""
        tenant.save(update_fields=["intent"])
