"""What lets a person into a workspace, and how it ends: invitations, offers, doors, and who is kept out.

One rule for every way: who joins has used up all that was open for them; who goes, however that
happens, loses it, and comes back only by an invitation that is younger; and what somebody gave by
their right (an invitation, an offer, an API key) ends with that right. It hangs on the membership's
row (`tenants.receivers`), so that a way in or out that is written next year keeps to it, too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from identity.models import User
from tenants import audit
from tenants.keys import key_holders
from tenants.models import Invitation, KeptOut, Membership, OwnershipOffer, Role, Status, Tenant
from tenants.permissions import May, allowed


@dataclass(frozen=True)
class Ended:
    """What ended with a seat, or with a right."""

    invitations: int = 0
    offers: int = 0
    keys: int = 0

    def in_words(self) -> str:
        """Like "Ended with it: 2 API keys, 1 invitation."; "" when nothing did."""
        counted = (
            (self.keys, "API key", "API keys"),
            (self.invitations, "invitation", "invitations"),
            (self.offers, "offer of ownership", "offers of ownership"),
        )
        parts = [f"{count} {one if count == 1 else many}" for count, one, many in counted if count]
        return f"Ended with it: {', '.join(parts)}." if parts else ""


def hold_seats(membership: Membership) -> dict[int, Membership]:
    """Hold this seat and the owners', as they are now by their keys, until the commit. Always all of
    them, in one order: two owners who go at once would wait for each other's."""
    rows = Membership.objects.for_tenant(membership.tenant)
    held = rows.filter(Q(role=Role.OWNER) | Q(pk=membership.pk)).select_for_update().order_by("pk")
    return {row.pk: row for row in held}


def proved_addresses(user: User) -> set[str]:
    """The addresses that are this person's beyond doubt, as invitations are stored."""
    rows = EmailAddress.objects.filter(user=user, verified=True)
    return {address.lower() for address in rows.values_list("email", flat=True)}


def used_up(membership: Membership, *, now: datetime | None = None) -> None:
    """Somebody is in: no other invitation is waiting for them, and nothing keeps them out."""
    tenant, user = membership.tenant, membership.user
    _invitations_to(tenant, user).update(accepted_at=now or timezone.now())
    _kept_out(tenant, user).delete()


def shut(membership: Membership, *, by: User | None) -> Ended:
    """Somebody goes: what was open for them is withdrawn, and all that they had given ends."""
    tenant, user = membership.tenant, membership.user
    invitations = _withdraw(_invitations_to(tenant, user), by=by)
    offers = _end_offers(tenant, Q(to=user), by=by)
    ended = follow_right(membership, by=by, role="")
    return Ended(invitations + ended.invitations, offers + ended.offers, ended.keys)


@transaction.atomic
def follow_right(membership: Membership, *, by: User | None, role: str | None = None) -> Ended:
    """End what this member had given by a right that they do not have (any more).

    `role`: what they will be in a moment, "" for nothing; None: what they are.
    """
    tenant, user = membership.tenant, membership.user
    hold_seats(
        membership
    )  # who is giving something by this right has done so, or sees that it is over
    may = allowed(membership.role if role is None else role)
    invitations = offers = keys = 0
    if May.INVITE not in may:
        theirs = Invitation.objects.for_tenant(tenant).filter(invited_by=user, accepted_at=None)
        invitations = _withdraw(theirs, by=by)
    if May.HAND_OVER not in may:
        offers = _end_offers(tenant, Q(by=user), by=by)
    if May.MAKE_KEYS not in may:
        keys = len(key_holders.end_those_of(membership, by=by))
    return Ended(invitations, offers, keys)


def keep_out(tenant: Tenant, user: User, *, now: datetime | None = None) -> None:
    """From here on no open door lets this person in: known by their login, and by the addresses that
    they have proved, should they come back with another one. An address that they only say to have is
    somebody else's, maybe a colleague's who has never been here."""
    now = now or timezone.now()
    if tenant.status == Status.PURGING:
        return
    for known_as in sorted(proved_addresses(user)) or [f"user {user.pk}"]:
        KeptOut.objects.update_or_create(
            tenant=tenant,
            address_hash=_digest(tenant, known_as),
            defaults={"user": user, "since": now},
        )


def is_kept_out(tenant: Tenant, user: User, *, since: datetime | None = None) -> bool:
    """Whether this person has gone and was not invited again. `since`: they come by an invitation
    that was sent then, and only a later departure counts."""
    rows = _kept_out(tenant, user)
    if since is not None:
        return rows.filter(since__gte=since).exists()
    return rows.exists() and not _invitations_to(tenant, user).open().exists()


def _kept_out(tenant: Tenant, user: User):  # type: ignore[no-untyped-def]
    hashes = [_digest(tenant, address) for address in proved_addresses(user)]
    rows = KeptOut.objects.for_tenant(tenant)
    return rows.filter(Q(user=user) | Q(address_hash__in=hashes))


def _digest(tenant: Tenant, address: str) -> str:
    """An address that no other workspace's list has the same text for; not readable."""
    return hashlib.sha256(f"{tenant.pk}:{address}".encode()).hexdigest()


def _invitations_to(tenant: Tenant, user: User):  # type: ignore[no-untyped-def]
    rows = Invitation.objects.for_tenant(tenant).filter(accepted_at=None)
    return rows.filter(email__in=proved_addresses(user))


def _withdraw(invitations, *, by: User | None) -> int:  # type: ignore[no-untyped-def]
    found = list(invitations.select_related("tenant"))
    for invitation in found:
        invitation.delete()
        audit.note(invitation.tenant, "invitation.withdrawn", by=by, target=invitation.email)
    return len(found)


def _end_offers(tenant: Tenant, whose: Q, *, by: User | None) -> int:
    found = list(OwnershipOffer.objects.for_tenant(tenant).filter(whose).select_related("to"))
    for offer in found:
        offer.delete()
        audit.note(tenant, "ownership.offer_withdrawn", by=by, target=offer.to.email)
    return len(found)
