"""A change of the subscription: looked at, confirmed, and taken back before it comes."""

from __future__ import annotations

from collections.abc import Mapping

import stripe
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from billing.models import Account
from billing.pages import page, refusals
from billing.pages.changing import ChangePage
from billing.pages.refusals import AddressNotVerified, in_words
from billing.subscriptions import invoices, telling, trials
from billing.subscriptions.changing import codes, making, offers
from billing.subscriptions.subscription import NoSubscription, OnlyTried
from identity.security import needs_recent_sign_in_to_send
from metering.wording import money_in_words
from tenants.hosts import requires
from tenants.permissions import May
from tenants.requests import WorkspaceRequest

_STALE = 409


@requires(May.PAY)
@needs_recent_sign_in_to_send  # the card that is known pays for it
@in_words
def change(request: WorkspaceRequest) -> HttpResponse:
    """GET shows what a change costs, to the cent; POST of its "offer" makes it, or shows it anew."""
    account = Account.objects.of(request.tenant)
    if not account.has_subscription:
        raise NoSubscription
    if trials.of(account) is not None:
        raise OnlyTried
    if request.method != "POST":
        return _look(request, account, request.GET)
    if not request.user.has_verified_email:
        raise AddressNotVerified
    return _confirm(request, account)


@require_POST
@requires(May.PAY)
@in_words
def revoke(request: WorkspaceRequest) -> HttpResponse:
    """Take back what is scheduled for the end of the period."""
    account = Account.objects.of(request.tenant)
    if making.revoke(account, by=request.user):
        messages.success(request, f"{page.plan_name(account)} stays as it is.")
    else:
        messages.info(request, "Nothing is scheduled any more.")
    return redirect("billing:overview")


def _confirm(request: WorkspaceRequest, account: Account) -> HttpResponse:
    try:
        made = making.confirm(account, request.POST.get("offer", ""), by=request.user)
    except offers.NotOffered as refused:
        data = refused.choice or request.POST
        return _look(request, account, data, refused=str(refused), status=_STALE)
    except making.NoLongerTrue as refused:
        return _look(request, account, refused.choice, refused=str(refused), status=_STALE)
    except stripe.CardError as error:
        choice = offers.read(request.POST.get("offer", ""), tenant=request.tenant).choice
        return _look(request, account, choice, refused=refusals.of_card(error), status=402)
    except codes.CodeRefused as refused:
        choice = offers.read(request.POST.get("offer", ""), tenant=request.tenant).choice
        return _look(request, account, {**choice, "code": ""}, refused=str(refused), status=_STALE)
    invoices.mirror_newest_if_reached(made.account)
    messages.success(request, _said(made))
    return redirect("billing:overview")


def _look(
    request: HttpRequest,
    account: Account,
    data: Mapping[str, str],
    *,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page of a change. A code that is refused is left out, and the page says why."""
    try:
        looked = making.look(account, data)
    except codes.CodeRefused as why:
        refused, status = str(why), 422 if status == 200 else status
        looked = making.look(account, {**dict(data.items()), "code": ""})
    shown = ChangePage.of(account, looked, refused=refused)
    typed = data.get("code", "") if not shown.code else shown.code
    context = {"page": shown, "typed": typed}
    return render(request, "billing/change.html", context, status=status)


def _said(made: making.Made) -> str:
    account, offer = made.account, made.offer
    name = page.plan_name(account)
    paid = money_in_words(made.charged, offer.currency)
    if offer.when == "period_end":
        row = telling.before(account.subscription_id)
        if row is not None and row.scheduled_at is not None:
            return (
                f"{name} until {page.day(row.scheduled_at)}, then {telling.scheduled_words(row)}."
            )
    if offer.when == "never":
        return f"The code {offer.code} is used."
    return f"You are on {name} now." + (f" {paid} was paid." if made.charged else "")
