"""Where a short link may lead.

The visitor's browser follows the link, not this server, so an address inside a network is no
danger to us. It is one to visitors (a link on a poster that talks to their router), so loopback and
private addresses are refused, except on an installation that is on loopback itself.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from product.codes import is_reserved
from product.models import URL_MAX_LENGTH
from tenants import hosts

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f<>\"\\^`{|}]")  # never in a URL, RFC 3986
_HOST = re.compile(r"(?:[\w-]+\.)*[\w-]+")  # \w: also names in other scripts


def validate_target(url: str) -> str:
    """The address itself. Raises ValidationError with words when a link must not lead there."""
    if len(url) > URL_MAX_LENGTH:
        raise ValidationError(f"Use at most {URL_MAX_LENGTH} characters.", code="too_long")
    if _FORBIDDEN.search(url):
        raise ValidationError(
            "An address has no spaces or quotes. Please check it.", code="malformed"
        )
    parts = _split(url)
    if parts.scheme.lower() not in {"http", "https"}:
        raise ValidationError(
            "Links lead to web pages: the address must begin with http:// or https://.",
            code="scheme",
        )
    if parts.username is not None or parts.password is not None:
        raise ValidationError(
            "An address must not carry a user name or password.", code="credentials"
        )
    host = (parts.hostname or "").rstrip(".")
    if not _HOST.fullmatch(host) and _address(host) is None:
        raise ValidationError("This address has no valid host. Please check it.", code="malformed")
    _refuse_private(host)
    _refuse_short_link(host, parts.path)
    return url


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        raise ValidationError(
            "This is not a complete address. Please check it.", code="malformed"
        ) from None
    return parts


def _refuse_private(host: str) -> None:
    if settings.DEBUG or settings.SITE_DOMAIN.endswith(".localhost"):
        return
    address = _address(host)
    if host == "localhost" or host.endswith(".localhost") or (address and not address.is_global):
        raise ValidationError(
            "This address works only inside one network. Use one that everybody can open.",
            code="private",
        )


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that a browser makes of `host`, also of forms like 0x7f.1 and 2130706433."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _refuse_short_link(host: str, path: str) -> None:
    """A link to a short link hides where it leads, and two of them could go round in circles."""
    code = path.strip("/")
    if not code or "/" in code or is_reserved(code):
        return
    if hosts.place_of(host) is hosts.Place.WORKSPACE and hosts.tenant_for(host) is not None:
        raise ValidationError(
            "This is a short link already. Use the address it leads to.", code="short_link"
        )
