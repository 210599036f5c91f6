"""The three things a domain needs, in words: which is there, what was found instead, what to do."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from django.utils.timesince import timesince

from tenants.domains import names
from tenants.domains.dns import Proof
from tenants.domains.models import CustomDomain


@dataclass(frozen=True)
class Record:
    """A DNS record to be set, as the forms of DNS providers ask for it."""

    kind: str
    name: str
    value: str


@dataclass(frozen=True)
class Step:
    """`state` is "done", "missing" or "open" (nobody knows yet)."""

    title: str
    state: str
    says: str
    records: tuple[Record, ...] = ()


def steps(claim: CustomDomain) -> list[Step]:
    """In the order in which a person does them."""
    return [_proof(claim), _way(claim), _certificate(claim)]


def _proof(claim: CustomDomain) -> Step:
    record = Record("TXT", claim.proof_name, claim.proof_value)
    found = claim.found
    title = "Prove that it is yours"
    if not claim.checked_at:
        return Step(title, "open", "We have not looked yet.", (record,))
    if found.get("proof") == Proof.UNKNOWN:
        says = "No DNS server answered us. That says nothing about your record; we try again."
        return Step(title, "open", says, (record,))
    if found.get("held_by_another"):
        says = "It is there, and so is that of another workspace that uses the domain: remove that."
        return Step(title, "missing", says, (record,))
    if found.get("proof") == Proof.FOUND:
        return Step(title, "done", "The record is there. Leave it: we look again.", (record,))
    texts = ", ".join(f"“{text}”" for text in found.get("texts", []))
    says = (
        f"There is another TXT record under this name: {texts}."
        if texts
        else "There is no TXT record under this name yet. New records can take an hour to be seen."
    )
    return Step(title, "missing", says, (record,))


def _way(claim: CustomDomain) -> Step:
    title, found = "Let it lead here", claim.found
    records: tuple[Record, ...] = (Record("CNAME", claim.name, settings.CUSTOM_DOMAIN_TARGET),)
    if names.is_apex(claim.name):
        addresses = settings.CUSTOM_DOMAIN_ADDRESSES
        kinds = [("AAAA" if ":" in address else "A", address) for address in addresses]
        alias = Record("ALIAS or ANAME", claim.name, settings.CUSTOM_DOMAIN_TARGET)
        records = tuple(Record(kind, claim.name, address) for kind, address in kinds) or (alias,)
    if found.get("leads_here") is None:
        return Step(title, "open", "We do not know yet where it leads.", records)
    if found["leads_here"]:
        return Step(title, "done", "It leads here.", records)
    where = found.get("cname") or ", ".join(found.get("addresses", []))
    says = f"It leads to {where}." if where else "It leads nowhere yet."
    return Step(title, "missing", says, records)


def _certificate(claim: CustomDomain) -> Step:
    title = "A certificate"
    if claim.certificate_asked_at:
        ago = timesince(claim.certificate_asked_at, timezone.now(), depth=1)
        return Step(title, "done", f"It was asked for {ago} ago.")
    if settings.PUBLIC_SCHEME != "https":
        return Step(title, "done", "This installation is served without TLS: none is needed.")
    return Step(title, "open", "Nothing to do: it is asked for with the first visit, in seconds.")
