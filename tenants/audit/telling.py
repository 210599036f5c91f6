"""Owners hear what somebody does with the whole workspace's data; whoever did it hears, too.

If it was not them, this is how they learn of it. Nobody can say no to these mails.
"""

from __future__ import annotations

from identity.models import User
from tenants import letters
from tenants.addresses import workspace_url
from tenants.models import ApiKey, Tenant


def key_made(key: ApiKey, *, by: User) -> None:
    """A program can act for the workspace now."""
    _tell(
        key.tenant,
        by,
        subject=f"A new API key in {key.tenant.name}",
        line=f"{by} ({by.email}) made the key “{key.name}”, which begins with {key.prefix}.",
        path="/api-keys/",
    )


def key_revoked(key: ApiKey, *, by: User) -> None:
    """Programs that use it get no answer any more."""
    _tell(
        key.tenant,
        by,
        subject=f"An API key of {key.tenant.name} has ended",
        line=f"{by} ({by.email}) revoked the key “{key.name}”, which begins with {key.prefix}.",
        path="/api-keys/",
    )


def export_asked(tenant: Tenant, *, by: User) -> None:
    """Everything in the workspace will be in one file."""
    _tell(
        tenant,
        by,
        subject=f"{by} takes an archive of {tenant.name}",
        line=f"{by} ({by.email}) has asked for an archive with everything in “{tenant.name}”.",
        path="/settings/export/",
    )


def _tell(tenant: Tenant, by: User, *, subject: str, line: str, path: str) -> None:
    people = {user.pk: user for user in [by, *letters.owners_of(tenant)]}
    letters.tell(
        people.values(),
        tenant=tenant,
        subject=subject,
        lines=[line, "Was it not meant to happen? Look at the page, and at your members."],
        url=workspace_url(tenant, path),
        label="Look at it",
    )
