"""The headless content API: published pages, for everybody, read only.

Built from the public operations of Wagtail's API v3. Its writing operations are not mounted, and
every request is treated as a stranger's (docs/decisions/0003-content-api.md).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from wagtail.api.v3.errors import PROBLEM_JSON, register_exception_handlers
from wagtail.api.v3.routers import pages as wagtail_pages
from wagtail.api.v3.schemas import BasePageSchema

from cms.public.head import answers_head
from events import shedding

_MOST_VALUES = 20  # of one parameter
_LARGEST = (
    2**31 - 1
)  # the database's integers end there, and so do numbers that mean something here
_WORDS = frozenset({"search"})  # where a number is a word like any other
_CREDENTIALS = ("HTTP_AUTHORIZATION", "HTTP_COOKIE")


def as_stranger(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Run an operation for a request without user, session, cookies or token.

    The original request is left alone: the session middleware still has to finish with it.
    """

    @wraps(operation)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if shedding.is_shed("dynamic_pages"):
            shedding.count("dynamic_pages")
            return _not_now()
        if refusal := _refusal(request, kwargs.values()):
            said = {"status": 400, "detail": refusal}
            return JsonResponse(said, status=400, content_type="application/problem+json")
        stranger = copy.copy(request)
        stranger.user = AnonymousUser()
        stranger.session = SessionBase()  # without a key it stays empty
        stranger.COOKIES = {}
        stranger.META = {k: v for k, v in request.META.items() if k not in _CREDENTIALS}
        return operation(stranger, *args, **kwargs)

    return run


def _not_now() -> JsonResponse:
    said = {"status": 503, "detail": "Too many people are here right now. Please ask again later."}
    response = JsonResponse(said, status=503, content_type="application/problem+json")
    response["Retry-After"] = str(shedding.retry_after("dynamic_pages"))
    return response


def _refusal(request: HttpRequest, in_path: Iterable[Any]) -> str:
    if any(len(request.GET.getlist(name)) > _MOST_VALUES for name in request.GET):
        return f"Say each parameter at most {_MOST_VALUES} times."
    said = [value for name in request.GET.keys() - _WORDS for value in request.GET.getlist(name)]
    if any(_is_too_large(value) for value in (*said, *map(str, in_path))):
        return f"A number is {_LARGEST} at most."
    return ""


def _is_too_large(value: str) -> bool:
    try:
        return abs(Decimal(value)) > _LARGEST
    except InvalidOperation:  # no number, or none that can be compared
        return False


class ContentAPI(NinjaAPI):
    """Django Ninja, with HEAD where there is GET, and its own address in its document, which says what
    `as_stranger` holds: a parameter is a list with an end, and a number has one."""

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        urls = super()._get_urls()
        for pattern in urls:
            if isinstance(pattern, URLPattern):
                pattern.callback = answers_head(pattern.callback)
        return urls

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        schema = super().get_openapi_schema(**{**kwargs, "path_prefix": PREFIX})
        schema["servers"] = [{"url": settings.SITE_URL}]
        problem = {
            "description": "Refused, in words",
            "content": {PROBLEM_JSON: {"schema": _PROBLEM}},
        }
        for path in schema["paths"].values():
            for operation in path.values():
                operation["responses"].setdefault("default", problem)
                _say_bounds(operation)
        return schema


def _say_bounds(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        said = parameter["schema"]
        for each in (said, *said.get("anyOf", ())):
            if each.get("type") == "array":
                each["maxItems"] = _MOST_VALUES
            if each.get("type") == "integer":
                each.setdefault("maximum", _LARGEST)
                if "exclusiveMinimum" not in each:
                    each.setdefault("minimum", -_LARGEST)


PREFIX = "/api/content/"
_PROBLEM: dict[str, Any] = {  # RFC 9457
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
# Wagtail's schemas reverse their own addresses in this namespace.
content_api = ContentAPI(
    title="Website content",
    version="1",
    description="Published pages of the website. Read only, no key needed.",
    urls_namespace="wagtailapi_v3",
    docs_url="/docs",
)
content_api.add_decorator(as_stranger, mode="view")
register_exception_handlers(content_api)

_list = content_api.get(
    "/pages/",
    response=list[BasePageSchema],
    url_name="list_pages",
    operation_id="pages_list",
    summary="List pages",
    tags=["pages"],
)(wagtail_pages.list_pages)
_find = content_api.get(
    "/pages/find/",
    response=wagtail_pages.PageDetailSchema,
    url_name="find_page",
    operation_id="pages_find",
    summary="Find a page by its address (html_path)",
    tags=["pages"],
)(wagtail_pages.find_page)
_detail = content_api.get(
    "/pages/{page_id}/",
    response=wagtail_pages.PageDetailSchema,
    url_name="detail_page",
    operation_id="pages_detail",
    summary="One page with all its content",
    tags=["pages"],
)(wagtail_pages.get_page)
