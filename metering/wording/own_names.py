"""Names of what the platform itself knows: members and API keys."""

from __future__ import annotations

from collections.abc import Collection

from identity.models import Person
from metering.wording import names
from tenants.models import ApiKey, Tenant


def register() -> None:
    """Name persons and keys on usage pages."""
    names.register("person", label="Member", find=_members)
    names.register("key_id", label="API key", find=_keys)


def _members(tenant: Tenant, ids: Collection[str]) -> dict[str, str]:
    """Only people of this workspace have a name here; visitors stay what they are."""
    found = Person.objects.filter(pk__in=names.uuids(ids), user__memberships__tenant=tenant)
    return {str(person.pk): str(person.user) for person in found.select_related("user")}


def _keys(tenant: Tenant, ids: Collection[str]) -> dict[str, str]:
    rows = ApiKey.objects.for_tenant(tenant).filter(pk__in=names.uuids(ids))
    return {str(pk): name for pk, name in rows.values_list("pk", "name")}
