"""How large the body of a request may be, asked before a byte of it is read.

By address, in the table below and in the product's own (`<PRODUCT_APP>.urls.body_limits`); what is in
neither is a form. A body without a known length is read up to the limit and no further. Where much is
taken, who sends it is asked first: reading a token out of a form reads all of the form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import LimitedStream
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from gunicorn.http.errors import ParseException

from plg_site.web import content_length
from plg_site.web.problems import problem, unread
from tenants.models import Membership
from tenants.requests import HostRequest

FORM = 64 * 1024  # bytes: a form of the site, where anybody may send one
VISIT = 4 * 1024  # what a page's script tells of a visit
COLLECTED = 512 * 1024  # events on their way to the collector, from a page of the website
ORDINARY = 2 * 1024 * 1024  # pages and API of a workspace
_API = "/api/"
_AROUND = 64 * 1024  # what multipart adds to a file
# By the beginning of the path, the first that fits; a name is that of a setting.
SITE: dict[str, int | str] = {
    "/workspaces/import/": "IMPORT_MAX_BYTES",
    "/cms/": "UPLOAD_MAX_BYTES",
    "/stripe/": ORDINARY,
    "/visits/": VISIT,
    "/c/v1/": COLLECTED,
}
# Of a workspace. It asks before it reads, itself: what it refuses is counted, with the reason.
_ASKS_ITSELF = "/api/v1/events"
_NO_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def limit_for(path: str, *, urlconf: str) -> int:
    """Bytes that a body may have at this address."""
    on_site = urlconf == settings.PUBLIC_SCHEMA_URLCONF
    table = SITE if on_site else _of_product()
    for prefix, most in table.items():
        if path.startswith(prefix):
            return most if isinstance(most, int) else getattr(settings, most) + _AROUND
    return FORM if on_site else ORDINARY


@cache
def _of_product() -> Mapping[str, int | str]:
    return getattr(import_module(f"{settings.PRODUCT_APP}.urls"), "body_limits", {})


class BodyLimitMiddleware:
    """Stands behind what finds the workspace, and before all that could read the body."""

    def __init__(self, get_response: Callable[[HostRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HostRequest) -> HttpResponse:
        if request.method not in _NO_BODY and not _asks_itself(request):
            most = limit_for(request.path, urlconf=str(getattr(request, "urlconf", "")))
            if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
                refused = _read_chunks(request, most)
            else:
                refused = _too_large(request, most) if _length(request) > most else None
            if refused is not None:
                return refused
        return self.get_response(request)

    def process_view(
        self, request: HostRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Much is taken only from somebody: a member, on a workspace. Its API asks for a key itself."""
        if request.method in _NO_BODY or _length(request) <= ORDINARY:
            return None
        if request.tenant is not None and request.path.startswith(_API):
            return None
        if not request.user.is_authenticated:
            return redirect(settings.LOGIN_URL)
        if request.tenant is not None and not (
            Membership.objects.for_tenant(request.tenant).filter(user=request.user).exists()
        ):
            return render(request, "404.html", status=404)
        return None

    def process_exception(self, request: HostRequest, error: Exception) -> HttpResponse | None:
        """A body that broke off, or came too slowly, while a view was reading it."""
        return _answer(request, *unread(error)) if isinstance(error, UnreadablePostError) else None


def _asks_itself(request: HostRequest) -> bool:
    on_site = getattr(request, "urlconf", "") == settings.PUBLIC_SCHEMA_URLCONF
    return not on_site and request.path == _ASKS_ITSELF


def _length(request: HttpRequest) -> int:
    """As the web server has read it; what is no length counts as more than anything may have."""
    length = content_length.read(str(request.META.get("CONTENT_LENGTH") or "0"))
    return content_length.LARGEST if length is None else length


def _read_chunks(request: HostRequest, most: int) -> HttpResponse | None:
    """Django takes a body without a length for none: give it one, or say that it is too large."""
    if most > ORDINARY:
        return _answer(request, 411, "Please say how long the body is (Content-Length).")
    try:
        said = request.META["wsgi.input"].read(most + 1)
    except (OSError, ParseException) as error:
        return _answer(request, *unread(error))
    if len(said) > most:
        return _too_large(request, most)
    request.META["CONTENT_LENGTH"] = str(len(said))
    request._stream = LimitedStream(BytesIO(said), len(said))  # type: ignore[assignment]
    return None


def _too_large(request: HostRequest, most: int) -> HttpResponse:
    words = f"What was sent is larger than the {filesizeformat(most)} that are taken here."
    return _answer(request, 413, f"{words} Nothing was stored.")


def _answer(request: HostRequest, status: int, words: str) -> HttpResponse:
    if _is_api(request):
        return problem(status, words)
    context = {"words": words, "status": status, "is_large": status == 413}
    return render(request, "413.html", context, status=status)


def _is_api(request: HttpRequest) -> bool:
    """How an answer looks; it decides nothing else."""
    return request.path.startswith(_API) or "json" in request.headers.get("Accept", "")
