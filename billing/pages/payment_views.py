"""The page of a payment that failed, or that waits for its holder: what it is about, and the way out."""

from __future__ import annotations

import time

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.models import Account
from billing.pages import payment_page
from billing.pages.account_of import account_of
from billing.pages.refusals import in_words
from billing.paying import open_invoices, portal
from billing.paying.open_invoices import NoCard, NothingOwed, Outcome
from tenants.hosts import requires
from tenants.permissions import May
from tenants.requests import WorkspaceRequest

_PAYS = "billing.pays_with_new_card"  # key in the session: when somebody pressed that button
_GOOD_FOR = 3600  # seconds


@require_http_methods(["GET", "HEAD", "POST"])
@requires(May.PAY)
@in_words
def payment(request: WorkspaceRequest) -> HttpResponse:
    """GET says what is open and what can be done; POST pays it with the card that is charged."""
    account = account_of(request)
    if request.method != "POST":
        shown = payment_page.PaymentPage.of(account)
        return render(request, "billing/paying/payment.html", {"page": shown})
    return _pay(request, account)


@require_POST
@requires(May.PAY)
@in_words
def with_another_card(request: WorkspaceRequest) -> HttpResponse:
    """Set a new card on Stripe's page; what is open is paid with it on the way back."""
    request.session[_PAYS] = int(time.time())
    url = portal.card_page(account_of(request), user=request.user)
    return see_other(url)


@require_safe
@requires(May.PAY)
@in_words
def come_back(request: WorkspaceRequest) -> HttpResponse:
    """Where the bank's page leads: Stripe is asked how things are, and nothing is believed."""
    account = account_of(request)
    if account.stripe_customer_id is None:
        return redirect("billing:payment")
    account = open_invoices.refresh(account, by=request.user)
    if payment_page.PaymentPage.of(account).is_settled:
        messages.success(request, "It is paid. Thank you!")
        return redirect("billing:overview")
    messages.warning(request, "The payment is not complete yet.")
    return redirect("billing:payment")


def wants_to_pay(request: WorkspaceRequest) -> bool:
    """Whether this session came to the card's page to pay what is open; said once."""
    since = request.session.pop(_PAYS, None)
    return isinstance(since, int) and 0 <= time.time() - since <= _GOOD_FOR


def pay(request: WorkspaceRequest, account: Account) -> HttpResponse:
    """For who pressed the button that sets a card and pays."""
    return _pay(request, account)


def see_other(url: str) -> HttpResponse:
    """To a page of Stripe's."""
    return HttpResponse(status=303, headers={"Location": url})


def _pay(request: WorkspaceRequest, account: Account) -> HttpResponse:
    try:
        outcome = open_invoices.pay(account, by=request.user)
    except NothingOwed:
        messages.info(request, "Nothing is open: there is nothing to pay.")
        return redirect("billing:overview")
    except NoCard:
        messages.warning(request, "There is no card to pay with. Please add one.")
        return redirect("billing:payment")
    return _after(request, outcome)


def _after(request: WorkspaceRequest, outcome: Outcome) -> HttpResponse:
    if outcome.confirm_at:
        return see_other(outcome.confirm_at)
    if outcome.refusal:
        messages.error(request, f"The payment did not go through: {outcome.refusal}")
        return redirect("billing:payment")
    messages.success(request, "It is paid, and all is as before. Thank you!")
    return redirect("billing:overview")
