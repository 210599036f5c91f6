"""Changing what somebody is in a workspace, between admin and member; and an owner stepping down."""

from __future__ import annotations

from django.db import transaction

import events
from identity.models import User
from identity.persons import person_of
from tenants import audit, letters
from tenants.event_types import MEMBER_ROLE_CHANGED
from tenants.keys import key_holders
from tenants.members import ways_in
from tenants.members.membership import OwnersOnly, require_changeable
from tenants.models import Membership, Role
from tenants.permissions import May, allowed


@transaction.atomic
def change_role(
    membership: Membership, *, role: Role, by: User, keys_to: Membership | None = None
) -> ways_in.Ended:
    """Nobody is made an owner here: they accept an offer (`tenants.members.ownership`).

    Who may not have API keys in the new role: `keys_to` gets theirs, which end otherwise. Returns
    what ended with it. Raises OwnersOnly, LastOwner, each in words, and MayNotHoldKeys.
    """
    if role == membership.role:
        return ways_in.Ended()
    if role == Role.OWNER:
        raise OwnersOnly("Offer them the workspace: they become an owner when they accept.")
    require_changeable(membership, by=by)
    if keys_to is not None and May.MAKE_KEYS not in allowed(role):
        for key in key_holders.held_by(membership):
            key_holders.hand_over(key, to=keys_to, by=by)
    return put(membership, role=role, by=by)


def put(membership: Membership, *, role: Role, by: User | None) -> ways_in.Ended:
    """Write the role and the news of it, and end what was given by a right that is gone; in the
    current transaction."""
    before = membership.role
    if before == role:
        return ways_in.Ended()
    membership.role = role
    ended = ways_in.follow_right(membership, by=by)  # before the signal, which knows nobody's name
    membership.save(update_fields=["role"])
    tenant, user = membership.tenant, membership.user
    details = {"from": str(before), "to": str(role)}
    audit.note(tenant, "member.role_changed", by=by, target=user.email, details=details)
    events.record_with_row(
        MEMBER_ROLE_CHANGED.name,
        tenant=tenant,
        person=person_of(user),
        properties={"user_id": str(user.id), **details},
    )
    if Role.OWNER in {before, role}:
        letters.owners_changed(membership, before=before, by=by)
    else:
        letters.role_changed(membership, before=before, by=by)
    return ended
