"""Cancelling: why, when, what is offered instead."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from billing import catalogue
from billing.models import Account, Subscription
from billing.pages import page, usage_page
from billing.pages.account_of import account_of
from billing.pages.refusals import in_words
from billing.paying import ending
from billing.subscriptions import subscription, telling
from billing.subscriptions.cancelling import LONGEST_COMMENT, REASONS, Why
from tenants.hosts import requires
from tenants.permissions import May
from tenants.requests import WorkspaceRequest


@require_http_methods(["GET", "HEAD", "POST"])
@requires(May.PAY)
@in_words
def cancellation(request: WorkspaceRequest) -> HttpResponse:
    """GET asks why, and says what follows; POST cancels, with the period or (`when=now`) at once."""
    account = account_of(request)
    if request.method == "POST":
        return cancel_by_form(request, account)
    if not account.has_subscription:
        raise subscription.NoSubscription
    if account.cancel_at:
        return redirect("billing:overview")
    paid_in = account.currency or account.pays_in
    context = {
        "plan": plan_name(account),
        "first_plan": catalogue.plans()[0].name,
        "period_end": page.day(account.current_period_end),
        "owes": account.past_due_since is not None,
        "scheduled": _scheduled(account),
        "grace_end": "" if account.grace_ended else page.day(account.grace_ends_at),
        "reasons": REASONS.items(),
        "longest": LONGEST_COMMENT,
        "offer": ending.offer_for(account),
        "may_end_now": catalogue.rules().cancel_at_once,
        "has_usage": bool(usage_page.running(account.tenant, paid_in)),
    }
    return render(request, "billing/paying/cancellation.html", context)


@require_POST
@requires(May.PAY)
@in_words
def take_offer(request: WorkspaceRequest) -> HttpResponse:
    """Stay, with what is offered."""
    account = account_of(request)
    try:
        taken = ending.take_offer(account, by=request.user)
    except ending.NoOffer:
        messages.info(request, "There is no offer for your workspace now.")
        return redirect("billing:cancellation")
    messages.success(request, f"{taken.title}. Thank you for staying!")
    return redirect("billing:overview")


def cancel_by_form(request: WorkspaceRequest, account: Account) -> HttpResponse:
    """End the subscription as the form says. Raises as `ending.cancel`."""
    at_once = request.POST.get("when") == "now"
    name, dropped = plan_name(account), _scheduled(account)
    try:
        account = ending.cancel(
            account, why=Why.read(request.POST), at_once=at_once, by=request.user
        )
    except ending.NotAtOnce:
        messages.error(request, "A plan ends with the period that is paid for.")
        return redirect("billing:cancellation")
    if account.cancel_at:
        also = f" It will not become {dropped} any more, also if you keep it." if dropped else ""
        messages.success(request, f"{name} ends on {page.day(account.cancel_at)}.{also}")
    else:
        messages.success(request, f"{name} has ended. Nothing was deleted.")
    return redirect("billing:overview")


def _scheduled(account: Account) -> str:
    """The change that waits for the end of the period, in words; "": none does."""
    rows = Subscription.objects.for_tenant(account.tenant)
    row = rows.filter(stripe_id=account.subscription_id or "").first()
    if row is None or row.scheduled_at is None or not row.scheduled_plan_key:
        return ""
    return telling.scheduled_words(row)


def plan_name(account: Account) -> str:
    """What the subscription is to, also while its plan is lost for want of payment."""
    row = (
        Subscription.objects.for_tenant(account.tenant)
        .filter(stripe_id=account.subscription_id or "")
        .first()
    )
    known = {each.key: each.name for each in catalogue.plans()}
    return known.get(row.plan_key if row else account.plan_key) or page.plan_name(account)
