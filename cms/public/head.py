"""HEAD for operations of Django Ninja, which knows GET only."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

View = Callable[..., Any]


def answers_head(view: View) -> View:
    """Answer HEAD as GET, without its body (RFC 9110, 9.3.2)."""

    @wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method != "HEAD":
            return view(request, *args, **kwargs)
        request.method = "GET"
        try:
            response = view(request, *args, **kwargs)
        finally:
            request.method = "HEAD"
        return _without_body(response)

    return answering


def _without_body(response: HttpResponseBase) -> HttpResponseBase:
    if isinstance(response, HttpResponse):
        response.headers.setdefault("Content-Length", str(len(response.content)))
        response.content = b""
        return response
    response.close()
    empty = HttpResponse(status=response.status_code, headers=response.headers)
    del empty.headers["Content-Length"]  # nobody knows it before the end
    return empty
