"""Its one page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

import events
from metering.quotas import quota
from metering.quotas.quota import QuotaExceeded
from tests.stub_product.event_types import BUTTON_PRESSED


def home(request: HttpRequest) -> HttpResponse:
    """A button; pressing it is metered."""
    if request.method != "POST":
        return render(request, "stub_product/home.html")
    try:
        quota.consume(request.tenant, "presses")
    except QuotaExceeded as refused:
        context = {"reason": refused.decision.reason}
        return render(request, "stub_product/home.html", context, status=402)
    events.record(BUTTON_PRESSED.name, tenant=request.tenant)
    return redirect("product:home")
