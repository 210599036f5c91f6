"""Pages and documents that editors have put a password on: nobody tries words for it without end."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from wagtail import views as of_pages
from wagtail.documents.views import serve as of_documents

from events import limits
from events.limits import address_key

TRIES, ALL_TRIES = "10/h", "300/h"  # of one address for one password; of all for it


def _limited(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        what = f"{view.__module__}:{kwargs.get('page_view_restriction_id') or kwargs.get('restriction_id')}"
        if request.method == "POST" and (wait := _wait(request, what)):
            response = render(request, "429.html", status=429)
            response.headers["Retry-After"] = str(wait)
            return response
        return view(request, *args, **kwargs)

    return checked


def _wait(request: HttpRequest, what: str) -> int:
    """Seconds until one more may be tried, 0 where this one may."""
    address = address_key(request.META)
    buckets = [(TRIES, f"page-password:{what}:{address}")] if address else []
    for rate, key in [*buckets, (ALL_TRIES, f"page-password:{what}")]:
        taken = limits.take(rate, key)
        if taken.over:
            return max(1, math.ceil(taken.retry_after))
    return 0


# Under Wagtail's names; they stand before its own.
urlpatterns = [
    path(
        "_util/authenticate_with_password/<int:page_view_restriction_id>/<int:page_id>/",
        _limited(of_pages.authenticate_with_password),
        name="wagtailcore_authenticate_with_password",
    ),
    path(
        "documents/authenticate_with_password/<int:restriction_id>/",
        _limited(of_documents.authenticate_with_password),
        name="wagtaildocs_authenticate_with_password",
    ),
]
