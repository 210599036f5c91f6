from typing import Any

from django import template

from billing.subscriptions import intent
from tenants.permissions import May

register = template.Library()


@register.inclusion_tag("billing/continue.html", takes_context=True)
def continue_to_plan(context: template.Context) -> dict[str, Any]:
    """{% continue_to_plan %}: the way on to the plan that was picked before signing up."""
    request = context["request"]
    may_manage = request.membership.may(May.PAY)
    return {
        "picked": intent.choice_to_continue(request.tenant) if may_manage else None,
        "may_pay": not context.get("email_unverified"),
        "csrf_token": context.get("csrf_token"),
    }
