"""What an account leaves behind in workspaces when it ends: nothing that works, and no empty chair.

However a user goes (their own wish, an administrator, a command), Django's `pre_delete` comes by here.
The only owner of a workspace cannot go: somebody else would be left without anybody to ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from cms.editing import user_deactivated, user_removal_asked
from identity.account import Obstacle
from identity.models import User
from identity.signals import account_closing_asked, own_data_asked
from tenants.addresses import workspace_url
from tenants.archive.exports import storage
from tenants.members import membership
from tenants.models import ApiKey, Import, Invitation, Membership, OwnershipOffer, Status


class OnlyOwner(ProtectedError):
    """They are the only owner of workspaces; the message says of which."""


def owned_alone(user: User, *, together: Sequence[User] = ()) -> list[Membership]:
    """Their seats in workspaces that would have no owner without them, and without these others."""
    rows = Membership.objects.filter(user=user).select_related("tenant").order_by("joined_at", "pk")
    return [row for row in rows if membership.needs(row, without=together)]


@transaction.atomic
def leave_all(user: User) -> None:
    """Give back every seat, with audit and events; end keys, offers and what is under way.

    Raises OnlyOwner before anything is done.
    """
    if kept := owned_alone(user):
        raise OnlyOwner(in_words(kept), {row.tenant for row in kept})
    rows = Membership.objects.filter(user=user).select_related("tenant", "user").order_by("pk")
    for row in rows.exclude(tenant__status=Status.PURGING):  # the purge takes these away itself
        try:
            membership.end_with_account(row)
        except membership.LastOwner as error:  # since we looked, the other owner has gone
            raise OnlyOwner(in_words([row]), {row.tenant}) from error
    OwnershipOffer.objects.filter(to=user).delete()
    OwnershipOffer.objects.filter(by=user).delete()
    made = Invitation.objects.filter(invited_by=user, accepted_at=None).select_related("tenant")
    for invitation in made.exclude(tenant__status=Status.PURGING):
        membership.withdraw(invitation, by=user)
    for brought in Import.objects.filter(owner=user, state=Import.State.WAITING):
        storage().delete(brought.stored_as)
        brought.delete()


def in_words(kept: list[Membership]) -> str:
    names = ", ".join(f"“{row.tenant.name}”" for row in kept)
    whose = "workspace" if len(kept) == 1 else "workspaces"
    return (
        f"{kept[0].user} is the only owner of the {whose} {names}. "
        "Somebody else has to become an owner first, or the workspace be deleted."
    )


@receiver(pre_delete, sender=User)
def before_a_user_goes(instance: User, **_: Any) -> None:
    leave_all(instance)


@receiver(user_deactivated)
def who_cannot_sign_in_needs_no_seat(user: User, **_: Any) -> None:
    leave_all(user)


@receiver(user_removal_asked)
def object_for_workspaces(users: Sequence[User], **_: Any) -> str:
    said = [in_words(kept) for user in users if (kept := owned_alone(user))]
    return " ".join(said) or _together(users)


def _together(users: Sequence[User]) -> str:
    kept = [row for user in users for row in owned_alone(user, together=users)]
    if not kept:
        return ""
    people = " and ".join(dict.fromkeys(str(row.user) for row in kept))
    names = ", ".join(dict.fromkeys(f"“{row.tenant.name}”" for row in kept))
    return f"{people} cannot go together: {names} would have no owner. Somebody else has to become one."


@receiver(account_closing_asked)
def name_what_is_owned(user: User, **_: Any) -> list[Obstacle]:
    """Each workspace that has nobody else, and where it is handed over or deleted."""
    return [_obstacle(row) for row in owned_alone(user)]


@receiver(own_data_asked)
def seats_of(user: User, **_: Any) -> dict[str, Any]:
    rows = Membership.objects.filter(user=user).select_related("tenant").order_by("pk")
    keys = ApiKey.objects.filter(holder__user=user).select_related("tenant").order_by("pk")
    return {
        "workspaces": [
            {
                "name": row.tenant.name,
                "address": workspace_url(row.tenant),
                "role": row.role,
                "joined_at": row.joined_at,
            }
            for row in rows
        ],
        "api_keys": [
            {
                "workspace": key.tenant.name,
                "name": key.name,
                "begins": key.prefix,
                "created_at": key.created_at,
                "revoked_at": key.revoked_at,
            }
            for key in keys
        ],
    }


def _obstacle(row: Membership) -> Obstacle:
    tenant = row.tenant
    if tenant.status == Status.SUSPENDED:
        return Obstacle(
            f"You are the only owner of “{tenant.name}”, which is suspended. Write to us."
        )
    ways = [("Delete it", workspace_url(tenant, "/settings/delete/"))]
    if Membership.objects.for_tenant(tenant).exclude(pk=row.pk).exists():
        ways.insert(0, ("Hand it over", workspace_url(tenant, "/members/")))
    return Obstacle(f"You are the only owner of “{tenant.name}”.", tuple(ways))
