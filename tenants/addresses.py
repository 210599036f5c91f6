"""Slugs of workspaces and the addresses made from them."""

from __future__ import annotations

import re
import secrets
from typing import Protocol

from anyascii import anyascii
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.text import slugify

from tenants import lookalikes

SLUG_MAX_LENGTH = 40
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_PLAIN = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that are taken for another
_SUFFIX = 6

# Names that a stranger could use to look like us, or that we or a browser may need ourselves.
RESERVED = frozenset(
    [
        "about",
        "abuse",
        "account",
        "accounts",
        "admin",
        "administrator",
        "analytics",
        "api",
        "app",
        "apps",
        "assets",
        "auth",
        "autoconfig",
        "autodiscover",
        "billing",
        "blog",
        "cdn",
        "chat",
        "cms",
        "connect",
        "contact",
        "dashboard",
        "demo-site",
        "dev",
        "developer",
        "docs",
        "domains",
        "email",
        "events",
        "example",
        "files",
        "ftp",
        "go",
        "help",
        "home",
        "host",
        "hostmaster",
        "imap",
        "info",
        "invite",
        "invitations",
        "isatap",
        "live",
        "localhost",
        "login",
        "logout",
        "mail",
        "media",
        "metrics",
        "mx",
        "news",
        "noc",
        "ns",
        "ns1",
        "ns2",
        "oauth",
        "oidc",
        "outbox",
        "pay",
        "payment",
        "payments",
        "plg",
        "pop",
        "postmaster",
        "press",
        "pricing",
        "privacy",
        "proxy",
        "root",
        "sales",
        "security",
        "server",
        "shop",
        "signin",
        "signout",
        "signup",
        "site",
        "smtp",
        "sso",
        "staging",
        "static",
        "status",
        "store",
        "stripe",
        "support",
        "system",
        "terms",
        "test",
        "tls",
        "trust",
        "usage",
        "web",
        "webhook",
        "webmaster",
        "webmail",
        "workspace",
        "workspaces",
        "wpad",
        "www",
    ]
)


class Addressed(Protocol):
    """What has an address: a workspace."""

    @property
    def slug(self) -> str: ...

    @property
    def own_domain(self) -> str: ...


def host_of(slug: str) -> str:
    """The host name of the workspace with this slug."""
    return f"{slug}.{settings.APP_DOMAIN}"


def workspace_url(tenant: Addressed, path: str = "/") -> str:
    """The absolute address of `path` in the workspace, under its own domain where it has one."""
    host = tenant.own_domain or host_of(tenant.slug)
    return f"{settings.PUBLIC_SCHEME}://{host}{settings.PUBLIC_PORT_SUFFIX}{path}"


def home_url(tenant: Addressed, path: str = "/") -> str:
    """The same under our domain: where a form of the site may lead (`form-action`), and where the
    workspace is whatever becomes of its own domain."""
    return f"{settings.PUBLIC_SCHEME}://{host_of(tenant.slug)}{settings.PUBLIC_PORT_SUFFIX}{path}"


def is_former(host: str, tenant: Addressed) -> bool:
    """Whether the workspace was at this host once, and has moved. (A domain of its own is none.)"""
    return host.endswith(f".{settings.APP_DOMAIN}") and host != host_of(tenant.slug)


def slug_from_name(name: str) -> str:
    """A valid slug made from a workspace's name, in whatever letters; "" when it has none at all."""
    slug = slugify(anyascii(name))[:SLUG_MAX_LENGTH].strip("-_").replace("_", "-")
    return slug if len(slug) >= 3 or not slug else f"{slug}-workspace"


def distinct(slug: str) -> str:
    """An address close to `slug` that nobody else has thought of."""
    suffix = "".join(secrets.choice(_PLAIN) for _ in range(_SUFFIX))
    return f"{slug[: SLUG_MAX_LENGTH - _SUFFIX - 1].rstrip('-')}-{suffix}"


def is_reserved(slug: str) -> bool:
    """Whether it is one of ours, looks like one, or carries the brand."""
    return (
        slug.startswith("xn--")
        or lookalikes.looks_like_any(slug, RESERVED)
        or lookalikes.carries_brand(slug, settings.BRAND_WORDS)
    )


def validate_slug(slug: str) -> None:
    """Raise ValidationError with words when `slug` cannot be the address of a workspace."""
    if not 3 <= len(slug) <= SLUG_MAX_LENGTH:
        raise ValidationError(f"Use 3 to {SLUG_MAX_LENGTH} characters.", code="slug_length")
    if not _SLUG.fullmatch(slug):
        raise ValidationError(
            "Use small letters, digits and hyphens; begin and end with a letter or digit.",
            code="slug_characters",
        )
    if is_reserved(slug):
        raise ValidationError(f"“{slug}” is reserved. Please choose another.", code="slug_reserved")
