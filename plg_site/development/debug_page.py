"""What an error of ours looks like: to people an apology, to who develops here the place in the code.

Not by DEBUG, which changes more than the page: SQL is kept in memory, targets may be anywhere, and
dj-stripe lets whoever calls name the webhook's secret. `bin/dev` sets SHOW_ERRORS instead, and only
where it listens on loopback (plg_site.configuration.safety refuses anything else); and a request that
came by way of a proxy or a tunnel gets the apology.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views import defaults
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from events.postgres import is_away
from plg_site.configuration.safety import is_loopback
from plg_site.web import without_database

_FROM_ELSEWHERE = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED", "HTTP_VIA")


class _Starred(SafeExceptionReporterFilter):
    """Stars for secrets, by name: in settings, where some addresses hold one, and in what was sent.

    A screenshot of an error goes further than the machine.
    """

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|[A-Z]_URL$|BROKER|LOCATION|CSRF",
        re.I,
    )

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        sent = super().get_post_parameters(request)
        return {name: self.cleanse_setting(name, value) for name, value in sent.items()}


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500` of every host."""
    kind, error, trace = sys.exc_info()
    if error is not None and is_away(error):
        return without_database.answer(request)
    if error is None or not _may_see(request):
        return defaults.server_error(request)
    request.exception_reporter_filter = _Starred()  # as Django has it
    reporter = ExceptionReporter(request, kind, error, trace)
    if not request.accepts("text/html") or request.headers.get("HX-Request"):
        text = reporter.get_traceback_text()
        return HttpResponse(text, status=500, content_type="text/plain; charset=utf-8")
    answer = HttpResponse(reporter.get_traceback_html(), status=500)
    answer._csp_exempt = True  # type: ignore[attr-defined]  # Django's page brings its style along
    return answer


def _may_see(request: HttpRequest) -> bool:
    if not settings.SHOW_ERRORS or any(name in request.META for name in _FROM_ELSEWHERE):
        return False
    return is_loopback(request.META.get("REMOTE_ADDR", ""))
