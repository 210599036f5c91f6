"""Where a short link may lead.

The visitor's browser follows the link, not this server, so an address inside a network is no
danger to us. It is one to visitors (a link on a poster that talks to their router), so loopback and
private addresses are refused, except on an installation that is on loopback itself. What is checked
is what the browser will make of the address (tenants/hosts/browser_host.py), when it is entered and again
when it is followed.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from product.codes import is_reserved
from product.models import URL_MAX_LENGTH
from tenants import hosts
from tenants.hosts import NoHost, as_browsers_read, ip_address_of

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f<>\"\\^`{|}]")  # never in a URL, RFC 3986
# Names that mean something only inside one network: set apart for that (RFC 6761, 6762, 8375, ICANN's
# .internal), never to be given to anybody because networks use them (RFC 6762 G, ICANN on .corp, .home
# and .mail), and those of routers that many homes have.
_INSIDE = (
    *(".localhost", ".local", ".internal", ".home.arpa", ".invalid", ".localdomain"),
    *(".lan", ".home", ".corp", ".mail", ".intranet", ".private", ".domain", ".workgroup"),
    *(".fritz.box", ".speedport.ip"),
)


def validate_target(url: str) -> str:
    """The address with its host as browsers and DNS have it: in ASCII, after UTS 46.

    That is what is checked, kept and sent. Raises ValidationError with words when a link must not
    lead there.
    """
    if len(url) > URL_MAX_LENGTH:
        raise ValidationError(f"Use at most {URL_MAX_LENGTH} characters.", code="too_long")
    parts, host = _checked(url)
    _refuse_short_link(host, parts.path)
    found = _with_host(parts, host)
    if len(found) > URL_MAX_LENGTH:
        raise ValidationError(f"Use at most {URL_MAX_LENGTH} characters.", code="too_long")
    return found


def followed(url: str) -> str:
    """The same for an address that was kept before: where visitors are sent. Raises ValidationError.

    What was checked by an older rule, or came with an archive, is checked again by this one.
    """
    parts, host = _checked(url)
    return _with_host(parts, host)


def _checked(url: str) -> tuple[SplitResult, str]:
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
    try:
        host = as_browsers_read(parts.hostname or "")
    except NoHost:
        message = "This address has no valid host. Please check it."
        raise ValidationError(message, code="malformed") from None
    _refuse_private(host)
    return parts, host


def _with_host(parts: SplitResult, host: str) -> str:
    netloc = f"[{host}]" if ":" in host else host
    if parts.port is not None:
        netloc += f":{parts.port}"
    return urlunsplit(parts._replace(scheme=parts.scheme.lower(), netloc=netloc))


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
    address = ip_address_of(host)
    if address is not None:
        is_inside = not address.is_global or address.is_multicast
    else:
        is_inside = "." not in host or f".{host}".endswith(_INSIDE)
    if is_inside:
        raise ValidationError(
            "This address works only inside one network. Use one that everybody can open.",
            code="private",
        )


def _refuse_short_link(host: str, path: str) -> None:
    """A link to a short link hides where it leads, and two of them could go round in circles."""
    code = path.strip("/")
    if not code or "/" in code or is_reserved(code):
        return
    if hosts.place_of(host) is hosts.Place.WORKSPACE and hosts.tenant_for(host) is not None:
        raise ValidationError(
            "This is a short link already. Use the address it leads to.", code="short_link"
        )
