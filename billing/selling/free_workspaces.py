"""How many free workspaces a person may own, those in their days of grace among them; but not what
others had begun with their address, and they have thrown away.

A workspace costs a schema, and everything that a plan limits it limits for each one: without this,
the limits of the free plan were none.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.dispatch import receiver

from billing import catalogue
from identity.models import User
from tenants.members import TooManyWorkspaces, thrown_away
from tenants.models import Role, Tenant
from tenants.signals import workspace_requested


@receiver(workspace_requested)
def refuse_one_too_many(*, user: User, coming: Collection[Tenant] | None, **_: Any) -> None:
    """Raises TooManyWorkspaces, in words. Two that are asked for at once come one after the other."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
    would_be = len(_free_ones(user, coming or ())) + (coming is None)
    if coming is not None and not _are_free(coming):
        return
    most = allowed(user)
    if would_be > most:
        raise TooManyWorkspaces(_words(user, most))


def allowed(user: User) -> int:
    """How many free workspaces this person may own now."""
    if not user.has_verified_email:
        return min(settings.FREE_WORKSPACES_UNPROVED, settings.FREE_WORKSPACES_PER_PERSON)
    return int(settings.FREE_WORKSPACES_PER_PERSON)


def _free_ones(user: User, coming: Collection[Tenant]) -> set[object]:
    theirs = Q(memberships__user=user, memberships__role=Role.OWNER)
    theirs &= ~Q(pk__in=thrown_away(user).values("pk"))
    rows = Tenant.objects.filter(theirs | Q(pk__in=[tenant.pk for tenant in coming]))
    return set(rows.exclude(_is_paid()).values_list("pk", flat=True))


def _are_free(coming: Collection[Tenant]) -> bool:
    rows = Tenant.objects.filter(pk__in=[tenant.pk for tenant in coming])
    return rows.exclude(_is_paid()).exists()


def _is_paid() -> Q:
    paid = [plan.key for plan in catalogue.plans() if not plan.is_free]
    # A trial costs nothing: else who tries would have as many workspaces as they like.
    return Q(billing_account__plan_key__in=paid) & ~Q(billing_account__status="trialing")


def _words(user: User, most: int) -> str:
    if not user.has_verified_email:
        return (
            "Please verify your address first, with the link that we mailed you; if it is wrong, add the "
            "right one. Then you may have more than one workspace."
        )
    noun = "free workspace" if most == 1 else "free workspaces"
    return (
        f"A person may have {most} {noun}. Choose a plan for one of yours, or delete one; a deleted "
        "one counts until it is gone for good."
    )
