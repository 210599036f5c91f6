"""The audit log of a workspace: who did what to its members, roles, billing and data, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from django.http import HttpRequest

from events import new_rows
from events.limits import client_address
from identity.models import User
from tenants.models import Membership, Tenant
from tenants.models.life import AuditEntry

_NAME_LENGTH = 254


@dataclass
class _Origin:
    """The request that is being answered: where it came from, and with which API key."""

    ip: str | None = None
    key: str = ""


_origin: ContextVar[_Origin] = ContextVar("audit_origin", default=_Origin())  # noqa: B039 (never changed)


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
    words; `by` None means the system. The address it came from is that of `request`, or of the request
    that is being answered. Of staff who are no members the workspace reads that it was staff, and no more.
    Secrets never go into `details`. The log of a purged workspace is gone, and nothing is added to it.
    """
    if tenant.purged_at is not None:
        return
    origin = _Origin(ip=client_address(request.META)) if request else _origin.get()
    by_key = {"api_key": origin.key} if origin.key else {}
    entry = AuditEntry(
        tenant=tenant,
        by_staff=_is_staff(by, tenant),
        by=by,
        by_name=by.email[:_NAME_LENGTH] if by else "",
        action=action,
        target=target[:_NAME_LENGTH],
        details={**(details or {}), **by_key},
        ip=origin.ip,
    )
    new_rows.insert(entry)


@contextmanager
def during(request: HttpRequest) -> Iterator[None]:
    """What is noted inside came with this request."""
    token = _origin.set(_Origin(ip=client_address(request.META)))
    try:
        yield
    finally:
        _origin.reset(token)


def with_key(name: str) -> None:
    """The request that is being answered came with this API key."""
    _origin.set(replace(_origin.get(), key=name))


def _is_staff(by: User | None, tenant: Tenant) -> bool:
    """Whether they did it because they work here, and not as a member."""
    if by is None or not (by.is_staff or by.is_superuser):
        return False
    return not Membership.objects.for_tenant(tenant).filter(user=by).exists()
