"""For the people who run the installation: usage over all workspaces, and how the log is doing.

Only numbers of usage are shown, and what the log itself counts; nothing that a workspace wrote.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cms import builds
from plg_site.staff_page import StaffPage

View = Callable[..., HttpResponse]


def staff_only(view: View) -> View:
    """Visitors are sent to sign in; everybody who is not staff finds nothing."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            back = urlencode({"next": request.build_absolute_uri()})
            return HttpResponseRedirect(f"{settings.LOGIN_URL}?{back}")
        if not request.user.is_working_staff:
            raise Http404
        return view(request, *args, **kwargs)

    return checked


@require_safe
@never_cache
@staff_only
def usage(request: HttpRequest) -> HttpResponse:
    """The page; asked for by htmx, only the part that changes."""
    page = StaffPage.of(meter_key=request.GET.get("meter", ""), days=request.GET.get("days", ""))
    template = "staff/usage_live.html" if request.headers.get("HX-Request") else "staff/usage.html"
    return render(request, template, {"page": page, "broken_build": builds.broken()})
