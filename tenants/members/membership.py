"""Inviting a colleague by mail, joining, leaving."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

import events
from identity import names, standing
from identity.addresses import normal
from identity.models import User
from identity.persons import person_of
from outbound import bell, gating
from tenants import audit, letters, row_bounds
from tenants.event_types import MEMBER_INVITED, MEMBER_JOINED, MEMBER_LEFT, SEAT_COUNT_CHANGED
from tenants.hashed_secrets import hash_secret, new_secret
from tenants.keys import key_holders
from tenants.members import ways_in
from tenants.models import Invitation, Membership, Role, Status, Tenant
from tenants.models.invitations import LIFETIME
from tenants.permissions import May
from tenants.signals import seat_requested


class SeatRefused(Exception):
    """No seat is left; the message says so in words."""


class LastOwner(Exception):
    """Without this member the workspace would have no owner."""


class AddressNotProved(Exception):
    """Who has not proved an address mails nobody but themselves."""


class MayNotInvite(PermissionDenied):
    """Who is no member, or may not invite, mails nobody in the name of the workspace."""

    def __init__(self) -> None:
        super().__init__("Ask an owner or admin of this workspace to do this.")


class InvitationGone(Exception):
    """The invitation was used, withdrawn or replaced a moment ago, or is not for this person."""


class OtherAddress(Exception):
    """Who has proved no address joins only by an invitation to the one that they signed up with."""


class OwnersOnly(Exception):
    """Somebody who is no owner tried to change or remove one; the message says so in words."""


def has_address(tenant: Tenant, email: str) -> bool:
    """Whether a member signs in with this address, or has proved it beside theirs."""
    proved = Q(user__emailaddress__email=email, user__emailaddress__verified=True)
    members = Membership.objects.for_tenant(tenant)
    return bool(members.filter(Q(user__email=email) | proved).exists())


@transaction.atomic
def invite(
    tenant: Tenant, *, email: str, role: str, by: User, now: datetime | None = None
) -> Invitation:
    """Mail an invitation; an open one to the same address is replaced, so its old link dies.

    Raises SeatRefused (from a receiver of `seat_requested`) when the workspace is full,
    AddressNotProved, MayNotInvite, strangers.TooMany where that is enough mail, and
    row_bounds.TooManyRows.
    """
    email = normal(email)
    standing.hold(by)
    row_bounds.one_by_one(tenant)
    seat_requested.send(sender=Tenant, tenant=tenant, take=False)
    waiting = Invitation.objects.for_tenant(tenant).filter(accepted_at=None)
    waiting.filter(email=email).delete()
    row_bounds.require(tenant, row_bounds.INVITATIONS, waiting)
    invitation = Invitation(tenant=tenant, email=email, role=role)
    _send(invitation, by=by, now=now or timezone.now())
    audit.note(tenant, "member.invited", by=by, target=email, details={"role": role})
    events.record_with_row(
        MEMBER_INVITED.name, tenant=tenant, person=person_of(by), properties={"role": role}
    )
    return invitation


@transaction.atomic
def invite_again(invitation: Invitation, *, by: User, now: datetime | None = None) -> None:
    """Mail it once more with a new link and a new week; the old link dies. Raises as `invite`."""
    standing.hold(by)
    seat_requested.send(sender=Tenant, tenant=invitation.tenant, take=False)
    _send(invitation, by=by, now=now or timezone.now())
    audit.note(invitation.tenant, "invitation.sent_again", by=by, target=invitation.email)


@transaction.atomic
def withdraw(invitation: Invitation, *, by: User) -> None:
    """The link in the mail stops working."""
    invitation.delete()
    audit.note(invitation.tenant, "invitation.withdrawn", by=by, target=invitation.email)


def _send(invitation: Invitation, *, by: User, now: datetime) -> None:
    if not by.has_verified_email:
        raise AddressNotProved
    tenant = invitation.tenant
    seats = Membership.objects.for_tenant(tenant).select_for_update(no_key=True)
    seat = seats.filter(user=by).first()
    if seat is None or not seat.may(May.INVITE):  # since the page asked, it was taken from them
        raise MayNotInvite
    gating.require_room_for_stranger(
        to=invitation.email, workspace=str(tenant.pk), sender=str(by.pk)
    )
    secret = new_secret()
    invitation.token_hash = hash_secret(secret)
    invitation.invited_by = by
    invitation.expires_at = now + LIFETIME
    invitation.save()
    letters.send(
        "tenants.invitation",
        {
            # To a stranger's mailbox names go without what a mail program makes links of.
            "by": names.in_subject(by, otherwise=by.email),
            "by_email": by.email,
            "workspace": names.in_subject(tenant.name, otherwise=f"the workspace {tenant.slug}"),
            "days": str(LIFETIME.days),
            "invite_url": f"{settings.SITE_URL}/invitations/{secret}/",
        },
        to=invitation.email,
        sender=by,
        once=f"invitation:{invitation.pk}:{invitation.token_hash[:32]}",
        tenant=tenant,
    )


def find(secret: str, *, now: datetime | None = None) -> Invitation | None:
    """The open invitation behind a link; None when it is unknown, used, replaced or expired, when
    who sent it may not invite any more, or its workspace is closed."""
    return (
        Invitation.objects.open(now=now)
        .filter(token_hash=hash_secret(secret))
        .select_related("tenant", "invited_by")
        .first()
    )


def hold(invitation: Invitation, *, now: datetime | None = None) -> None:
    """Let nobody else use it until the end of the transaction. Raises InvitationGone."""
    row_bounds.one_by_one(invitation.tenant)
    rows = Invitation.objects.for_tenant(invitation.tenant).open(now=now)
    if not rows.filter(pk=invitation.pk, token_hash=invitation.token_hash).exists():
        raise InvitationGone


@transaction.atomic
def accept(invitation: Invitation, *, user: User, now: datetime | None = None) -> Membership:
    """Join. A second click finds the membership that the first one made.

    Raises SeatRefused; OtherAddress; InvitationGone when somebody else was faster, and to who was
    removed, or left, after the invitation was sent.
    """
    tenant = invitation.tenant
    standing.hold(user)
    row_bounds.one_by_one(tenant)
    found: Membership | None = Membership.objects.for_tenant(tenant).filter(user=user).first()
    if found is not None:
        return found
    if invitation.email != user.email and not ways_in.proved_addresses(user):
        raise OtherAddress
    hold(invitation, now=now)
    if ways_in.is_kept_out(tenant, user, since=invitation.sent_at):
        raise InvitationGone
    Invitation.objects.for_tenant(tenant).filter(pk=invitation.pk).update(
        accepted_at=now or timezone.now()
    )
    joined = add_member(tenant, user=user, role=invitation.role, how="invitation")
    letters.has_joined(joined, invited_by=invitation.invited_by, invitation=invitation.pk)
    return joined


@transaction.atomic
def add_member(tenant: Tenant, *, user: User, role: str, how: str = "") -> Membership:
    """Give a user a seat; `how` they came is for the audit log. Raises SeatRefused.

    Who comes in two ways at once has one seat: the second way finds what the first has made.
    """
    row_bounds.one_by_one(tenant)
    found: Membership | None = Membership.objects.for_tenant(tenant).filter(user=user).first()
    if found is not None:
        return found
    seat_requested.send(sender=Tenant, tenant=tenant, take=True)
    membership: Membership = Membership.objects.create(tenant=tenant, user=user, role=role)
    details = {"role": str(role)} | ({"how": how} if how else {})
    audit.note(tenant, "member.joined", by=user, target=user.email, details=details)
    record_seat(tenant, user=user, role=role, change=+1)
    return membership


@transaction.atomic
def remove_member(
    membership: Membership, *, by: User, keys_to: Membership | None = None
) -> ways_in.Ended:
    """Take somebody's seat back, and what is open for them; `keys_to` gets their API keys, which
    end otherwise. Returns what ended with it. Raises LastOwner, OwnersOnly, MayNotHoldKeys."""
    ended = _end(membership, action="member.removed", by=by, keys_to=keys_to)
    letters.was_removed(membership, by=by)
    return ended


@transaction.atomic
def leave(membership: Membership, *, keys_to: Membership | None = None) -> ways_in.Ended:
    """Give one's own seat back. Raises LastOwner, MayNotHoldKeys."""
    ended = _end(membership, action="member.left", by=membership.user, keys_to=keys_to)
    letters.has_left(membership)
    return ended


