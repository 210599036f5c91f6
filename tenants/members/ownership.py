"""Handing a workspace over: an owner offers, the other member accepts.

Accepted rather than confirmed with a password: an owner answers for bills and for deletion, so nobody
becomes one unasked; people who sign in with mailed codes have no password to ask for; and the mail to
the other owners and the entry in the audit log show an offer that was made on somebody's open computer
before it is accepted.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from identity import standing
from identity.models import User
from tenants import audit, letters, workspace_url
from tenants.members import roles, room
from tenants.models import Membership, OwnershipOffer, Role, Tenant

LIFETIME = timedelta(days=7)


class NoOffer(Exception):
    """The offer has ended: accepted, withdrawn, expired, or whoever made it is no owner any more."""


@transaction.atomic
def offer(
    membership: Membership, *, by: User, stays: bool = False, now: datetime | None = None
) -> OwnershipOffer:
    """Offer ownership to a member; an earlier offer ends. `stays`: the giver remains an owner, too.

    Raises NoOffer when there is nothing to offer: `by` is no owner, or the member is one already.
    """
    tenant, now = membership.tenant, now or timezone.now()
    standing.hold(by)
    if membership.role == Role.OWNER or not _is_owner(tenant, by):
        raise NoOffer
    made, _ = OwnershipOffer.objects.for_tenant(tenant).update_or_create(
        tenant=tenant,
        defaults={
            "to": membership.user,
            "by": by,
            "giver_stays": stays,
            "created_at": now,
            "expires_at": now + LIFETIME,
        },
    )
    details = {"giver_stays": stays}
    audit.note(tenant, "ownership.offered", by=by, target=membership.user.email, details=details)
    letters.tell(
        [membership.user],
        "tenants.ownership_offered",
        tenant=tenant,
        bell="/members/",
        by=str(by),
        who=letters.who(by),
        days=str(LIFETIME.days),
        members_url=workspace_url(tenant, "/members/"),
    )
    letters.tell(
        [owner for owner in letters.owners_of(tenant) if owner != by],
        "tenants.ownership_offered_owners",
        tenant=tenant,
        bell="/members/",
        who=letters.who(by),
        user=str(membership.user),
        user_email=membership.user.email,
        members_url=workspace_url(tenant, "/members/"),
    )
    return made


def open_offer(tenant: Tenant, *, now: datetime | None = None) -> OwnershipOffer | None:
    """The offer that waits for an answer."""
    rows = OwnershipOffer.objects.for_tenant(tenant).filter(expires_at__gt=now or timezone.now())
    return rows.select_related("to", "by").first()


@transaction.atomic
def accept(tenant: Tenant, *, user: User, now: datetime | None = None) -> None:
    """The member becomes an owner; the giver becomes an admin unless they stay.

    Raises NoOffer, room.TooManyWorkspaces.
    """
    standing.hold(user)
    found = _taken(tenant, to=user, now=now)
    rows = {
        row.user_id: row
        for row in Membership.objects.for_tenant(tenant)
        .filter(user__in=[found.to, found.by])
        .select_for_update(of=("self",))
        .select_related("user", "tenant")
        .order_by("pk")
    }
    giver, taker = rows.get(found.by_id), rows.get(found.to_id)
    if taker is None or giver is None or giver.role != Role.OWNER:
        raise NoOffer
    room.require(user, coming=[tenant])
    audit.note(tenant, "ownership.accepted", by=user, target=user.email)
    roles.put(taker, role=Role.OWNER, by=user)
    if not found.giver_stays:
        roles.put(giver, role=Role.ADMIN, by=user)


@transaction.atomic
def decline(tenant: Tenant, *, user: User, now: datetime | None = None) -> None:
    """Say no. Raises NoOffer."""
    found = _taken(tenant, to=user, now=now)
    audit.note(tenant, "ownership.declined", by=user, target=user.email)
    letters.tell(
        [found.by],
        "tenants.ownership_declined",
        tenant=tenant,
        bell="/members/",
        user=str(user),
        user_email=user.email,
    )


@transaction.atomic
def withdraw(tenant: Tenant, *, by: User) -> None:
    """Take the offer back. Raises NoOffer."""
    found = _taken(tenant)
    audit.note(tenant, "ownership.offer_withdrawn", by=by, target=found.to.email)


def _taken(
    tenant: Tenant, *, to: User | None = None, now: datetime | None = None
) -> OwnershipOffer:
    """The open offer, which is over with this transaction."""
    rows = OwnershipOffer.objects.for_tenant(tenant).select_for_update(of=("self",))
    found: OwnershipOffer | None = rows.select_related("to", "by").first()
    if found is None or found.expires_at <= (now or timezone.now()):
        raise NoOffer
    if to is not None and found.to != to:
        raise NoOffer
    found.delete()
    return found


def _is_owner(tenant: Tenant, user: User) -> bool:
    """Until the commit, too."""
    seats = Membership.objects.for_tenant(tenant).select_for_update(no_key=True)
    return seats.filter(user=user, role=Role.OWNER).exists()
