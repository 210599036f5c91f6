"""A workspace of one's own: schema, domain, owner, all in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction

import events
from identity.models import User
from identity.persons import person_of
from tenants import addresses, pool
from tenants.event_types import WORKSPACE_CREATED
from tenants.membership import record_seat
from tenants.models import Domain, Membership, Role, Tenant
from tenants.signals import workspace_created


class SlugTaken(Exception):
    """The address belongs to another workspace."""


@dataclass(frozen=True)
class NewWorkspace:
    """What the person asked for. `slug` None: made from the name, numbered until it is free."""

    name: str
    slug: str | None = None
    intent: str = ""


@transaction.atomic
def create_workspace(wanted: NewWorkspace, *, owner: User) -> Tenant:
    """Claim a schema and make tenant, domain and owner membership. Raises SlugTaken."""
    person = person_of(owner)
    tenant = _insert(wanted, person_id=person.id)
    Domain.objects.create(
        tenant=tenant, domain=f"{tenant.slug}.{settings.APP_DOMAIN}", is_primary=True
    )
    Membership.objects.create(tenant=tenant, user=owner, role=Role.OWNER)
    workspace_created.send(sender=Tenant, tenant=tenant, user=owner)
    events.record_with_row(
        WORKSPACE_CREATED.name,
        tenant=tenant,
        person=person,
        properties={"slug": tenant.slug, "name": tenant.name},
    )
    record_seat(tenant, user=owner, role=Role.OWNER, change=+1)
    return tenant


def _insert(wanted: NewWorkspace, *, person_id: object) -> Tenant:
    """The tenant row; the unique constraint on the slug decides between two who want the same."""
    schema_name = pool.claim()
    for slug in _candidates(wanted):
        try:
            with transaction.atomic():
                return Tenant.objects.create(
                    name=wanted.name,
                    slug=slug,
                    schema_name=schema_name,
                    created_by=person_id,
                    intent=wanted.intent,
                )
        except IntegrityError as error:
            if "slug" not in str(error):
                raise
    raise SlugTaken(wanted.slug)


def _candidates(wanted: NewWorkspace) -> list[str]:
    if wanted.slug:
        return [wanted.slug]
    base = addresses.slug_from_name(wanted.name)
    if base in addresses.RESERVED:
        base = f"{base}-team"
    numbered = [f"{base[: addresses.SLUG_MAX_LENGTH - 4]}-{n}" for n in range(2, 30)]
    return [base, *numbered]


def suggest_slug(slug: str) -> str:
    """A free address close to `slug`, for the message that says it is taken."""
    taken = set(Tenant.objects.filter(slug__startswith=slug[:30]).values_list("slug", flat=True))
    options = (f"{slug[: addresses.SLUG_MAX_LENGTH - 4]}-{n}" for n in range(2, 1000))
    return next(option for option in options if option not in taken)
