"""Signing out of the site ends what began with that sign-in elsewhere."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from identity.oidc import clients
from identity.oidc.views import SIGN_IN


@receiver(user_logged_out)
def sign_out_elsewhere(request: HttpRequest, **_: Any) -> None:
    """Sessions on the workspaces' own domains, in the same transaction. Nothing where there are none."""
    if sid := request.session.get(SIGN_IN):
        clients.end_sessions(sid=sid)
