"""What staff need to move money: a right of its own, beside that to see the pages of staff."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from identity.models import User

MOVE_MONEY = "billing.move_money"  # given by group in the CMS; administrators have it
View = Callable[..., HttpResponse]
_TABS = (
    ("Overview", "staff_revenue"),
    ("Failed payments", "staff_failed_payments"),
    ("Trials ending", "staff_trials_ending"),
    ("Disputes and refunds", "staff_disputes"),
    ("Grants", "staff_grants"),
)


def may_move_money(user: User) -> bool:
    """Whether they may give plans and credit, and refund payments."""
    return user.has_perm(MOVE_MONEY)


def money_only(view: View) -> View:
    """Inside of `staff_only`: who may not move money is refused."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_move_money(request.user):  # type: ignore[arg-type]  # they are signed in
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


def tabs(current: str) -> Sequence[dict[str, object]]:
    """The pages about all workspaces' money; `current` is the route of this one."""
    return [
        {"label": label, "url": reverse(route), "current": route == current}
        for label, route in _TABS
    ]
