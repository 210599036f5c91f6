"""The host that a browser makes of what stands in an address, and the IP address that it is.

WHATWG URL Standard, "host parsing" (https://url.spec.whatwg.org/#host-parsing): names are mapped by
UTS 46, so that full-width or circled digits become digits; a host whose last part is a number is an
IPv4 address, in any of its spellings. What is checked before that is not where the browser goes.
"""

from __future__ import annotations

import ipaddress
import re

import idna

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LONGEST = 253
_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class NoHost(ValueError):
    """A browser would go nowhere."""


def normal(host: str) -> str:
    """The host in ASCII and small letters, IPv6 without its brackets. Raises NoHost.

    Without a full stop at its end, which browsers keep and which changes nothing.
    """
    if ":" in host:
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError:
            raise NoHost(host) from None
    name = _mapped(host).rstrip(".")
    if not _NAME.fullmatch(name) or len(name) > LONGEST:
        raise NoHost(host)
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        return str(_ipv4(name))
    return name


def address(normal_host: str) -> Address | None:
    """The IP address that a host of `normal` is; of one within another, the inner one."""
    try:
        found = ipaddress.ip_address(normal_host)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        return inner or found
    return found


def _mapped(host: str) -> str:
    try:
        name = idna.uts46_remap(host, std3_rules=False, transitional=False)
        return ".".join(map(_ascii, name.split(".")))
    except (idna.IDNAError, UnicodeError):
        raise NoHost(host) from None


def _ascii(label: str) -> str:
    if label.startswith("xn--"):  # it must be what mapping would have made
        plain = label[4:].encode().decode("punycode")
        if idna.uts46_remap(plain, std3_rules=False, transitional=False) != plain:
            raise idna.IDNAError(label)
        return label
    if label.isascii():
        return label
    try:
        return idna.alabel(label).decode()
    except idna.InvalidCodepoint:  # signs and pictures: no IDNA 2008, and browsers go there
        return f"xn--{label.encode('punycode').decode()}"


def _ipv4(name: str) -> ipaddress.IPv4Address:
    """Of up to four numbers, decimal, octal (0…) or hexadecimal (0x…); the last one fills the rest."""
    parts = name.split(".")
    try:
        *first, last = [_number(part) for part in parts]
    except ValueError:
        raise NoHost(name) from None
    if len(parts) > 4 or any(each > 255 for each in first) or last >= 256 ** (5 - len(parts)):
        raise NoHost(name)
    whole = sum(each << (8 * (3 - place)) for place, each in enumerate(first))
    return ipaddress.IPv4Address(whole + last)


def _number(part: str) -> int:
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    if len(part) > 1 and part.startswith("0"):
        return int(part, 8)
    return int(part)
