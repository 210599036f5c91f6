"""Every error of the API is problem+json (RFC 9457): type, title, status, detail, and what helps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from events.postgres import RETRY_AFTER, is_away, is_told
from metering.api import CONTENT_TYPE, STATUS, quota_problem, rate_problem
from metering.quotas import QuotaExceeded, RateExceeded
from plg_site.storages import BucketUnavailable
from plg_site.web import rate_headers
from tenants import workspace_url
from tenants.api import SaidTwice
from tenants.hosts import WorkspaceClosed
from tenants.requests import KeyedRequest
from tenants.scopes import ScopeMissing

log = structlog.get_logger()
CONTENT_TYPE = CONTENT_TYPE
View = Callable[..., HttpResponse]


def problem(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: object
) -> JsonResponse:
    """An answer that says what is wrong; `more` are members of its own."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE, headers=headers)


def install(api: NinjaAPI) -> None:
    """Make the API answer its own exceptions, and ours, with problems."""
    handlers: dict[type[Exception], Any] = {
        QuotaExceeded: _quota_exceeded,
        RateExceeded: _rate_exceeded,
        AuthenticationError: _not_authenticated,
        WorkspaceClosed: _closed,
        ScopeMissing: _scope_missing,
        ValidationError: _invalid,
        HttpError: _http_error,
        Http404: lambda request, error: not_found(),
        PermissionDenied: lambda request, error: problem(403, str(error) or NOT_ALLOWED),
        RequestDataTooBig: lambda request, error: problem(413, TOO_LARGE),
        SuspiciousOperation: lambda request, error: problem(400, UNREADABLE),
        MultiPartParserError: lambda request, error: problem(400, UNREADABLE),
        UnreadablePostError: lambda request, error: problem(*unread(error)),
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


WITHOUT_DATABASE = "This cannot be answered at the moment. Please send it again in some seconds."
NOT_FOUND = "There is nothing at this address in this workspace."
NOT_ALLOWED = "This is not allowed."
TOO_LARGE = "The body is larger than it may be."
UNREADABLE = "The request cannot be read."


def unread(error: BaseException) -> tuple[int, str]:
    """Status and words where a body could not be read to its end."""
    cause: BaseException | None = error
    while isinstance(cause, UnreadablePostError):  # Django wraps it once or twice
        cause = cause.__cause__
    if isinstance(cause, TimeoutError):
        return 408, "The body came too slowly. Nothing was stored."
    return 400, "The body did not arrive whole, or cannot be read. Nothing was stored."


def not_found() -> HttpResponse:
    """The answer to every path that the API does not have."""
    return problem(404, NOT_FOUND)


def with_problem_for_405(view: View) -> View:
    """Django Ninja answers a wrong method outside its exception handlers."""

    @wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code != 405 or response["Content-Type"].startswith(CONTENT_TYPE):
            return response
        allowed = response.headers.get("Allow", "")
        detail = f"{request.method} is not possible here; {allowed or 'nothing'} is."
        return problem(405, detail, headers={"Allow": allowed})

    return answering


def _rate_exceeded(request: HttpRequest, error: RateExceeded) -> HttpResponse:
    rate_headers.note(request, *error.standings)
    body = rate_problem(error)
    headers = {"Retry-After": str(error.retry_after)}
    return JsonResponse(body, status=429, content_type=CONTENT_TYPE, headers=headers)


def _quota_exceeded(request: KeyedRequest, error: QuotaExceeded) -> HttpResponse:
    rate_headers.note(request, error.decision)
    body = quota_problem(error.decision, upgrade_url=workspace_url(request.tenant, "/billing/"))
    return JsonResponse(body, status=STATUS, content_type=CONTENT_TYPE)


def _not_authenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """RFC 6750, section 3: no error code for a request that carried no key at all."""
    if "Authorization" not in request.headers:
        detail = "Send an API key of this workspace: “Authorization: Bearer sk_…”."
        return problem(401, detail, headers={"WWW-Authenticate": "Bearer"})
    return problem(
        401,
        "This is no valid API key of this workspace. It may be mistyped, revoked, or of another one.",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )


def _scope_missing(request: HttpRequest, error: ScopeMissing) -> HttpResponse:
    """RFC 6750, section 3.1."""
    asks = f'Bearer error="insufficient_scope", scope="{error.scope.value}"'
    kind = "urn:problem:insufficient-scope"
    headers = {"WWW-Authenticate": asks}
    return problem(403, str(error), headers=headers, type=kind, scope=error.scope.value)


def _closed(request: HttpRequest, error: WorkspaceClosed) -> HttpResponse:
    kind = f"urn:problem:workspace-{error.kind.value}"
    return problem(error.http_status, str(error), type=kind)


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [{"field": _field(item["loc"]), "message": _message(item)} for item in error.errors]
    fields = ", ".join(dict.fromkeys(item["field"] for item in errors))
    return problem(422, f"Please check: {fields}.", errors=errors)


def _field(loc: tuple[Any, ...] | list[Any]) -> str:
    """("body", "payload", "target_url") is target_url; ("query", "limit") is limit.

    Operations call their body `payload`; callers never see that name.
    """
    path = loc[1:]
    if path and path[0] == "payload":
        path = path[1:]
    return ".".join(str(part) for part in path) or "body"


def _message(item: dict[str, Any]) -> str:
    return str(item.get("msg", "is not valid")).removeprefix("Value error, ")


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, UnreadablePostError):
        return problem(*unread(error.__cause__))
    if error.status_code == 400 and str(error).startswith("Cannot parse request body"):
        cause = error.__cause__
        message = str(cause) if isinstance(cause, SaidTwice) else "This is not JSON."
        return problem(422, "Please check: body.", errors=[{"field": "body", "message": message}])
    return problem(error.status_code, str(error))


def without_database() -> HttpResponse:
    """The answer while a database is away: nothing was done, and it may be asked again."""
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    answer = problem(503, WITHOUT_DATABASE, headers=headers)
    if is_told():
        answer._has_been_logged = True  # type: ignore[attr-defined]  # Django asks for it
    return answer


def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    if is_away(error):
        if not is_told():  # the pool is busy, say
            log.error("api.without_database", path=request.path, error=str(error))
        return without_database()
    if isinstance(error, BucketUnavailable):
        log.warning("bucket_unavailable", error=str(error)[:500])
        headers = {"Retry-After": str(RETRY_AFTER)}
        return problem(
            503, "Files cannot be reached at the moment. Please try again.", headers=headers
        )
    log.exception("api.unexpected", path=request.path, method=request.method)
    return problem(500, "Something went wrong on our side. We have been told; please try again.")
