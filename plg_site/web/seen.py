"""What is known of a request to who looks at the installation: its id, its route, its workspace.

In front of Django (`Seen`) a request gets its id: the one that a declared proxy has given it
(`client_address` takes away what anybody else says), or a new one. It stands in each log line of the
request, in its events, and in the answer, for who reports an error. What Django finds out (`note`, the
middleware) is put into the WSGI environment, where the web server's worker finds it at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from events import context
from plg_site import tracing
from plg_site.logs import requests
from plg_site.logs.records import UNRESOLVED, route_of
from tenants.requests import ROUTE, WORKSPACE

Environ = dict[str, Any]
HEADER = "X-Request-ID"
TRACE = "plg.trace_id"
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_NOBODY = "0" * 32


class Seen:
    """A WSGI application that gives each request its id."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        request_id = context.request_id(environ.get("HTTP_X_REQUEST_ID"))
        environ["HTTP_X_REQUEST_ID"] = request_id
        bound = {"request_id": request_id}
        if (draws := tracing.draws()) is not None:
            method = requests.known(environ.get("REQUEST_METHOD", ""))
            environ[tracing.DRAWN], trace = draws.begin_request(
                environ, method=method, request_id=request_id
            )
        else:
            trace = trace_of(environ.get("HTTP_TRACEPARENT", ""))
        if trace:
            bound["trace_id"] = environ[TRACE] = trace
        # Not taken away at the end: also what is logged while the answer is sent belongs to it.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(**bound)

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, [*headers, (HEADER, request_id)], *error)

        return self._application(environ, start)


class SeenMiddleware:
    """Around all others: notes what came out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        note(request)
        return response


def note(request: Any) -> None:
    """Put route and workspace of a request that was answered into its environment."""
    environ: Environ = request.META
    if (tenant := getattr(request, "tenant", None)) is not None:
        environ[WORKSPACE] = str(tenant.pk)
    route = route_of(request)
    if route == UNRESOLVED and request.path_info.startswith(settings.STATIC_URL):
        route = "static"
    environ[ROUTE] = route


def trace_of(traceparent: str) -> str:
    """The trace id in a header of a declared proxy (W3C Trace Context, 3.2); "" where it is none.

    Flags are not looked at: 03 (sampled, random) is as good as 01.
    """
    found = _TRACEPARENT.fullmatch(traceparent)
    return found[1] if found and found[1] != _NOBODY else ""
