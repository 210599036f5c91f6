"""What is told of each request: a line in the log, and the numbers of its route."""

from __future__ import annotations

from typing import Any

from plg_site import tracing
from plg_site.logs import requests
from plg_site.logs.records import UNRESOLVED

# Names in the WSGI environment, as tenants.requests and plg_site.web.seen put them there. This is
# imported by gunicorn's main process, which has no Django.
ROUTE, WORKSPACE, TRACE = "plg.route", "plg.workspace", "plg.trace_id"
writes_lines = counts = False  # settings, in a worker


def begin() -> None:
    """In a worker that has Django."""
    global writes_lines, counts
    from django.conf import settings

    from events import metrics

    writes_lines, counts = settings.LOG_REQUESTS, settings.METRICS_PORT > 0
    metrics.serve()


def of_request(resp: Any, environ: dict[str, Any], *, seconds: float) -> None:
    """`resp` is gunicorn's response, after it was handed over."""
    route = environ.get(ROUTE, UNRESOLVED)
    method, status = environ.get("REQUEST_METHOD", ""), int(str(resp.status)[:3])
    in_workspace = WORKSPACE in environ
    if (span := environ.pop(tracing.DRAWN, None)) is not None and (draws := tracing.draws()):
        draws.end_request(
            span, route=route, method=requests.known(method), status=status,
            workspace=environ.get(WORKSPACE, ""),
        )  # fmt: skip
    if counts:
        from plg_site.numbers.requests import count

        count(route=route, method=method, status=status, seconds=seconds, in_workspace=in_workspace)
    if not writes_lines:
        return
    from events.limits import client_address

    requests.write(
        route=route,
        method=method,
        status=status,
        seconds=seconds,
        size=max(resp.sent, 0 if method == "HEAD" else resp.response_length or 0),
        workspace=environ.get(WORKSPACE, ""),
        client=client_address(environ) or "",
        request_id=environ.get("HTTP_X_REQUEST_ID", ""),
        trace_id=environ.get(TRACE, ""),
    )
