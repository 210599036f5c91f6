"""The page of the event log and of the website's builds."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cms import releases
from staff.access import staff_only
from staff.log import LogPage
from staff.navigation import page


@require_safe
@never_cache
@staff_only
def log(request: HttpRequest) -> HttpResponse:
    """The page; asked for by htmx, only the part that changes."""
    context: dict[str, object] = {"page": LogPage.of(), "broken_build": releases.broken_build()}
    if request.headers.get("HX-Request"):
        return render(request, "staff/log_live.html", context)
    return page(request, "staff/log.html", context, at="staff_log")
