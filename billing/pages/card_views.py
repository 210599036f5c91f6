"""The cards of a workspace: which there are, and which one pays."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from billing.pages import payment_views
from billing.pages.account_of import account_of
from billing.pages.refusals import in_words
from billing.paying import open_invoices, payment_methods, portal
from identity.security import needs_recent_sign_in_to_send
from tenants.hosts import requires
from tenants.permissions import May
from tenants.requests import WorkspaceRequest


@require_safe
@requires(May.PAY)
@in_words
def cards(request: WorkspaceRequest) -> HttpResponse:
    """The list, as Stripe has it now."""
    account = account_of(request)
    context = {"cards": payment_methods.of(account), "account": account}
    return render(request, "billing/paying/cards.html", context)


@require_POST
@requires(May.PAY)
@needs_recent_sign_in_to_send
@in_words
def add(request: WorkspaceRequest) -> HttpResponse:
    """To Stripe's page on which a card is set."""
    url = portal.card_page(account_of(request), user=request.user)
    return payment_views.see_other(url)


@require_safe
@requires(May.PAY)
@in_words
def come_back(request: WorkspaceRequest) -> HttpResponse:
    """Where that page leads: the card that is charged now; who came to pay, pays."""
    account = account_of(request)
    pays = payment_views.wants_to_pay(request)
    if account.stripe_customer_id is None:
        return redirect("billing:cards")
    card = payment_methods.settle(account, by=request.user)
    account = open_invoices.refresh(account, by=request.user)
    if pays and card is not None:
        return payment_views.pay(request, account)
    if card is not None:
        messages.success(request, f"{card.words} is charged from now on.")
    return redirect("billing:cards")


@require_POST
@requires(May.PAY)
@needs_recent_sign_in_to_send
@in_words
def charge(request: WorkspaceRequest, card: str) -> HttpResponse:
    """Let another card pay."""
    account = account_of(request)
    try:
        chosen = payment_methods.charge(account, card, by=request.user)
    except payment_methods.NotThere:
        raise Http404 from None
    open_invoices.refresh(account, by=request.user)
    messages.success(request, f"{chosen.words} is charged from now on.")
    return redirect("billing:cards")


@require_POST
@requires(May.PAY)
@needs_recent_sign_in_to_send
@in_words
def remove(request: WorkspaceRequest, card: str) -> HttpResponse:
    """Take a card away."""
    try:
        gone = payment_methods.remove(account_of(request), card, by=request.user)
    except payment_methods.NotThere:
        raise Http404 from None
    except payment_methods.StillNeeded as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{gone.words} was removed.")
    return redirect("billing:cards")
