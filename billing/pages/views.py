"""The billing pages of a workspace. Members read; owners and admins buy, change and cancel."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from billing.models import Account
from billing.pages import ending_views, page
from billing.pages.refusals import AddressNotVerified, in_words
from billing.paying import trial_cards
from billing.selling import forms
from billing.subscriptions import checkout, intent, subscription, trials
from tenants.hosts import requires
from tenants.models import Membership
from tenants.permissions import May
from tenants.requests import WorkspaceRequest


@require_safe
def overview(request: WorkspaceRequest) -> HttpResponse:
    """Plan, usage, price list and invoices; asks no one but our own databases."""
    account = Account.objects.of(request.tenant)
    shown = page.BillingPage.of(
        account,
        interval=forms.interval(request.GET, default=account.interval or "month"),
        currency=forms.currency(request.GET, fixed=account.pays_in),
        may_manage=request.membership.may(May.PAY),
        may_pay=request.user.has_verified_email,
    )
    return render(request, "billing/overview.html", {"page": shown})


@require_POST
@requires(May.PAY)
@in_words
def checkout_plan(request: WorkspaceRequest) -> HttpResponse:
    """Send the person to Stripe's page for the chosen plan."""
    _require_verified(request)
    account = Account.objects.of(request.tenant)
    wanted = _choice(request, account, request.POST)
    try:
        url = checkout.begin(account, wanted, user=request.user)
    except checkout.AlreadySubscribed:
        query = urlencode(
            {"plan": wanted.plan.key, "interval": wanted.interval, "seats": str(wanted.seats)}
        )
        return _see_other(f"{reverse('billing:change')}?{query}")
    except checkout.OwesFirst:
        messages.warning(request, "Please pay what is open first: then a plan can be chosen.")
        return redirect("billing:payment")
    return _see_other(url)


@require_POST
@requires(May.PAY)
@in_words
def begin_trial(request: WorkspaceRequest) -> HttpResponse:
    """Begin the one trial of this workspace: no card, and no page of Stripe's."""
    _require_verified(request)
    account = Account.objects.of(request.tenant)
    wanted = _choice(request, account, request.POST)
    account = trials.begin(account, wanted, user=request.user)
    messages.success(
        request,
        f"You are trying {page.plan_name(account)} until {page.day(account.current_period_end)}.",
    )
    return redirect("billing:overview")


@require_safe
@in_words
def come_back(request: WorkspaceRequest) -> HttpResponse:
    """Where Stripe's page leads after the payment: the new limits hold before anything is drawn."""
    account = Account.objects.of(request.tenant)
    try:
        session = checkout.session_of(account, request.GET.get("session_id", ""))
    except checkout.ForeignSession:
        raise Http404 from None
    trial_cards.take_up(account, by=request.user)
    settled = checkout.settle(account, session, by=request.user)
    account = settled.account
    if settled.then is not None:
        messages.info(request, _card_is_kept(account))
        return redirect(f"{reverse('billing:change')}?{urlencode(settled.then)}")
    if settled.card_only and account.has_subscription:
        messages.success(request, _card_is_kept(account))
    elif settled.card_only:
        messages.info(
            request, "The trial has ended, and nothing was charged. Please choose a plan."
        )
    elif account.has_subscription:
        messages.success(request, f"You are on {page.plan_name(account)} now. Thank you!")
    else:
        messages.info(request, "The payment is not complete, so the plan has not changed yet.")
    return redirect("billing:overview")


@require_POST
@requires(May.PAY)
@in_words
def cancel(request: WorkspaceRequest) -> HttpResponse:
    """End the subscription with the period that is paid for; with a reason, if the form has one."""
    return ending_views.cancel_by_form(request, Account.objects.of(request.tenant))


@require_POST
@requires(May.PAY)
@in_words
def resume(request: WorkspaceRequest) -> HttpResponse:
    """Take a cancellation back."""
    account = subscription.resume(Account.objects.of(request.tenant), by=request.user)
    messages.success(request, f"{ending_views.plan_name(account)} goes on.")
    return redirect("billing:overview")


@require_POST
@requires(May.PAY)
def forget_intent(request: WorkspaceRequest) -> HttpResponse:
    """Do not remind of the plan that was picked before signing up."""
    intent.forget(request.tenant)
    return redirect("/")


def _card_is_kept(account: Account) -> str:
    """After a card was given for a trial: what it will pay for is said before it does."""
    if account.status != "trialing":
        return "Your card is kept."
    name, end = page.plan_name(account), page.day(account.current_period_end)
    if account.cancel_at:
        return f"Your card is kept. {name} still ends on {end}."
    return f"Your card is kept. {name} goes on after the trial, and is paid from {end} on."


def _require_verified(request: WorkspaceRequest) -> None:
    if not request.user.has_verified_email:
        raise AddressNotVerified


def _choice(request: WorkspaceRequest, account: Account, data: Mapping[str, str]) -> forms.Choice:
    members = Membership.objects.for_tenant(request.tenant).count()
    return forms.choice(data, currency=account.pays_in, members=members)


def _see_other(url: str) -> HttpResponse:
    return HttpResponse(status=303, headers={"Location": url})
