"""`/c/v1/…` of the website leads to the collector: blockers know hosts of analytics, not paths of a site.

In production the proxy leads there (deploy/Caddyfile, deploy/nginx.conf) and nothing of this runs; it is
for an installation without one, such as a development stack. Cookies stay here.
"""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from plg_site.web.problems import problem

_TAKEN_ALONG = ("authorization", "content-type", "content-encoding", "origin", "x-retry-count")
_BROUGHT_BACK = ("content-type", "retry-after", "access-control-allow-origin", "cache-control")
_PREFLIGHT = (
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
)
_SECONDS = 10.0


@csrf_exempt  # a write key says who it is, and no cookie goes along
@never_cache
def to_collector(request: HttpRequest, rest: str) -> HttpResponse:
    """What the collector answers; 503 where it does not, 404 where there is none."""
    if not settings.COLLECT_URL:
        return problem(HTTPStatus.NOT_FOUND, "There is no collector here.")
    headers = {name: request.headers[name] for name in _TAKEN_ALONG if name in request.headers}
    headers["x-forwarded-for"] = request.META.get("REMOTE_ADDR", "")
    try:
        answer = _client().request(
            request.method or "GET",
            f"{_address(settings.COLLECT_URL)}/v1/{rest}",
            headers=headers,
            content=request.body,
        )
    except httpx.HTTPError:
        away = problem(HTTPStatus.SERVICE_UNAVAILABLE, "The collector does not answer.")
        away["Retry-After"] = "5"
        away["Access-Control-Allow-Origin"] = "*"
        return away
    response = HttpResponse(answer.content, status=answer.status_code)
    for name in (*_BROUGHT_BACK, *_PREFLIGHT):
        if name in answer.headers:
            response[name] = answer.headers[name]
    return response


@cache
def _address(url: str) -> str:
    """Browsers resolve *.localhost to this machine; systems need not."""
    where = urlsplit(url)
    if not (where.hostname or "").endswith(".localhost"):
        return url
    return where._replace(netloc=f"127.0.0.1:{where.port or 80}").geturl()


@cache
def _client() -> httpx.Client:
    """Of a process; it asks no proxy of the environment, and follows nothing."""
    return httpx.Client(timeout=_SECONDS, trust_env=False)
