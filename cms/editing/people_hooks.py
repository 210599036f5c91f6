"""Deleting and de-activating people in Wagtail's administration: refused in words, or told to others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from wagtail import hooks
from wagtail.users.views.bulk_actions.user_bulk_action import UserBulkAction

from cms.editing import user_signals


@hooks.register("before_delete_user")
def ask_before_deleting(request: HttpRequest, user: Any) -> HttpResponse | None:
    return _refused(request, [user])


@hooks.register("before_bulk_action")
def ask_before_bulk(
    request: HttpRequest, action_type: str, objects: Iterable[Any], action: Any
) -> HttpResponse | None:
    if _takes_away(request, action_type, action):
        return _refused(request, objects)
    return None


@hooks.register("after_bulk_action")
def tell_after_bulk(
    request: HttpRequest, action_type: str, objects: Iterable[Any], action: Any
) -> None:
    if action_type == "set_active_state" and _takes_away(request, action_type, action):
        for user in objects:
            user_signals.user_deactivated.send(sender=type(user), user=user)


def _takes_away(request: HttpRequest, action_type: str, action: Any) -> bool:
    if not isinstance(action, UserBulkAction):
        return False
    if action_type == "set_active_state":
        return request.POST.get("mark_as_active") == "False"
    return action_type == "delete"


def _refused(request: HttpRequest, users: Iterable[Any]) -> HttpResponse | None:
    if not (words := user_signals.refusal(list(users))):
        return None
    messages.error(request, words)
    return redirect("wagtailusers_users:index")
