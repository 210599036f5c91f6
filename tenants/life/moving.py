"""A new name, a new address. The old address redirects for a time, and is nobody else's until then."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

import events
from identity.models import User
from identity.persons import person_of
from tenants import addresses, audit
from tenants.event_types import WORKSPACE_MOVED
from tenants.jobs import rows
from tenants.models import Domain, Tenant
from tenants.signing_up import holding
from tenants.signing_up.provisioning import SlugTaken

MOST_FORMER = 3  # addresses that one workspace may hold without living there


class MovedTooOften(Exception):
    """The workspace holds as many former addresses as it may; the message says until when."""


@transaction.atomic
def rename(tenant: Tenant, *, name: str, time_zone: str, by: User) -> None:
    """Another name, another time zone. `tenant` is what is stored, not what a form has changed."""
    for field, value in (("name", name), ("time_zone", time_zone)):
        before = getattr(tenant, field)
        if before != value:
            setattr(tenant, field, value)
            action = "workspace.renamed" if field == "name" else "workspace.time_zone_changed"
            audit.note(tenant, action, by=by, details={"from": before, "to": value})
    tenant.save(update_fields=["name", "time_zone"])


@transaction.atomic
def move(tenant: Tenant, *, slug: str, by: User, now: datetime | None = None) -> Tenant:
    """Give the workspace another address; returns it as it is now.

    The old one redirects for settings.FORMER_ADDRESS_DAYS. Going back to a former address of one's own
    ends its being one. Raises ValidationError, SlugTaken, MovedTooOften.
    """
    now = now or timezone.now()
    addresses.validate_slug(slug)
    tenant = Tenant.objects.select_for_update().get(pk=tenant.pk)
    before = tenant.slug
    if slug == before:
        return tenant
    _require_room(tenant, besides=slug, now=now)
    tenant.slug = slug
    holding.give_way(slug)
    try:
        with transaction.atomic():
            _arrive(tenant)
            _leave(tenant, before, until=now + timedelta(days=settings.FORMER_ADDRESS_DAYS))
            tenant.save(update_fields=["slug"])
    except IntegrityError as error:
        raise SlugTaken(slug) from error
    audit.note(tenant, "workspace.moved", by=by, details={"from": before, "to": slug})
    events.record_with_row(
        WORKSPACE_MOVED.name,
        tenant=tenant,
        person=person_of(by),
        properties={"from": before, "to": slug},
    )
    return tenant


def forget_former(*, now: datetime | None = None) -> int:
    """Give former addresses back whose time is over; returns how many."""
    over = Domain.objects.filter(former_until__lt=now or timezone.now())
    return rows.each("moving.forget", over, _forget)


def _forget(domain: Domain) -> None:
    domain.delete()  # one by one: the caches hear of it by signal


def _require_room(tenant: Tenant, *, besides: str, now: datetime) -> None:
    held = Domain.objects.filter(tenant=tenant, former_until__gt=now)
    others = held.exclude(domain=addresses.host_of(besides)).order_by("former_until")
    if len(others) >= MOST_FORMER:
        raise MovedTooOften(
            f"This workspace has moved {MOST_FORMER} times lately, and its old addresses still lead "
            f"here. It can move again after {others[0].former_until:%-d %B %Y}."
        )


def _leave(tenant: Tenant, slug: str, *, until: datetime) -> None:
    old = Domain.objects.get(tenant=tenant, domain=addresses.host_of(slug))
    old.is_primary, old.former_until = False, until
    old.save()


def _arrive(tenant: Tenant) -> None:
    host = addresses.host_of(tenant.slug)
    own = Domain.objects.filter(domain=host, tenant=tenant).first()
    new = own or Domain(domain=host, tenant=tenant)
    new.is_primary, new.former_until = True, None
    new.save()
