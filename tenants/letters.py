"""Mail about a workspace, one for each recipient, with the commit; `letters.toml` has the words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from identity.models import User
from identity.persons import person_of
from outbound import delivery, notifications
from outbound.delivery import About
from outbound.letters import Draft, in_brief
from tenants.addresses import workspace_url
from tenants.models import Membership, Role, Tenant

Values = Mapping[str, str | list[str]]


def send(
    name: str,
    values: Values,
    *,
    to: str,
    tenant: Tenant | None = None,
    user: User | None = None,
    sender: User | None = None,
    once: str = "",
) -> None:
    """Mail the letter of this name ("tenants.invitation"). Its variable "workspace" is the tenant's name
    unless `values` say another.

    `user`: whom it is for, where that is somebody with an account; `sender`: by whose doing a stranger
    gets it.
    """
    said = {"workspace": tenant.name, **values} if tenant is not None else values
    about = About(
        person=person_of(user).pk if user else None,
        tenant=tenant.pk if tenant else None,
        sender=sender.pk if sender else None,
    )
    delivery.send(Draft(name, said), to=to, once=once, about=about)


def tell(
    people: Iterable[User], name: str, *, tenant: Tenant, bell: str = "", **values: str | list[str]
) -> None:
    """Mail this letter to each of these people. With `bell`, a path of the workspace, its subject and
    first sentence stand under the bell of those who are members, too."""
    people = list(people)
    if bell:
        ring_as(people, name, values, path=bell, tenant=tenant)
    for user in people:
        send(name, values, to=user.email, user=user, tenant=tenant)


def ring_as(
    people: Iterable[User], name: str, values: Values, *, path: str, tenant: Tenant
) -> None:
    """Put the letter's subject and first sentence under the bell of these people."""
    title, text = in_brief(Draft(name, {"workspace": tenant.name, **values}))
    ring(people, title=title, text=text, path=path, tenant=tenant)


def who(by: User) -> str:
    """Like "Grace Hopper (grace@example.com)"."""
    return f"{by} ({by.email})"


def ring(
    people: Iterable[User], *, title: str, text: str, path: str, tenant: Tenant, once: str = ""
) -> None:
    """Put it under the bell of these people, where they are members (`outbound.notifications`)."""
    notifications.send(
        people, title=title, text=text, path=path, topic="workspace", tenant=tenant, once=once
    )


def owners_of(tenant: Tenant) -> list[User]:
    """The owners, in the order in which they joined."""
    rows = Membership.objects.for_tenant(tenant).filter(role=Role.OWNER)
    return [row.user for row in rows.select_related("user").order_by("joined_at", "pk")]


def was_removed(membership: Membership, *, by: User) -> None:
    """Tell the person, and the owners who did not do it themselves."""
    tenant, user = membership.tenant, membership.user
    tell([user], "tenants.member_removed", tenant=tenant, who=who(by))
    tell(
        [owner for owner in owners_of(tenant) if owner not in (by, user)],
        "tenants.member_removed_owners",
        tenant=tenant,
        bell="/members/",
        who=who(by),
        **_member(membership),
    )


def has_left(membership: Membership) -> None:
    """Tell the owners who stay."""
    tenant, user = membership.tenant, membership.user
    others = [owner for owner in owners_of(tenant) if owner != user]
    tell(others, "tenants.member_left", tenant=tenant, bell="/members/", **_member(membership))


def owners_changed(membership: Membership, *, before: str, by: User | None) -> None:
    """Somebody became an owner, or is none any more: tell them and the owners, whoever did it."""
    tenant, user = membership.tenant, membership.user
    now = _member(membership)
    tell(
        [user],
        "tenants.role_changed",
        tenant=tenant,
        bell="/members/",
        role=now["role"],
        role_before=_as(before),
        members_url=now["members_url"],
    )
    tell(
        [owner for owner in owners_of(tenant) if owner != user],
        "tenants.role_changed_owners",
        tenant=tenant,
        bell="/members/",
        who=who(by) if by else "The system",
        role_before=_as(before),
        **now,
    )


def role_changed(membership: Membership, *, before: str, by: User | None) -> None:
    """Between admin and member there is no mail: it stands under the bell of whom it happened to."""
    if by == membership.user:
        return
    tenant, now = membership.tenant, _as(membership.role)
    ring(
        [membership.user],
        title=f"You are {now} of {tenant.name} now",
        text=f"{by or 'The system'} has changed that. Before, you were {_as(before)}.",
        path="/members/",
        tenant=tenant,
    )


def has_joined(membership: Membership, *, invited_by: User | None, invitation: UUID) -> None:
    """Somebody has accepted an invitation: whoever sent it finds that under the bell."""
    tenant, user = membership.tenant, membership.user
    ring(
        [invited_by] if invited_by is not None else [],
        title=f"{user} has joined {tenant.name}",
        text=f"{user.email} has accepted your invitation and is {_as(membership.role)} now.",
        path="/members/",
        tenant=tenant,
        once=f"invitation:{invitation}",
    )


def _member(membership: Membership) -> dict[str, str]:
    return {
        "user": str(membership.user),
        "user_email": membership.user.email,
        "role": _as(membership.role),
        "members_url": workspace_url(membership.tenant, "/members/"),
    }


def _as(role: str) -> str:
    """Like "an admin"."""
    return f"a {role}" if role == Role.MEMBER else f"an {role}"
