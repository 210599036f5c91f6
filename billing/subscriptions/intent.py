"""The paid plan that somebody picked on the price list before they signed up, and how it is paid.

Kept until they buy a plan, or say that they do not want to be reminded.
"""

from __future__ import annotations

from billing.models import Account
from billing.selling import forms
from billing.selling.forms import Choice
from tenants.models import Tenant


def choice_to_continue(tenant: Tenant) -> Choice | None:
    """What was picked, while there is something to buy; asks the database only when something was."""
    key, _, interval = tenant.intent.partition("/")
    if not key:
        return None
    try:
        picked = forms.choice({"plan": key, "interval": interval or "month"})
    except forms.NotOffered:
        return None
    return None if Account.objects.of(tenant).has_subscription else picked


def forget(tenant: Tenant) -> None:
    """Do not show it again."""
    if tenant.intent:
        tenant.intent = ""
        tenant.save(update_fields=["intent"])
