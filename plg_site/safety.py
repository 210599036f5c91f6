"""Settings that would harm people who trust this installation. They are errors, not advice.

System checks name them (`manage.py check`, so `prepare` stops), the web process refuses to start with
them, and `manage.py doctor` shows them. What each protects from: docs/security.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SECRET_KEY_LENGTH = 32  # characters; `openssl rand -base64 48` gives 64
_SECRET_KEY_VARIETY = 10  # different characters
HSTS_LEAST = 24 * 60 * 60  # seconds
_LOOPBACK_NAMES = {"localhost", ""}


@dataclass(frozen=True)
class Unsafe:
    """One setting: an id for the system check, what is wrong, and what to do."""

    id: str
    says: str
    do: str


def find(conf: Any = settings) -> list[Unsafe]:
    """What is unsafe in these settings; nothing where all is well."""
    looks = (_secret_key, _hsts, _files_domain, _app_domain, _open_development)
    return [unsafe for look in looks for unsafe in look(conf)]


def refuse_unsafe() -> None:
    """For a process that answers strangers. Raises ImproperlyConfigured, which says all of it."""
    if found := find():
        lines = [f"{unsafe.id}: {unsafe.says} {unsafe.do}" for unsafe in found]
        raise ImproperlyConfigured("These settings are unsafe.\n" + "\n".join(lines))


def _secret_key(conf: Any) -> Iterator[Unsafe]:
    key = conf.SECRET_KEY
    if len(key) < SECRET_KEY_LENGTH or len(set(key)) < _SECRET_KEY_VARIETY:
        yield Unsafe(
            "plg_site.E001",
            f"SECRET_KEY is short ({len(key)} characters): whoever guesses it signs in as anybody.",
            "Set at least 32 random ones, such as `openssl rand -base64 48` gives.",
        )


def _hsts(conf: Any) -> Iterator[Unsafe]:
    if conf.PUBLIC_SCHEME == "https" and conf.SECURE_HSTS_SECONDS < HSTS_LEAST:
        yield Unsafe(
            "plg_site.E002",
            "SECURE_HSTS_SECONDS lets a browser come back without https, where others read along.",
            "Leave it out (a year), or set a day (86400) or more.",
        )


def _files_domain(conf: Any) -> Iterator[Unsafe]:
    if _is_below(conf.FILES_DOMAIN, conf.SITE_DOMAIN):
        yield Unsafe(
            "plg_site.E003",
            f"FILES_DOMAIN {conf.FILES_DOMAIN} receives the session cookies of {conf.SITE_DOMAIN}: "
            "an uploaded page could use them.",
            "Give uploads a domain that is not below SITE_DOMAIN.",
        )


def _app_domain(conf: Any) -> Iterator[Unsafe]:
    if not _is_below(conf.APP_DOMAIN, conf.SITE_DOMAIN):
        yield Unsafe(
            "plg_site.E004",
            f"APP_DOMAIN {conf.APP_DOMAIN} is outside of SITE_DOMAIN {conf.SITE_DOMAIN}: nobody who "
            "signed in would be signed in to a workspace.",
            "Set it to SITE_DOMAIN or to a name below it.",
        )


def _open_development(conf: Any) -> Iterator[Unsafe]:
    opened = [host for host in conf.BIND_HOSTS if not _is_loopback(host)]
    parts = ["the outbox shows everybody's mail"] if conf.MAIL_OUTBOX_DIR else []
    parts += ["payments are simulated"] if conf.STRIPE_SIMULATED else []
    if opened and parts:
        yield Unsafe(
            "plg_site.E005",
            f"The web process listens on {', '.join(opened)}, while {' and '.join(parts)}.",
            "Listen on 127.0.0.1, or set EMAIL_URL and STRIPE_SECRET_KEY.",
        )


def bind_hosts(environ: Any = os.environ) -> list[str]:
    """The hosts that the web process listens on, as far as the environment tells: `WEB_BIND` as
    gunicorn reads it ("host:port", several with commas), or `BIND_HOST` of `bin/dev`."""
    given = [each.strip() for each in environ.get("WEB_BIND", "").split(",") if each.strip()]
    hosts = [_host(each) for each in given if not each.startswith("unix:")]
    return hosts or [host for host in [environ.get("BIND_HOST", "").strip()] if host]


def _host(bind: str) -> str:
    if bind.startswith("["):
        return bind[1:].partition("]")[0]
    return bind.rpartition(":")[0] if ":" in bind else bind


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in _LOOPBACK_NAMES


def _is_below(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")
