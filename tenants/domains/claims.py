"""What owners do with their workspace's domains: add, look now, choose the primary one, remove."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from identity.models import User
from tenants import audit, features, row_bounds
from tenants.domains import allowance, checking, service
from tenants.domains.models import CustomDomain
from tenants.models import Tenant

OWN_DOMAINS = "own_domains"  # the feature, where a product sells it


class Refused(Exception):
    """The domain cannot be added; the text says why, in words for the person."""


def add(tenant: Tenant, name: str, *, by: User, now: datetime | None = None) -> CustomDomain:
    """Claim a normalised `name` (`names.normalised`). Raises Refused.

    Whether another workspace has claimed or is served under it is not said: the proof decides.
    """
    now = now or timezone.now()
    with transaction.atomic():
        Tenant.objects.select_for_update().only("pk").get(pk=tenant.pk)
        try:
            known = CustomDomain.objects.for_tenant(tenant)
            row_bounds.require(tenant, row_bounds.OWN_DOMAINS, known)
        except row_bounds.TooManyRows as refused:
            raise Refused(str(refused)) from None
        if not allowance.may_add(tenant):
            raise Refused(_why_not(tenant))
        try:
            with transaction.atomic():
                claim = CustomDomain.objects.create(
                    tenant=tenant,
                    name=name,
                    token=secrets.token_hex(16),
                    created_by=by,
                    next_check_at=now,
                    watched_until=now + checking.WATCHED,
                )
        except IntegrityError:
            raise Refused("This domain is in your list already.") from None
        audit.note(tenant, "domain.added", by=by, target=str(claim))
    return claim


def _why_not(tenant: Tenant) -> str:
    if tenant.domain_limit:
        return f"Your plan includes {tenant.domain_limit}. Remove one, or choose a larger plan."
    try:
        features.require(tenant, OWN_DOMAINS)
    except features.FeatureRefused as refused:
        return str(refused)
    return "Your plan does not include a domain of your own."


def make_primary(claim: CustomDomain, *, redirects: bool, by: User) -> None:
    """Show the workspace under this domain; with `redirects`, its other address leads here."""
    with transaction.atomic():
        mine = CustomDomain.objects.for_tenant(claim.tenant).select_for_update()
        mine.filter(is_primary=True).update(is_primary=False, redirects=False)
        mine.filter(pk=claim.pk).update(is_primary=True, redirects=redirects)
        service.choose_address(claim.tenant)
        audit.note(
            claim.tenant,
            "domain.made_primary",
            by=by,
            target=str(claim),
            details={"redirects": redirects},
        )


def unmake_primary(claim: CustomDomain, *, by: User) -> None:
    """Show the workspace under its ordinary address again."""
    with transaction.atomic():
        CustomDomain.objects.for_tenant(claim.tenant).filter(pk=claim.pk).update(
            is_primary=False, redirects=False
        )
        service.choose_address(claim.tenant)
        audit.note(claim.tenant, "domain.made_secondary", by=by, target=str(claim))


def remove(claim: CustomDomain, *, by: User) -> None:
    """Give the domain up, at once."""
    with transaction.atomic():
        service.withdraw(claim)
        claim.delete()
        service.choose_address(claim.tenant)
        audit.note(claim.tenant, "domain.removed", by=by, target=str(claim))
