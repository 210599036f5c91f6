"""From a host name to what it stands for: the site, the files host, a workspace, or nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from enum import Enum
from functools import cache as once
from functools import lru_cache

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, transaction

from events.postgres import is_away
from tenants.hosts.short_memory import ShortMemory
from tenants.models import Domain, Tenant

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^:\s/@\\]*)(?::(?P<port>\d{0,5}))?")
# Seconds for which what was known is good enough where PostgreSQL cannot be asked.
WITHOUT_DATABASE = 600.0
# In front of the cache: under load, a host is asked for once a second by each process.
_recent: ShortMemory[str, Tenant] = ShortMemory(seconds=1.0, most=1_000, stale=WITHOUT_DATABASE)
_KEEP = 60  # seconds; changes invalidate at once, this bounds what was lost while Redis was away
# In place of a workspace that changed just now, so that a request which read the old row before
# does not put it back. A request that takes longer than this between the two is a second bound.
_CHANGED = "changed"
_CHANGED_FOR = 10  # seconds


class Place(Enum):
    SITE = "site"
    FILES = "files"
    ALIAS = "alias"  # another name of the site, such as www: redirected to it
    WORKSPACE = "workspace"


@lru_cache(maxsize=4096)
def named(said: str) -> tuple[str, bool]:
    """The name in a Host header, in small letters, and whether its port is the public one.

    A header without a port says nothing wrong: proxies on the standard ports send none.
    """
    found = _HOST.fullmatch(said)
    if found is None:
        return "", False
    port = found["port"]
    return found["name"].lower().rstrip("."), not port or int(port) == settings.PUBLIC_PORT


def place_of(host: str) -> Place:
    """What kind of host this is (`host` without port, any case)."""
    host = host.lower().rstrip(".")
    if host == settings.SITE_DOMAIN:
        return Place.SITE
    if host == settings.FILES_DOMAIN:
        return Place.FILES
    if host in {f"www.{settings.SITE_DOMAIN}", "localhost", "127.0.0.1", "[::1]"}:
        return Place.ALIAS
    return Place.WORKSPACE


def tenant_for(host: str) -> Tenant | None:
    """The workspace behind `host`, from the cache or the database; None for an unknown one."""
    host = host.lower().rstrip(".")
    found = cache.get(_key(host))
    if isinstance(found, Tenant):
        return found
    domain = Domain.objects.select_related("tenant").filter(domain=host).first()
    if domain is None:
        return None  # not cached: whoever asks for random names must not fill the cache
    if found is None:
        cache.add(_key(host), domain.tenant, _KEEP)
    return domain.tenant


def tenant_to_read(host: str) -> Tenant | None:
    """The same, at most a second old and shared by all threads: nobody may change this object.

    None also for a host that is no workspace's. While the database is away: as it was at most
    WITHOUT_DATABASE seconds ago; where that is not known, raises DatabaseError.
    """
    found = _recent.get(host)
    if found is not None or place_of(host) is not Place.WORKSPACE:
        return found
    try:
        found = tenant_for(host)
    except DatabaseError as error:
        known = _recent.of_late(host)
        if known is None or not is_away(error):
            raise
        return known
    if found is None:
        _recent.forget(host)
    else:
        _recent.keep(host, found)
    return found


def forget_here() -> None:
    """Forget what this process knows by heart."""
    _recent.clear()


def forget(host: str) -> None:
    """Drop what is known of `host`; called when a domain or its tenant changes.

    Other processes know it by heart for a second more (`tenant_to_read`).
    """
    cache.set(_key(host.lower()), _CHANGED, _CHANGED_FOR)
    forget_here()


def forget_once_committed(hosts: Iterable[str]) -> None:
    """Forget them when the change can be seen; at once outside of a transaction."""
    for host in hosts:
        transaction.on_commit(lambda host=host: forget(host))  # type: ignore[misc]


def _key(host: str) -> str:
    return f"host:{_shape()}:{host}"


@once
def _shape() -> str:
    """Changes with the columns: a new release does not read what an old one has cached."""
    names = ",".join(field.attname for field in Tenant._meta.concrete_fields)
    return hashlib.sha256(names.encode()).hexdigest()[:8]
