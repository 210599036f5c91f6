"""Changing what somebody is in a workspace, between admin and member; and an owner stepping down."""

from __future__ import annotations

from django.db import transaction

import events
from identity.models import User
from identity.persons import person_of
from tenants import audit
from tenants.event_types import MEMBER_ROLE_CHANGED
from tenants.membership import OwnersOnly, require_changeable
from tenants.models import Membership, Role


@transaction.atomic
def change_role(membership: Membership, *, role: Role, by: User) -> None:
    """Nobody is made an owner here: they accept an offer (`tenants.ownership`).

    Raises OwnersOnly, LastOwner; each says in words why.
    """
    if role == membership.role:
        return
    if role == Role.OWNER:
        raise OwnersOnly("Offer them the workspace: they become an owner when they accept.")
    require_changeable(membership, by=by)
    put(membership, role=role, by=by)


def put(membership: Membership, *, role: Role, by: User | None) -> None:
    """Write the role and the news of it, in the current transaction."""
    before = membership.role
    if before == role:
        return
    membership.role = role
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
