"""What usage pages call Signpost's links and files. They run in the workspace's schema."""

from __future__ import annotations

from collections.abc import Collection

from metering import wording
from product.models import File, Link
from tenants.models import Tenant


def links(tenant: Tenant, ids: Collection[str]) -> dict[str, str]:
    """A link's code with its title."""
    found = Link.objects.select_related("file").filter(pk__in=wording.uuids(ids))
    return {
        str(link.pk): f"{link.code} · {link.name}" if link.title or link.file else link.code
        for link in found
    }


def files(tenant: Tenant, ids: Collection[str]) -> dict[str, str]:
    """A file's name."""
    found = File.objects.filter(pk__in=wording.uuids(ids))
    return {str(pk): name for pk, name in found.values_list("pk", "name")}
