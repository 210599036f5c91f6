"""When a session of the site ends, what began with that sign-in elsewhere ends."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.models import Session
from django.db.models.signals import post_delete
from django.dispatch import receiver

from identity.models import Grant
from identity.oidc import clients, grants


@receiver(post_delete, sender=Session)
def sign_out_elsewhere(instance: Session, **_: Any) -> None:
    """Tokens of other properties, and sessions on the workspaces' own domains.

    However it is deleted: by signing out here or everywhere, by another password, by its age.
    """
    given = list(Grant.objects.filter(session_key=instance.session_key))
    for sid in {grant.sid for grant in given}:
        clients.end_sessions(sid=sid)
    grants.end(given)
