"""A DNS server, a workspace that may have domains, and one that is served."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client

from tenants.domains import allowance, checking, claims, dns
from tenants.domains.models import CustomDomain
from tests.conftest import HandlerBehindEarlyAnswers
from tests.tenants.domains.dns_server import DnsServer

NAME = "links.acme-corp.com"


@pytest.fixture
def resolver() -> Iterator[DnsServer]:
    server = DnsServer()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def _ask_it(resolver: DnsServer, settings, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    settings.DNS_RESOLVERS = [resolver.address]
    resolver.has(settings.CUSTOM_DOMAIN_TARGET, "A", "192.0.2.10")
    monkeypatch.setattr(dns, "TIMEOUT", 0.3)


@pytest.fixture
def proved(resolver: DnsServer) -> Callable[[CustomDomain], CustomDomain]:
    """Set the records as the page asks for them, and look."""

    def prove(claim: CustomDomain) -> CustomDomain:
        from django.conf import settings

        resolver.has(claim.proof_name, "TXT", claim.proof_value)
        resolver.has(claim.name, "CNAME", f"{settings.CUSTOM_DOMAIN_TARGET}.")
        return checking.check(claim)

    return prove


@pytest.fixture
def claimed(acme, people) -> CustomDomain:  # type: ignore[no-untyped-def]
    """Acme's claim, nothing in DNS yet."""
    allowance.set_allowed(acme, 1)
    return claims.add(acme, NAME, by=people.acme_owner)


@pytest.fixture
def served(claimed, proved) -> CustomDomain:  # type: ignore[no-untyped-def]
    """Acme under links.acme-corp.com."""
    return proved(claimed)


@pytest.fixture
def on(db: None) -> Callable[..., Client]:
    """`on(host)`: a browser there, signed in nowhere, that has to bring the CSRF token."""

    def make(host: str = NAME, *, strict: bool = True) -> Client:
        client = Client(
            headers={"host": f"{host}:{settings.PUBLIC_PORT}"}, enforce_csrf_checks=strict
        )
        client.handler = HandlerBehindEarlyAnswers(client.handler.enforce_csrf_checks)
        return client

    return make
