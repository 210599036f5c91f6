"""Inviting a colleague by mail, and joining."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

import events
from identity import mail
from identity.models import User
from identity.persons import person_of
from tenants.event_types import MEMBER_INVITED, MEMBER_JOINED, MEMBER_LEFT, SEAT_COUNT_CHANGED
from tenants.hashed_secrets import hash_secret, new_secret
from tenants.models import Invitation, Membership, Role, Tenant
from tenants.signals import seat_requested

LIFETIME = timedelta(days=7)


class SeatRefused(Exception):
    """No seat is left; the message says so in words."""


@transaction.atomic
def invite(
    tenant: Tenant, *, email: str, role: str, by: User, now: datetime | None = None
) -> Invitation:
    """Mail an invitation; an open one to the same address is replaced, so its old link dies.

    Raises SeatRefused (from a receiver of `seat_requested`) when the workspace is full.
    """
    now = now or timezone.now()
    email = email.lower()
    seat_requested.send(sender=Tenant, tenant=tenant, take=False)
    secret = new_secret()
    Invitation.objects.for_tenant(tenant).filter(email=email, accepted_at=None).delete()
    invitation = Invitation.objects.create(
        tenant=tenant,
        email=email,
        role=role,
        token_hash=hash_secret(secret),
        invited_by=by,
        expires_at=now + LIFETIME,
    )
    events.record_with_row(
        MEMBER_INVITED.name, tenant=tenant, person=person_of(by), properties={"role": role}
    )
    _send(invitation, secret, by)
    return invitation


def _send(invitation: Invitation, secret: str, by: User) -> None:
    context = {
        "invitation": invitation,
        "tenant": invitation.tenant,
        "by": by,
        "days": LIFETIME.days,
        "url": f"{settings.SITE_URL}/invitations/{secret}/",
        "site_url": settings.SITE_URL,
    }
    message = EmailMultiAlternatives(
        f"{by} invites you to {invitation.tenant.name}",
        render_to_string("tenants/email/invitation.txt", context),
        to=[invitation.email],
    )
    message.attach_alternative(
        render_to_string("tenants/email/invitation.html", context), "text/html"
    )
    mail.deliver(message)


def find(secret: str, *, now: datetime | None = None) -> Invitation | None:
    """The open invitation behind a link; None when it is unknown, used, replaced or expired."""
    return (
        Invitation.objects.filter(
            token_hash=hash_secret(secret),
            accepted_at=None,
            expires_at__gt=now or timezone.now(),
        )
        .select_related("tenant", "invited_by")
        .first()
    )


@transaction.atomic
def accept(invitation: Invitation, *, user: User, now: datetime | None = None) -> Membership:
    """Join. Raises SeatRefused. A second click finds the membership that the first one made."""
    tenant = invitation.tenant
    found = Membership.objects.for_tenant(tenant).filter(user=user).first()
    claimed = (
        Invitation.objects.for_tenant(tenant)
        .filter(pk=invitation.pk, accepted_at=None)
        .update(accepted_at=now or timezone.now())
    )
    if found is not None or not claimed:
        return found or Membership.objects.for_tenant(tenant).get(user=user)
    return add_member(tenant, user=user, role=invitation.role)


@transaction.atomic
def add_member(tenant: Tenant, *, user: User, role: str) -> Membership:
    """Give a user a seat. Raises SeatRefused."""
    seat_requested.send(sender=Tenant, tenant=tenant, take=True)
    membership = Membership.objects.create(tenant=tenant, user=user, role=role)
    record_seat(tenant, user=user, role=role, change=+1)
    return membership


@transaction.atomic
def remove_member(membership: Membership) -> None:
    """Take a seat back. The last owner cannot go."""
    tenant = membership.tenant
    owners = Membership.objects.for_tenant(tenant).select_for_update().filter(role=Role.OWNER)
    if membership.role == Role.OWNER and len(owners) == 1:
        raise LastOwner("A workspace needs an owner. Make somebody else an owner first.")
    membership.delete()
    record_seat(tenant, user=membership.user, role=membership.role, change=-1)


class LastOwner(Exception):
    """Removing this member would leave the workspace without an owner."""


def record_seat(tenant: Tenant, *, user: User, role: str, change: int) -> None:
    """Record who came or went, and the change of the seats meter, with the row."""
    name = MEMBER_JOINED.name if change > 0 else MEMBER_LEFT.name
    person = person_of(user)
    properties = {"user_id": str(user.id), "role": str(role)}
    events.record_with_row(name, tenant=tenant, person=person, properties=properties)
    events.record_with_row(
        SEAT_COUNT_CHANGED.name, tenant=tenant, person=person, properties={"change": change}
    )
