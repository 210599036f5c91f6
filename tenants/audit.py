"""The audit log of a workspace: who did what to its members, roles, billing and data, and when."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest

from identity.models import User
from tenants.life_models import AuditEntry
from tenants.models import Tenant

_NAME_LENGTH = 254


def note(
    tenant: Tenant,
    action: str,
    *,
    by: User | None,
    target: str = "",
    details: Mapping[str, object] | None = None,
    request: HttpRequest | None = None,
) -> None:
    """Write an entry in the caller's transaction: it is there exactly when the change is.

    `action` is past tense with a dot ("member.invited"); `target` is whom or what it was done to, in
    words; `by` None means the system. Secrets never go into `details`.
    """
    AuditEntry.objects.create(
        tenant=tenant,
        by=by,
        by_name=by.email[:_NAME_LENGTH] if by else "",
        action=action,
        target=target[:_NAME_LENGTH],
        details=dict(details or {}),
        ip=request.META.get("REMOTE_ADDR") or None if request else None,
    )
