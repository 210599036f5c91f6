"""Who may come back from sign-in to a workspace's own domain."""

from __future__ import annotations

from typing import Any

from allauth.idp.oidc.models import Client
from django.db.models.signals import post_delete
from django.dispatch import receiver

from identity import oidc
from identity.models import User
from identity.oidc import NotForThem, authorization_requested
from tenants.domains import signing_in
from tenants.domains.models import CustomDomain
from tenants.models import Membership


@receiver(post_delete, sender=CustomDomain)
def retire_client(instance: CustomDomain, **_: Any) -> None:
    """However a claim goes, with its workspace for example: nobody signs in there any more."""
    oidc.retire_client(instance.client_id)


@receiver(authorization_requested)
def only_members(client: Client, user: User, **_: Any) -> None:
    """Nobody else: or a page on the domain could find out who its visitors are here."""
    if not client.pk.startswith("domain-"):
        return
    claim = signing_in.claim_of_client(client.pk)
    if claim is None or not (
        Membership.objects.for_tenant(claim.tenant).filter(user=user).exists()
    ):
        raise NotForThem
