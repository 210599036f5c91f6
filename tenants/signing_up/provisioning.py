"""A workspace of one's own: schema, domain, owner, all in one transaction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from uuid_utils.compat import uuid7

import events
from events import new_rows
from events.steps import step
from identity.models import User
from identity.persons import person_of
from tenants import addresses, audit, pool
from tenants.event_types import WORKSPACE_CREATED
from tenants.members import room
from tenants.members.membership import record_seat
from tenants.models import Domain, Membership, Role, Status, Tenant, Tombstone
from tenants.models.addresses import digest
from tenants.pool import fingerprints, schemas, templates, upkeep
from tenants.pool.templates import Template
from tenants.signals import workspace_created
from tenants.signing_up import holding

_NUMBERED = 4  # the last of "acme-2", "acme-3" …
_BY_CHANCE = 9  # tries, of 31^6 endings each


class SlugTaken(Exception):
    """The address that was chosen (`slug`) belongs to another workspace."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


@dataclass(frozen=True)
class NewWorkspace:
    """What the person asked for. `slug` None: made from the name, until it is free.

    `template` is the name of what it is furnished with; "" is the one for everybody. `may_wait`: a
    person is there, who can watch a workspace being prepared when no schema is ready. `held`: it gets
    none before it is opened (`preparing.release`). `is_first`: the owner was made a moment ago, in the
    same transaction. `id`: the one that it gets.
    """

    name: str
    id: UUID = field(default_factory=uuid7, kw_only=True)
    slug: str | None = None
    intent: str = ""
    template: str = ""
    may_wait: bool = False
    held: bool = False
    is_first: bool = False


def create_workspace(wanted: NewWorkspace, *, owner: User) -> Tenant:
    """Claim a schema and make tenant, domain and owner membership.

    When no schema is ready, one is made here and now; with `may_wait` the workspace is returned with
    the status "preparing" instead, and has its schema within seconds. Raises SlugTaken (never without
    a slug), room.TooManyWorkspaces, and schemas.NoTemplate (never with `may_wait`).
    """
    with (
        transaction.atomic(savepoint=not wanted.is_first),
        new_rows.together(),
        events.rows_together(),
    ):
        return _create(wanted, owner=owner)


def _create(wanted: NewWorkspace, *, owner: User) -> Tenant:
    if not wanted.is_first:
        room.require(owner)
    if not wanted.held:
        upkeep.refill_soon()
    person = person_of(owner)
    tenant = claim(wanted, owner=owner, person_id=person.id)
    audit.note(tenant, "workspace.created", by=owner, target=tenant.name)
    workspace_created.send(sender=Tenant, tenant=tenant, user=owner)
    events.record_with_row(
        WORKSPACE_CREATED.name,
        tenant=tenant,
        person=person,
        properties={"slug": tenant.slug, "name": tenant.name},
    )
    record_seat(tenant, user=owner, role=Role.OWNER, change=+1)
    step("claim.owner-made")
    return tenant


def claim(wanted: NewWorkspace, *, owner: User, person_id: UUID) -> Tenant:
    """Schema, tenant, domain and owner, in the current transaction. Raises as `create_workspace`."""
    tenant = _insert(wanted, person_id=person_id)
    new_rows.insert(Membership(tenant=tenant, user=owner, role=Role.OWNER))
    return tenant


def _insert(wanted: NewWorkspace, *, person_id: UUID) -> Tenant:
    """The tenant and its domain, at the first address that can be had."""
    template = templates.get(wanted.template)
    schema_name, status = _schema(template, wanted)
    tenant = Tenant(
        id=wanted.id,
        name=wanted.name,
        schema_name=schema_name,
        created_by=person_id,
        intent=wanted.intent,
        template=template.name,
        status=status,
        held=wanted.held,
        fingerprint="" if status is Status.PREPARING else fingerprints.of_migrations(),
    )
    if wanted.slug:
        if _settles(tenant, wanted.slug) or (
            not wanted.held
            and holding.give_way(wanted.slug)
            and _settles(tenant, wanted.slug, is_last=True)
        ):
            return tenant
        raise SlugTaken(wanted.slug)
    for slug in _candidates(wanted):
        if _settles(tenant, slug) or (
            not wanted.held and holding.give_way(slug) and _settles(tenant, slug)
        ):
            return tenant
    raise RuntimeError(f"No address for “{wanted.name}”.")  # chance alone does not bring us here


def _settles(tenant: Tenant, slug: str, *, is_last: bool = False) -> bool:
    """Whether it could be written with this address; the unique constraints decide between two.

    The domain's is also kept by a workspace that has moved from there (`tenants.life.moving`). `is_last`:
    nothing else is tried after it, so what is refused need not be undone alone.
    """
    tenant.slug = slug
    address = Domain(tenant=tenant, domain=addresses.host_of(slug), is_primary=True)
    try:
        with transaction.atomic(savepoint=not is_last):
            new_rows.insert_now(tenant, address)
    except IntegrityError as error:
        if not {"slug", "domain"} & set(re.findall(r"\w+", str(error))):
            raise
        return False
    step("claim.tenant-made")
    return True


def _schema(template: Template, wanted: NewWorkspace) -> tuple[str, Status]:
    """A schema for a new workspace: a ready one, or the name of one to be made."""
    if wanted.held:
        return schemas.new_name(), Status.PREPARING
    if (ready := pool.claim(template)) is not None:
        return ready, Status.ACTIVE
    name = schemas.new_name()
    if wanted.may_wait:
        upkeep.prepare_soon()
        return name, Status.PREPARING
    schemas.make(name, template=template)
    return name, Status.ACTIVE


def _candidates(wanted: NewWorkspace) -> Iterator[str]:
    """Addresses for a name: its own, a few with a number, then some that only chance can take.

    A workspace that nobody may ever open (`held`) has none that somebody else could want.
    """
    base = addresses.slug_from_name(wanted.name) or "team"
    if addresses.is_reserved(base):
        base = f"{base}-team"
    if addresses.is_reserved(base):  # the brand is in it
        base = "team"
    if base != "team" and not wanted.held:
        yield base
        yield from (_numbered(base, n) for n in range(2, _NUMBERED + 1))
    yield from (addresses.distinct(base) for _ in range(_BY_CHANCE))


def _numbered(slug: str, number: int) -> str:
    return f"{slug[: addresses.SLUG_MAX_LENGTH - 4].rstrip('-')}-{number}"


_TAKEN = """
    SELECT EXISTS (
        SELECT 1 FROM tenants_domain AS d JOIN tenants_tenant AS t ON t.id = d.tenant_id
        WHERE d.domain = %s AND NOT t.held
    ) OR EXISTS (SELECT 1 FROM tenants_tombstone WHERE host_hash = %s)
"""


def is_taken(slug: str) -> bool:
    """Whether a workspace lives at this address, did until lately, or was purged.

    One that is held does not count: it gives way (`holding`).
    """
    host = addresses.host_of(slug)
    with connection.cursor() as cursor:  # one question: every sign-up asks it
        cursor.execute(_TAKEN, [host, digest(host)])
        return bool(cursor.fetchone()[0])


def suggest_slug(slug: str) -> str:
    """A free address close to `slug`, for the message that says it is taken."""
    taken = set(
        Domain.objects.filter(domain__startswith=slug[:30]).values_list("domain", flat=True)
    )
    options = (_numbered(slug, number) for number in range(2, 1000))
    free = (
        option
        for option in options
        if (host := addresses.host_of(option)) not in taken and not Tombstone.stands_at(host)
    )
    return next(free, addresses.distinct(slug))
