"""Who has to show more than a password, and whether this session has.

Staff, editors of the website and superusers need an authenticator app or a passkey before their pages
open. Nobody is locked out: who has none is led to set one up and back, and who has lost theirs has ten
recovery codes, then whoever runs the installation (`manage.py reset_second_factor`).
"""

from __future__ import annotations

import time
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest

from identity.models import User

KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
EDITORS = "wagtailadmin.access_admin"
NEXT = "after_second_factor"  # in the session: a path of the site


def is_needed_by(user: Any) -> bool:
    """Whether this person's rights reach beyond their own workspaces."""
    if not user.is_authenticated or not user.is_active:
        return False
    return user.is_staff or user.is_superuser or user.has_perm(EDITORS)


def has_one(user: User) -> bool:
    """Recovery codes alone are none."""
    return Authenticator.objects.filter(user=user, type__in=KINDS).exists()


def was_shown(request: HttpRequest, *, within: float | None = None) -> bool:
    """Whether this session has shown one in the last `within` seconds (STAFF_SIGN_IN_SECONDS)."""
    span = settings.STAFF_SIGN_IN_SECONDS if within is None else within
    shown = [
        record["at"]
        for record in get_authentication_records(request, request.user)
        if record.get("method") == "mfa"
    ]
    return bool(shown) and 0 <= time.time() - max(shown) < span


@receiver(authenticator_added)
def setting_one_up_shows_it(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    if authenticator.type in KINDS and request.user.pk == user.pk:
        record_authentication(
            request,
            user,
            "mfa",
            id=authenticator.pk,
            type=authenticator.type,
            reauthenticated=True,
        )


def reset(user: User) -> int:
    """Take away what this person cannot show any more; returns how many there were."""
    removed, _ = Authenticator.objects.filter(user=user).delete()
    return removed
