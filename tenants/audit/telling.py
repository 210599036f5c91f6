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
    _tell_of_key("tenants.key_made", key, by)


def key_revoked(key: ApiKey, *, by: User) -> None:
    """Programs that use it get no answer any more."""
    _tell_of_key("tenants.key_revoked", key, by)


def export_asked(tenant: Tenant, *, by: User) -> None:
    """Everything in the workspace will be in one file."""
    url = workspace_url(tenant, "/settings/export/")
    _tell("tenants.export_asked", tenant, by, by=str(by), export_url=url)


def _tell_of_key(name: str, key: ApiKey, by: User) -> None:
    url = workspace_url(key.tenant, "/api-keys/")
    _tell(name, key.tenant, by, key=key.name, prefix=key.prefix, keys_url=url)


def _tell(name: str, tenant: Tenant, doer: User, **values: str) -> None:
    people = {user.pk: user for user in [doer, *letters.owners_of(tenant)]}
    letters.tell(people.values(), name, tenant=tenant, who=letters.who(doer), **values)
