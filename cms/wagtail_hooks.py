"""What the website adds to Wagtail's admin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from wagtail import hooks

from cms.user_forms import NOT_VERIFIED


@hooks.register("before_bulk_action")
def only_to_the_verified(
    request: HttpRequest, action_type: str, objects: Iterable[Any], action: Any
) -> HttpResponse | None:
    """A role for many at once follows the rule of the form for one."""
    if action_type != "assign_role" or request.method != "POST":
        return None
    without = [user for user in objects if not user.has_verified_email]
    if not without:
        return None
    messages.error(request, f"{', '.join(map(str, without))}: {NOT_VERIFIED}")
    return redirect("wagtailusers_users:index")
