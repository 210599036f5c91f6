"""Keys of a workspace's API: made, checked, revoked. What becomes of them later: `key_holders`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

import events
from identity import standing
from identity.models import User
from identity.persons import person_of
from tenants import audit, row_bounds
from tenants.event_types import API_KEY_CREATED, API_KEY_REVOKED
from tenants.hashed_secrets import hash_secret, new_secret
from tenants.models import ApiKey, Membership, Tenant
from tenants.models.keys import Ended
from tenants.permissions import May
from tenants.scopes import ALL, Scope

PREFIX = "sk_"
_SHOWN = 11  # characters of the key that the list shows, to tell keys apart
_TOUCH_EVERY = timedelta(minutes=1)


class MayNotHoldKeys(PermissionDenied):
    """Who is no member, or may not make keys, holds none either."""

    def __init__(self) -> None:
        super().__init__("This needs a member who may have API keys. Ask an owner or admin.")


@transaction.atomic
def create(
    tenant: Tenant,
    *,
    name: str,
    user: User,
    scopes: Iterable[str] = ALL,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its secret, which is not stored and cannot be shown again.

    `expires_at` None: it works until somebody ends it. Raises MayNotHoldKeys, standing.SignInEnded,
    row_bounds.TooManyRows.
    """
    standing.hold(user)
    seats = Membership.objects.for_tenant(tenant).select_for_update(no_key=True)
    holder = seats.filter(user=user).first()  # their right stays as it is until the key is written
    if holder is None or not holder.may(May.MAKE_KEYS):
        raise MayNotHoldKeys
    keys = ApiKey.objects.for_tenant(tenant)
    today = keys.filter(created_at__gt=timezone.now() - timedelta(days=1))
    row_bounds.require(tenant, row_bounds.LIVE_KEYS, keys.live())
    row_bounds.require(tenant, row_bounds.KEYS_A_DAY, today)
    secret = new_secret(PREFIX)
    key = ApiKey.objects.create(
        tenant=tenant,
        name=name,
        prefix=secret[:_SHOWN],
        key_hash=hash_secret(secret),
        created_by=user,
        holder=holder,
        scopes=[scope.value for scope in Scope if scope.value in set(scopes)],
        expires_at=expires_at,
    )
    details = {"begins": key.prefix, "scopes": " ".join(key.scopes), "until": expires_at}
    audit.note(tenant, "api_key.created", by=user, target=name, details=details)
    events.record_with_row(
        API_KEY_CREATED.name,
        tenant=tenant,
        person=person_of(user),
        properties={"key_id": str(key.id)},
    )
    return key, secret


def find(tenant: Tenant, secret: str, *, now: datetime | None = None) -> ApiKey | None:
    """The live key with this secret in this workspace, or None."""
    now = now or timezone.now()
    key = (
        ApiKey.objects.for_tenant(tenant)
        .live(now=now)
        .filter(key_hash=hash_secret(secret))
        .select_related("holder__user")
        .first()
    )
    if key is not None:
        key.tenant = tenant  # known already: no query when somebody asks
        # A write a minute, not a write a call.
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _TOUCH_EVERY)
        if key.last_used_at is None or key.last_used_at < now - _TOUCH_EVERY:
            ApiKey.objects.for_tenant(tenant).filter(stale, pk=key.pk).update(last_used_at=now)
    return key


@transaction.atomic
def revoke(key: ApiKey, *, user: User, now: datetime | None = None) -> bool:
    """End the key for good. False when it had ended already."""
    return end(key, because=Ended.REVOKED, by=user, now=now)


def end(key: ApiKey, *, because: Ended, by: User | None, now: datetime | None = None) -> bool:
    """End the key, in the current transaction; `by` None: nobody did, its holder's right is over."""
    changed = (
        ApiKey.objects.for_tenant(key.tenant)
        .filter(pk=key.pk, revoked_at=None)
        .update(revoked_at=now or timezone.now(), ended_because=because)
    )
    if changed:
        action = "api_key.revoked" if because is Ended.REVOKED else "api_key.ended"
        details = {"begins": key.prefix, "because": because.label.lower()}
        audit.note(key.tenant, action, by=by, target=key.name, details=details)
        events.record_with_row(
            API_KEY_REVOKED.name,
            tenant=key.tenant,
            person=person_of(by) if by else None,
            properties={"key_id": str(key.id)},
        )
    return bool(changed)
