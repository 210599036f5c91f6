"""Where short codes lead, known by heart for a second.

A link that was followed in the last second costs no query and no database connection. In the
process that changes or deletes a link it is forgotten at once; another process leads to the old
target for at most a second more.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.encoding import iri_to_uri

from product import targets
from product.models import Link
from tenants import schema
from tenants.hosts import ShortMemory
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a code leads: to `url`, ready for a header, or to a file."""

    link_id: UUID
    code: str
    url: str
    file_id: UUID | None


_recent: ShortMemory[tuple[str, str], Destination] = ShortMemory(seconds=1.0, most=10_000)


def known(tenant: Tenant, code: str) -> Destination | None:
    """Where the code led within the last second, from outside of the workspace's schema."""
    key = (tenant.schema_name, code)
    found = _recent.get(key)
    if found is None:
        schema.enter(tenant)
        try:
            found = look_up(code)
        finally:
            schema.leave()
        if found is not None:
            _recent.keep(key, found)
    return found


def look_up(code: str) -> Destination | None:
    """Where this code of the current schema leads, in one query.

    None also for an address that visitors must not be led to: it may be older than the rule.
    """
    found = Link.objects.filter(code=code).values_list("id", "target_url", "file_id").first()
    if found is None:
        return None
    link_id, url, file_id = found
    if url:
        try:
            url = targets.followed(url)
        except ValidationError:
            return None
    return Destination(link_id, code, iri_to_uri(url) or "", file_id)


def forget(tenant: Tenant, code: str) -> None:
    """The link has changed, or is gone."""
    _recent.forget((tenant.schema_name, code))


def forget_all() -> None:
    """Know no link by heart."""
    _recent.clear()
