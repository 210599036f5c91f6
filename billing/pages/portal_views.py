"""The way to Stripe's customer portal, and back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from billing.pages.account_of import account_of
from billing.pages.payment_views import see_other
from billing.pages.refusals import in_words
from billing.paying import open_invoices, payment_methods, portal
from identity.security import needs_recent_sign_in_to_send
from tenants.hosts import requires
from tenants.permissions import May
from tenants.requests import WorkspaceRequest


@require_POST
@requires(May.PAY)
@needs_recent_sign_in_to_send
@in_words
def visit(request: WorkspaceRequest) -> HttpResponse:
    """To the portal of our own customer."""
    try:
        return see_other(portal.visit(account_of(request)))
    except portal.NoCustomer:
        messages.info(request, "It is there once your workspace has paid for something.")
        return redirect("billing:overview")


@require_safe
@requires(May.PAY)
@in_words
def come_back(request: WorkspaceRequest) -> HttpResponse:
    """What was changed there is asked for before anything is drawn."""
    account = account_of(request)
    if account.stripe_customer_id is not None:
        payment_methods.settle(account, by=request.user)
        open_invoices.refresh(account, by=request.user)
    return redirect("billing:overview")
