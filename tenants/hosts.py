"""From a host name to what it stands for: the site, the files host, a workspace, or nothing."""

from __future__ import annotations

from enum import Enum

from django.conf import settings
from django.core.cache import cache

from tenants.models import Domain, Tenant

_KEEP = 300  # seconds; changes invalidate at once, this bounds a lost invalidation


class Place(Enum):
    SITE = "site"
    FILES = "files"
    ALIAS = "alias"  # another name of the site, such as www: redirected to it
    WORKSPACE = "workspace"


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
    if found is None:
        domain = Domain.objects.select_related("tenant").filter(domain=host).first()
        if domain is None:
            return None  # not cached: whoever asks for random names must not fill the cache
        found = domain.tenant
        cache.set(_key(host), found, _KEEP)
    return found


def forget(host: str) -> None:
    """Drop the cached answer for `host`; called when a domain or its tenant changes."""
    cache.delete(_key(host))


def _key(host: str) -> str:
    return f"host:{host}"