@transaction.atomic
def end_with_account(membership: Membership) -> None:
    """Take the seat of somebody whose account ends. Raises LastOwner, but not where the workspace is
    deleted already."""
    if membership.tenant.status not in {Status.DELETED, Status.PURGING}:
        require_changeable(membership, by=membership.user)
    _take_away(membership, action="member.account_ended", by=membership.user)


@transaction.atomic
def end_with_proof(membership: Membership) -> None:
    """Take a seat that came to the account before its owner did. They are not kept out: others had
    brought them in. Raises LastOwner."""
    require_changeable(membership, by=membership.user)
    _take_away(membership, action="member.proof_ended", by=membership.user, keep_out=False)
    letters.has_left(membership)


def needs(membership: Membership, *, without: Iterable[User] = ()) -> bool:
    """Whether the workspace would be left without an owner who can sign in, if these went, too."""
    if membership.role != Role.OWNER or membership.tenant.status in {
        Status.DELETED,
        Status.PURGING,
    }:
        return False
    owners = Membership.objects.for_tenant(membership.tenant).filter(role=Role.OWNER)
    others = owners.filter(user__is_active=True).exclude(pk=membership.pk)
    return not others.exclude(user__in=list(without)).exists()


def require_changeable(membership: Membership, *, by: User) -> None:
    """Raises OwnersOnly when it is an owner's and `by` is none, LastOwner when there is no other.

    Reads the membership again and holds it and the owners' until the commit: two owners who go at
    once do not both go, and who became an owner a moment ago is not taken for a member.
    """
    roles = ways_in.hold_seats(membership)
    if membership.pk in roles:
        membership.role = roles[membership.pk].role
    if membership.role != Role.OWNER:
        return
    owners = [row for row in roles.values() if row.role == Role.OWNER]
    if by.pk not in {row.user_id for row in owners}:
        raise OwnersOnly("Only an owner can change or remove an owner.")
    if len(owners) == 1:
        raise LastOwner("A workspace needs an owner. Hand it over to somebody first.")


