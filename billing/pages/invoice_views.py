"""All invoices of a workspace, a page at a time; its own only."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from billing.pages.account_of import account_of
from billing.subscriptions import invoices as listed
from tenants.hosts import requires
from tenants.permissions import May
from tenants.requests import WorkspaceRequest


@require_safe
@requires(May.PAY)
def invoices(request: WorkspaceRequest) -> HttpResponse:
    """The list, the newest first; asks our own database only."""
    rows = listed.rows_of(account_of(request))
    page = Paginator(rows, listed.SHOWN).get_page(request.GET.get("page"))
    context = {"page_obj": page, "invoices": [listed.line(each) for each in page.object_list]}
    return render(request, "billing/paying/invoices.html", context)


@require_safe
@requires(May.PAY)
def invoice(request: WorkspaceRequest, invoice_id: str) -> HttpResponse:
    """To Stripe's page of the invoice, where one that is open is paid."""
    return _lead_to(_own(request, invoice_id).url)


@require_safe
@requires(May.PAY)
def pdf(request: WorkspaceRequest, invoice_id: str) -> HttpResponse:
    """To the invoice as a PDF."""
    return _lead_to(_own(request, invoice_id).pdf)


def _own(request: WorkspaceRequest, invoice_id: str) -> listed.Invoice:
    found = listed.one_of(account_of(request), invoice_id)
    if found is None:
        raise Http404
    return found


def _lead_to(url: str) -> HttpResponse:
    if not url:
        raise Http404
    return redirect(url)
