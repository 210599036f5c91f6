"""What workspaces do when something happens to an account of one of their people."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, TypedDict
from uuid import UUID

from django.db import transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.dispatch import receiver

from identity.models import User
from identity.proofs import NotJoined
from identity.signals import (
    begun_asked,
    begun_by_another,
    begun_discarded,
    credentials_ended,
    discard_undone,
    merge_undone,
    users_merged,
)
from tenants import audit
from tenants.archive import imports
from tenants.keys import api_keys, key_holders
from tenants.life import deletion
from tenants.members import membership, roles, room
from tenants.models import (
    ApiKey,
    Invitation,
    KeptOut,
    Membership,
    OwnershipOffer,
    Role,
    Status,
    Tenant,
)
from tenants.models.keys import Ended

_RANK = [Role.MEMBER.value, Role.ADMIN.value, Role.OWNER.value]


class Moved(TypedDict):
    """What became of one membership: it went over, or was folded into the one that was there."""

    tenant: str
    role: str
    was: str  # the role of the one that was there; "" if there was none


@receiver(credentials_ended)
def end_what_was_given_out(user: User, **_: Any) -> None:
    """Keys, invitations and offers of this user, and archives that are on their way in."""
    theirs = Q(created_by=user) | Q(holder__user=user)
    for key in ApiKey.objects.filter(theirs, revoked_at=None).select_related("tenant"):
        api_keys.revoke(key, user=user)
    for sent in Invitation.objects.filter(invited_by=user, accepted_at=None):
        membership.withdraw(sent, by=user)
    for offer in OwnershipOffer.objects.filter(Q(by=user) | Q(to=user)).select_related("tenant"):
        offer.delete()
        audit.note(offer.tenant, "ownership.offer_withdrawn", by=user, target=offer.to.email)
    imports.cancel_all(user)


@receiver(begun_asked)
def name_workspaces(user: User, **_: Any) -> list[str]:
    """The workspaces that this user is in, and with how many others."""
    gone = [Status.DELETED, Status.PURGING]
    seats = Membership.objects.filter(tenant=OuterRef("pk")).order_by().values("tenant")
    rows = Tenant.objects.filter(memberships__user=user).exclude(status__in=gone)
    found = rows.annotate(seats=Subquery(seats.values(count=Count("*")))).order_by(
        "created_at", "pk"
    )
    return [_with_others(*each) for each in found.values_list("name", "seats")]


def _with_others(name: str, seats: int) -> str:
    if seats < 2:
        return name
    others = "one other member" if seats == 2 else f"{seats - 1} other members"
    return f"{name}, with {others}"


@receiver(begun_by_another)
def end_what_others_gave(user: User, **_: Any) -> None:
    """Seats in workspaces of others, but for those that this address was invited to: who had it before
    it was proved let themselves be taken there, and its owner would find themselves among strangers.

    Where the user is the only owner the seat stays, and the person is asked about the workspace.
    """
    used = Invitation.objects.filter(email=user.email).exclude(accepted_at=None).values("tenant")
    seats = Membership.objects.filter(user=user).exclude(tenant__in=used)
    for seat in seats.select_related("tenant", "user").order_by("pk"):
        with suppress(membership.LastOwner):
            membership.end_with_proof(seat)
    # Who went from there was not they, either.
    KeptOut.objects.filter(user=user).exclude(tenant__in=used).delete()


@receiver(begun_discarded)
def let_go(user: User, **_: Any) -> list[str]:
    """Leave workspaces that have another owner; delete the others, with their days of grace. Returns
    which were deleted."""
    deleted = []
    for seat in Membership.objects.filter(user=user).select_related("tenant", "user"):
        try:
            with transaction.atomic():
                membership.leave(seat)
        except membership.LastOwner:
            if seat.tenant.status != Status.DELETED:
                deletion.delete(seat.tenant, by=user)
                deleted.append(str(seat.tenant_id))
    return deleted


@receiver(discard_undone)
def bring_back(by: User, went: dict[str, list[str]], **_: Any) -> None:
    """What was deleted with it, where the purge has not begun."""
    for pk in went.get(__name__, []):
        if (tenant := Tenant.objects.filter(pk=UUID(pk)).first()) is not None:
            deletion.restore(tenant, by=by)


@receiver(users_merged)
def move_memberships(kept: User, merged: User, **_: Any) -> list[Moved]:
    """What one human started under two sign-ups is theirs; the higher role is not lost. Keys of the
    one that goes end.

    Raises NotJoined where that would be more free workspaces than a person may have.
    """
    owned = Membership.objects.filter(user=merged, role=Role.OWNER).select_related("tenant")
    if coming := [seat.tenant for seat in owned]:
        try:
            room.require(kept, coming=coming)
        except room.TooManyWorkspaces as refusal:
            raise NotJoined(str(refusal)) from refusal
    key_holders.end_all_of(merged, by=kept, because=Ended.MERGED)
    KeptOut.objects.filter(user=merged).update(user=kept)
    rows = Membership.objects.filter(user=merged).select_related("tenant").order_by("pk")
    return [_move(each, kept=kept) for each in rows]


def _move(seat: Membership, *, kept: User) -> Moved:
    own = Membership.objects.for_tenant(seat.tenant).filter(user=kept).first()
    moved = Moved(tenant=str(seat.tenant_id), role=seat.role, was=own.role if own else "")
    if own is None:
        seat.user = kept
        seat.save(update_fields=["user"])
    else:
        if _RANK.index(own.role) < _RANK.index(seat.role):
            roles.put(own, role=Role(seat.role), by=kept)
        seat.delete()
        membership.record_seat(seat.tenant, user=kept, role=seat.role, change=-1)
    audit.note(seat.tenant, "member.merged", by=kept, target=kept.email)
    return moved


@receiver(merge_undone)
def move_back(kept: User, merged: User, moved: dict[str, list[Moved]], **_: Any) -> None:
    """As it was, where both the workspace and the seat in it are still there."""
    for each in moved.get(__name__, []):
        rows = Membership.objects.filter(tenant=UUID(each["tenant"]), user=kept)
        seat = rows.select_related("tenant", "user").first()
        if seat is not None:
            _move_back(seat, each, merged=merged)


def _move_back(seat: Membership, moved: Moved, *, merged: User) -> None:
    tenant, kept = seat.tenant, seat.user
    if not moved["was"]:
        seat.user = merged
        seat.save(update_fields=["user"])
    else:
        Membership.objects.create(tenant=tenant, user=merged, role=moved["role"])
        membership.record_seat(tenant, user=merged, role=moved["role"], change=+1)
        raised = _RANK.index(moved["was"]) < _RANK.index(moved["role"])
        if raised and seat.role == moved["role"]:
            roles.put(seat, role=Role(moved["was"]), by=kept)
    audit.note(tenant, "member.merge_undone", by=kept, target=kept.email)
