"""{% load failed_payment %}{% failed_payment %}: on every page of a workspace, while money is missing."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import RequestContext

from billing import catalogue, entitlements
from metering import wording
from tenants.permissions import May

register = template.Library()


@register.inclusion_tag("billing/paying/banner.html", takes_context=True)
def failed_payment(context: RequestContext) -> dict[str, Any]:
    """For owners and admins, who can do something about it."""
    request = context.get("request")
    membership = getattr(request, "membership", None)
    if request is None or membership is None or not membership.may(May.PAY):
        return {"owes": None}
    owes = entitlements.owes(request.tenant)
    if owes is None:
        return {"owes": None}
    return {
        "owes": owes,
        "amount": wording.money_in_words(owes.amount, owes.currency) if owes.amount else "",
        "first_plan": catalogue.plans()[0].name,
        "here": request.path == "/billing/payment/",
    }
