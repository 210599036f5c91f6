"""Answers that need a workspace and nothing else: no session, no sign-in, no page.

A product that has such a hot path brings a module `<PRODUCT_APP>.early` with two functions:
`may_answer(request)`, which says from the request alone whether it is worth a look, and
`view_for(request, tenant)`, which gives the view that answers, or None: then the request goes its
ordinary way, through all middleware. On this way the schema is not entered, `tenant` is shared by
threads and must not be changed, and only events and the visitor's id are looked after.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.http import HttpResponse

from events.middleware import EventBufferMiddleware
from identity.middleware import VisitorMiddleware
from tenants import hosts
from tenants.requests import HostRequest

EarlyView = Callable[[Any], HttpResponse]


class EarlyAnswers:
    """The short way through the middleware, for what the product wants to answer on it."""

    def __init__(self) -> None:
        self._lane = EventBufferMiddleware(VisitorMiddleware(_call_view))

    def __call__(self, request: HostRequest, host: str) -> HttpResponse | None:
        """The answer, or None where the request has to go the ordinary way."""
        product = _product(settings.PRODUCT_APP)
        if product is None or not product.may_answer(request):
            return None
        tenant = hosts.tenant_to_read(host)
        if tenant is None:
            return None
        view = product.view_for(request, tenant)
        if view is None:
            return None
        request.tenant = tenant
        request.early_view = view
        return self._lane(request)


def _call_view(request: Any) -> HttpResponse:
    response: HttpResponse = request.early_view(request)
    # CommonMiddleware says it elsewhere; without it the server would send chunks.
    response.headers["Content-Length"] = str(len(response.content))
    return response


@cache
def _product(app: str) -> Any:
    name = f"{app}.early"
    return import_module(name) if find_spec(name) else None
