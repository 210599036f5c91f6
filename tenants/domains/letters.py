"""Mail to a workspace's owners about a domain: each says what happens, when, and what to do."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from identity.persons import person_of
from outbound import ledger
from outbound.ledger import About
from outbound.letter import Letter
from tenants.addresses import home_url
from tenants.domains.models import Because, CustomDomain
from tenants.letters import owners_of

_STOPPED = {
    Because.PROOF: "Its proof (a TXT record) has been missing from DNS for three days.",
    Because.PLAN: "The workspace's plan does not include it any more.",
    Because.OTHER: "Its proof is gone from DNS, and another workspace has proved the domain.",
}


def is_served(claim: CustomDomain) -> None:
    """The proof was found."""
    _send(claim, f"{claim} is connected", ["Your workspace opens under this address, too."])


def proof_is_gone(claim: CustomDomain) -> None:
    """The grace begins."""
    until = f"{claim.proof_ends_at:%-d %B, %H:%M} UTC"
    lines = [
        "The TXT record that proves that the domain is yours is gone from DNS.",
        f"The domain works until {until}. Put the record back and nothing changes.",
    ]
    _send(claim, f"the proof of {claim} is gone", lines)


def plan_ends(claim: CustomDomain) -> None:
    """The plan's grace begins."""
    lines = [
        "Your plan does not include this domain any more.",
        f"It works until {claim.stops_at:%-d %B}. After that, addresses and short links that begin "
        "with it lead nowhere; under the workspace's own address everything goes on.",
        "A plan that includes it brings it back, also later.",
    ]
    _send(claim, f"{claim} stops on {claim.stops_at:%-d %B}", lines)


def has_stopped(claim: CustomDomain) -> None:
    """It is not served any more."""
    lines = [
        _STOPPED[Because(claim.stopped_because)],
        "Addresses and short links that begin with it lead nowhere now. Nothing is deleted: under "
        "the workspace's own address everything goes on.",
    ]
    _send(claim, f"{claim} has stopped", lines)


def _send(claim: CustomDomain, subject: str, lines: list[str]) -> None:
    path = reverse("domains:domain", args=[claim.pk], urlconf=settings.ROOT_URLCONF)
    context = {
        "tenant": claim.tenant,
        "subject": subject,
        "lines": lines,
        "domain_url": home_url(claim.tenant, path),
        "site_url": settings.SITE_URL,
    }
    letter = Letter(
        f"{claim.tenant.name}: {subject}",
        render_to_string("tenants/email/domain.txt", context),
        render_to_string("tenants/email/domain.html", context),
    )
    for owner in owners_of(claim.tenant):
        about = About(person=person_of(owner).pk, tenant=claim.tenant_id)
        ledger.send(letter, to=owner.email, topic="domains", about=about)
