"""What somebody sees under the bell, and what they do with it.

On a workspace's host that is what came for them in this workspace, or wherever they are; on the site's,
what came in any workspace that they may look into now. Who calls has seen to it that they may look into
the workspace that is named here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from identity.models import Person, User
from outbound.bell import ringing, workspaces
from outbound.models import Notification

COUNTED = 10  # unread ones are counted so far: "9+"
# The same as `visible` says, on a workspace's host: every page asks it, and to put it together would cost
# more than to answer it.
_UNREAD_HERE = """
    SELECT count(*) FROM (
        SELECT FROM outbound_notification
        WHERE (expires_at IS NULL OR expires_at > %s) AND (tenant_id = %s OR tenant_id IS NULL)
              AND person_id = (SELECT id FROM identity_person WHERE user_id = %s)
              AND dismissed_at IS NULL AND read_at IS NULL
        LIMIT %s
    ) AS unread
"""
LISTED = 200  # so many of the newest can be looked at


@dataclass(frozen=True)
class Looker:
    """Who looks, and from where: `tenant_id` None on the site."""

    user: User
    tenant_id: UUID | None = None


def visible(looker: Looker, *, now: datetime | None = None) -> QuerySet[Notification]:
    """All that this person sees from there, the newest first."""
    where = Q(tenant_id=looker.tenant_id)
    if looker.tenant_id is None:
        where = Q(tenant_id__in=workspaces.known().of(looker.user))
    alive = Q(expires_at=None) | Q(expires_at__gt=now or timezone.now())
    person = Person.objects.filter(user=looker.user).values("pk")[:1]
    rows: QuerySet[Notification] = Notification.objects.filter(
        alive, where | Q(tenant_id=None), person_id=person, dismissed_at=None
    )
    return rows.order_by("-created_at", "-pk")


def unread(looker: Looker, *, now: datetime | None = None) -> int:
    """How many are not read yet, counted as far as COUNTED. One query, whatever there is."""
    if looker.tenant_id is not None:
        asked: list[Any] = [now or timezone.now(), looker.tenant_id, looker.user.pk, COUNTED]
        with connection.cursor() as cursor:
            cursor.execute(_UNREAD_HERE, asked)
            return int(cursor.fetchone()[0])
    rows = visible(looker, now=now).filter(read_at=None).order_by()
    return rows[:COUNTED].count()


def read(looker: Looker, *, only: UUID | None = None, now: datetime | None = None) -> int:
    """They have read this one, or all; returns how many were not read before."""
    rows = _some(looker, only).filter(read_at=None)
    return _change(looker, rows, read_at=now or timezone.now())


def unread_again(looker: Looker, *, only: UUID) -> int:
    """They want to come back to it."""
    return _change(looker, _some(looker, only).exclude(read_at=None), read_at=None)


def dismiss(looker: Looker, *, only: UUID, now: datetime | None = None) -> int:
    """They do not want to see it any more."""
    return _change(looker, _some(looker, only), dismissed_at=now or timezone.now())


def leave(user: User, *, tenant_id: UUID) -> None:
    """Who leaves a workspace takes nothing of it with them, also where they come back."""
    person = Person.objects.filter(user=user).values("pk")[:1]
    Notification.objects.filter(person_id=person, tenant_id=tenant_id).delete()
    ringing.ring(user.pk)


def join(*, kept: UUID, merged: UUID) -> None:
    """Two persons are one, who sees what came for both."""
    Notification.objects.filter(person_id=merged).update(person_id=kept)


def _some(looker: Looker, only: UUID | None) -> QuerySet[Notification]:
    rows = visible(looker).order_by()
    return rows if only is None else rows.filter(pk=only)


def _change(looker: Looker, rows: QuerySet[Notification], **to: Any) -> int:
    changed = rows.update(**to)
    if changed:
        ringing.ring(looker.user.pk)  # their other open pages
    return changed
