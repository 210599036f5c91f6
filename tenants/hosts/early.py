"""Answers that need a workspace and nothing else: no session, no sign-in, no page.

A product that has such a hot path brings a module `<PRODUCT_APP>.early` with two functions:
`may_answer(method, path)`, which says whether a request is worth a look, and
`view_for(path, tenant)`, which gives the view that answers, or None. What is not answered here goes
its ordinary way, through Django's handler and all middleware.

On the short way the schema is not entered, no signal is sent, `tenant` is shared by threads and must
not be changed; only the security headers, the request's events and the visitor's id are looked after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.handlers.exception import response_for_exception
from django.core.handlers.wsgi import WSGIRequest
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections
from django.http import HttpResponse
from django.middleware.security import SecurityMiddleware

from events.middleware import EventBufferMiddleware
from identity.middleware import VisitorMiddleware
from tenants.hosts import resolving
from tenants.hosts.headers import missing
from tenants.models import Status
from tenants.requests import ROUTE, WORKSPACE

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class EarlyAnswers:
    """Asks the product for an early answer."""

    def __init__(self) -> None:
        visitor: Any = VisitorMiddleware(_call_view)
        self._lane: Any = EventBufferMiddleware(visitor)
        if settings.SECURE_SSL_REDIRECT:
            self._lane = SecurityMiddleware(self._lane)
        self._name = f"{settings.PRODUCT_APP}.early"
        self._product = _module(self._name)

    def to(self, environ: Environ) -> HttpResponse | None:
        """The answer to a WSGI request, or None where it has to go the ordinary way."""
        try:
            return self._answer(environ)
        except Exception as error:  # the same page and log line as for an exception in a view
            return response_for_exception(WSGIRequest(environ), error)

    def _answer(self, environ: Environ) -> HttpResponse | None:
        path = environ.get("PATH_INFO", "")
        if self._product is None or not self._product.may_answer(environ["REQUEST_METHOD"], path):
            return None
        host, is_public = resolving.named(environ.get("HTTP_HOST", ""))
        tenant = resolving.tenant_to_read(host) if is_public else None
        if tenant is None or tenant.status != Status.ACTIVE:
            return None
        view = self._product.view_for(path, tenant)
        if view is None:
            return None
        request: Any = WSGIRequest(environ)
        request.tenant, request.early_view = tenant, view
        environ[ROUTE], environ[WORKSPACE] = self._name, str(tenant.pk)
        response: HttpResponse = self._lane(request)
        return response


class AnswersEarly:
    """A WSGI application in front of Django's own."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._early = EarlyAnswers()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = self._early.to(environ)
        # Something was looked up, and Django's signals do not come by here. (Tests hold a transaction.)
        main = connections[DEFAULT_DB_ALIAS]  # asked once: every click pays for it
        if main.connection is not None and not main.in_atomic_block:
            close_old_connections()
        if response is None:
            return self._application(environ, start_response)
        headers = list(response.items())
        headers += missing(headers, is_secure=_is_secure(environ))
        for cookie in response.cookies.values():
            headers.append(("Set-Cookie", cookie.OutputString()))
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        return [response.content]


def _call_view(request: Any) -> HttpResponse:
    response: HttpResponse = request.early_view(request)
    # CommonMiddleware says it elsewhere; without it the server would send chunks.
    response.headers["Content-Length"] = str(len(response.content))
    return response


def _is_secure(environ: Environ) -> bool:
    return bool(environ["wsgi.url_scheme"] == "https")


def _module(name: str) -> Any:
    return import_module(name) if find_spec(name) else None
