"""Keys of a workspace's API: made, checked, revoked."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

import events
from identity.models import User
from identity.persons import person_of
from tenants import audit
from tenants.event_types import API_KEY_CREATED, API_KEY_REVOKED
from tenants.hashed_secrets import hash_secret, new_secret
from tenants.models import ApiKey, Tenant

PREFIX = "sk_"
_SHOWN = 11  # characters of the key that the list shows, to tell keys apart
_TOUCH_EVERY = timedelta(minutes=1)


@transaction.atomic
def create(tenant: Tenant, *, name: str, user: User) -> tuple[ApiKey, str]:
    """A new key and its secret, which is not stored and cannot be shown again."""
    secret = new_secret(PREFIX)
    key = ApiKey.objects.create(
        tenant=tenant,
        name=name,
        prefix=secret[:_SHOWN],
        key_hash=hash_secret(secret),
        created_by=user,
    )
    audit.note(tenant, "api_key.created", by=user, target=name, details={"begins": key.prefix})
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
        .filter(key_hash=hash_secret(secret), revoked_at=None)
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
    changed = (
        ApiKey.objects.for_tenant(key.tenant)
        .filter(pk=key.pk, revoked_at=None)
        .update(revoked_at=now or timezone.now())
    )
    if changed:
        begins = {"begins": key.prefix}
        audit.note(key.tenant, "api_key.revoked", by=user, target=key.name, details=begins)
        events.record_with_row(
            API_KEY_REVOKED.name,
            tenant=key.tenant,
            person=person_of(user),
            properties={"key_id": str(key.id)},
        )
    return bool(changed)
