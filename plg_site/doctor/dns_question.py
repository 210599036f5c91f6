"""Questions to the DNS, as the world answers them, not this machine's hosts file."""

from __future__ import annotations

import dns.exception
import dns.resolver
from django.conf import settings

_PATIENCE = 3.0  # seconds for one question


class NoAnswer(Exception):
    """No resolver answered; the message names the question."""


def ask(name: str, kind: str) -> list[str]:
    """The records as text, [] where there are none. Raises NoAnswer."""
    try:
        answer = _resolver().resolve(name, kind, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise NoAnswer(f"{kind} of {name}: {error}") from error
    if kind == "TXT":
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
    return [str(record) for record in answer]


def addresses(name: str) -> set[str]:
    """IPv4 and IPv6. Raises NoAnswer."""
    return {*ask(name, "A"), *ask(name, "AAAA")}


def is_local(domain: str) -> bool:
    """Of this machine or network alone (RFC 6761): the DNS of the world knows nothing of it."""
    return domain.endswith((".localhost", ".test", ".local", ".internal")) or "." not in domain


def _resolver() -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=not settings.DNS_RESOLVERS)
    if settings.DNS_RESOLVERS:
        servers = [server.partition("#") for server in settings.DNS_RESOLVERS]
        resolver.nameservers = [address for address, _, _ in servers]
        resolver.nameserver_ports = {address: int(port) for address, _, port in servers if port}
    resolver.lifetime = resolver.timeout = _PATIENCE
    return resolver
