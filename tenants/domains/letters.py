"""Mail to a workspace's owners about a domain: each says what happens, when, and what to do."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from tenants import letters
from tenants.addresses import home_url
from tenants.domains.models import Because, CustomDomain

_STOPPED = {
    Because.PROOF: "Its proof (a TXT record) has been missing from DNS for three days.",
    Because.PLAN: "The workspace's plan does not include it any more.",
    Because.OTHER: "Its proof is gone from DNS, and another workspace has proved the domain.",
}


def is_served(claim: CustomDomain) -> None:
    """The proof was found."""
    _send(claim, "tenants.domain_served")


def proof_is_gone(claim: CustomDomain) -> None:
    """The grace begins."""
    _send(claim, "tenants.domain_proof_gone", moment=f"{claim.proof_ends_at:%-d %B, %H:%M} UTC")


def plan_ends(claim: CustomDomain) -> None:
    """The plan's grace begins."""
    _send(claim, "tenants.domain_plan_ends", short_day=f"{claim.stops_at:%-d %B}")


def has_stopped(claim: CustomDomain) -> None:
    """It is not served any more."""
    _send(claim, "tenants.domain_stopped", because=_STOPPED[Because(claim.stopped_because)])


def _send(claim: CustomDomain, name: str, **values: str) -> None:
    path = reverse("domains:domain", args=[claim.pk], urlconf=settings.ROOT_URLCONF)
    url = home_url(claim.tenant, path)
    owners = letters.owners_of(claim.tenant)
    letters.tell(owners, name, tenant=claim.tenant, domain=str(claim), domain_url=url, **values)
