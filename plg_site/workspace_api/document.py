"""The OpenAPI document of the workspace's API, as programs read it: whole, valid, the same for all.

Django Ninja writes what operations take and give; here stand what every operation may answer
instead, and where the API is. It is given to whoever asks, with a key or without.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from plg_site.web import problem_schemas
from plg_site.web.problems import with_problem_for_405
from plg_site.workspace_api import events_api_docs
from tenants import workspace_url
from tenants.hosts import open_to_visitors, open_while
from tenants.models import Status
from tenants.requests import HostRequest

PREFIX = "/api/"
_KEYED = (401, 402, 403, 410, 429)  # what a key, a plan, a role and a closed workspace may lead to
_BODY = (400, 411, 413, 415)
_UNREADABLE = (503,)
# What an operation may answer beside that, by its id.
_MORE: dict[str, tuple[int, ...]] = {
    "create_link": (409,),
    "list_usage": _UNREADABLE,
    "read_usage": _UNREADABLE,
    "query_meter": _UNREADABLE,
    "query_meter_by_post": _UNREADABLE,
    "send_events": _UNREADABLE,
}


def complete(schema: dict[str, Any]) -> dict[str, Any]:
    """Add to Ninja's document what it cannot know."""
    schema["components"]["schemas"] |= problem_schemas.ALL | events_api_docs.schemas()
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            for status in _refusals(path, operation):
                operation["responses"].setdefault(status, _refusal(status, operation))
            operation["responses"].setdefault("default", _refusal(None, operation))
    return schema


def _refusals(path: str, operation: dict[str, Any]) -> list[int]:
    """The errors that this operation may answer, in order."""
    takes = operation.get("parameters") or "requestBody" in operation
    return sorted(
        {
            *_KEYED,
            *((404,) if "{" in path else ()),
            *((422,) if takes else ()),
            *(_BODY if "requestBody" in operation else ()),
            *_MORE.get(operation["operationId"], ()),
        }
    )


def _refusal(status: int | None, operation: dict[str, Any]) -> dict[str, Any]:
    name = problem_schemas.BY_STATUS.get(status, "Problem")
    if status == 422 and operation["operationId"] == "send_events":
        name = "EventsProblem"
    content = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    return {
        "description": HTTPStatus(status).phrase if status else "Refused, in words",
        "content": {problem_schemas.CONTENT_TYPE: content},
    }


def of_a_workspace(url: str) -> list[dict[str, Any]]:
    """`servers` of the workspace at this address."""
    return [{"url": url.rstrip("/"), "description": "This workspace"}]


def of_any_workspace() -> list[dict[str, Any]]:
    """`servers` where nobody has said which workspace."""
    return [
        {
            "url": settings.WORKSPACES_URL_PATTERN.replace("*", "{workspace}"),
            "description": "The workspace that the key belongs to",
            "variables": {"workspace": {"default": "acme", "description": "Its address"}},
        }
    ]


def answer(schema: dict[str, Any]) -> HttpResponse:
    """The document, for programs and pages of whatever origin."""
    return JsonResponse(schema, headers={"Access-Control-Allow-Origin": "*"})


def views(read: Callable[[], dict[str, Any]]) -> tuple[Any, Any]:
    """Two views of what `read` gives: on a workspace's host, and on the site."""

    @csrf_exempt  # nothing is changed here, so a wrong method is said to be one
    @with_problem_for_405
    @open_while(*Status)
    @open_to_visitors
    @require_safe
    def here(request: HostRequest) -> HttpResponse:
        assert request.tenant is not None  # noqa: S101
        return answer({**read(), "servers": of_a_workspace(workspace_url(request.tenant))})

    @csrf_exempt
    @with_problem_for_405
    @require_safe
    def anywhere(request: HttpRequest) -> HttpResponse:
        return answer(read())

    return here, anywhere
