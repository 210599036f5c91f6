"""Where a redirect of ours may lead: the site, and what the layers above vouch for.

`next=` comes with a link, so anybody can have written it. It is read as a browser would read it, and
what leaves any doubt (a backslash, a user part, a port, dots, white space) leads nowhere. A layer
above says which of its addresses are safe (`vouch`): never one that answers visitors, for the
product's short links lead anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.http import HttpRequest

from identity import cookies
from identity.models import User

LONGEST = 4_000  # characters; a sign-in for another property brings its whole question along
_DOUBTFUL = re.compile(r"[\x00-\x20\x7f\\]")
_HOST = re.compile(r"[a-z0-9.-]+")
_DOTS = {".", ".."}  # browsers take them out of a path before they ask

Voucher = Callable[[str, str, User | None], bool]
_vouchers: list[Voucher] = []


class Ours(str):
    """An address that we have made ourselves, of no word of a request: nobody has to be asked."""

    __slots__ = ()


@dataclass(frozen=True)
class Target:
    """A place on a host (small letters, no port); `path` is decoded, as views see it."""

    host: str
    path: str


def vouch(voucher: Voucher) -> None:
    """Let `voucher(host, path, user)` say whether a host that is not the site may be led to.

    `user` is None while nobody has signed in yet: then the address may be kept until somebody has.
    """
    if voucher not in _vouchers:
        _vouchers.append(voucher)


def may_lead_to(url: str, *, request: HttpRequest) -> bool:
    """Whether an answer to `request` may redirect to `url`, for whoever is signed in at this moment."""
    target = read(url, here=cookies.host_of(request))
    if target is None:
        return False
    if target.host == settings.SITE_DOMAIN:
        return True
    known = getattr(request, "user", None)
    user = known if isinstance(known, User) else None
    return any(voucher(target.host, target.path, user) for voucher in _vouchers)


def is_site(url: str, *, request: HttpRequest) -> bool:
    """Whether `url` is an address of the site itself."""
    target = read(url, here=cookies.host_of(request))
    return target is not None and target.host == settings.SITE_DOMAIN


def read(url: str, *, here: str) -> Target | None:
    """The place that a browser on the host `here` would open; None where there is any doubt."""
    if len(url) > LONGEST or _DOUBTFUL.search(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    path = unquote(parts.path)
    if not path.startswith("/") or _DOUBTFUL.search(path) or _DOTS & set(path.split("/")):
        return None
    if not parts.scheme and not parts.netloc:
        return None if url.startswith("//") else Target(here, path)
    host = parts.netloc.lower()
    port = settings.PUBLIC_PORT_SUFFIX
    if parts.scheme != settings.PUBLIC_SCHEME or not host.endswith(port):
        return None
    host = host.removesuffix(port)
    return Target(host, path) if _HOST.fullmatch(host) else None
