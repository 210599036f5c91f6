"""What billing does when workspaces change and periods end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from kombu.exceptions import OperationalError

from billing import catalogue, entitlements, tasks
from billing.models import Account
from billing.paying import contacts
from billing.subscriptions.changing import spare_seats
from events import new_rows
from metering.models import Statement
from metering.signals import period_closed
from tenants.features import FeatureRefused
from tenants.members import SeatOffer
from tenants.models import Membership, Tenant
from tenants.signals import (
    feature_requested,
    seats_shown,
    workspace_created,
    workspace_deleted,
    workspace_needed,
    workspace_restored,
)

log = structlog.get_logger()


@receiver(workspace_created)
def open_account(tenant: Tenant, **_: Any) -> None:
    """Every workspace starts on the first plan, in the transaction that makes it."""
    account = Account(tenant=tenant)
    new_rows.insert(account)
    entitlements.begin(account)


@receiver(workspace_needed)
def is_paid_for(tenant: Tenant, **_: Any) -> bool:
    """What somebody pays for does not end because nobody signs in."""
    account = Account.objects.for_tenant(tenant).first()
    return account is not None and account.has_subscription


@receiver(seats_shown)
def offer_seats_back(tenant: Tenant, members: int, **_: Any) -> SeatOffer | None:
    """Who pays for more seats than there are people may give some back."""
    return spare_seats.offer(tenant, members=members)


@receiver(feature_requested)
def refuse_without_the_plan(*, tenant: Tenant, feature: str, **_: Any) -> None:
    """Raises FeatureRefused, in words; a feature that the catalogue does not have is everybody's."""
    if feature not in {each.key for each in catalogue.features()}:
        return
    answer = entitlements.allows(tenant, feature)
    if not answer.allowed:
        raise FeatureRefused(answer.words)


@receiver([workspace_deleted, workspace_restored])
def follow_soon(tenant: Tenant, **_: Any) -> None:
    """Once it is committed, in a worker; without a broker the periodic check does it."""
    transaction.on_commit(lambda: _follow(tenant))


def _follow(tenant: Tenant) -> None:
    try:
        tasks.follow_life.apply_async((str(tenant.pk),), retry=False)
    except OperationalError as error:
        log.warning("billing.life_waits_for_the_check", tenant=str(tenant.pk), error=str(error))


@receiver(post_delete, sender=Membership)
def contact_goes(instance: Membership, **_: Any) -> None:
    """Who has left the workspace is no billing contact of it any more."""
    contacts.went(instance.tenant, instance.user)


@receiver(period_closed)
def bill_soon(statements: Sequence[Statement], **_: Any) -> None:
    """In a worker, so that closing the next workspace's period does not wait for Stripe; without
    a broker the periodic check bills what was stated."""
    for tenant in {str(statement.tenant_id) for statement in statements}:
        try:
            tasks.bill_usage.apply_async((tenant,), retry=False)
        except OperationalError as error:
            log.warning("billing.usage_waits_for_the_check", tenant=tenant, error=str(error))
