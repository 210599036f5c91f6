"""The answer to who has to come again: words, and when."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from events.shedding import measure

Answer = TypeVar("Answer", bound=HttpResponseBase)


def later(request: HttpRequest, key: str, *, words: str) -> HttpResponse:
    """503 with a sentence and Retry-After (RFC 9110, 10.2.3); counted for this measure."""
    measure.count(key)
    seconds = measure.retry_after(key)
    response = render(
        request, "later.html", {"words": words, "minutes": -(-seconds // 60)}, status=503
    )
    response["Retry-After"] = str(seconds)
    response["Cache-Control"] = "no-store"
    return response


def gives_way(
    key: str, *, words: str, methods: Collection[str] | None = None
) -> Callable[[Callable[..., Answer]], Callable[..., Answer | HttpResponse]]:
    """The view answers `later` while this measure holds (for these methods; None: for all)."""

    def decorate(view: Callable[..., Answer]) -> Callable[..., Answer | HttpResponse]:
        @wraps(view)
        def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> Answer | HttpResponse:
            if (methods is None or request.method in methods) and measure.is_shed(key):
                return later(request, key, words=words)
            return view(request, *args, **kwargs)

        return answering

    return decorate