def _end(
    membership: Membership, *, action: str, by: User, keys_to: Membership | None
) -> ways_in.Ended:
    require_changeable(membership, by=by)
    if keys_to is not None:
        for key in key_holders.held_by(membership):
            key_holders.hand_over(key, to=keys_to, by=by)
    return _take_away(membership, action=action, by=by)


def _take_away(
    membership: Membership, *, action: str, by: User, keep_out: bool = True
) -> ways_in.Ended:
    tenant, user = membership.tenant, membership.user
    ended = ways_in.shut(membership, by=by)
    if keep_out:
        ways_in.keep_out(tenant, user)
    gone, _ = Membership.objects.for_tenant(tenant).filter(pk=membership.pk).delete()
    bell.leave(user, tenant_id=tenant.pk)
    if gone:  # once, also when two click
        audit.note(tenant, action, by=by, target=user.email, details={"role": membership.role})
        record_seat(tenant, user=user, role=membership.role, change=-1)
    return ended


def record_seat(tenant: Tenant, *, user: User, role: str, change: int) -> None:
    """Record who came or went, and the change of the seats meter, with the row."""
    name = MEMBER_JOINED.name if change > 0 else MEMBER_LEFT.name
    person = person_of(user)
    properties = {"user_id": str(user.id), "role": str(role)}
    events.record_with_row(name, tenant=tenant, person=person, properties=properties)
    events.record_with_row(
        SEAT_COUNT_CHANGED.name, tenant=tenant, person=person, properties={"change": change}
    )
