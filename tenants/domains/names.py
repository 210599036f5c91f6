"""Which names can be a workspace's own domain, in the one spelling that DNS and browsers use."""

from __future__ import annotations

import re
from functools import cache

import idna
from django.conf import settings
from django.core.exceptions import ValidationError
from publicsuffixlist import PublicSuffixList

from tenants.hosts import browser_host

MAX_LENGTH = 230  # leaves room in 253 for the label of the proof (RFC 1035, 2.3.4)
# Names that are not in the public DNS (RFC 6761, 6762, 7686, 8375, 9476 and ICANN's .internal).
_NOT_PUBLIC = frozenset(
    "alt arpa example home internal invalid lan local localhost onion test".split()  # noqa: SIM905
)
_SCHEME = re.compile(r"^https?://", re.IGNORECASE)


def normalised(text: str) -> str:
    """The name in ASCII, small letters, IDNA 2008 with the mapping of UTS 46; "Bücher.Example" is
    "xn--bcher-kva.example". Raises ValidationError with words for what cannot be one."""
    name = _SCHEME.sub("", text.strip()).rstrip("/").rstrip(".")
    if not name or re.search(r"[\s/:@?#*_]", name):
        raise ValidationError(
            "Enter only the name, such as links.example.com: no path, port or wildcard.",
            code="domain_characters",
        )
    if _is_address(name):
        raise ValidationError("Enter a name; an IP address has no owner.", code="domain_address")
    try:
        ascii_name = idna.encode(name, uts46=True, transitional=False).decode().lower()
    except idna.IDNAError:
        raise ValidationError(
            f"“{name}” is not a name that DNS knows. Check the spelling.", code="domain_spelling"
        ) from None
    if _is_address(ascii_name):  # only mapping shows what full-width digits are
        raise ValidationError("Enter a name; an IP address has no owner.", code="domain_address")
    _check(ascii_name)
    return ascii_name


def shown(name: str) -> str:
    """The name as a person writes it: "bücher.example"."""
    try:
        return idna.decode(name)
    except idna.IDNAError:
        return name


def is_apex(name: str) -> bool:
    """Whether the name is what one registers, such as example.com: no CNAME may stand there."""
    return _suffixes().privatesuffix(name) == name


def _check(name: str) -> None:
    if "." not in name or len(name) > MAX_LENGTH:
        raise ValidationError("Enter a whole name, such as links.example.com.", code="domain_whole")
    ours = {settings.SITE_DOMAIN, settings.APP_DOMAIN, settings.FILES_DOMAIN}
    if any(name == own or name.endswith(f".{own}") for own in ours):
        raise ValidationError(
            "This is one of our own addresses. Enter a domain of yours.", code="domain_ours"
        )
    last = name.rsplit(".", 1)[1]
    # A development copy lives under .localhost itself, and browsers find nothing else there.
    development = last == "localhost" and settings.SITE_DOMAIN.endswith(".localhost")
    if last in _NOT_PUBLIC and not development:
        raise ValidationError(
            f"Names under .{last} are not on the internet, so nobody could visit it.",
            code="domain_not_public",
        )
    if _suffixes().privatesuffix(name) is None:
        raise ValidationError(
            f"“{name}” belongs to everybody who registers names below it. Enter yours.",
            code="domain_public_suffix",
        )


def _is_address(name: str) -> bool:
    try:
        host = browser_host.normal(name.strip("[]"))
    except browser_host.NoHost:
        return False
    return browser_host.address(host) is not None


@cache
def _suffixes() -> PublicSuffixList:
    """The list that came with the package (publicsuffix.org); nothing is fetched."""
    return PublicSuffixList()
