"""A request whose address no table could hold is answered in words, before anything reads it.

PostgreSQL takes no NUL in a text, so one in a path, a query or a cookie would end as an error of ours
wherever it is first looked up. Forms and bodies say it themselves, field by field.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from plg_site.web import problems
from tenants import hosts

_API = "/api/"
_ESCAPED = re.compile(r"%00|\0")
_IN_COOKIE = re.compile(r"\\000|\0|%00")  # a quoted cookie has its octets in octal, RFC 2109
_WORDS = "There is a NUL in the address or in a cookie, which can be part of no text here."


class ReadableMiddleware:
    """400 for a NUL, written out or escaped, in the path, the query or a cookie."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        said = request.META
        if (
            "\0" in request.path_info
            or _ESCAPED.search(said.get("QUERY_STRING", ""))
            or _IN_COOKIE.search(said.get("HTTP_COOKIE", ""))
        ):
            return _refused(request)
        return self.get_response(request)


def _refused(request: HttpRequest) -> HttpResponse:
    if request.path_info.startswith(_API):
        answer: HttpResponse = problems.problem(400, _WORDS)
    else:
        answer = HttpResponse(render_to_string("400.html"), status=400)
    return hosts.harden(answer, is_secure=request.is_secure())
