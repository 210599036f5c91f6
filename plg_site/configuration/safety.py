"""Settings that would harm people who trust this installation. They are errors, not advice.

System checks name them (`manage.py check`, so `prepare` stops), the web process refuses to start with
them, and `manage.py doctor` shows them. What each protects from: docs/security.md.
"""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SECRET_KEY_LENGTH = 32  # characters; `openssl rand -base64 48` gives 64
_SECRET_KEY_VARIETY = 10  # different characters
_SECRET_KEY_MARK = "django-insecure-"  # noqa: S105  startproject's, which stand in repositories
HSTS_LEAST = 24 * 60 * 60  # seconds
_WIDEST = {4: 8, 6: 16}  # bits of a network of the public internet that somebody's proxies fill
_NAMES_AT_HOME = (
    "localhost", ".local", ".internal", ".home.arpa", ".test", ".example", ".invalid",
)  # fmt: skip
_SOCKETS = ("unix:", "fd://")  # no address tells who reaches them


@dataclass(frozen=True)
class Unsafe:
    """One setting: an id for the system check, what is wrong, and what to do."""

    id: str
    says: str
    do: str


def find(conf: Any = settings) -> list[Unsafe]:
    """What is unsafe in these settings; nothing where all is well."""
    looks = (
        _secret_key, _hsts, _files_domain, _app_domain, _open_development, _trusted_proxies,
        _debug, _plain_http, _live_stripe_key,
    )  # fmt: skip
    return [unsafe for look in looks for unsafe in look(conf)]


def refuse_unsafe() -> None:
    """For a process that answers strangers. Raises ImproperlyConfigured, which says all of it."""
    _refuse(find())


def refuse_open_sockets(names: Iterable[object]) -> None:
    """For the web process, with the names of the sockets that it does listen on (`getsockname`):
    what the environment says is only what it was asked to. Raises ImproperlyConfigured."""
    hosts = [str(name[0]) for name in names if isinstance(name, tuple)]
    _refuse(list(_open_to(hosts, settings)))


def _refuse(found: Sequence[Unsafe]) -> None:
    if found:
        lines = [f"{unsafe.id}: {unsafe.says} {unsafe.do}" for unsafe in found]
        raise ImproperlyConfigured("These settings are unsafe.\n" + "\n".join(lines))


def _secret_key(conf: Any) -> Iterator[Unsafe]:
    for name, key in _secret_keys(conf):
        if key.startswith(_SECRET_KEY_MARK):
            wrong = f"begins with {_SECRET_KEY_MARK}, as one that was made to be thrown away"
        elif len(key) < SECRET_KEY_LENGTH:
            wrong = f"is short ({len(key)} characters)"
        elif len(set(key)) < _SECRET_KEY_VARIETY:
            wrong = f"has few different characters ({len(set(key))})"
        else:
            continue
        yield Unsafe(
            "plg_site.E001",
            f"{name} {wrong}: whoever guesses it signs in as anybody.",
            "Set at least 32 random ones, such as `openssl rand -base64 48` gives.",
        )


def _secret_keys(conf: Any) -> Iterator[tuple[str, str]]:
    """All that are believed."""
    yield "SECRET_KEY", str(conf.SECRET_KEY)
    for key in conf.SECRET_KEY_FALLBACKS:
        yield "A key of SECRET_KEY_FALLBACKS", str(key)


