"""Mail about a workspace: one for each recipient, as text and HTML, once the transaction commits."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string

from identity import names
from identity.models import User
from identity.persons import person_of
from outbound import ledger, notifications
from outbound.ledger import About
from outbound.letter import Letter
from tenants.addresses import workspace_url
from tenants.models import Membership, Role, Tenant


def send(
    name: str,
    *,
    to: str,
    subject: str,
    topic: str = "workspace",
    user: User | None = None,
    sender: User | None = None,
    once: str = "",
    **context: object,
) -> None:
    """Mail `templates/tenants/email/<name>.txt` and `.html`. What people call themselves and their
    workspaces stands in subjects, and leads nowhere there.

    `user`: whom it is for, where that is somebody with an account; `sender`: by whose doing a stranger
    gets it. Of the context, `tenant` also says whose letter it is.
    """
    subject = names.without_addresses(subject)
    context = {"site_url": settings.SITE_URL, "subject": subject, **context}
    letter = Letter(
        subject,
        render_to_string(f"tenants/email/{name}.txt", context),
        render_to_string(f"tenants/email/{name}.html", context),
    )
    about = About(
        person=person_of(user).pk if user else None,
        tenant=getattr(context.get("tenant"), "pk", None),
        sender=sender.pk if sender else None,
    )
    ledger.send(letter, to=to, topic=topic, once=once, about=about)


def tell(
    people: Iterable[User],
    *,
    subject: str,
    lines: Iterable[str],
    tenant: Tenant,
    url: str = "",
    label: str = "",
    bell: str = "",
) -> None:
    """Mail some sentences and, with a `url`, a button, to each of these people. With `bell`, a path of
    the workspace, the first of them stands under the bell of those who are members, too."""
    people, lines = list(people), list(lines)
    if bell:
        ring(people, title=subject, text=lines[0], path=bell, tenant=tenant)
    for user in people:
        send(
            "note",
            to=user.email,
            user=user,
            subject=subject,
            lines=lines,
            tenant=tenant,
            url=url,
            label=label,
        )


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
    tell(
        [user],
        tenant=tenant,
        subject=f"You are no longer in {tenant.name}",
        lines=[
            f"{by} ({by.email}) removed you from the workspace “{tenant.name}”.",
            "What you made there stays there. To come back you need a new invitation.",
        ],
    )
    tell(
        [owner for owner in owners_of(tenant) if owner not in (by, user)],
        tenant=tenant,
        subject=f"{user} was removed from {tenant.name}",
        lines=[f"{by} ({by.email}) removed {user.email}, who was {_as(membership.role)}."],
        url=workspace_url(tenant, "/members/"),
        label="Members",
        bell="/members/",
    )


def has_left(membership: Membership) -> None:
    """Tell the owners who stay."""
    tenant, user = membership.tenant, membership.user
    tell(
        [owner for owner in owners_of(tenant) if owner != user],
        tenant=tenant,
        subject=f"{user} has left {tenant.name}",
        lines=[f"{user.email}, who was {_as(membership.role)}, has left “{tenant.name}”."],
        url=workspace_url(tenant, "/members/"),
        label="Members",
        bell="/members/",
    )


def owners_changed(membership: Membership, *, before: str, by: User | None) -> None:
    """Somebody became an owner, or is none any more: tell them and the owners, whoever did it."""
    tenant, user = membership.tenant, membership.user
    who = f"{by} ({by.email})" if by else "The system"
    now = _as(membership.role)
    url = workspace_url(tenant, "/members/")
    tell(
        [user],
        tenant=tenant,
        subject=f"You are {now} of {tenant.name} now",
        lines=[f"In the workspace “{tenant.name}” you were {_as(before)} and are {now} now."],
        url=url,
        label="Members",
        bell="/members/",
    )
    tell(
        [owner for owner in owners_of(tenant) if owner != user],
        tenant=tenant,
        subject=f"{user} is {now} of {tenant.name} now",
        lines=[f"{who} has made {user.email} {now}. Before, they were {_as(before)}."],
        url=url,
        label="Members",
        bell="/members/",
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


def _as(role: str) -> str:
    """Like "an admin"."""
    return f"a {role}" if role == Role.MEMBER else f"an {role}"
