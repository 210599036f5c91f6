"""The audit log of a workspace: who did what to its members, roles, billing and data, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import ip_address

from django.http import HttpRequest

from identity.models import User
from tenants.life_models import AuditEntry
from tenants.models import Tenant

_NAME_LENGTH = 254
_from: ContextVar[str | None] = ContextVar("audit_from", default=None)


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
    that is being answered. Secrets never go into `details`.
    """
    AuditEntry.objects.create(
        tenant=tenant,
        by=by,
        by_name=by.email[:_NAME_LENGTH] if by else "",
        action=action,
        target=target[:_NAME_LENGTH],
        details=dict(details or {}),
        ip=_address(request) if request else _from.get(),
    )


@contextmanager
def during(request: HttpRequest) -> Iterator[None]:
    """What is noted inside came with this request."""
    token = _from.set(_address(request))
    try:
        yield
    finally:
        _from.reset(token)


def _address(request: HttpRequest) -> str | None:
    """None where the server was asked through a socket on disk."""
    try:
        return str(ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None
