"""The usage page of a workspace, and the part of it that keeps itself up to date."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from metering import live
from metering.page import UsagePage
from tenants.requests import WorkspaceRequest


@require_safe
@never_cache
def usage(request: WorkspaceRequest) -> HttpResponse:
    """The whole page."""
    return render(request, "metering/usage.html", {"page": UsagePage.of(request.tenant)})


@require_safe
@never_cache
def usage_live(request: WorkspaceRequest) -> HttpResponse:
    """The live part, asked for every second: 204 (htmx leaves the page alone) if nothing changed.

    Two small queries, no session write, no event.
    """
    page = UsagePage.of(request.tenant)
    if request.GET.get("seen") == page.version:
        return HttpResponse(status=204)
    return render(request, "metering/live.html", {"page": page})


@require_safe
@never_cache
def live_address(request: WorkspaceRequest) -> JsonResponse:
    """Where this page may listen for changes in the next minutes; "" when it has to ask."""
    origin = f"{request.scheme}://{request.get_host()}"
    return JsonResponse({"url": live.address(request.tenant.schema_name, origin=origin)})
