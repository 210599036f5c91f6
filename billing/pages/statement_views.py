"""Usage lines opened: for those who pay, of their own workspace; another's is not there."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.pages import statement_page
from tenants.hosts import requires
from tenants.permissions import May
from tenants.requests import WorkspaceRequest


@require_safe
@requires(May.PAY)
def statement(request: WorkspaceRequest, number: int) -> HttpResponse:
    """A sealed statement: what was counted, what it costs, and how it came to Stripe."""
    found = statement_page.find(request.tenant, number)
    return render(request, "billing/statement.html", {"page": statement_page.of(found)})


@require_safe
@requires(May.PAY)
def statement_events(request: WorkspaceRequest, number: int) -> HttpResponse:
    """The events behind it, a page at a time."""
    found = statement_page.find(request.tenant, number)
    shown = statement_page.events_of(found, after=request.GET.get("after", ""))
    return render(request, "billing/statement_events.html", {"page": shown})
