"""An answer that says "not now" says when: 429 and 503 have a Retry-After (RFC 9110, 10.2.3).

Who knows better has said so; this is for all others, whatever made the answer.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from plg_site.storages import BucketUnavailable
from plg_site.web.problems import CONTENT_TYPE, problem

log = structlog.get_logger()
SECONDS = {429: 60, 503: 10}
_IN_WORDS = {
    429: "That was a little too often. Please wait, then try again.",
    503: "This does not answer at the moment. Please try again.",
}


class TryAgainMiddleware:
    """Also turns a page that the API would answer with into a problem."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        status = response.status_code
        if status not in SECONDS:
            return response
        after = response.headers.get("Retry-After") or str(SECONDS[status])
        said = response.get("Content-Type", "")
        if request.path.startswith("/api/") and not said.startswith((CONTENT_TYPE, "application/")):
            response = problem(status, _IN_WORDS[status])
        response["Retry-After"] = after
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Files that cannot be reached now are no fault of the page that wanted one."""
        if not isinstance(error, BucketUnavailable):
            return None
        log.warning("bucket_unavailable", error=str(error)[:500])
        return render(request, "503.html", status=503)
