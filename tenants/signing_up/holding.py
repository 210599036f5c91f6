"""Workspaces of sign-ups that nothing speaks for: an address and an owner, but no schema yet.

They get into line (`tenants.pool.preparing`) as soon as somebody who is signed in opens one, or proves the
address that it was signed up with. Until then their address is theirs only while nobody else wants it:
else sign-ups that cost nothing could keep every name from people.
"""

from __future__ import annotations

from typing import Any

from allauth.account.signals import email_confirmed
from django.db.models import QuerySet
from django.dispatch import receiver

from tenants import addresses, hosts
from tenants.models import Domain, Tenant
from tenants.pool import upkeep


def release(tenants: QuerySet[Tenant]) -> None:
    """Somebody is there: those of them that are held get into line."""
    held = list(tenants.filter(held=True).values_list("pk", flat=True))
    if not held:
        return
    Tenant.objects.filter(pk__in=held).update(held=False)
    hosts.forget_once_committed(
        Domain.objects.filter(tenant__in=held).values_list("domain", flat=True)
    )
    upkeep.prepare_soon()


def give_way(slug: str) -> bool:
    """Whether a held workspace had this address; it has another one now. In a transaction."""
    held = Tenant.objects.filter(slug=slug, held=True)
    tenant = held.select_for_update(no_key=True).first()
    if tenant is None:
        return False
    other = addresses.distinct(slug)
    address = Domain.objects.filter(tenant=tenant, domain=addresses.host_of(slug))
    address.update(domain=addresses.host_of(other))
    Tenant.objects.filter(pk=tenant.pk).update(slug=other)
    return True


@receiver(email_confirmed)
def release_of_who_proved(email_address: Any, **_: Any) -> None:
    release(Tenant.objects.filter(memberships__user=email_address.user_id))
