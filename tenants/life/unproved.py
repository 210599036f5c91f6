"""Sign-ups that nobody proved or used end by themselves, after UNPROVED_DAYS.

A workspace ends when none of its members has proved an address, nobody has signed in and nothing has
happened in it for so long, and nobody above needs it (`workspace_needed`). It goes the way of every
deletion: closed, brought back by one click until its days of grace are over, then purged with those
who are in no other one. Its owner is told a week before, unless nothing ever spoke for the sign-up:
such an address may be anybody's, and is not written to again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from events.store import StoreUnavailable, get_store
from identity.models import Person, User
from tenants import letters
from tenants.addresses import home_url
from tenants.jobs import rows
from tenants.life import deletion
from tenants.models import Membership, Status, Tenant
from tenants.signals import workspace_needed

log = structlog.get_logger()
WARNING = timedelta(days=7)
_AT_ONCE, _LOOKS = 200, 2000  # done and looked at in a round; the next one goes on


def look_after(*, now: datetime | None = None) -> tuple[int, int]:
    """Warn, end and forget what is due; returns how many were warned and how many ended."""
    now = now or timezone.now()
    try:
        unwarned = _due(now + WARNING, unwarned=True)
        warned = _each("unproved.warn", unwarned, _warn, now=now, by=now + WARNING)
        ended = _each("unproved.end", _due(now, unwarned=False), _end, now=now, by=now)
    except StoreUnavailable as error:
        log.warning("unproved_wait", error=str(error))  # whether they are used, nobody can say now
        return 0, 0
    _forget_people(now)
    return warned, ended


def _each(
    what: str,
    due: QuerySet[Tenant],
    work: Callable[[Tenant, datetime], bool],
    *,
    now: datetime,
    by: datetime,
) -> int:
    """Of how many it was done: of those that nobody has used in the days before `by`."""
    since = _days_before(by)

    def unless_used(tenant: Tenant) -> bool:
        return not _is_used(tenant, since=since) and work(tenant, now)

    return rows.in_turn(
        what, due, unless_used, most=_AT_ONCE, looks=_LOOKS, unless=StoreUnavailable
    )


def _days_before(now: datetime) -> datetime:
    return now - timedelta(days=settings.UNPROVED_DAYS)


def _due(now: datetime, *, unwarned: bool) -> QuerySet[Tenant]:
    """But for what only the event log knows, and those who need one (`_is_used`)."""
    before = _days_before(now)
    members = Membership.objects.filter(tenant=OuterRef("pk"))
    proved = EmailAddress.objects.filter(verified=True, user=OuterRef("user"))
    alive = Q(user__last_login__gt=before) | Q(Exists(proved)) | Q(user__is_staff=True)
    told = Q(unproved_warned_at__lte=now - WARNING / 2) | Q(held=True)
    return Tenant.objects.filter(
        Q(status=Status.ACTIVE) | Q(held=True, status=Status.PREPARING),
        Exists(members),
        ~Exists(members.filter(alive)),
        Q(unproved_warned_at=None, held=False) if unwarned else told,
        created_at__lt=before,
    )


def _is_used(tenant: Tenant, *, since: datetime) -> bool:
    """Raises StoreUnavailable."""
    if any(said for _, said in workspace_needed.send(sender=Tenant, tenant=tenant)):
        return True
    return bool(get_store().find(tenant=tenant.schema_name, start=since, limit=1))


def _warn(tenant: Tenant, now: datetime) -> bool:
    with transaction.atomic():
        unwarned = Tenant.objects.filter(pk=tenant.pk, unproved_warned_at=None)
        if not unwarned.update(unproved_warned_at=now):
            return False
        letters.tell(
            letters.owners_of(tenant),
            "tenants.unused",
            tenant=tenant,
            day=f"{tenant.created_at:%-d %B %Y}",
            days=str(WARNING.days),
            sign_in_url=home_url(tenant),
        )
    return True


def _end(tenant: Tenant, now: datetime) -> bool:
    deleted = deletion.delete(tenant, by=None, now=now)
    return deleted.status == Status.DELETED


def _forget_people(now: datetime) -> None:
    """Users who proved nothing and are nowhere (any more)."""
    before = _days_before(now)
    proved = EmailAddress.objects.filter(verified=True, user=OuterRef("pk"))
    idle: QuerySet[User] = User.objects.filter(
        ~Exists(proved),
        Q(last_login=None) | Q(last_login__lt=before),
        memberships=None,
        date_joined__lt=before,
        is_staff=False,
        is_superuser=False,
        groups=None,
        joined_into=None,  # a joining can be undone, and goes by itself: merging.forget_expired
    )
    rows.in_turn("unproved.forget", idle, _forget, most=_AT_ONCE, looks=_LOOKS)


def _forget(user: User) -> bool:
    with transaction.atomic():
        Person.objects.filter(user=user).delete()
        User.objects.filter(pk=user.pk).delete()
    return True
