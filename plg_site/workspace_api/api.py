"""The workspace's API: the product's operations and usage, behind API keys, each call metered.

Operations are at /api/v1/..., the docs at /api/docs; the document is at /api/v1/openapi.json, and on
the site (`api_reference`). The product brings
`<PRODUCT_APP>.api.router`; this module gives it keys, metering, errors and documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, register_converter
from django.urls.converters import StringConverter
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Router
from ninja.openapi.docs import Swagger
from ninja.operation import Operation
from ninja.router import BoundRouter

import events
from cms.public import answers_head
from metering import api as metering_api
from metering import definitions, quotas
from metering.api import meters_router
from plg_site.web import problems, rate_headers
from plg_site.workspace_api import document as api_document
from plg_site.workspace_api import events_api
from plg_site.workspace_api import scopes as api_scopes
from tenants.api import ApiKeyAuth, BodyParser
from tenants.event_types import API_CALLED
from tenants.models import ApiKey
from tenants.scopes import Scope, ScopeMissing

METER = "api_calls"  # consumed by each call, where the product's catalogue has such a meter
_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")

DESCRIPTION = """
What people do in the workspace, your programs can do, too.

## Keys
Make one under *API keys* in your workspace and send it with each request:
`Authorization: Bearer sk_…`. A key belongs to one workspace and works on its address only. What it
may do was chosen when it was made: `read`, `write`, `events`. Each operation names the scope that it
needs; a key without it is answered `403`.

## Limits
Each request with a valid key counts as an API call. At a limit of your plan the answer is `402`
with the meter, its limit and where to upgrade; what exists keeps working. A key, and a workspace with
all its keys, may call only so fast: `429` says in `Retry-After` how many seconds to wait. Every answer
tells in `RateLimit` what is left (`r`) and in how many seconds there is more (`t`), and in
`RateLimit-Policy` what the limits are (`q` in each `w` seconds).

## Events and meters
Tell what happened as CloudEvents, one or a thousand in a call, and ask what it came to by day, by
hour and by group. OpenMeter's Python client does both as it is: give it this workspace's address
and a key.

## Errors
They are problem+json (RFC 9457), with words for people and a status for programs.

## Retries
A POST may carry an `Idempotency-Key` where the operation names it: sent again with the same key, it
finds what the first one made. Events need none: their `source` and `id` say which one it is.
"""


class WorkspaceKey(ApiKeyAuth):
    """A valid key with the operation's scope, and room for one more call.

    Raises ScopeMissing, RateExceeded, QuotaExceeded without.
    """

    openapi_description = "A key of this workspace, as it was shown when it was made: sk_…"

    def __init__(self, scope: Scope = Scope.WRITE) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        key = super().authenticate(request, token)
        if key is None:
            return None
        events.context.add(api_key=str(key.id))
        rate_headers.note(
            request, *quotas.count_call(key=key.id.hex, workspace=key.tenant.schema_name)
        )
        if self.scope.value not in key.scopes:
            raise ScopeMissing(self.scope)
        if METER in definitions.meters():
            rate_headers.note(request, quotas.consume(key.tenant, METER))
        events.record(
            API_CALLED.name,
            tenant=key.tenant,
            properties={
                "method": request.method,
                "path": route_template(request),
                "key_id": str(key.id),
            },
        )
        return key


def route_template(request: HttpRequest) -> str:
    """The route that was called, without anybody's ids: "/api/v1/links/{link_id}"."""
    route = request.resolver_match.route if request.resolver_match else ""
    return "/" + _CONVERTER.sub(r"{\1}", route)


class Docs(Swagger):
    """Swagger UI inside our own page: its scripts are served from here, none is inline."""

    template = "api/docs.html"

    def __init__(self) -> None:
        super().__init__(
            {
                "docExpansion": "list",
                "defaultModelsExpandDepth": 0,
                "displayRequestDuration": True,
                "validatorUrl": None,
                "deepLinking": False,  # its links would stand inside buttons
            }
        )


class WorkspaceAPI(NinjaAPI):
    """Django Ninja, with problems for wrong methods and unknown paths, and in the documentation."""

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        urls = super()._get_urls()
        for pattern in urls:
            if isinstance(pattern, URLPattern):
                if pattern.name == "openapi-json":
                    pattern.callback = openapi
                if pattern.name == "openapi-view":
                    pattern.callback = csrf_exempt(require_safe(pattern.callback))
                answering = problems.with_problem_for_405(answers_head(pattern.callback))
                pattern.callback = rate_headers.with_rate_headers(answering)
        return urls

    def _get_bound_routers(self) -> list[BoundRouter]:
        is_first = self._bound_routers_cache is None
        routers = super()._get_bound_routers()
        if is_first:
            api_scopes.require(_operations(routers), WorkspaceKey)
        return routers

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The function's name, not where it lies: clients are made from it, modules are moved."""
        return operation.view_func.__name__

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        """The whole document, whatever host asks (its paths begin at the workspace's address)."""
        schema: Any = super().get_openapi_schema(**{**kwargs, "path_prefix": api_document.PREFIX})
        schema["servers"] = api_document.of_any_workspace()
        schema = api_document.complete(schema)
        scopes = {
            each.operation_id or self.get_openapi_operation_id(each): api_scopes.scope_of(each)
            for each in _operations(self._get_bound_routers())
        }
        api_scopes.name_in(schema, scopes)
        return schema


def _operations(routers: list[BoundRouter]) -> Iterator[Operation]:
    for router in routers:
        for view in router.path_operations.values():
            yield from view.operations


def build() -> WorkspaceAPI:
    """The API of the product that settings name."""
    api = WorkspaceAPI(
        title=f"{settings.WAGTAIL_SITE_NAME} API",
        version="1",
        description=DESCRIPTION,
        urls_namespace="api",
        auth=WorkspaceKey(),
        docs=Docs(),
        parser=BodyParser(),
    )
    problems.install(api)
    api.add_router("v1/", import_module(f"{settings.PRODUCT_APP}.api").router)
    api.add_router("v1/", events_api.router)
    api.add_router("v1/", metering_api.router)
    api.add_router("v1/", meters_router)
    api.add_router("v1/", _everything_else())
    return api


class _Anything(StringConverter):
    """Like Django's `path`, whose full stop takes everything but a line break."""

    regex = r"[\s\S]+"


register_converter(_Anything, "anything")


def _everything_else() -> Router:
    """Unknown paths are answered by the API, too: with a problem, not with a page."""
    router = Router()

    def nothing(request: HttpRequest) -> HttpResponse:
        return problems.not_found()

    def unknown(request: HttpRequest, rest: str) -> HttpResponse:
        return problems.not_found()

    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    for path, view in (("", nothing), ("/{anything:rest}", unknown)):
        router.api_operation(methods, path, auth=None, include_in_schema=False)(view)
    return router


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document; nothing in it changes while the process runs."""
    return dict(api.get_openapi_schema())


openapi, openapi_on_the_site = api_document.views(document)
api = build()
