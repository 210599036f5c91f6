"""Where short codes lead, known by heart for a second.

A link that was followed in the last second costs no query and no database connection. In the
process that changes or deletes a link it is forgotten at once; another process leads to the old
target for at most a second more. While PostgreSQL is away, links lead where they led at most ten
minutes ago.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.utils.encoding import iri_to_uri

from events.postgres import is_away
from product import targets
from product.models import Link
from tenants import schema
from tenants.hosts import WITHOUT_DATABASE, ShortMemory
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a code leads: to `url`, ready for a header, or to a file."""

    link_id: UUID
    code: str
    url: str
    file_id: UUID | None


_recent: ShortMemory[tuple[str, str], Destination] = ShortMemory(
    seconds=1.0, most=10_000, stale=WITHOUT_DATABASE
)


def known(tenant: Tenant, code: str) -> Destination | None:
    """Where the code led within the last second, from outside of the workspace's schema.

    While the database is away: where it led of late; where that is not known, raises DatabaseError.
    """
    key = (tenant.schema_name, code)
    found = _recent.get(key)
    if found is not None:
        return found
    schema.enter(tenant)
    try:
        found = look_up(code)
    except DatabaseError as error:
        led = _recent.of_late(key)
        if led is None or not is_away(error):
            raise
        return led
    finally:
        schema.leave()
    if found is None:
        _recent.forget(key)
    else:
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
