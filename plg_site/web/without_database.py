"""What people get while a database is away: a page in words, made without it, or a problem.

The breaker has told the log (events.postgres); a line for each request would only bury its two.
"""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from events.postgres import RETRY_AFTER, is_told
from plg_site.web import problems

_TEMPLATE = "without_database.html"


def answer(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After. Asks nobody: neither who it is, nor what they want."""
    if request.path.startswith("/api/") or not request.accepts("text/html"):
        return problems.without_database()
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    response = HttpResponse(page(), status=503, headers=headers)
    if is_told():
        response._has_been_logged = True  # type: ignore[attr-defined]  # Django asks for it
    return response


@cache
def page() -> bytes:
    """The same for everybody, on every host."""
    return render_to_string(_TEMPLATE, {"site_url": settings.SITE_URL}).encode()
