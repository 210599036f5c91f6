"""Beginning and ending to serve a domain: the host, its client at our provider, the primary address.

Everything here runs in the caller's transaction, with the claim's row locked.
"""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, transaction

from identity import oidc
from tenants import audit
from tenants.domains.models import Because, CustomDomain, State
from tenants.models import Domain, Tenant

CALLBACK = "/sign-in/callback/"
SIGNED_OUT = "/sign-in/out/"


class Taken(Exception):
    """Another workspace is served under this name."""


def address(name: str, path: str = "") -> str:
    """The absolute address of `path` on the domain."""
    return f"{settings.PUBLIC_SCHEME}://{name}{settings.PUBLIC_PORT_SUFFIX}{path}"


def begin(claim: CustomDomain) -> None:
    """Serve the workspace under the name from the commit on. Raises Taken."""
    try:
        with transaction.atomic():
            Domain.objects.create(tenant=claim.tenant, domain=claim.name, is_primary=False)
    except IntegrityError:
        raise Taken from None
    oidc.save_client(
        claim.client_id,
        name=claim.tenant.name,
        secret=oidc.client_secret(claim.client_id),
        redirect_uris=[address(claim.name, CALLBACK)],
        signed_out_uris=[address(claim.name, SIGNED_OUT)],
        scopes=["openid"],
        may_refresh=False,
    )
    claim.state, claim.stopped_because = State.SERVED, ""
    claim.lost_at = claim.stops_at = None
    audit.note(claim.tenant, "domain.served", by=None, target=str(claim))


def end(claim: CustomDomain, *, because: Because) -> None:
    """Stop serving it: the host leads nowhere, and who was signed in there is signed out."""
    withdraw(claim)
    claim.state, claim.stopped_because = State.STOPPED, because
    claim.lost_at = claim.stops_at = None
    audit.note(
        claim.tenant, "domain.stopped", by=None, target=str(claim), details={"because": because}
    )


def withdraw(claim: CustomDomain) -> None:
    """Take the host and the client away, if they are this claim's."""
    for row in Domain.objects.filter(tenant=claim.tenant, domain=claim.name):
        row.delete()  # one by one: deleting sends the signal that empties the cache
    oidc.retire_client(claim.client_id)


def choose_address(tenant: Tenant) -> None:
    """Set under which address the workspace is shown: its primary domain as long as that works."""
    claim = CustomDomain.objects.for_tenant(tenant).filter(is_primary=True).first()
    works = (
        claim is not None
        and claim.state == State.SERVED
        and claim.found.get("leads_here") is not False
    )
    own = claim.name if claim and works else ""
    leads = bool(claim and works and claim.redirects)
    fresh = Tenant.objects.only("own_domain", "own_domain_redirects").get(pk=tenant.pk)
    if (fresh.own_domain, fresh.own_domain_redirects) != (own, leads):
        tenant.own_domain, tenant.own_domain_redirects = own, leads
        tenant.save(update_fields=["own_domain", "own_domain_redirects"])
