"""What staff need to join or forget people: rights of their own, beside that to see the pages of staff."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

# Given by group in the CMS; administrators have them.
MERGE, ERASE, EXPORT = "identity.merge_person", "identity.erase_person", "identity.export_person"
View = Callable[..., HttpResponse]


def needs(right: str) -> Callable[[View], View]:
    """Inside of `staff_only`: who does not have the right is refused."""

    def wrapped(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm(right):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return checked

    return wrapped
