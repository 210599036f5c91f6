"""What the DNS says about a name: its proof, and where it leads.

Several resolvers are asked, one after the other. One that shows the token is enough (records spread
slowly); "it is not there" needs an answer that says so; resolvers that do not answer say nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from django.conf import settings

Ask = Callable[..., Any]  # a resolver's question: (name, type)
TIMEOUT = 2.0  # seconds for each question to each resolver
_SHOWN = 5  # of what was found; a domain's TXT records may be many and long


class Proof(StrEnum):
    FOUND = "found"
    ABSENT = "absent"
    UNKNOWN = "unknown"  # no resolver answered


@dataclass(frozen=True)
class Findings:
    """One look. `texts` are TXT values at the proof's name, `cname` and `addresses` those of the
    name itself, `leads_here` None where nobody answered."""

    proof: Proof
    texts: list[str] = field(default_factory=list)
    cname: str = ""
    addresses: list[str] = field(default_factory=list)
    leads_here: bool | None = None

    def stored(self) -> dict[str, Any]:
        """As JSON, and no more of it than a person reads."""
        texts = [text[:200] for text in self.texts[:_SHOWN]]
        return asdict(self) | {"texts": texts, "addresses": self.addresses[:_SHOWN]}


def look(name: str, *, proof_name: str, proof_value: str) -> Findings:
    """Ask for the proof and for the way here. Never raises for what DNS answers, or does not."""
    resolvers = list(_resolvers())
    found, texts = _proof(resolvers, proof_name, proof_value)
    cname, addresses, leads_here = _way(resolvers, name)
    return Findings(found, texts, cname, addresses, leads_here)


def proof(name: str, value: str) -> tuple[Proof, list[str]]:
    """Whether a TXT record of this name has this value, and what there is. Never raises for what DNS
    answers, or does not."""
    return _proof(list(_resolvers()), name, value)


def _proof(resolvers: list[Ask], name: str, value: str) -> tuple[Proof, list[str]]:
    """A resolver that does not answer is taken out of the list: nobody waits for it twice."""
    state, texts = Proof.UNKNOWN, list[str]()
    for ask in resolvers[:]:
        found = _asked(lambda: [_text(record) for record in ask(name, "TXT")])  # noqa: B023
        if found is None:
            resolvers.remove(ask)
            continue
        if value in found:
            return Proof.FOUND, found
        state, texts = Proof.ABSENT, texts or found
    return state, texts


def _way(resolvers: list[Ask], name: str) -> tuple[str, list[str], bool | None]:
    for ask in resolvers:
        cnames = _asked(lambda: [str(r.target) for r in ask(name, "CNAME")])  # noqa: B023
        addresses = None if cnames is None else _addresses(ask, name)
        if cnames is None or addresses is None:
            continue
        cname = cnames[0].rstrip(".").lower() if cnames else ""
        ours = set(settings.CUSTOM_DOMAIN_ADDRESSES)
        target = settings.CUSTOM_DOMAIN_TARGET
        if not ours:
            ours = set(_addresses(ask, target) or [])
        return cname, addresses, cname == target or bool(ours & set(addresses))
    return "", [], None


def _addresses(ask: Ask, name: str) -> list[str] | None:
    found = [_asked(lambda: [str(r.address) for r in ask(name, kind)]) for kind in ("A", "AAAA")]  # noqa: B023
    return None if None in found else sorted(found[0] or []) + sorted(found[1] or [])


def _asked(question: Callable[[], list[str]]) -> list[str] | None:
    """The answer, [] for "there is none", None for no answer."""
    import dns.exception  # late, as below: 56 modules, for who looks after domains alone
    import dns.resolver

    try:
        return question()
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError):
        return None


def _text(record: Any) -> str:
    """A TXT record's strings belong together (RFC 7208, 3.3)."""
    return b"".join(record.strings).decode(errors="replace")


def _resolvers() -> Iterator[Ask]:
    import dns.resolver

    for address in settings.DNS_RESOLVERS or _of_this_machine():
        host, _, port = address.partition("#")
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = [host]
        resolver.port = int(port or 53)
        resolver.lifetime = TIMEOUT
        yield resolver.resolve


def _of_this_machine() -> Sequence[str]:
    import dns.resolver

    with contextlib.suppress(dns.resolver.NoResolverConfiguration):
        return [str(server) for server in dns.resolver.get_default_resolver().nameservers]
    return []
