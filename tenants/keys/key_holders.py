"""Who answers for a key, and what becomes of it when that member goes or may no longer have keys.

A key ends with its holder's right to make keys, unless it was handed over before. That it does not
work any more is decided where it is looked up (`ApiKeys.live`); here its end is written down, so
that a right that comes back later does not bring it back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from identity import standing
from identity.models import User
from tenants import audit, letters, workspace_url
from tenants.jobs import rows
from tenants.keys import api_keys
from tenants.models import ApiKey, Membership, Tenant
from tenants.models.keys import Ended
from tenants.permissions import May, roles_that_may

log = structlog.get_logger()


def who_may(tenant: Tenant, *, besides: Membership | None = None) -> list[Membership]:
    """The members who may hold keys, in the order in which they joined."""
    found = Membership.objects.for_tenant(tenant).filter(role__in=roles_that_may(May.MAKE_KEYS))
    if besides is not None:
        found = found.exclude(pk=besides.pk)
    return list(found.select_related("user").order_by("joined_at", "pk"))


def held_by(membership: Membership) -> list[ApiKey]:
    """The keys of this member that have not ended."""
    mine = ApiKey.objects.for_tenant(membership.tenant).filter(holder=membership, revoked_at=None)
    return list(mine.select_related("tenant").order_by("created_at"))


@transaction.atomic
def hand_over(key: ApiKey, *, to: Membership, by: User) -> None:
    """Let another member answer for it; the key itself works on. Raises MayNotHoldKeys."""
    standing.hold(by)
    seats = Membership.objects.for_tenant(key.tenant).select_for_update(no_key=True)
    held = seats.filter(pk=to.pk).first()
    if held is None or not held.may(May.MAKE_KEYS):
        raise api_keys.MayNotHoldKeys
    before = key.holder
    if before == to:
        return
    key.holder = to
    key.save(update_fields=["holder"])
    details = {"from": before.user.email if before else "nobody", "to": to.user.email}
    audit.note(key.tenant, "api_key.handed_over", by=by, target=key.name, details=details)
    letters.tell(
        [] if by == to.user else [to.user],
        "tenants.key_handed_over",
        tenant=key.tenant,
        who=letters.who(by),
        key=key.name,
        prefix=key.prefix,
        keys_url=workspace_url(key.tenant, "/api-keys/"),
    )


def end_those_of(
    membership: Membership, *, by: User | None, because: Ended = Ended.RIGHT
) -> list[ApiKey]:
    """End this member's keys, in the current transaction; returns those that worked until now."""
    return [key for key in held_by(membership) if api_keys.end(key, because=because, by=by)]


def end_all_of(user: User, *, by: User | None, because: Ended = Ended.RIGHT) -> int:
    """End all keys that this person holds, in whatever workspace; returns how many."""
    seats = Membership.objects.filter(user=user, api_keys__revoked_at=None).distinct()
    ended = [end_those_of(seat, by=by, because=because) for seat in seats.select_related("tenant")]
    return sum(len(keys) for keys in ended)


def warn(*, now: datetime | None = None) -> int:
    """Mail owners and holder of keys that will soon be over, once each; returns how many."""
    now = now or timezone.now()
    soon = now + timedelta(days=settings.API_KEY_WARNING_DAYS)
    due = ApiKey.objects.filter(
        revoked_at=None, expiry_warned_at=None, expires_at__gt=now, expires_at__lte=soon
    )
    return rows.each("api_keys.warn", due, _warn, now=now)


def _warn(key: ApiKey, *, now: datetime) -> None:
    key.expiry_warned_at = now
    key.save(update_fields=["expiry_warned_at"])
    tenant = key.tenant
    people = {user.pk: user for user in letters.owners_of(tenant)}
    if key.holder is not None:
        people[key.holder.user.pk] = key.holder.user
    letters.tell(
        people.values(),
        "tenants.key_ends",
        tenant=tenant,
        key=key.name,
        prefix=key.prefix,
        short_day=f"{key.expires_at:%-d %B}",
        moment=f"{key.expires_at:%-d %B %Y, %H:%M} UTC",
        keys_url=workspace_url(tenant, "/api-keys/"),
    )
