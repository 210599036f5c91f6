"""Whether an address is one that we call: what customers type must not lead into our own network.

A name is looked up, all that it leads to is checked, and the call goes to what was checked, not to the
name: an answer that changes in between (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

if TYPE_CHECKING:
    from dns.resolver import Resolver

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_SECONDS = 4.0  # for all questions about one name
_MOST = 8  # addresses of a name that are looked at
# Beside what `ipaddress` knows to be no public address; how much that is depends on Python's version.
_NEVER = [
    ipaddress.ip_network(each)
    for each in (
        "168.63.129.16/32",  # Azure's wire server
        "192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "2001::/23", "fec0::/10",  # RFC 6890
    )
]  # fmt: skip
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits


class NotAllowed(Exception):
    """It leads somewhere that is never called. The message is words for people."""


class NotFound(Exception):
    """Nobody knows the name, or nobody answers; perhaps later."""


def check_url(url: str) -> None:
    """What can be said without asking anybody. Raises NotAllowed."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise NotAllowed("That is no address of a web page.") from None
    if parts.scheme not in _schemes():
        raise NotAllowed("The address must begin with https://.")
    if not host or not url.isascii() or any(each in url for each in " \t\r\n\\"):
        raise NotAllowed("That is no address of a web page.")
    if parts.username is not None or parts.password is not None:
        raise NotAllowed("The address must not hold a name or a password.")
    if parts.fragment:
        raise NotAllowed("The address must not have a part after “#”.")
    if port == 0:
        raise NotAllowed("That is no address of a web page.")
    literal = _literal(host)
    if literal is not None:
        _require(literal)
    elif not _is_here(host) and ("." not in host or host.endswith((".localhost", ".internal"))):
        raise NotAllowed("The address must be one that the whole internet can reach.")


def find(host: str) -> Sequence[str]:
    """The addresses to call, checked, in the order to try. Raises NotAllowed, NotFound."""
    literal = _literal(host)
    found = [literal] if literal is not None else list(_looked_up(host))
    if not found:
        raise NotFound(f"{host} has no address.")
    for address in found:
        _require(address)
    return [str(address) for address in sorted(found, key=lambda each: each.version)]


def _require(address: Address) -> None:
    if settings.WEBHOOKS_TO_LOOPBACK and address.is_loopback:
        return
    if not _is_public(address):
        raise NotAllowed("The address leads into a network that we never call.")


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inside = _inside(address)
        if inside is not None:
            return _is_public(inside)
    refused = [*_NEVER, *map(ipaddress.ip_network, settings.WEBHOOKS_REFUSED_NETWORKS)]
    if any(address in network for network in refused if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inside(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a gateway would make of it."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or int(address) >> 32 == 0:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _looked_up(host: str) -> Iterator[Address]:
    if _is_here(host):
        yield ipaddress.ip_address("127.0.0.1")
        return
    import dns.exception  # not at the start of every process: few of them call webhooks
    import dns.resolver

    resolver = _resolver()
    for kind in ("A", "AAAA"):
        try:
            answer = resolver.resolve(f"{host}.", kind, lifetime=_SECONDS / 2, search=False)
        except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
            continue
        except dns.exception.DNSException as error:
            raise NotFound(f"{host}: {type(error).__name__}") from error
        for row in list(answer)[:_MOST]:
            yield ipaddress.ip_address(str(row))


def _resolver() -> Resolver:
    """The machine's own, unless others are named: "host" or "host#port"."""
    import dns.resolver

    if not settings.WEBHOOKS_RESOLVERS:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    hosts = [each.partition("#") for each in settings.WEBHOOKS_RESOLVERS]
    resolver.nameservers = [host for host, _, _ in hosts]
    resolver.port = int(hosts[0][2] or 53)
    return resolver


def _is_here(host: str) -> bool:
    """Names of this machine, where development allows them."""
    return settings.WEBHOOKS_TO_LOOPBACK and (host == "localhost" or host.endswith(".localhost"))


def _schemes() -> set[str]:
    return {"https", "http"} if settings.WEBHOOKS_TO_LOOPBACK else {"https"}
