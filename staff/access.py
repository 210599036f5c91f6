"""Who may see the pages of staff."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase

View = Callable[..., Any]


def staff_only(view: View) -> View:
    """Visitors are sent to sign in; everybody who is not staff finds nothing."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            back = urlencode({"next": request.build_absolute_uri()})
            return HttpResponseRedirect(f"{settings.LOGIN_URL}?{back}")
        if not request.user.is_working_staff:
            raise Http404
        answer: HttpResponseBase = view(request, *args, **kwargs)
        return answer

    return checked
