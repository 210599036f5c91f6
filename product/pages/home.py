"""Home: first steps, a link in one line, and what happened last."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from metering import alerts
from metering.pages import gauges
from product.forms import QuickLinkForm
from product.listing import rows
from product.models import Link
from product.onboarding import checklist
from product.pages import live_part
from tenants.requests import WorkspaceRequest

_RECENT = 5
_STATS = ("links", "clicks", "storage")


@require_safe
def home(request: WorkspaceRequest) -> HttpResponse:
    """The page of the address that a member opens."""
    return render(request, "product/home.html", home_context(request, form=QuickLinkForm()))


@require_safe
@never_cache
def home_live(request: WorkspaceRequest) -> HttpResponse:
    """The part of the home page that follows what happens."""
    context = home_context(request, form=QuickLinkForm())
    return live_part.answer(request, "product/home_live_answer.html", context)


def home_context(request: WorkspaceRequest, *, form: QuickLinkForm) -> dict[str, Any]:
    """What the home page and the parts of it that htmx swaps show."""
    tenant = request.tenant
    meters = gauges(tenant)
    recent = Link.objects.select_related("file").order_by("-id")[:_RECENT]
    shown: dict[str, Any] = {
        "checklist": checklist(tenant),
        "recent": rows(tenant, recent),
        "stats": [gauge for gauge in meters if gauge.key in _STATS],
        "warnings": [gauge for gauge in meters if gauge.warning],
        "notices": alerts.burst_notices(tenant),
    }
    shown_rows = [row.shown for row in shown["recent"]]
    version = live_part.version(
        shown["checklist"], shown_rows, shown["stats"], shown["warnings"], shown["notices"]
    )
    return {"form": form, "version": version, **shown}