def _live_stripe_key(conf: Any) -> Iterator[Unsafe]:
    elsewhere = conf.STRIPE_SIMULATED or not conf.STRIPE_API_HOST.startswith("https://")
    if conf.STRIPE_LIVE_SECRET_KEY and elsewhere:
        yield Unsafe(
            "plg_site.E009",
            f"STRIPE_SECRET_KEY is a live one, and would be sent to {conf.STRIPE_API_HOST}, which is "
            "not Stripe.",
            "Leave STRIPE_API_HOST and STRIPE_SIMULATED out, or use a test key.",
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
    yield from _open_to(conf.BIND_HOSTS, conf)


def _open_to(hosts: Iterable[str], conf: Any) -> Iterator[Unsafe]:
    opened = [host or "all addresses" for host in hosts if not is_loopback(host)]
    parts = ["the outbox shows everybody's mail"] if conf.MAIL_OUTBOX_DIR else []
    calls_here = getattr(conf, "WEBHOOKS_TO_LOOPBACK", False)
    parts += ["webhooks of customers may call this machine"] if calls_here else []
    parts += ["payments are simulated"] if conf.STRIPE_SIMULATED else []
    parts += ["errors show code and what was sent"] if conf.SHOW_ERRORS else []
    if opened and parts:
        yield Unsafe(
            "plg_site.E005",
            f"The web process listens on {', '.join(opened)}, while {' and '.join(parts)}.",
            "Listen on 127.0.0.1, or set EMAIL_URL and STRIPE_SECRET_KEY and leave SHOW_ERRORS out.",
        )


def _trusted_proxies(conf: Any) -> Iterator[Unsafe]:
    """A network is named for proxies that stand in it, so it must not hold the clients as well."""
    try:
        networks = [ip_network(each) for each in conf.TRUSTED_PROXIES if each != "unix"]
    except ValueError as error:
        yield Unsafe(
            "plg_site.E006",
            f"TRUSTED_PROXIES cannot be read: {error}.",
            "Give networks such as 10.0.0.0/8 or fd00::/8, with commas.",
        )
        return
    wide = [str(network) for network in _joined(networks) if _is_wide(network)]
    if wide:
        yield Unsafe(
            "plg_site.E006",
            f"TRUSTED_PROXIES holds {', '.join(wide)}: whoever comes from there says which address "
            "is theirs, and no limit holds.",
            "Name the networks that your proxies alone are in.",
        )


def _debug(conf: Any) -> Iterator[Unsafe]:
    if conf.DEBUG and _reaches_others(conf):
        yield Unsafe(
            "plg_site.E007",
            "DEBUG is on where others come by: an error shows them code, settings and what was sent.",
            "Leave DEBUG out.",
        )


def _plain_http(conf: Any) -> Iterator[Unsafe]:
    if conf.PUBLIC_SCHEME != "https" and _reaches_others(conf):
        yield Unsafe(
            "plg_site.E008",
            f"PUBLIC_SCHEME is {conf.PUBLIC_SCHEME}: passwords and sessions of {conf.SITE_DOMAIN} go "
            "over the wire readable, and cookies are not kept to https.",
            "Put a proxy with a certificate in front, and set PUBLIC_SCHEME to https.",
        )


def _reaches_others(conf: Any) -> bool:
    """Whether this is open to other machines under a name of the internet (RFC 6761, RFC 8375)."""
    if all(is_loopback(host) for host in conf.BIND_HOSTS):
        return False
    return not conf.SITE_DOMAIN.endswith(_NAMES_AT_HOME) and not _is_address(conf.SITE_DOMAIN)


def _joined(networks: Sequence[IPv4Network | IPv6Network]) -> list[IPv4Network | IPv6Network]:
    """Two halves of a network are the whole."""
    four = collapse_addresses([each for each in networks if isinstance(each, IPv4Network)])
    six = collapse_addresses([each for each in networks if isinstance(each, IPv6Network)])
    return [*four, *six]


def _is_wide(network: IPv4Network | IPv6Network) -> bool:
    return network.prefixlen < _WIDEST[network.version] and not network.is_private


def bind_hosts(environ: Any = os.environ) -> list[str]:
    """The hosts that the web process listens on ("": all), as far as the environment tells: as
    gunicorn reads them ("host:port") in GUNICORN_CMD_ARGS, which win, and in `WEB_BIND` (several
    with commas), or `BIND_HOST` of `bin/dev`."""
    given = _of_gunicorn(environ) or environ.get("WEB_BIND", "").split(",")
    binds = [each.strip() for each in given if each.strip()]
    hosts = [_host(each) for each in binds if not each.startswith(_SOCKETS)]
    return hosts or [host for host in [environ.get("BIND_HOST", "").strip()] if host]


def _of_gunicorn(environ: Any) -> list[str]:
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("-b", "--bind", action="append", default=[])
    try:
        known, _ = parser.parse_known_args(shlex.split(environ.get("GUNICORN_CMD_ARGS", "")))
    except (argparse.ArgumentError, ValueError):  # gunicorn will say so, and not start
        return []
    return [part for each in known.bind for part in each.split(",")]


def _host(bind: str) -> str:
    bind = bind.removeprefix("tcp://")
    if bind.startswith("["):
        return bind[1:].partition("]")[0]
    return bind.rpartition(":")[0] if ":" in bind else bind


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only this machine can mean it: an address, or the name `localhost`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_below(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")
