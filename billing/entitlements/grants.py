"""What staff give: a plan or a feature, until a day and for a reason."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from billing import catalogue
from billing.entitlements import in_force
from billing.models import Account, StaffGrant
from identity.models import User
from tenants import audit
from tenants.models import Tenant


class NotGranted(ValueError):
    """Why it cannot be given, in words."""


@transaction.atomic
def give(
    tenant: Tenant,
    *,
    until: datetime,
    reason: str,
    by: User | None,
    plan: str = "",
    feature: str = "",
    now: datetime | None = None,
) -> StaffGrant:
    """Give a plan or a feature until then (aware); in force once the transaction commits.

    What usage costs is not charged on a granted plan. Raises NotGranted.
    """
    now = now or timezone.now()
    if bool(plan) == bool(feature):
        raise NotGranted("Say a plan or a feature.")
    if plan and plan not in {each.key for each in catalogue.plans()}:
        raise NotGranted(f"The catalogue has no plan {plan}.")
    if feature and feature not in {each.key for each in catalogue.features()}:
        raise NotGranted(f"The catalogue has no feature {feature}.")
    if until <= now:
        raise NotGranted("The end lies in the past.")
    if not reason.strip():
        raise NotGranted("Say why.")
    account = Account.objects.locked(Account.objects.of(tenant).pk)
    grant = StaffGrant.objects.create(
        tenant=tenant, plan_key=plan, feature=feature, reason=reason.strip(), by=by,
        starts_at=now, ends_at=until,
    )  # fmt: skip
    what = {"until": until.isoformat(), "reason": grant.reason}
    audit.note(tenant, "grant.given", by=by, target=plan or feature, details=what)
    in_force.apply(account, now=now)
    return grant


@transaction.atomic
def revoke(grant: StaffGrant, *, by: User | None, now: datetime | None = None) -> bool:
    """End it now; False when it is over already."""
    now = now or timezone.now()
    account = Account.objects.locked(Account.objects.of(grant.tenant).pk)
    mine = StaffGrant.objects.for_tenant(grant.tenant).in_force(now=now).filter(pk=grant.pk)
    if not mine.update(ends_at=now, revoked_at=now, is_settled=True):
        return False
    audit.note(grant.tenant, "grant.revoked", by=by, target=grant.plan_key or grant.feature)
    in_force.apply(account, now=now)
    return True


def end_due(*, now: datetime | None = None, most: int = 1_000) -> int:
    """Put the end of grants that are over in force; returns how many there were."""
    now = now or timezone.now()
    due = StaffGrant.objects.filter(is_settled=False, ends_at__lte=now).order_by("ends_at", "pk")
    for grant in due.select_related("tenant")[:most]:
        with transaction.atomic():
            account = Account.objects.locked(Account.objects.of(grant.tenant).pk)
            if StaffGrant.objects.filter(pk=grant.pk, is_settled=False).update(is_settled=True):
                what = grant.plan_key or grant.feature
                audit.note(grant.tenant, "grant.ended", by=None, target=what)
                in_force.apply(account, now=now)
    return len(due[:most])
