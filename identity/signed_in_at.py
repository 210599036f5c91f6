"""When the person of a session last proved who they are: at sign-in, or when asked again."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.contrib.auth.models import update_last_login
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from identity.models import User
from identity.requests import UserRequest

_A_MOMENT = timedelta(minutes=1)
_KEY = "signed_in_at"  # in the session: seconds since 1970


@receiver(user_logged_in)
def note(request: HttpRequest | None, **_: Any) -> None:
    """Sign-ups and merges leave no record with allauth."""
    if request is not None and hasattr(request, "session"):
        request.session[_KEY] = time.time()


def write_last_login(user: User, **_: Any) -> None:
    """In place of Django's receiver: a sign-up has written it with the user, a moment ago."""
    if user.last_login is None or timezone.now() - user.last_login > _A_MOMENT:
        update_last_login(User, user)


def of(request: UserRequest) -> datetime:
    """The last proof in this session (UTC). Where none is known, as old as the account."""
    user = request.user
    proofs = [record.get("at") for record in get_authentication_records(request, user)]
    known = [at for at in [*proofs, request.session.get(_KEY)] if isinstance(at, int | float)]
    if not known:
        return user.date_joined
    return datetime.fromtimestamp(max(known), UTC)
