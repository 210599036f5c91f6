"""The usage pages of a workspace, and the parts of them that keep themselves up to date."""

from __future__ import annotations

from django.http import Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from events.store import StoreUnavailable
from metering import live
from metering.asking import export, ranges
from metering.asking.query import WrongQuestion
from metering.definitions import catalogue
from metering.definitions.meter import Meter
from metering.pages.meter_page import Ask, MeterPage
from metering.pages.usage_page import UsagePage
from tenants.requests import WorkspaceRequest


@require_safe
@never_cache
def usage(request: WorkspaceRequest) -> HttpResponse:
    """The whole page."""
    return render(request, "metering/usage.html", {"page": UsagePage.of(request.tenant)})


@require_safe
@never_cache
def usage_live(request: WorkspaceRequest) -> HttpResponse:
    """The live part, asked for after changes: 204 (htmx leaves the page alone) if it is the same.

    A few small queries, no session write, no event.
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


@require_safe
@never_cache
def meter(request: WorkspaceRequest, key: str) -> HttpResponse:
    """One meter: its state, a chart, who or what used the most."""
    page = _meter_page(request, _meter(key))
    crumbs = [
        {"label": "Usage", "url": reverse("metering:usage")},
        {"label": page.meter.label, "url": ""},
    ]
    export_url = reverse("metering:export", args=[key])
    context = {
        "page": page,
        "crumbs": crumbs,
        "limits_url": reverse("metering:limits"),
        "export_url": f"{export_url}?{page.query}" if page.query else export_url,
    }
    return render(request, "metering/meter.html", context)


@require_safe
@never_cache
def meter_live(request: WorkspaceRequest, key: str) -> HttpResponse:
    """The live part of the meter's page, as that of the usage page."""
    page = _meter_page(request, _meter(key))
    if request.GET.get("seen") == page.version:
        return HttpResponse(status=204)
    return render(request, "metering/meter_live.html", {"page": page})


@require_safe
@never_cache
def export_csv(request: WorkspaceRequest, key: str) -> HttpResponse | StreamingHttpResponse:
    """What the chart of a meter's page shows, as a file; 503 in words while it cannot be read."""
    found, wanted = _meter(key), Ask.of(request.GET)
    chosen = ranges.pick(request.tenant, found, wanted.range, now=timezone.now())
    window = ranges.pick_window(chosen, wanted.window)
    groups = (wanted.group,) if wanted.group in found.group_by else ()
    question = chosen.question(found, group_by=groups)
    try:
        return export.response(request.tenant, found, question, window=window)
    except WrongQuestion as wrong:
        return _in_words(str(wrong), status=422)
    except StoreUnavailable:
        return _in_words("Usage cannot be read right now. Nothing is lost.", status=503)


def _in_words(text: str, *, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def _meter_page(request: WorkspaceRequest, found: Meter) -> MeterPage:
    return MeterPage.of(request.tenant, found, Ask.of(request.GET))


def _meter(key: str) -> Meter:
    try:
        return catalogue.get(key)
    except KeyError:
        raise Http404 from None
