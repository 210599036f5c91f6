from typing import Any

from django import template

from billing.models import Account
from billing.subscriptions import intent, trials
from tenants.permissions import May

register = template.Library()


@register.inclusion_tag("billing/continue.html", takes_context=True)
def continue_to_plan(context: template.Context) -> dict[str, Any]:
    """{% continue_to_plan %}: the way on to the plan that was picked before signing up."""
    request = context["request"]
    may_manage = request.membership.may(May.PAY)
    picked = intent.choice_to_continue(request.tenant) if may_manage else None
    account = Account.objects.of(request.tenant) if picked else None
    return {
        "picked": picked,
        "may_try": picked and account and trials.may_begin(account, picked),
        "may_pay": not context.get("email_unverified"),
        "csrf_token": context.get("csrf_token"),
    }
