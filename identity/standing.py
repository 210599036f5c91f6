"""Whether who acts as a user still may, asked once more where something is given out.

A request knows its user as they were when it began. While it runs, the owner of the address may prove it,
or the person signs out everywhere: then all that was given out ends (`credentials`, `sign_ins.end_all`). What
is given out a moment later would survive that. So whatever opens something later (a key, a second factor,
an address, an invitation, an offer, an archive, a password) holds the user's row first and asks; the end
changes that row before it looks for what there is to end.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from identity.changed_only import ChangedOnly

# What sessions are checked against, and whether there is an account at all.
PARTS = ("password", "sign_in_generation", "is_active")
Answer = TypeVar("Answer", bound=HttpResponseBase)


class SignInEnded(PermissionDenied):
    """All sign-ins of this user, as they were when the request began, have ended since."""

    def __init__(self) -> None:
        super().__init__("You were signed out a moment ago. Sign in, and do it again.")


class Standing(ChangedOnly):
    """What a user's row keeps to: a password is only put in the place of the one that was known."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """What was changed. Raises SignInEnded."""
        named = kwargs.get("update_fields")
        changed = self.changed() if named is None else named
        if self._state.adding or "password" not in changed:
            return super().save(*args, **kwargs)
        with transaction.atomic():
            hold(self)
            return super().save(*args, **kwargs)

    def check_password(self, raw_password: str | None) -> bool:
        """Where it is hashed anew on the way, another sign-in may have done that a moment ago."""
        try:
            return bool(super().check_password(raw_password))  # type: ignore[misc]
        except SignInEnded:
            self.refresh_from_db(fields=PARTS)
            return bool(super().check_password(raw_password))  # type: ignore[misc]


def hold(user: Standing) -> None:
    """Let nothing of this user's end until the commit. Raises SignInEnded where it has ended.

    `user` is who the request knows, not a row that was read just now. Users are held before workspaces,
    and those before memberships.
    """
    rows = user._meta.model._base_manager.select_for_update(no_key=True).filter(pk=user.pk)
    now = rows.values(*PARTS).first()
    if now is None or any(now[part] != user.loaded(part) for part in PARTS):
        raise SignInEnded


def holding(view: Callable[..., Answer]) -> Callable[..., Any]:
    """A page that changes how one signs in: what is sent to it happens while the account is held."""

    @wraps(view)
    def held(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST" or not request.user.is_authenticated:
            return view(request, *args, **kwargs)
        with transaction.atomic():
            hold(request.user)
            return view(request, *args, **kwargs)

    held.holds_account = True  # type: ignore[attr-defined]  # a test goes over all such pages
    return held
